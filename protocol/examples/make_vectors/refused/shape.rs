//! Shape: envelope and COSE structure. Each fails docs/cddl too.

use picket_protocol::cbor::{Value, encode};

use super::{file, local, refused, refused_root, strings};
use crate::{
    Made, accepted, cast,
    cose::{File, Sign, alg, array, byte_string, head, kid, map, typ},
    manifest::{Document, Layer::Shape},
};

const MALFORMED: &str = "malformed";

pub(super) fn all() -> Vec<Made> {
    [envelope(), sign1(), sign(), others()].into_iter().flatten().collect()
}

fn text(text: &str) -> Vec<u8> {
    encode(&Value::Text(text.into()))
}

fn envelope() -> Vec<Made> {
    let plain = File::new(&cast::chain(2), &accepted::plain_cose());
    let items = [plain.version.clone(), plain.roots.clone(), plain.activation.clone()];
    let with = |items: &[Vec<u8>]| [plain.tag.clone(), array(items)].concat();
    let broken = |name, bytes, why| refused(Shape, MALFORMED, name, bytes, why);
    let entry = |key: u64, item: &Vec<u8>| [head(0, key), item.clone()].concat();
    let as_map = [head(5, 3), entry(0, &items[0]), entry(1, &items[1]), entry(2, &items[2])].concat();
    vec![
        broken("untagged", array(&items), "tag 55799 says what it is"),
        broken("another-tag", File { tag: head(6, 55_800), ..plain.clone() }.bytes(), "tag 55800"),
        broken("envelope-is-a-map", [plain.tag.clone(), as_map].concat(), "keys in place of order"),
        broken("envelope-without-activation", with(&items[..2]), "two items"),
        broken("envelope-of-four", with(&[&items[..], &[vec![0xf6]]].concat()), "version 1 has three items"),
        broken("envelope-empty", with(&[]), "no version"),
        broken("version-is-text", File { version: text("1"), ..plain.clone() }.bytes(), "\"1\" is not 1"),
        broken("version-is-negative", File { version: vec![0x20], ..plain.clone() }.bytes(), "-1"),
        refused(
            Shape,
            "unsupported-version",
            "version-2",
            File { version: vec![0x02], ..plain.clone() }.bytes(),
            "a later format",
        ),
        refused(
            Shape,
            "unsupported-version",
            "version-0",
            File { version: vec![0x00], ..plain.clone() }.bytes(),
            "there was no version 0",
        ),
        broken("no-roots", File { roots: array(&[]), ..plain.clone() }.bytes(), "nothing to judge the signer by"),
        broken(
            "roots-is-a-string",
            File { roots: byte_string(&cast::chain(1)[0]), ..plain.clone() }.bytes(),
            "not a list",
        ),
        broken(
            "root-is-not-a-string",
            File { roots: array(&[cast::chain(1)[0].clone()[2..].to_vec()]), ..plain.clone() }.bytes(),
            "COSE in the open",
        ),
        broken(
            "thirty-three-roots",
            File { roots: strings(&vec![cast::chain(1)[0].clone(); 33]), ..plain.clone() }.bytes(),
            "at most 32 versions",
        ),
        broken(
            "activation-is-text",
            File { activation: text("activation"), ..plain.clone() }.bytes(),
            "not a byte string",
        ),
        broken(
            "activation-in-the-open",
            File { activation: local().with_items(&local().items())[1..].to_vec(), ..plain }.bytes(),
            "COSE in the open",
        ),
    ]
}

