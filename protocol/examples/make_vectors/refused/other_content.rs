//! Content of trust roots, deactivations, requests, heartbeats and answers.

use picket_protocol::{
    cbor::Value,
    documents::trust_root::{Role, TrustRoot},
};

use super::{refused_root, signature::es256};
use crate::{
    Made, accepted,
    cast::{self, seed},
    cose::{Sign, Sign1},
    edit::{DEACTIVATION, REQUEST, edited, entries, remove, set},
    manifest::{Document, Layer::Content},
};

const MALFORMED: &str = "malformed";

pub(super) fn all() -> Vec<Made> {
    [roots(), deactivations(), requests(), heartbeats(), answers()].into_iter().flatten().collect()
}

fn root(name: &str, why: &str, edit: impl FnOnce(&mut Value)) -> Made {
    let payload = edited(&accepted::content(&cast::chain(1)[0]), edit);
    refused_root(Content, MALFORMED, name, &[Sign::root(payload, &[seed::ROOT_A]).bytes()], why)
}

fn changed_root(name: &str, why: &str, change: impl FnOnce(&mut TrustRoot)) -> Made {
    let mut root = cast::root_1();
    change(&mut root);
    refused_root(Content, MALFORMED, name, &[cast::signed(&root, &[seed::ROOT_A])], why)
}

fn roots() -> Vec<Made> {
    let key = |seed: u8| Value::Bytes(cast::key(seed).public().0.to_vec());
    let role_key = |roles: &[&str]| {
        let roles = roles.iter().map(|role| Value::Text((*role).into())).collect();
        Value::Array(vec![Value::Array(vec![key(seed::SIGNER), Value::Array(roles)])])
    };
    let kids = |seeds: &[u8]| {
        let mut kids: Vec<Vec<u8>> = seeds.iter().map(|seed| cast::key(*seed).kid().as_bytes().to_vec()).collect();
        kids.sort_unstable();
        kids
    };
    let backwards = |mut kids: Vec<Vec<u8>>| {
        kids.reverse();
        Value::Array(kids.into_iter().map(Value::Bytes).collect())
    };
    vec![
        changed_root("root-version-0", "from 1 on", |root| root.version = 0),
        changed_root("root-threshold-0", "nobody would need to sign", |root| root.threshold = 0),
        changed_root("root-threshold-above-keys", "could never be reached", |root| root.threshold = 3),
        changed_root("root-threshold-4", "at most 3", |root| {
            root.root_keys = (1..=5).map(|seed| cast::key(seed).public()).collect();
            root.threshold = 4;
        }),
        changed_root("root-key-twice", "a key counts once", |root| {
            root.root_keys = vec![cast::key(seed::ROOT_A).public(); 2];
        }),
        changed_root("root-six-root-keys", "at most 5", |root| {
            root.root_keys = (1..=6).map(|seed| cast::key(seed).public()).collect();
        }),
        changed_root("root-signer-twice", "which roles count?", |root| root.keys.push(root.keys[0].clone())),
        changed_root("root-seventeen-keys", "at most 16", |root| {
            let more = cast::root(1, 1, &[], &(201..=217).map(|seed| (seed, Role::Ti)).collect::<Vec<_>>(), &[]);
            root.keys = more.keys;
        }),
        changed_root("root-withdraws-its-root-key", "remove it from the root keys instead", |root| {
            root.withdrawn.insert(cast::key(seed::ROOT_B).kid());
        }),
        root("root-without-root-keys", "nobody could sign the next", |root| set(root, &[], 3, Value::Array(vec![]))),
        root("root-without-version", "which one?", |root| remove(root, &[], 1)),
        root("root-without-withdrawn", "an empty list is written", |root| remove(root, &[], 5)),
        root("root-key-of-31-bytes", "Ed25519 has 32", |root| {
            set(root, &[], 3, Value::Array(vec![[0u8; 31].as_slice().into()]));
        }),
        root("root-signer-without-roles", "at least one", |root| set(root, &[], 4, role_key(&[]))),
        root("root-roles-unsorted", "one encoding", |root| set(root, &[], 4, role_key(&["ti", "activation"]))),
        root("root-roles-twice", "one encoding", |root| set(root, &[], 4, role_key(&["ti", "ti"]))),
        root("root-withdrawn-unsorted", "one encoding", |root| {
            set(root, &[], 5, backwards(kids(&[seed::STRANGER, seed::OLD_SIGNER])));
        }),
        root("root-withdrawn-twice", "one encoding", |root| {
            set(root, &[], 5, backwards(kids(&[seed::STRANGER, seed::STRANGER])));
        }),
        unsupported_root(),
    ]
}

