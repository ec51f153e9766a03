//! The manifest of the test vectors, as values: read by the tests and the fuzz seeds, written by
//! `cargo run --example make_vectors`. README.md beside it explains the fields for other languages.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};

/// `manifest.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this file's format.
    pub format: u32,
    /// What vectors are read against, by name.
    pub contexts: BTreeMap<String, Context>,
    /// In the order they were added.
    pub vectors: Vec<Vector>,
}

/// What a document is read against. Identifiers in hexadecimal or as documents write them, times in Unix seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The pinned chains: of each the signed bytes of all versions from 1 on, hexadecimal.
    pub trust: Vec<Vec<String>>,
    pub wall_clock: i64,
    pub build_date: i64,
    pub appliance: String,
    /// Thumbprints of keys held.
    pub keys: Vec<String>,
    /// What was committed, oldest first.
    pub commits: Vec<Commit>,
    pub override_window: bool,
}

/// A committed activation, or a deactivation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// False for a deactivation.
    pub activation: bool,
    pub issuer: String,
    pub sensor: String,
    pub serial: u64,
    pub cti: String,
    pub signer: String,
}

/// One vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub name: String,
    /// Beside the manifest: `accepted/NAME.cbor`, `refused/NAME.cbor`, or `.txt` for the armoured form.
    pub file: String,
    pub document: Document,
    pub context: String,
    /// `accepted`, `already-active`, or the code of the refusal.
    pub expected: String,
    /// The step of the reading order that refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<Layer>,
    /// An accepted vector that differs from this one in the document or in the context, by the one thing refused here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired: Option<String>,
    /// Why, in a line.
    pub why: String,
}

/// How a vector is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Document {
    ActivationFile,
    Deactivation,
    Request,
    TrustRootFile,
    Heartbeat,
    Answer,
    Recovery,
}

/// A step of the reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    Size,
    Encoding,
    Shape,
    Headers,
    Trust,
    Signature,
    Content,
    Time,
    Binding,
    Serial,
}

impl Manifest {
    /// Reads `manifest.json` in `folder`.
    pub fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("manifest.json")).expect("vectors/manifest.json");
        serde_json::from_str(&text).expect("a manifest of this format")
    }
}