fn sign1() -> Vec<Made> {
    let plain = local();
    let items = plain.items();
    let replaced = |position: usize, item: Vec<u8>| {
        let mut items = items.clone();
        items[position] = item;
        file(&plain.with_items(&items))
    };
    let broken = |name, bytes, why| refused(Shape, MALFORMED, name, bytes, why);
    let tagged = |tag: u64| file(&[head(6, tag), array(&items)].concat());
    vec![
        broken("cose-untagged", file(&array(&items)), "tag 18 is missing"),
        broken("cose-tagged-as-sign", tagged(98), "tag 98"),
        broken("cose-tagged-as-mac0", tagged(17), "tag 17"),
        broken("cose-tagged-as-cwt", tagged(61), "tag 61"),
        broken("cose-of-three", file(&plain.with_items(&items[..3])), "no signature"),
        broken("cose-of-five", file(&plain.with_items(&[&items[..], &[vec![0xf6]]].concat())), "one item too many"),
        broken("cose-protected-in-the-open", replaced(0, plain.protected.clone()), "a map, not its bytes"),
        broken("cose-unprotected-is-an-array", replaced(1, array(&[])), "not a map"),
        broken("cose-payload-is-text", replaced(2, text("payload")), "not a byte string"),
        broken("cose-payload-in-the-open", replaced(2, plain.payload.clone()), "a map, not its bytes"),
        broken("cose-signature-is-nil", replaced(3, vec![0xf6]), "not a byte string"),
        broken("cose-signature-is-text", replaced(3, text("signature")), "not a byte string"),
    ]
}

fn sign() -> Vec<Made> {
    let plain = Sign::root(accepted::content(&cast::chain(1)[0]), &[cast::seed::ROOT_A]);
    let broken = |name, root, why| refused_root(Shape, MALFORMED, name, &[root], why);
    let bare = byte_string(&crate::cose::ed25519(cast::seed::ROOT_A, b""));
    let pair = array(&[byte_string(&plain.signers[0].0), map(&[])]);
    let eleven = Sign { signers: vec![plain.signers[0].clone(); 11], ..plain.clone() };
    vec![
        broken("root-untagged", plain.bytes()[2..].to_vec(), "tag 98 is missing"),
        broken("root-tagged-as-sign1", Sign { tag: head(6, 18), ..plain.clone() }.bytes(), "tag 18"),
        broken("root-without-signatures", plain.with_signatures(&array(&[])), "none at all"),
        broken("root-signatures-is-a-map", plain.with_signatures(&map(&[])), "not an array"),
        broken("root-signature-bare", plain.with_signatures(&array(&[bare])), "without its headers"),
        broken("root-signature-of-two", plain.with_signatures(&array(&[pair])), "no signature in it"),
        broken("root-with-eleven-signatures", eleven.bytes(), "at most 10, each valid"),
        Made::accepted(
            "root-file-is-a-root",
            Document::TrustRootFile,
            "plain",
            cast::chain(1)[0].clone(),
            "a version, not a list",
        )
        .refused(Shape, MALFORMED, "trust-root-file"),
        refused_root(Shape, MALFORMED, "root-file-empty", &[], "no version"),
    ]
}

fn others() -> Vec<Made> {
    let request = accepted::request_payload();
    let es256 = map(&[alg(-7), kid(cast::seed::SIGNER), typ("request+cwt")]);
    let deactivation = crate::cose::Sign1::new("deactivation+cwt", accepted::deactivation_payload());
    let items = deactivation.items();
    let open = array(&[byte_string(&es256), map(&[]), request, byte_string(&[0; 64])]);
    let made = |name, document, bytes, why, repaired| {
        Made::accepted(name, document, "plain", bytes, why).refused(Shape, MALFORMED, repaired)
    };
    let tagged_heartbeat = [head(6, 55_799), accepted::heartbeat().encode()].concat();
    vec![
        made("deactivation-untagged", Document::Deactivation, array(&items), "tag 18 is missing", "deactivation"),
        made(
            "request-payload-in-the-open",
            Document::Request,
            [head(6, 18), open].concat(),
            "a map, not its bytes",
            "request",
        ),
        made("heartbeat-tagged", Document::Heartbeat, tagged_heartbeat, "no tag belongs around it", "heartbeat"),
        made("heartbeat-is-an-array", Document::Heartbeat, array(&[]), "not a map", "heartbeat"),
        made("answer-is-null", Document::Answer, vec![0xf6], "not a map", "answer"),
    ]
}