fn unsupported_root() -> Made {
    let payload = edited(&accepted::content(&cast::chain(1)[0]), |root| {
        set(root, &[], 77, "of a later release");
        set(root, &[], 0, Value::Array(vec![77.into()]));
    });
    let bytes = Sign::root(payload, &[seed::ROOT_A]).bytes();
    refused_root(Content, "unsupported", "root-must-understand-unknown-key", &[bytes], "key 0 lists key 77")
}

fn deactivations() -> Vec<Made> {
    let made = |code, name, why, edit: &dyn Fn(&mut Value)| {
        let payload = edited(&accepted::deactivation_payload(), edit);
        Made::accepted(name, Document::Deactivation, "plain", Sign1::new("deactivation+cwt", payload).bytes(), why)
            .refused(Content, code, "deactivation")
    };
    const CLAIM: [i64; 1] = [DEACTIVATION];
    let another = cast::id_of(&cast::other_chain()).to_string();
    vec![
        made(MALFORMED, "deactivation-of-an-unpinned-root", "iss names a root that is not pinned", &|c| {
            set(c, &[], 1, another.as_str());
        }),
        made(MALFORMED, "deactivation-without-serial", "what would it end?", &|c| remove(c, &CLAIM, 1)),
        made(MALFORMED, "deactivation-reason-of-257", "at most 256 characters", &|c| {
            set(c, &CLAIM, 2, "x".repeat(257).as_str());
        }),
        made(MALFORMED, "deactivation-reason-with-escape", "it is shown on terminals", &|c| {
            set(c, &CLAIM, 2, "\u{1b}[2J");
        }),
        made(MALFORMED, "deactivation-without-who", "somebody decided", &|c| remove(c, &CLAIM, 3)),
        made("unsupported", "deactivation-must-understand-unknown-key", "key 0 lists key 77", &|c| {
            set(c, &CLAIM, 77, "of a later release");
            set(c, &CLAIM, 0, Value::Array(vec![77.into()]));
        }),
    ]
}

fn requests() -> Vec<Made> {
    let made = |name, why, edit: &dyn Fn(&mut Value)| {
        let bytes = es256(&edited(&accepted::request_payload(), edit));
        Made::accepted(name, Document::Request, "plain", bytes, why).refused(Content, MALFORMED, "request")
    };
    const CLAIM: [i64; 1] = [REQUEST];
    let spki = cast::spki(&cast::sensor_key());
    let mut off_curve = spki.clone();
    *off_curve.last_mut().expect("a byte") ^= 1;
    let mut compressed = spki[..59].to_vec();
    compressed[26] = 0x03;
    let mut p384 = spki.clone();
    p384[22] = 0x22;
    let later = es256(&edited(&accepted::request_payload(), |claims| {
        set(claims, &CLAIM, 77, "of a later release");
        set(claims, &CLAIM, 0, Value::Array(vec![77.into()]));
    }));
    vec![
        made("request-key-off-the-curve", "an invalid point", &|c| set(c, &CLAIM, 2, off_curve.as_slice())),
        made("request-key-compressed", "one encoding: uncompressed", &|c| set(c, &CLAIM, 2, compressed.as_slice())),
        made("request-key-of-another-curve", "P-256 only", &|c| set(c, &CLAIM, 2, p384.as_slice())),
        made("request-key-missing", "nothing to bind to", &|c| remove(c, &CLAIM, 2)),
        made("request-appliance-in-lower-case", "one spelling", &|c| {
            set(c, &CLAIM, 1, cast::appliance(0xa1).to_string().to_lowercase().as_str());
        }),
        made("request-appliance-missing", "which one asks?", &|c| remove(c, &CLAIM, 1)),
        Made::accepted("request-must-understand-unknown-key", Document::Request, "plain", later, "key 0 lists key 77")
            .refused(Content, "unsupported", "request"),
    ]
}

