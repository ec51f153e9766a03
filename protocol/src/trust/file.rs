//! A trust root file: a CBOR array of the signed bytes of consecutive versions, as also in an activation file.

use alloc::vec::Vec;

use crate::{
    cbor::{
        self, Value,
        fields::{At, read_list},
    },
    refusal::Refusal,
    wire::MAX_ROOT_FILE,
};

/// Most versions in one file. A longer history starts later: a chain in an activation file may begin at any version
/// that the sensor has stored.
pub const MAX_ROOTS: usize = 32;

/// Writes a trust root file.
#[must_use]
pub fn encode_roots(roots: &[Vec<u8>]) -> Vec<u8> {
    cbor::encode(&write_roots(roots))
}

/// Reads a trust root file as far as its array; the versions are not opened.
///
/// # Errors
///
/// What the gate refuses, and anything but 1 to [`MAX_ROOTS`] byte strings.
pub fn decode_roots(file: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
    read_roots(cbor::gate_part(file, MAX_ROOT_FILE, "trust root file")?, &At::document("trust root file"))
}

pub(crate) fn read_roots(value: Value, at: &At<'_>) -> Result<Vec<Vec<u8>>, Refusal> {
    read_list(value, at, 1..=MAX_ROOTS)
}

pub(crate) fn write_roots(roots: &[Vec<u8>]) -> Value {
    Value::Array(roots.iter().cloned().map(Value::Bytes).collect())
}
