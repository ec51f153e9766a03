//! Headers: protected, exactly those that belong, each with the one value it may have.

use picket_protocol::cbor::Value;

use super::{file, local, refused, refused_root};
use crate::{
    Made, accepted, cast,
    cose::{EDDSA, Sign, Sign1, alg, array, byte_string, kid, map, typ},
    manifest::{Document, Layer::Headers},
};

const BAD_HEADERS: &str = "bad-headers";
const ACTIVATION: &str = "activation+cwt";

pub(super) fn all() -> Vec<Made> {
    [algorithm(), key_and_type(), crit(), payload_and_signature(), of_roots(), of_others()]
        .into_iter()
        .flatten()
        .collect()
}

fn signer() -> (Value, Value) {
    kid(cast::seed::SIGNER)
}

fn bad(name: &str, sign1: &Sign1, why: &str) -> Made {
    refused(Headers, BAD_HEADERS, name, file(&sign1.bytes()), why)
}

fn algorithm() -> Vec<Made> {
    let with = |algorithm: i64| local().protected(&[alg(algorithm), signer(), typ(ACTIVATION)]);
    let without = || local().protected(&[signer(), typ(ACTIVATION)]);
    let as_text = [(1.into(), Value::Text("EdDSA".into())), signer(), typ(ACTIVATION)];
    vec![
        bad("alg-only-unprotected", &without().unprotected(&[alg(EDDSA)]), "coset accepts it"),
        bad("alg-in-both", &local().unprotected(&[alg(EDDSA)]), "the same in both; coset accepts it"),
        bad(
            "alg-conflicting-in-both",
            &local().unprotected(&[alg(5)]),
            "EdDSA protected, HMAC beside it; coset accepts it",
        ),
        bad("alg-hmac", &with(5), "HMAC 256/256 in a COSE_Sign1; coset accepts it"),
        bad("alg-es256", &with(-7), "an Ed25519 key does not sign ES256"),
        bad("alg-ed25519", &with(-19), "the fully specified name (RFC 9864) is not the one in use"),
        bad("alg-es512", &with(-36), "another algorithm"),
        bad("alg-unassigned", &with(-70_000), "of the private range"),
        bad("alg-as-text", &local().protected(&as_text), "a registered algorithm has a number"),
        bad("alg-missing", &without(), "the key decides, yet the header must agree"),
    ]
}

fn key_and_type() -> Vec<Made> {
    let kid_of = |length: usize| {
        let kid = cast::key(cast::seed::SIGNER).kid().as_bytes()[..length].to_vec();
        local().protected(&[alg(EDDSA), (4.into(), Value::Bytes(kid)), typ(ACTIVATION)])
    };
    let extra =
        |label: Value, value: Value| local().protected(&[alg(EDDSA), signer(), typ(ACTIVATION), (label, value)]);
    let kid_text = (4.into(), Value::Text(cast::key(cast::seed::SIGNER).kid().to_string()));
    let type_number = (16.into(), 61.into());
    let wrong = |name, kind: &str, why| {
        let sign1 = local().protected(&[alg(EDDSA), signer(), typ(kind)]);
        refused(Headers, "wrong-document", name, file(&sign1.bytes()), why)
    };
    vec![
        bad("kid-missing", &local().protected(&[alg(EDDSA), typ(ACTIVATION)]), "no key named"),
        bad(
            "kid-only-unprotected",
            &local().protected(&[alg(EDDSA), typ(ACTIVATION)]).unprotected(&[signer()]),
            "anybody could change it",
        ),
        bad("kid-in-both", &local().unprotected(&[signer()]), "nothing stands unprotected"),
        bad("kid-of-31-bytes", &kid_of(31), "a digest has 32"),
        bad("kid-of-8-bytes", &kid_of(8), "no shortened kids"),
        bad("kid-as-text", &local().protected(&[alg(EDDSA), kid_text, typ(ACTIVATION)]), "hexadecimal"),
        bad("typ-missing", &local().protected(&[alg(EDDSA), signer()]), "one kind could pass for another"),
        bad(
            "typ-only-unprotected",
            &local().protected(&[alg(EDDSA), signer()]).unprotected(&[typ(ACTIVATION)]),
            "anybody could change it",
        ),
        bad("typ-as-number", &local().protected(&[alg(EDDSA), signer(), type_number]), "a CoAP content format"),
        wrong("typ-of-a-deactivation", "deactivation+cwt", "signed by a key that may sign both"),
        wrong("typ-of-a-trust-root", "root+cose", "a key of roots signs no activation"),
        wrong("typ-in-capitals", "Activation+cwt", "compared byte for byte"),
        wrong("typ-without-suffix", "activation", "the media type of the file, not of its content"),
        bad("header-iv", &extra(5.into(), Value::Bytes(vec![0; 8])), "an IV has no place in a signature"),
        bad(
            "header-content-type",
            &extra(3.into(), Value::Text("application/cwt".into())),
            "exactly alg, kid, typ, perhaps crit",
        ),
        bad("header-of-text", &extra(Value::Text("x".into()), Value::Null), "a text label"),
        bad("header-unprotected", &local().unprotected(&[(99.into(), Value::Null)]), "nothing stands unprotected"),
        bad(
            "header-countersignature",
            &local().unprotected(&[(11.into(), Value::Bytes(vec![0; 64]))]),
            "nothing stands unprotected",
        ),
    ]
}

