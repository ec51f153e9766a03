//! Recoveries of a console's password, accepted and refused. Their chain is one of its own, with a key of their role.

use picket_protocol::{
    documents::{recovery::Recovery, trust_root::Role},
    ids::Cti,
    issue::sign_recovery,
    time::UnixSeconds,
};

use super::{
    Made,
    cast::{self, NOW, seed},
    cose::{EDDSA, Sign1, alg, kid, typ},
    edit::{RECOVERY, edited, entries, remove, set},
    manifest::{Document, Layer},
};

/// Version 1 of a trust root whose activation key may not sign recoveries, and the other way round.
pub(crate) fn chain() -> Vec<Vec<u8>> {
    let keys = [(seed::SIGNER, Role::Activation), (seed::RECOVERY_SIGNER, Role::Recovery)];
    vec![cast::signed(&cast::root(1, 1, &[seed::ROOT_C], &keys, &[]), &[seed::ROOT_C])]
}

fn recovery() -> Recovery {
    Recovery {
        issuer: cast::id_of(&chain()),
        issued_at: UnixSeconds(NOW),
        cti: Cti::from_bytes([0xf1; 16]),
        appliance: cast::appliance(0xa1),
        nonce: "ACDE-FGHJ-KMNP".parse().expect("a code"),
        decided_by: "m.kovac@waterworks.example".into(),
    }
}

fn signed_by(signer: u8) -> Vec<u8> {
    sign_recovery(&recovery(), &cast::key(signer))
}

fn sign1(payload: Vec<u8>) -> Sign1 {
    of_kind("recovery+cwt", payload)
}

fn of_kind(kind: &str, payload: Vec<u8>) -> Sign1 {
    let headers = [alg(EDDSA), kid(seed::RECOVERY_SIGNER), typ(kind)];
    Sign1::new(kind, payload).signer(seed::RECOVERY_SIGNER).protected(&headers)
}

fn payload() -> Vec<u8> {
    super::accepted::content(&signed_by(seed::RECOVERY_SIGNER))
}

pub(crate) fn accepted() -> Vec<Made> {
    let made = |name, bytes, why| Made::accepted(name, Document::Recovery, "recovery", bytes, why);
    let unknown = edited(&payload(), |c| set(c, &[RECOVERY], 77, "ignored"));
    vec![
        made("recovery", signed_by(seed::RECOVERY_SIGNER), "for this appliance, by a key of its role"),
        made("recovery-unknown-key", sign1(unknown).bytes(), "other unknown keys are ignored"),
    ]
}

pub(crate) fn refused() -> Vec<Made> {
    let made = |layer, code, name, bytes, why| {
        Made::accepted(name, Document::Recovery, "recovery", bytes, why).refused(layer, code, "recovery")
    };
    let content = |code, name, why, edit: &dyn Fn(&mut picket_protocol::cbor::Value)| {
        made(Layer::Content, code, name, sign1(edited(&payload(), edit)).bytes(), why)
    };
    let good = signed_by(seed::RECOVERY_SIGNER);
    let mut flipped = good.clone();
    *flipped.last_mut().expect("a signature") ^= 1;
    const CLAIM: [i64; 1] = [RECOVERY];
    let mut vectors = vec![
        made(
            Layer::Trust,
            "wrong-role",
            "recovery-by-an-activation-key",
            signed_by(seed::SIGNER),
            "its key may activate",
        ),
        made(
            Layer::Trust,
            "unknown-signer",
            "recovery-by-a-stranger",
            signed_by(seed::STRANGER),
            "no root names the key",
        ),
        made(
            Layer::Signature,
            "bad-signature",
            "recovery-signature-flipped",
            flipped,
            "one bit of the signature differs",
        ),
        made(
            Layer::Headers,
            "wrong-document",
            "recovery-typ-of-a-deactivation",
            of_kind("deactivation+cwt", payload()).bytes(),
            "its header says that it is a deactivation",
        ),
        made(
            Layer::Encoding,
            "malformed",
            "recovery-trailing-byte",
            [good.clone(), vec![0]].concat(),
            "a byte after it",
        ),
        content("malformed", "recovery-of-an-unpinned-root", "iss names a root that is not pinned", &|c| {
            set(c, &[], 1, "0".repeat(64));
        }),
        content("malformed", "recovery-without-nonce", "for which recovery?", &|c| remove(c, &CLAIM, 2)),
        content("malformed", "recovery-nonce-in-groups", "one spelling: without hyphens", &|c| {
            set(c, &CLAIM, 2, "ACDE-FGHJ-KMNP");
        }),
        content("malformed", "recovery-nonce-in-lower-case", "one spelling: upper case", &|c| {
            set(c, &CLAIM, 2, "acdefghjkmnp");
        }),
        content("malformed", "recovery-without-who", "somebody decided", &|c| remove(c, &CLAIM, 3)),
        content("malformed", "recovery-who-with-escape", "it is shown on terminals", &|c| {
            set(c, &CLAIM, 3, "m\u{1b}[2J");
        }),
        content("unsupported", "recovery-must-understand-unknown-key", "key 0 lists key 77", &|c| {
            set(c, &CLAIM, 77, 1);
            set(c, &CLAIM, 0, vec![picket_protocol::cbor::Value::from(77)]);
        }),
        content("unsupported", "recovery-with-audience", "a reader that is not in it must not take it", &|c| {
            entries(c).push((3.into(), "somebody".into()));
        }),
    ];
    let elsewhere =
        Made::accepted("recovery-elsewhere", Document::Recovery, "recovery", good, "its nonce is not the only bond");
    vectors.push(elsewhere.in_context("recovery-another-appliance").refused(
        Layer::Binding,
        "wrong-appliance",
        "recovery",
    ));
    vectors
}
