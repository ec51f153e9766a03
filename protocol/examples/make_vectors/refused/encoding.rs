//! Encoding: what the gate stops, in the file, in the COSE item, in the protected bucket and in the payload.

use super::{file, local, refused, strings};
use crate::{
    Made, accepted, cast,
    cose::{File, array, byte_string, head},
    edit::{ACTIVATION, entries},
    manifest::{Document, Layer::Encoding},
};
use picket_protocol::cbor::{Value, encode, gate};

const MALFORMED: &str = "malformed";
const NOT_DETERMINISTIC: &str = "not-deterministic";

pub(super) fn all() -> Vec<Made> {
    [in_the_file(), in_the_cose_item(), in_the_bucket(), in_the_payload(), in_the_claim()]
        .into_iter()
        .flatten()
        .collect()
}

fn plain() -> File {
    File::new(&cast::chain(2), &accepted::plain_cose())
}

fn in_the_file() -> Vec<Made> {
    let whole = plain().bytes();
    let items = [plain().version, plain().roots, plain().activation];
    let tagged = |content: &[u8]| [head(6, 55_799), content.to_vec()].concat();
    let broken = |name, bytes, why| refused(Encoding, MALFORMED, name, bytes, why);
    let lenient = |name, bytes, why| refused(Encoding, NOT_DETERMINISTIC, name, bytes, why);
    let activation = accepted::plain_cose();
    let (early, late) = activation.split_at(100);
    let chunks = [vec![0x5f], byte_string(early), byte_string(late), vec![0xff]].concat();
    let length = u32::try_from(activation.len()).expect("a small file").to_be_bytes();
    let long_length = [&[0x5a], &length[..], &activation].concat();
    let deep = [vec![0x81; 60_000], vec![0x00]].concat();
    vec![
        broken("empty", vec![], "no byte at all"),
        broken("truncated", whole[..whole.len() - 1].to_vec(), "the last byte is missing"),
        broken("trailing-byte", [whole.clone(), vec![0]].concat(), "ciborium stops reading before it"),
        broken(
            "nested-60000-deep",
            File { roots: deep, ..plain() }.bytes(),
            "arrays, one in the other, for a reader that recurses",
        ),
        nested_answer(),
        broken(
            "promises-2-to-the-64-bytes",
            File { activation: vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], ..plain() }.bytes(),
            "a length must not be allocated",
        ),
        broken(
            "promises-2-to-the-32-items",
            File { roots: head(4, 1 << 32), ..plain() }.bytes(),
            "a length must not be allocated",
        ),
        broken("reserved-head", File { version: vec![0x1c], ..plain() }.bytes(), "additional information 28"),
        broken("break-outside", File { version: vec![0xff], ..plain() }.bytes(), "a break that ends nothing"),
        broken("version-is-a-float", File { version: vec![0xf9, 0x3c, 0x00], ..plain() }.bytes(), "1.0 is not 1"),
        broken("version-is-undefined", File { version: vec![0xf7], ..plain() }.bytes(), "undefined"),
        broken(
            "version-is-a-simple-value",
            File { version: vec![0xf8, 0x20], ..plain() }.bytes(),
            "an unassigned simple value",
        ),
        broken(
            "tagged-activation",
            File { activation: [vec![0xd8, 24], plain().activation].concat(), ..plain() }.bytes(),
            "a tag inside",
        ),
        broken("tagged-twice", [head(6, 55_799), whole.clone()].concat(), "the tag around the tag"),
        lenient("indefinite-array", tagged(&[vec![0x9f], items.concat(), vec![0xff]].concat()), "ciborium accepts it"),
        lenient("indefinite-byte-string", File { activation: chunks, ..plain() }.bytes(), "ciborium accepts it"),
        lenient("version-not-minimal", File { version: vec![0x18, 0x01], ..plain() }.bytes(), "ciborium accepts it"),
        lenient("length-not-minimal", File { activation: long_length, ..plain() }.bytes(), "ciborium accepts it"),
        lenient(
            "array-length-not-minimal",
            tagged(&[vec![0x98, 0x03], items.concat()].concat()),
            "ciborium accepts it",
        ),
        lenient(
            "tag-not-minimal",
            File { tag: vec![0xda, 0, 0, 0xd9, 0xf7], ..plain() }.bytes(),
            "ciborium accepts it",
        ),
        refused(
            Encoding,
            MALFORMED,
            "armour-without-end",
            b"-----BEGIN PICKET ACTIVATION-----\n2dn3\n".to_vec(),
            "cut off",
        ),
        refused(Encoding, MALFORMED, "armour-of-another-base64", armoured_url_safe(), "base64url"),
    ]
}

