//! The strict gate that every outside byte passes before anything is believed of it, and the one encoder.
//!
//! Decoders are lenient: ciborium keeps the last of duplicate keys and accepts indefinite lengths, non-minimal integers
//! and trailing bytes. So [`scan`] walks the raw bytes first and lets through exactly the core deterministic encoding
//! (RFC 8949 §4.2.1); only what passed is decoded. Whatever the gate accepts, [`encode`] gives back byte for byte.

pub(crate) mod fields;
mod scan;

use alloc::{format, vec::Vec};

pub use ciborium::Value;
pub use scan::{Fault, FaultKind, MAX_DEPTH, MAX_ITEMS, TAGS, scan};

use crate::refusal::Refusal;

/// Bytes of ciborium's buffer for short strings. Its own default of 4 KiB is cleared at every call, which costs more than
/// the buffer saves.
const SCRATCH: usize = 256;

/// Lets one data item of at most `limit` bytes through, decoded.
///
/// # Errors
///
/// [`Refusal::TooLarge`] before a byte is looked at; [`Refusal::NotDeterministic`] for well-formed CBOR that is not the
/// one encoding of its content; [`Refusal::Malformed`] for everything else. Both name the byte.
pub fn gate(bytes: &[u8], limit: usize) -> Result<Value, Refusal> {
    gate_part(bytes, limit, "")
}

/// [`gate`] for bytes inside a document: `part` says which, for the refusal.
pub(crate) fn gate_part(bytes: &[u8], limit: usize, part: &str) -> Result<Value, Refusal> {
    check_size(bytes.len(), limit)?;
    scan(bytes).map_err(|fault| fault.refusal(part))?;
    // The scan is stricter than ciborium in every point; should they ever disagree, refusing is the safe side.
    let mut scratch = [0; SCRATCH];
    let decoded = ciborium::de::from_reader_with_buffer(bytes, &mut scratch);
    decoded.map_err(|_| Refusal::Malformed { at: format!("{part} (decoder)") })
}

/// Refuses `found` bytes above `limit`.
pub(crate) fn check_size(found: usize, limit: usize) -> Result<(), Refusal> {
    if found <= limit {
        return Ok(());
    }
    Err(Refusal::TooLarge { found: found as u64, limit: limit as u64 })
}

/// Writes `value` in core deterministic encoding (RFC 8949 §4.2.1): minimal lengths, map keys in bytewise order.
///
/// The caller gives each map key once.
#[must_use]
pub fn encode(value: &Value) -> Vec<u8> {
    written(&sorted(value))
}

/// `value` as it stands.
fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("a Vec takes every byte and a Value always serializes");
    bytes
}

/// Writes the head of an item (RFC 8949 §3) in the fewest bytes.
pub(crate) fn push_head(bytes: &mut Vec<u8>, major: u8, argument: usize) {
    let argument = (argument as u64).to_be_bytes();
    let significant = argument.iter().position(|byte| *byte != 0).map_or(0, |first| argument.len() - first);
    match significant {
        0 | 1 if argument[7] < 24 => bytes.push((major << 5) | argument[7]),
        _ => {
            let width = significant.next_power_of_two();
            let information = [24, 25, 26, 27][width.trailing_zeros() as usize];
            bytes.push((major << 5) | information);
            bytes.extend_from_slice(&argument[argument.len() - width..]);
        }
    }
}

/// `value` with the entries of every map in the bytewise order of their encoded keys.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Tag(tag, content) => Value::Tag(*tag, sorted(content).into()),
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().map(|(key, value)| (sorted(key), sorted(value))).collect();
            entries.sort_by_cached_key(|(key, _)| written(key));
            Value::Map(entries)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
