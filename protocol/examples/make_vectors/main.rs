//! Makes the test vectors in `protocol/vectors`: `cargo run -p picket-protocol --example make_vectors`.
//!
//! It only adds. Every vector is made anew from fixed keys and compared with the file of its name: one that is there
//! and differs, or that is there and is no longer made, ends the run with an error before anything is written.

mod accepted;
mod cast;
mod cose;
mod edit;
#[path = "../../vectors/manifest.rs"]
#[expect(unreachable_pub, reason = "shared with other crates")]
mod manifest;
mod recovery;
mod refused;

use std::{collections::BTreeMap, fs, path::Path, process::ExitCode};

use manifest::{Context, Document, Layer, Manifest, Vector};

/// A vector with its bytes.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) vector: Vector,
    pub(crate) bytes: Vec<u8>,
}

impl Made {
    pub(crate) fn accepted(name: &str, document: Document, context: &str, bytes: Vec<u8>, why: &str) -> Self {
        let extension = if bytes.starts_with(b"-----BEGIN") { "txt" } else { "cbor" };
        let vector = Vector {
            name: name.into(),
            file: format!("accepted/{name}.{extension}"),
            document,
            context: context.into(),
            expected: "accepted".into(),
            layer: None,
            repaired: None,
            why: why.into(),
        };
        Self { vector, bytes }
    }

    pub(crate) fn in_context(mut self, context: &str) -> Self {
        self.vector.context = context.into();
        self
    }

    pub(crate) fn repaired(mut self, repaired: &str) -> Self {
        self.vector.repaired = Some(repaired.into());
        self
    }

    pub(crate) fn refused(mut self, layer: Layer, code: &str, repaired: &str) -> Self {
        self.vector.file = self.vector.file.replace("accepted/", "refused/");
        self.vector.expected = format!("activation.{code}");
        self.vector.layer = Some(layer);
        self.vector.repaired = Some(repaired.into());
        self
    }
}

#[expect(clippy::print_stdout, reason = "the result of a command")]
fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let made: Vec<Made> = [accepted::all(), refused::all(), recovery::accepted(), recovery::refused()].concat();
    match add(&folder, &made, cast::contexts()) {
        Ok(added) => {
            println!("{} vectors, {added} of them new", made.len());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Checks all, then writes what is new.
fn add(folder: &Path, made: &[Made], contexts: BTreeMap<String, Context>) -> Result<usize, String> {
    let mut manifest = match folder.join("manifest.json").exists() {
        true => Manifest::read(folder),
        false => Manifest { format: 1, ..Manifest::default() },
    };
    for vector in &manifest.vectors {
        let remade = made.iter().find(|made| made.vector.name == vector.name);
        let remade = remade.ok_or_else(|| format!("{} is no longer made", vector.name))?;
        if remade.vector != *vector {
            return Err(format!("{} would change in the manifest", vector.name));
        }
        let kept = fs::read(folder.join(&vector.file)).map_err(|error| format!("{}: {error}", vector.file))?;
        if kept != remade.bytes {
            return Err(format!("{} would change", vector.file));
        }
    }
    for (name, context) in &manifest.contexts {
        if contexts.get(name) != Some(context) {
            return Err(format!("context {name} would change"));
        }
    }
    let known: Vec<String> = manifest.vectors.iter().map(|vector| vector.name.clone()).collect();
    let new: Vec<&Made> = made.iter().filter(|made| !known.contains(&made.vector.name)).collect();
    for Made { vector, bytes } in &new {
        if manifest.vectors.iter().any(|earlier| earlier.name == vector.name) {
            return Err(format!("{} is made twice", vector.name));
        }
        fs::write(folder.join(&vector.file), bytes).map_err(|error| format!("{}: {error}", vector.file))?;
        manifest.vectors.push(vector.clone());
    }
    manifest.contexts = contexts;
    let text = serde_json::to_string_pretty(&manifest).expect("a manifest serializes");
    fs::write(folder.join("manifest.json"), text + "\n").map_err(|error| error.to_string())?;
    Ok(new.len())
}