/// Only an answer may be large enough for 10^5 levels.
fn nested_answer() -> Made {
    let mut bytes = accepted::answer().encode();
    bytes[0] += 1;
    bytes.extend([vec![0x18, 99], vec![0x81; 100_000], vec![0x00]].concat());
    let why = "10^5 arrays, one in the other, under a key that nobody reads";
    Made::accepted("answer-nested-100000-deep", Document::Answer, "plain", bytes, why)
        .refused(Encoding, MALFORMED, "answer")
}

fn armoured_url_safe() -> Vec<u8> {
    let text = picket_protocol::armour::armour(&accepted::file(&cast::chain(2), &accepted::plain_cose()));
    let (first, rest) = text.split_once('\n').expect("lines");
    format!("{first}\n{}", rest.replace('+', "-").replace('/', "_")).replace("-----END", "\n-----END").into_bytes()
}

fn in_the_cose_item() -> Vec<Made> {
    let sign1 = local();
    let items = sign1.items();
    let indefinite = [sign1.tag.clone(), vec![0x9f], items.concat(), vec![0xff]].concat();
    let wide_tag = [vec![0xd8, 0x12], array(&items)].concat();
    let mut odd_map = items.clone();
    odd_map[1] = vec![0xbf, 0xff];
    vec![
        refused(Encoding, NOT_DETERMINISTIC, "cose-indefinite-array", file(&indefinite), "coset accepts it"),
        refused(Encoding, NOT_DETERMINISTIC, "cose-tag-not-minimal", file(&wide_tag), "tag 18 in two bytes"),
        refused(
            Encoding,
            NOT_DETERMINISTIC,
            "cose-unprotected-indefinite",
            file(&sign1.with_items(&odd_map)),
            "coset accepts it",
        ),
        refused(
            Encoding,
            MALFORMED,
            "cose-trailing-byte",
            file(&[sign1.bytes(), vec![0]].concat()),
            "inside its string",
        ),
        refused(
            Encoding,
            MALFORMED,
            "root-trailing-byte",
            File {
                roots: strings(&[cast::chain(1)[0].clone(), [cast::chain(2)[1].clone(), vec![0]].concat()]),
                ..plain()
            }
            .bytes(),
            "after version 2",
        )
        .in_context("trusts-version-1")
        .repaired("brings-version-2"),
    ]
}

/// The header map with its bytes bent; signed over what stands there.
fn in_the_bucket() -> Vec<Made> {
    let bent = |code: &str, name: &str, bend: &dyn Fn(&[Vec<u8>]) -> Vec<u8>, why: &str| {
        let mut sign1 = local();
        let entries = encoded_entries(&sign1.protected);
        sign1.protected = bend(&entries);
        refused(Encoding, code, name, file(&sign1.bytes()), why)
    };
    let map = |entries: &[Vec<u8>]| [head(5, entries.len() as u64), entries.concat()].concat();
    vec![
        bent(
            NOT_DETERMINISTIC,
            "headers-indefinite",
            &|entries| [vec![0xbf], entries.concat(), vec![0xff]].concat(),
            "coset accepts it",
        ),
        bent(
            NOT_DETERMINISTIC,
            "headers-unsorted",
            &|entries| map(&[&entries[1..], &entries[..1]].concat()),
            "alg last; coset accepts it",
        ),
        bent(
            NOT_DETERMINISTIC,
            "headers-label-not-minimal",
            &|entries| map(&[vec![vec![0x18, 0x01, 0x27]], entries[1..].to_vec()].concat()),
            "alg as label 0x1801",
        ),
        bent(MALFORMED, "headers-duplicate-label", &|entries| map(&[&entries[..1], entries].concat()), "alg twice"),
        bent(MALFORMED, "headers-trailing-byte", &|entries| [map(entries), vec![0]].concat(), "after the map"),
    ]
}

/// Each entry of an encoded map, encoded.
fn encoded_entries(map: &[u8]) -> Vec<Vec<u8>> {
    let mut value = gate(map, usize::MAX).expect("a map");
    entries(&mut value).iter().map(|(key, value)| [encode(key), encode(value)].concat()).collect()
}

