//! Signature: right in every header, made over other bytes or by another key.

use super::{file, local, refused};
use crate::{
    Made, accepted, cast,
    cose::{Sign1, alg, array, byte_string, head, map, typ},
    edit::{ACTIVATION, edited, set},
    manifest::{
        Document,
        Layer::{Headers, Signature, Trust},
    },
};
use picket_protocol::cbor::Value;

const BAD: &str = "bad-signature";

pub(super) fn all() -> Vec<Made> {
    [ed25519(), requests()].into_iter().flatten().collect()
}

fn with_signature(signature: &[u8]) -> Vec<u8> {
    let mut items = local().items();
    items[3] = byte_string(signature);
    file(&local().with_items(&items))
}

/// s + L, the group order: verifies wherever s is not compared with L (RFC 8032 §5.1.7).
fn unreduced(signature: &[u8]) -> Vec<u8> {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0u16;
    let mut unreduced = signature.to_vec();
    for (byte, l) in unreduced[32..].iter_mut().zip(L) {
        carry += u16::from(*byte) + u16::from(l);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    unreduced
}

fn ed25519() -> Vec<Made> {
    let bad = |name, bytes, why| refused(Signature, BAD, name, bytes, why);
    let signature = local().signature();
    let other = Sign1 {
        payload: edited(&local().payload, |claims| set(claims, &[ACTIVATION], 1, cast::SERIAL + 1)),
        ..local()
    };
    let mut flipped = signature.clone();
    flipped[63] ^= 0x01;
    let mut first = signature.clone();
    first[0] ^= 0x80;
    // Ed25519 over the payload alone, as if COSE were not there.
    let bare = crate::cose::ed25519(cast::seed::SIGNER, &local().payload);
    let deactivation = Sign1::new("deactivation+cwt", local().payload).signature();
    vec![
        bad("signature-flipped-at-the-end", with_signature(&flipped), "one bit of s"),
        bad("signature-flipped-at-the-start", with_signature(&first), "one bit of R"),
        bad("signature-zero", with_signature(&[0; 64]), "64 zero bytes"),
        bad(
            "signature-unreduced",
            with_signature(&unreduced(&signature)),
            "s + L: the same signature in another spelling",
        ),
        bad("signature-small-order", with_signature(&[&[1][..], &[0; 63]].concat()), "R of small order"),
        bad("signature-of-another-payload", with_signature(&other.signature()), "with another serial"),
        bad("signature-of-another-typ", with_signature(&deactivation), "the same payload signed as a deactivation"),
        bad("signature-of-the-bare-payload", with_signature(&bare), "not over a Sig_structure"),
        bad(
            "signature-with-external-data",
            file(&Sign1 { external_aad: b"picket".to_vec(), ..local() }.bytes()),
            "external_aad is empty",
        ),
        bad(
            "signature-of-cose-sign",
            file(&Sign1 { context: "Signature", ..local() }.bytes()),
            "the context string of COSE_Sign",
        ),
        bad(
            "signature-by-another-key",
            file(&Sign1 { signed_by: cast::seed::TI_SIGNER, ..local() }.bytes()),
            "kid names one key, another signed",
        ),
        Made::accepted(
            "deactivation-of-another-serial",
            Document::Deactivation,
            "plain",
            moved(),
            "the signature of another deactivation",
        )
        .refused(Signature, BAD, "deactivation"),
    ]
}

fn moved() -> Vec<u8> {
    let plain = Sign1::new("deactivation+cwt", accepted::deactivation_payload());
    let other = Sign1 {
        payload: edited(&plain.payload, |claims| set(claims, &[crate::edit::DEACTIVATION], 1, cast::SERIAL + 900)),
        ..plain.clone()
    };
    let mut items = other.items();
    items[3] = byte_string(&plain.signature());
    other.with_items(&items)
}

/// A request around `payload`, signed by the sensor's key.
pub(super) fn es256(payload: &[u8]) -> Vec<u8> {
    es256_with(payload, cast::sensor_thumbprint().as_bytes(), |signature| signature)
}

fn es256_with(payload: &[u8], kid: &[u8], bend: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    use p256::ecdsa::signature::Signer as _;
    let protected = map(&[alg(-7), (4.into(), Value::Bytes(kid.to_vec())), typ("request+cwt")]);
    let context = picket_protocol::cbor::encode(&Value::Text("Signature1".into()));
    let message = array(&[context, byte_string(&protected), byte_string(&[]), byte_string(payload)]);
    let signature: p256::ecdsa::Signature = cast::sensor_key().sign(&message);
    let signature = bend(signature.to_bytes().to_vec());
    [head(6, 18), array(&[byte_string(&protected), map(&[]), byte_string(payload), byte_string(&signature)])].concat()
}

fn requests() -> Vec<Made> {
    let payload = accepted::request_payload();
    let thumbprint = cast::sensor_thumbprint();
    let with = |bend: fn(Vec<u8>) -> Vec<u8>| es256_with(&payload, thumbprint.as_bytes(), bend);
    let other_kid = es256_with(&payload, cast::key(cast::seed::SIGNER).kid().as_bytes(), |signature| signature);
    let der = |signature: Vec<u8>| {
        p256::ecdsa::Signature::from_slice(&signature).expect("a signature").to_der().as_bytes().to_vec()
    };
    let made = |name, bytes, layer, code, why| {
        Made::accepted(name, Document::Request, "plain", bytes, why).refused(layer, code, "request")
    };
    vec![
        made(
            "request-signature-flipped",
            with(|mut signature| {
                signature[40] ^= 0x04;
                signature
            }),
            Signature,
            BAD,
            "one bit of s",
        ),
        made("request-signature-zero", with(|_| vec![0; 64]), Signature, BAD, "r and s are from 1 on"),
        made("request-signature-in-der", with(der), Headers, "bad-headers", "r || s is the form of COSE"),
        made("request-kid-of-another-key", other_kid, Trust, "unknown-signer", "kid is the digest of the key in it"),
    ]
}
