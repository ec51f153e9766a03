//! The traps of ciborium and coset, each met by a vector: the library reads it, we refuse it.

use ciborium::Value;
use coset::{CoseSign1, TaggedCborSerializable as _};

use crate::{bytes, manifest, reader::Ready, vector};

/// What of a file the library is given.
#[derive(Debug, Clone, Copy)]
enum Given {
    /// All of it, to ciborium.
    File,
    /// The activation's payload, to ciborium.
    Payload,
    /// The activation, to coset.
    Cose,
}

const TRAPS: [(&str, Given, &str); 17] = [
    ("ciborium keeps the last of duplicate keys", Given::Payload, "payload-duplicate-claim"),
    ("ciborium accepts indefinite arrays", Given::File, "indefinite-array"),
    ("ciborium accepts indefinite byte strings", Given::File, "indefinite-byte-string"),
    ("ciborium accepts indefinite maps", Given::Payload, "payload-indefinite"),
    ("ciborium accepts unsorted maps", Given::Payload, "payload-unsorted"),
    ("ciborium accepts non-minimal integers", Given::File, "version-not-minimal"),
    ("ciborium accepts non-minimal lengths", Given::File, "length-not-minimal"),
    ("ciborium stops before trailing bytes", Given::File, "trailing-byte"),
    ("coset accepts alg only in the unprotected header", Given::Cose, "alg-only-unprotected"),
    ("coset accepts alg in both", Given::Cose, "alg-in-both"),
    ("coset accepts conflicting alg in both", Given::Cose, "alg-conflicting-in-both"),
    ("coset accepts indefinite-length maps", Given::Cose, "headers-indefinite"),
    ("coset accepts unsorted headers", Given::Cose, "headers-unsorted"),
    ("coset accepts crit in the unprotected header", Given::Cose, "crit-unprotected"),
    ("coset accepts an HMAC alg in a COSE_Sign1", Given::Cose, "alg-hmac"),
    ("coset accepts a nil payload", Given::Cose, "payload-detached"),
    ("coset accepts an empty signature", Given::Cose, "signature-empty"),
];

fn decode(bytes: &[u8]) -> Option<Value> {
    ciborium::from_reader(bytes).ok()
}

/// The third item of a tagged array: a file's activation, a COSE_Sign1's payload.
fn third(bytes: &[u8]) -> Vec<u8> {
    let content = decode(bytes).and_then(|value| value.into_tag().ok()).expect("a tagged item").1;
    content.into_array().expect("an array").swap_remove(2).into_bytes().expect("a byte string")
}

fn library_reads(given: Given, file: &[u8]) -> bool {
    match given {
        Given::File => decode(file).is_some(),
        Given::Payload => decode(&third(&third(file))).is_some(),
        Given::Cose => CoseSign1::from_tagged_slice(&third(file)).is_ok(),
    }
}

#[test]
fn each_is_read_by_the_library_and_refused_by_us() {
    let manifest = manifest();
    for (trap, given, name) in TRAPS {
        let vector = vector(name);
        let file = bytes(&vector);
        assert!(library_reads(given, &file), "{trap}: not so any more ({name})");
        let ready = Ready::new(&manifest.contexts[&vector.context]);
        assert!(ready.read(vector.document, &file).is_err(), "{trap}, and so do we");
    }
}

#[test]
fn a_duplicate_key_means_another_thing_to_ciborium_than_to_a_reader_of_the_first() {
    let payload = third(&third(&bytes(&vector("payload-duplicate-claim"))));
    let entries = decode(&payload).unwrap().into_map().unwrap();
    let issuers = entries.iter().filter(|(key, _)| *key == Value::from(1)).count();
    assert_eq!(issuers, 2);
}