fn crit() -> Vec<Made> {
    let with = |crit: Value, extra: &[(Value, Value)]| {
        let headers = [alg(EDDSA), (2.into(), crit), signer(), typ(ACTIVATION)];
        local().protected(&[&headers, extra].concat())
    };
    let labels = |labels: &[i64]| Value::Array(labels.iter().map(|label| (*label).into()).collect());
    let unknown = with(labels(&[99]), &[(99.into(), Value::Null)]);
    let unknown_text = with(Value::Array(vec![Value::Text("x".into())]), &[(Value::Text("x".into()), Value::Null)]);
    let unsupported = |name, sign1: &Sign1, why| refused(Headers, "unsupported", name, file(&sign1.bytes()), why);
    vec![
        unsupported("crit-unknown", &unknown, "a header that this reader does not understand"),
        unsupported("crit-unknown-text", &unknown_text, "a text label"),
        unsupported(
            "crit-iv",
            &with(labels(&[5]), &[(5.into(), Value::Bytes(vec![0; 8]))]),
            "known to COSE, not to us",
        ),
        bad("crit-empty", &with(labels(&[]), &[]), "RFC 9052 section 3.1 forbids it"),
        bad("crit-not-an-array", &with(16.into(), &[]), "a label alone"),
        bad("crit-unprotected", &local().unprotected(&[(2.into(), labels(&[16]))]), "coset accepts it"),
        bad(
            "crit-names-what-is-missing",
            &local().protected(&[alg(EDDSA), (2.into(), labels(&[4])), typ(ACTIVATION)]),
            "kid is critical and not there",
        ),
    ]
}

fn payload_and_signature() -> Vec<Made> {
    let plain = local();
    let replaced = |position: usize, item: Vec<u8>| {
        let mut items = plain.items();
        items[position] = item;
        file(&plain.with_items(&items))
    };
    let signature = plain.signature();
    let bad = |name, bytes, why| refused(Headers, BAD_HEADERS, name, bytes, why);
    let mut empty_bucket = plain.clone();
    empty_bucket.protected = vec![];
    let mut empty_map = plain.clone();
    empty_map.protected = map(&[]);
    let mut array_bucket = plain.clone();
    array_bucket.protected = array(&[]);
    vec![
        bad("payload-detached", replaced(2, vec![0xf6]), "nil; coset accepts it"),
        bad("signature-empty", replaced(3, byte_string(&[])), "coset accepts it"),
        bad("signature-of-63-bytes", replaced(3, byte_string(&signature[..63])), "one byte short"),
        bad("signature-of-65-bytes", replaced(3, byte_string(&[&signature[..], &[0]].concat())), "one byte more"),
        bad("headers-empty-string", file(&empty_bucket.bytes()), "an empty bucket"),
        bad("headers-empty-map", file(&empty_map.bytes()), "an empty bucket of another spelling"),
        bad("headers-is-an-array", file(&array_bucket.bytes()), "not a map"),
    ]
}

