use std::{collections::BTreeSet, vec, vec::Vec};

use super::*;
use crate::{
    documents::trust_root::{Role, RoleKey, TrustRoot},
    issue::sign_root,
    keys::SigningKey,
    refusal::Refusal,
};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn root(version: u64, threshold: u8, root_keys: &[u8]) -> TrustRoot {
    TrustRoot {
        version,
        threshold,
        root_keys: root_keys.iter().map(|seed| key(*seed).public()).collect(),
        keys: vec![RoleKey { key: key(100).public(), roles: BTreeSet::from([Role::Activation]) }],
        withdrawn: BTreeSet::new(),
    }
}

fn signed(root: &TrustRoot, by: &[u8]) -> Vec<u8> {
    let keys: Vec<SigningKey> = by.iter().map(|seed| key(*seed)).collect();
    sign_root(root, &keys.iter().collect::<Vec<_>>())
}

fn pin(roots: &[Vec<u8>]) -> Result<TrustStore, Refusal> {
    let mut store = TrustStore::default();
    store.pin(&encode_roots(roots)).map(|_| store)
}

fn broken_at(roots: &[Vec<u8>]) -> u64 {
    match pin(roots) {
        Err(Refusal::RootChainBroken { version, .. }) => version,
        other => panic!("{other:?}"),
    }
}

#[test]
fn believes_a_chain_signed_by_both_thresholds() {
    let first = signed(&root(1, 2, &[1, 2, 3]), &[1, 3]);
    let second = signed(&root(2, 1, &[3, 4]), &[2, 3]);
    let third = signed(&root(3, 1, &[4]), &[4]);
    let store = pin(&[first, second, third]).unwrap();
    assert_eq!(store.chains().next().unwrap().newest().version, 3);
}

#[test]
fn counts_a_key_once() {
    assert_eq!(broken_at(&[signed(&root(1, 2, &[1, 2]), &[1, 1])]), 1);
}

#[test]
fn demands_the_threshold_of_the_predecessor_and_of_the_version_itself() {
    let first = signed(&root(1, 1, &[1, 2]), &[1]);
    assert_eq!(broken_at(&[first.clone(), signed(&root(2, 1, &[3]), &[3])]), 2);
    assert_eq!(broken_at(&[first, signed(&root(2, 2, &[1, 3]), &[1])]), 2);
}

#[test]
fn refuses_a_surplus_signature_by_a_stranger() {
    assert_eq!(broken_at(&[signed(&root(1, 1, &[1]), &[1, 9])]), 1);
}

#[test]
fn refuses_a_gap_and_a_chain_that_does_not_begin_with_version_1() {
    let first = signed(&root(1, 1, &[1]), &[1]);
    let third = signed(&root(3, 1, &[1]), &[1]);
    assert_eq!(broken_at(&[first, third.clone()]), 3);
    assert_eq!(broken_at(&[third]), 3);
}

#[test]
fn a_stored_chain_is_continued_but_never_replaced() {
    let first = signed(&root(1, 1, &[1]), &[1]);
    let second = signed(&root(2, 1, &[1, 2]), &[1]);
    let another = signed(&root(2, 1, &[1, 3]), &[1]);
    let mut store = pin(core::slice::from_ref(&first)).unwrap();
    let id = *store.chains().next().unwrap().id();
    store.adopt(&id, &[second]).unwrap();
    let held = store.clone();
    let fork = store.adopt(&id, &[first.clone(), another]);
    assert!(matches!(fork, Err(Refusal::RootChainBroken { version: 2, .. })), "{fork:?}");
    assert_eq!(store.pin(&encode_roots(&[first])), Ok(id));
    assert_eq!(store, held);
    assert_eq!(store.get(&id).unwrap().newest().version, 2);
}

#[test]
fn a_stored_store_reloads_to_itself_and_a_damaged_one_does_not_load() {
    let store = pin(&[signed(&root(1, 1, &[1]), &[1]), signed(&root(2, 1, &[2]), &[1, 2])]).unwrap();
    let json = serde_json::to_string(&store).unwrap();
    assert_eq!(serde_json::from_str::<TrustStore>(&json).unwrap(), store);
    let id = *store.chains().next().unwrap().id();
    let roots = store.get(&id).unwrap().to_roots();
    let stranger = pin(&[signed(&root(1, 1, &[7]), &[7])]).unwrap();
    let renamed = serde_json::to_string(&stranger).unwrap();
    let stranger_id = std::string::ToString::to_string(stranger.chains().next().unwrap().id());
    let renamed = renamed.replace(&stranger_id, &std::string::ToString::to_string(&id));
    assert!(serde_json::from_str::<TrustStore>(&renamed).is_err());
    assert_eq!(roots.len(), 2);
}

#[test]
fn verifies_at_most_64_signatures_of_a_file() {
    let mut roots = vec![signed(&root(1, 1, &[1]), &[1])];
    let broken = [1u8; 10];
    roots.extend((2..=8).map(|version| signed(&root(version, 1, &[1]), &broken)));
    assert!(matches!(pin(&roots), Err(Refusal::Malformed { .. })));
    roots.truncate(7);
    assert!(pin(&roots).is_ok());
}
