//! Tests of the documents from outside, through the public interface.
#![expect(unreachable_pub, reason = "the manifest and its reader are shared with other crates")]

mod gate;
mod leniencies;
mod mutations;
mod round_trips;
mod strategies;
mod vectors;

#[path = "../../vectors/manifest.rs"]
mod manifest;
mod reader;

use std::{
    fs,
    path::{Path, PathBuf},
};

use manifest::{Manifest, Vector};

fn vectors_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn manifest() -> Manifest {
    Manifest::read(&vectors_folder())
}

/// The bytes of a vector.
fn bytes(vector: &Vector) -> Vec<u8> {
    fs::read(vectors_folder().join(&vector.file)).expect("a file of the manifest")
}

/// The vector of that name.
fn vector(name: &str) -> Vector {
    let found = manifest().vectors.into_iter().find(|vector| vector.name == name);
    found.expect("a vector of that name")
}
