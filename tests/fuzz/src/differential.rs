//! The gate against ciborium and coset: what it accepts they read alike, and where they are lenient it is not.

use ciborium::Value;
use coset::{
    CborSerializable as _, CoseSign1, TaggedCborSerializable as _,
    iana::{self, EnumI64 as _},
};
use picket_protocol::{
    cbor::{FaultKind, encode, gate, scan},
    reading::{read_deactivation, read_request},
    trust::TrustStore,
};

use crate::{contexts, tally};

const LIMIT: usize = 64 * 1024;

/// What is expected to be met, and refused, in a run: the leniencies of ciborium and coset.
pub const LENIENCIES: [&str; 12] = [
    "ciborium reads duplicate keys",
    "ciborium reads indefinite lengths",
    "ciborium reads what is not minimal",
    "ciborium reads before trailing bytes",
    "ciborium reads unsorted keys",
    "coset reads alg only unprotected",
    "coset reads conflicting alg",
    "coset reads indefinite lengths",
    "coset reads crit unprotected",
    "coset reads an HMAC alg in a signature",
    "coset reads a detached payload",
    "coset reads an empty signature",
];

/// The gate and the decoders on the same bytes.
pub fn gate_agrees(bytes: &[u8]) {
    let decoded: Result<Value, _> = ciborium::from_reader(bytes);
    match gate(bytes, LIMIT) {
        Ok(value) => {
            tally::count("accepted");
            assert_eq!(encode(&value), bytes, "the gate accepted another encoding than the one");
            assert_eq!(decoded.ok().as_ref(), Some(&value), "ciborium reads something else");
            assert_eq!(Value::from_slice(bytes).ok().as_ref(), Some(&value), "coset reads something else");
        }
        Err(refusal) => {
            tally::count(refusal.code());
            if let (Err(fault), Ok(_)) = (scan(bytes), decoded) {
                ciborium_is_lenient(fault.kind);
            }
        }
    }
}

fn ciborium_is_lenient(kind: FaultKind) {
    tally::count(match kind {
        FaultKind::DuplicateKey => LENIENCIES[0],
        FaultKind::IndefiniteLength => LENIENCIES[1],
        FaultKind::NotMinimal => LENIENCIES[2],
        FaultKind::TrailingBytes => LENIENCIES[3],
        FaultKind::UnsortedKeys => LENIENCIES[4],
        _ => "ciborium reads more",
    });
}

/// Where coset opens a COSE_Sign1 that is not as ours must be, our readers refuse it.
pub fn coset_is_lenient(bytes: &[u8]) {
    let Ok(opened) = CoseSign1::from_tagged_slice(bytes) else { return };
    let (inside, outside) = (&opened.protected.header, &opened.unprotected);
    let hmac = coset::Algorithm::Assigned(iana::Algorithm::from_i64(5).expect("HMAC 256/256"));
    let indefinite = |bytes: &[u8]| scan(bytes).is_err_and(|fault| fault.kind == FaultKind::IndefiniteLength);
    let bucket = opened.protected.original_data.as_deref().unwrap_or_default();
    let met = [
        inside.alg.is_none() && outside.alg.is_some(),
        inside.alg.is_some() && outside.alg.is_some() && inside.alg != outside.alg,
        indefinite(bytes) || indefinite(bucket),
        !outside.crit.is_empty(),
        inside.alg == Some(hmac),
        opened.payload.is_none(),
        opened.signature.is_empty(),
    ];
    for (met, name) in met.into_iter().zip(&LENIENCIES[5..]) {
        if met {
            tally::count(name);
            assert!(refused(bytes), "coset is lenient ({name}), and so are we");
        }
    }
}

fn refused(bytes: &[u8]) -> bool {
    let store: &TrustStore = &contexts()[0].trust;
    read_deactivation(bytes, store).is_err() && read_request(bytes).is_err()
}
