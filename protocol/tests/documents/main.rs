//! Tests of the documents from outside, through the public interface.
#![expect(unreachable_pub, reason = "the manifest and its reader are shared with other crates")]

mod vectors;

#[path = "../../vectors/manifest.rs"]
mod manifest;
mod reader;

use std::path::{Path, PathBuf};

fn vectors_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}