fn signed(code: &str, name: &str, payload: Vec<u8>, why: &str) -> Made {
    let mut sign1 = local();
    sign1.payload = payload;
    refused(Encoding, code, name, file(&sign1.bytes()), why)
}

/// The claims set with its bytes bent.
fn in_the_payload() -> Vec<Made> {
    let claims = encoded_entries(&local().payload);
    let map = |entries: &[Vec<u8>]| [head(5, entries.len() as u64), entries.concat()].concat();
    let with = |entry: Vec<u8>| {
        let mut entries = claims.clone();
        entries.push(entry);
        map(&entries)
    };
    // After every key there is: -70001 is 3a00011170, so a longer negative stands last.
    let key = || vec![0x3a, 0x00, 0x02, 0x00, 0x00];
    let unknown = |value: Vec<u8>| with([key(), value].concat());
    let deep = [vec![0x81; 16], vec![0x00]].concat();
    let many = [head(4, 8192), vec![0x00; 8192]].concat();
    let swapped = [&claims[1..2], &claims[..1], &claims[2..]].concat();
    vec![
        signed(
            MALFORMED,
            "payload-duplicate-claim",
            map(&[&claims[..1], &claims[..]].concat()),
            "iss twice; ciborium keeps the last",
        ),
        signed(NOT_DETERMINISTIC, "payload-unsorted", map(&swapped), "sub before iss"),
        signed(
            NOT_DETERMINISTIC,
            "payload-indefinite",
            [vec![0xbf], claims.concat(), vec![0xff]].concat(),
            "ciborium accepts it",
        ),
        signed(
            MALFORMED,
            "payload-trailing-byte",
            [map(&claims), vec![0]].concat(),
            "ciborium stops reading before it",
        ),
        signed(MALFORMED, "payload-nan", unknown(vec![0xf9, 0x7e, 0x00]), "NaN, even where nobody looks"),
        signed(MALFORMED, "payload-float", unknown(vec![0xfa, 0x47, 0xc3, 0x50, 0x00]), "no document holds floats"),
        signed(MALFORMED, "payload-undefined", unknown(vec![0xf7]), "even where nobody looks"),
        signed(MALFORMED, "payload-tag", unknown(vec![0xc1, 0x00]), "a tag inside"),
        signed(MALFORMED, "payload-bignum", unknown(vec![0xc2, 0x41, 0x01]), "an integer of another spelling"),
        signed(MALFORMED, "payload-too-deep", unknown(deep), "17 levels, one more than allowed"),
        signed(MALFORMED, "payload-too-many-items", unknown(many), "more than 8192 items"),
        signed(MALFORMED, "payload-array-as-key", unknown(vec![0xa1, 0x80, 0x00]), "keys are integers or strings"),
        signed(MALFORMED, "payload-not-utf-8", unknown(vec![0x62, 0xc3, 0x28]), "even where nobody looks"),
        signed(MALFORMED, "payload-surrogate", unknown(vec![0x63, 0xed, 0xa0, 0x80]), "CESU-8"),
        signed(MALFORMED, "payload-empty", vec![], "no byte"),
    ]
}

/// The activation claim with its bytes bent, and a sample of the other trap documents.
fn in_the_claim() -> Vec<Made> {
    let mut payload = gate(&local().payload, usize::MAX).expect("a payload");
    let claim = encode(crate::edit::at(&mut payload, &[ACTIVATION]));
    let bend = |bent: Vec<u8>| {
        let whole = local().payload;
        let start = whole.windows(claim.len()).position(|window| window == claim).expect("the claim");
        [&whole[..start], &bent, &whole[start + claim.len()..]].concat()
    };
    let fields = encoded_entries(&claim);
    let map = |entries: &[Vec<u8>]| [head(5, entries.len() as u64), entries.concat()].concat();
    let serial = encode(&Value::from(cast::SERIAL));
    let wide = |entry: &Vec<u8>| {
        if entry[0] == 1 { [vec![0x01], vec![0xc2, 0x48], serial[1..].to_vec()].concat() } else { entry.clone() }
    };
    vec![
        signed(
            MALFORMED,
            "claim-duplicate-serial",
            bend(map(&[&fields[..1], &fields[..]].concat())),
            "which one counts?",
        ),
        signed(NOT_DETERMINISTIC, "claim-unsorted", bend(map(&[&fields[1..], &fields[..1]].concat())), "serial last"),
        signed(MALFORMED, "claim-serial-as-bignum", bend(map(&fields.iter().map(wide).collect::<Vec<_>>())), "tag 2"),
    ]
}
