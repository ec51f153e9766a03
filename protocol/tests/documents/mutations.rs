//! Every single-bit flip and every truncation of a signed document is refused with a code, whether the sensor holds the
//! roots in it or not.

use picket_protocol::refusal::explain;

use crate::{bytes, manifest, reader::Ready, vector};

/// Vectors with the roots held (`plain` context), partly held, and not at all; and the other signed documents.
const SIGNED: [&str; 8] = [
    "locally-managed",
    "cloud-connected",
    "chain-from-version-2",
    "brings-version-2",
    "brings-versions-2-and-3",
    "deactivation",
    "request",
    "trust-root-file-of-three",
];

/// Reads every mutation; the names of those that were not refused with a code of the table.
fn not_refused(name: &str, mutations: impl Fn(&[u8]) -> Vec<(usize, Vec<u8>)>) -> Vec<String> {
    let (manifest, vector) = (manifest(), vector(name));
    let ready = Ready::new(&manifest.contexts[&vector.context]);
    let original = bytes(&vector);
    assert!(ready.read(vector.document, &original).is_ok(), "{name}");
    let refused = |mutation: &[u8]| match ready.read(vector.document, mutation) {
        Ok(_) => false,
        Err(refusal) => explain(refusal.code()).is_some(),
    };
    let passed = mutations(&original).into_iter().filter(|(_, mutation)| !refused(mutation));
    passed.map(|(place, _)| format!("{name}, {place}")).collect()
}

fn flips(original: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let flipped = |bit: usize| {
        let mut bytes = original.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        (bit, bytes)
    };
    (0..original.len() * 8).map(flipped).collect()
}

fn truncations(original: &[u8]) -> Vec<(usize, Vec<u8>)> {
    (0..original.len()).map(|end| (end, original[..end].to_vec())).collect()
}

#[test]
fn every_single_bit_flip_is_refused() {
    let passed: Vec<String> = SIGNED.iter().flat_map(|name| not_refused(name, flips)).collect();
    assert!(passed.is_empty(), "{passed:?}");
}

#[test]
fn every_truncation_is_refused() {
    let passed: Vec<String> = SIGNED.iter().flat_map(|name| not_refused(name, truncations)).collect();
    assert!(passed.is_empty(), "{passed:?}");
}

#[test]
fn every_truncation_of_the_armour_is_refused() {
    // White space after the last line may go; nothing else may.
    let passed = not_refused("armoured", |original| truncations(original.trim_ascii_end()));
    assert!(passed.is_empty(), "{passed:?}");
}