fn just(header: &(Value, Value)) -> Vec<u8> {
    map(core::slice::from_ref(header))
}

fn of_roots() -> Vec<Made> {
    let plain = Sign::root(accepted::content(&cast::chain(1)[0]), &[cast::seed::ROOT_A]);
    let signer = kid(cast::seed::ROOT_A);
    let signed_with = |protected: Vec<u8>, unprotected: Vec<u8>| {
        Sign { signers: vec![(protected, unprotected, cast::seed::ROOT_A)], ..plain.clone() }.bytes()
    };
    let bad = |name, root, why| refused_root(Headers, BAD_HEADERS, name, &[root], why);
    let body = |headers: &[(Value, Value)]| Sign { protected: map(headers), ..plain.clone() }.bytes();
    let wrong = body(&[typ("activation+cwt")]);
    let short = array(&[byte_string(&plain.signers[0].0), map(&[]), byte_string(&[0; 32])]);
    vec![
        bad("root-alg-missing", signed_with(just(&signer), map(&[])), "in the signature's bucket"),
        bad("root-alg-unprotected", signed_with(just(&signer), map(&[alg(EDDSA)])), "in the signature's bucket"),
        bad("root-alg-hmac", signed_with(map(&[alg(5), signer.clone()]), map(&[])), "HMAC 256/256"),
        bad("root-kid-missing", signed_with(map(&[alg(EDDSA)]), map(&[])), "in the signature's bucket"),
        bad("root-kid-unprotected", signed_with(map(&[alg(EDDSA)]), just(&signer)), "in the signature's bucket"),
        bad(
            "root-typ-in-the-signature",
            signed_with(map(&[alg(EDDSA), signer.clone(), typ("root+cose")]), map(&[])),
            "typ belongs to the body",
        ),
        bad("root-typ-missing", body(&[]), "one kind could pass for another"),
        bad("root-body-with-alg", body(&[alg(EDDSA), typ("root+cose")]), "alg belongs to the signature"),
        bad("root-body-with-kid", body(&[signer, typ("root+cose")]), "kid belongs to the signature"),
        bad(
            "root-unprotected",
            Sign { unprotected: map(&[(99.into(), Value::Null)]), ..plain.clone() }.bytes(),
            "nothing stands unprotected",
        ),
        bad("root-signature-of-32-bytes", plain.with_signatures(&array(&[short])), "half a signature"),
        refused_root(Headers, "wrong-document", "root-typ-of-an-activation", &[wrong], "signed by a root key"),
    ]
}

fn of_others() -> Vec<Made> {
    let deactivation = Sign1::new("deactivation+cwt", accepted::deactivation_payload());
    let as_activation = deactivation.clone().protected(&[alg(EDDSA), signer(), typ(ACTIVATION)]);
    let eddsa = Sign1::new("request+cwt", accepted::request_payload());
    let made = |name, document, bytes, code, repaired, why| {
        Made::accepted(name, document, "plain", bytes, why).refused(Headers, code, repaired)
    };
    vec![
        made(
            "deactivation-typ-of-an-activation",
            Document::Deactivation,
            as_activation.bytes(),
            "wrong-document",
            "deactivation",
            "signed by a key that may sign both",
        ),
        made(
            "deactivation-is-an-activation",
            Document::Deactivation,
            accepted::plain_cose(),
            "wrong-document",
            "deactivation",
            "a whole activation",
        ),
        made(
            "deactivation-alg-es256",
            Document::Deactivation,
            deactivation.protected(&[alg(-7), signer(), typ("deactivation+cwt")]).bytes(),
            BAD_HEADERS,
            "deactivation",
            "an Ed25519 key does not sign ES256",
        ),
        made("request-alg-eddsa", Document::Request, eddsa.bytes(), BAD_HEADERS, "request", "a sensor's key is P-256"),
    ]
}