fn heartbeats() -> Vec<Made> {
    let made = |name, why, edit: &dyn Fn(&mut Value)| {
        let bytes = edited(&accepted::heartbeat().encode(), edit);
        Made::accepted(name, Document::Heartbeat, "plain", bytes, why).refused(Content, MALFORMED, "heartbeat")
    };
    let addresses = Value::Array(vec!["10.0.0.1".into(); 33]);
    vec![
        made("heartbeat-without-chain", "no place in the chain", &|h| remove(h, &[], 1)),
        made("heartbeat-nonce-of-15-bytes", "16 bytes", &|h| set(h, &[1], 2, [0u8; 15].as_slice())),
        made("heartbeat-counter-negative", "grows from 0", &|h| set(h, &[1], 1, -1)),
        made("heartbeat-of-unknown-standing", "candidate, committed or deactivated", &|h| set(h, &[], 4, 4)),
        made("heartbeat-with-33-addresses", "at most 32", &|h| set(h, &[6], 5, addresses.clone())),
        made("heartbeat-with-a-long-version", "at most 256 characters", &|h| set(h, &[5], 1, "9".repeat(257).as_str())),
        made("heartbeat-health-by-number", "components have names", &|h| {
            set(h, &[6], 10, Value::Map(vec![(1.into(), Value::Null)]));
        }),
        made("heartbeat-stream-by-name", "streams have UUIDs", &|h| {
            set(h, &[6], 12, Value::Map(vec![("main".into(), Value::Null)]));
        }),
        made("heartbeat-with-a-text-key", "keys are integers", &|h| entries(h).push(("status".into(), Value::Null))),
    ]
}

fn answers() -> Vec<Made> {
    let made = |name, why, edit: &dyn Fn(&mut Value)| {
        let bytes = edited(&accepted::answer().encode(), edit);
        Made::accepted(name, Document::Answer, "plain", bytes, why).refused(Content, MALFORMED, "answer")
    };
    let confirmed = |ranges: &[(u64, u64)]| {
        let range = |(first, last): &(u64, u64)| Value::Array(vec![(*first).into(), (*last).into()]);
        let lacks = Value::Array(ranges.iter().map(range).collect());
        let confirmation = Value::Map(vec![(1.into(), 100.into()), (2.into(), lacks)]);
        Value::Map(vec![([0x57u8; 16].as_slice().into(), confirmation)])
    };
    let many: Vec<(u64, u64)> = (0..65).map(|n| (2 * n, 2 * n)).collect();
    vec![
        made("answer-without-time", "the upstream's time is always there", &|a| remove(a, &[], 1)),
        made("answer-interval-of-9", "10 to 900 seconds", &|a| set(a, &[2], 6, 9)),
        made("answer-interval-of-901", "10 to 900 seconds", &|a| set(a, &[2], 6, 901)),
        made("answer-name-invalid", "letters, digits, space and . _ : -", &|a| set(a, &[2], 1, "a/b")),
        made("answer-lacks-overlapping", "ascending and apart", &|a| set(a, &[], 3, confirmed(&[(1, 5), (5, 6)]))),
        made("answer-lacks-backwards", "first before last", &|a| set(a, &[], 3, confirmed(&[(6, 5)]))),
        made("answer-lacks-above-its-mark", "below the mark", &|a| set(a, &[], 3, confirmed(&[(90, 100)]))),
        made("answer-lacks-65-ranges", "at most 64", &|a| set(a, &[], 3, confirmed(&many))),
        made("answer-without-roots", "an empty list is left out", &|a| set(a, &[], 4, Value::Array(vec![]))),
        made("answer-reissue-as-text", "bytes, not armour", &|a| set(a, &[], 5, "-----BEGIN PICKET ACTIVATION-----")),
    ]
}
