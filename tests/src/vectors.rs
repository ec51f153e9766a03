//! The protocol's test vectors, as files to upload and as what their contexts say of the sensor.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::Value;

/// One document.
#[derive(Debug, Clone)]
pub struct Vector {
    /// Its stable name.
    pub name: String,
    /// Where it lies.
    pub file: PathBuf,
    /// What it is read against.
    pub context: String,
    /// `accepted`, `already-active`, or the code of its refusal.
    pub expected: String,
    /// The step of the reading order that refuses it.
    pub layer: Option<String>,
}

impl Vector {
    /// A document that is none of the protocol's own.
    #[must_use]
    pub fn of(file: PathBuf, expected: &str) -> Self {
        let name = file.display().to_string();
        Self { name, file, context: String::new(), expected: expected.into(), layer: None }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors")
}

fn manifest() -> Result<Value> {
    let path = folder().join("manifest.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).context("the manifest is no JSON")
}

/// Every activation file, in the manifest's order.
///
/// # Errors
/// When the manifest cannot be read.
pub fn activation_files() -> Result<Vec<Vector>> {
    let manifest = manifest()?;
    let vectors = manifest["vectors"].as_array().context("no vectors")?;
    let text = |vector: &Value, field: &str| vector[field].as_str().map(str::to_owned);
    let files = vectors.iter().filter(|vector| vector["document"] == "activation-file").map(|vector| {
        let file = folder().join(text(vector, "file")?).canonicalize().ok()?;
        Some(Vector {
            name: text(vector, "name")?,
            file,
            context: text(vector, "context")?,
            expected: text(vector, "expected")?,
            layer: text(vector, "layer"),
        })
    });
    files.collect::<Option<_>>().context("a vector lacks a field, or its file")
}

/// The one of this name.
///
/// # Errors
/// When there is none.
pub fn named<'a>(all: &'a [Vector], name: &str) -> Result<&'a Vector> {
    all.iter().find(|vector| vector.name == name).with_context(|| format!("no vector {name}"))
}

/// A context's first pinned chain as a trust root file; none where nothing is pinned.
///
/// # Errors
/// When there is no such context.
pub fn trust_root_file(context: &str) -> Result<Option<Vec<u8>>> {
    let manifest = manifest()?;
    let chains = manifest["contexts"][context]["trust"].as_array().with_context(|| format!("no context {context}"))?;
    let Some(versions) = chains.first().and_then(Value::as_array) else { return Ok(None) };
    // RFC 8949: an array, and byte strings of less than 64 KiB.
    let mut file = vec![0x80 | u8::try_from(versions.len())?];
    for version in versions {
        let version = bytes(version.as_str().context("a version in hexadecimal")?)?;
        file.push(0x59);
        file.extend(u16::try_from(version.len())?.to_be_bytes());
        file.extend(version);
    }
    Ok(Some(file))
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}

/// A context's appliance id.
///
/// # Errors
/// When there is no such context.
pub fn appliance(context: &str) -> Result<String> {
    picket_lab::portal::text(&manifest()?["contexts"][context], "appliance")
}

/// The day on which a context's software was built, in Unix seconds.
///
/// # Errors
/// When there is no such context.
pub fn build_date(context: &str) -> Result<i64> {
    manifest()?["contexts"][context]["build_date"].as_i64().with_context(|| format!("no context {context}"))
}
