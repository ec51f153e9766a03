//! Every vector is read as the manifest says, and the manifest says enough.

use std::{collections::BTreeSet, fs};

use crate::{
    bytes, manifest,
    manifest::{Layer, Manifest, Vector},
    reader::Ready,
    vectors_folder,
};

fn outcome(manifest: &Manifest, vector: &Vector) -> String {
    let ready = Ready::new(&manifest.contexts[&vector.context]);
    match ready.read(vector.document, &bytes(vector)) {
        Ok(word) => word.to_owned(),
        Err(refusal) => format!("{} ({refusal})", refusal.code()),
    }
}

fn accepted(expected: &str) -> bool {
    matches!(expected, "accepted" | "already-active")
}

#[test]
fn every_vector_is_read_as_the_manifest_says() {
    let manifest = manifest();
    let mut wrong = vec![];
    for vector in &manifest.vectors {
        let found = outcome(&manifest, vector);
        if found.split(" (").next() != Some(&vector.expected) {
            wrong.push(format!("{}: expected {}, found {found}", vector.name, vector.expected));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), manifest.vectors.len(), wrong.join("\n"));
}

#[test]
fn there_are_enough_and_every_refusal_of_a_document_has_one() {
    const CODES: [&str; 21] = [
        "too-large",
        "malformed",
        "not-deterministic",
        "unsupported-version",
        "bad-headers",
        "no-trust-root",
        "unknown-root",
        "root-chain-broken",
        "root-too-old",
        "unknown-signer",
        "signer-withdrawn",
        "wrong-role",
        "bad-signature",
        "wrong-document",
        "not-yet-valid",
        "upload-window-over",
        "clock-unusable",
        "wrong-appliance",
        "wrong-key",
        "older-than-active",
        "unsupported",
    ];
    let manifest = manifest();
    let (good, bad): (Vec<_>, Vec<_>) = manifest.vectors.iter().partition(|vector| accepted(&vector.expected));
    assert!(good.len() >= 12 && bad.len() >= 80, "{} accepted, {} refused", good.len(), bad.len());
    let named: BTreeSet<&str> = bad.iter().filter_map(|vector| vector.expected.strip_prefix("activation.")).collect();
    assert_eq!(named, BTreeSet::from(CODES));
    for code in CODES {
        assert!(picket_protocol::refusal::explain(&format!("activation.{code}")).is_some(), "{code} has no words");
    }
}

/// "Only that check stops it": with the one thing repaired, the document or the context, it is accepted.
#[test]
fn every_refused_vector_is_one_step_from_an_accepted_one() {
    let manifest = manifest();
    for vector in manifest.vectors.iter().filter(|vector| !accepted(&vector.expected)) {
        let repaired = vector.repaired.as_ref().unwrap();
        let repaired = manifest.vectors.iter().find(|other| other.name == *repaired);
        let repaired = repaired.unwrap_or_else(|| panic!("{}: no such repaired vector", vector.name));
        assert!(accepted(&repaired.expected), "{}: {} is not accepted", vector.name, repaired.name);
        assert_eq!(repaired.document, vector.document, "{}", vector.name);
        let same_context = repaired.context == vector.context;
        let same_bytes = bytes(repaired) == bytes(vector);
        assert!(same_context != same_bytes, "{}: not one thing differs from {}", vector.name, repaired.name);
        assert!(vector.layer.is_some() && !vector.why.is_empty(), "{}", vector.name);
    }
}

#[test]
fn every_step_of_the_reading_order_has_a_refused_vector() {
    use Layer::{Binding, Content, Encoding, Headers, Serial, Shape, Signature, Size, Time, Trust};
    let layers: BTreeSet<Layer> = manifest().vectors.iter().filter_map(|vector| vector.layer).collect();
    let all = [Size, Encoding, Shape, Headers, Trust, Signature, Content, Time, Binding, Serial];
    assert_eq!(layers, BTreeSet::from(all));
}

#[test]
fn no_file_is_left_out_of_the_manifest() {
    let listed: BTreeSet<String> = manifest().vectors.into_iter().map(|vector| vector.file).collect();
    let mut found = BTreeSet::new();
    for folder in ["accepted", "refused"] {
        for entry in fs::read_dir(vectors_folder().join(folder)).unwrap() {
            found.insert(format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap()));
        }
    }
    assert_eq!(listed, found);
}
