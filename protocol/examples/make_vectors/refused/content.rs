//! Content of activations: signed as it should be, saying what cannot be.

use picket_protocol::cbor::Value;

use super::refused;
use crate::{
    Made, accepted, cast,
    cast::{DAY, ISSUED},
    edit::{ACTIVATION, edited, remove, set},
    manifest::Layer::Content,
};

const MALFORMED: &str = "malformed";
const UNSUPPORTED: &str = "unsupported";
/// Where settings and their endpoints stand.
const CLAIM: [i64; 1] = [ACTIVATION];
const SETTINGS: [i64; 2] = [ACTIVATION, 10];
const PORTAL: [i64; 3] = [ACTIVATION, 10, 1];
const HUB: [i64; 3] = [ACTIVATION, 10, 3];
const HUB_ENDPOINT: [i64; 4] = [ACTIVATION, 10, 3, 2];

pub(super) fn all() -> Vec<Made> {
    [claims(), times(), claim(), understanding(), cloud(), mqtt(), console()].into_iter().flatten().collect()
}

fn made_from(
    repaired: &'static str,
    payload: &[u8],
    code: &str,
    name: &str,
    why: &str,
    edit: impl FnOnce(&mut Value),
) -> Made {
    refused(Content, code, name, accepted::around(edited(payload, edit)), why).repaired(repaired)
}

fn local(code: &str, name: &str, why: &str, edit: impl FnOnce(&mut Value)) -> Made {
    made_from("locally-managed", &accepted::payload(&cast::activation(cast::local())), code, name, why, edit)
}

fn on_cloud(code: &str, name: &str, why: &str, edit: impl FnOnce(&mut Value)) -> Made {
    made_from("cloud-connected", &accepted::payload(&cast::activation(cast::cloud())), code, name, why, edit)
}

fn claims() -> Vec<Made> {
    let bad = |name, why, edit: &dyn Fn(&mut Value)| local(MALFORMED, name, why, edit);
    let issuer = cast::id_of(&cast::chain(1)).to_string();
    let another = cast::id_of(&cast::other_chain()).to_string();
    let sensor = cast::sensor(0x5a).to_string();
    vec![
        bad("iss-of-another-root", "the other pinned root also names the signer", &|c| {
            set(c, &[], 1, another.as_str());
        })
        .in_context("trusts-two")
        .repaired("one-of-two-pinned"),
        bad("iss-in-capitals", "one spelling", &|c| set(c, &[], 1, issuer.to_uppercase().as_str())),
        bad("iss-missing", "no issuer", &|c| remove(c, &[], 1)),
        bad("sub-in-capitals", "one spelling", &|c| set(c, &[], 2, sensor.to_uppercase().as_str())),
        bad("sub-without-hyphens", "one spelling", &|c| set(c, &[], 2, sensor.replace('-', "").as_str())),
        bad("sub-in-bytes", "text in a CWT", &|c| set(c, &[], 2, [0x51u8; 16].as_slice())),
        bad("sub-missing", "whose file?", &|c| remove(c, &[], 2)),
        local(
            UNSUPPORTED,
            "aud-present",
            "a reader that is not in the audience must refuse (RFC 7519 section 4.1.3)",
            |c| set(c, &[], 3, "someone"),
        ),
        bad("cti-missing", "no id of its own", &|c| remove(c, &[], 7)),
        bad("cti-of-15-bytes", "a UUID has 16", &|c| set(c, &[], 7, [0u8; 15].as_slice())),
        bad("claim-of-text-key", "keys are integers", &|c| {
            crate::edit::entries(c).push((Value::Text("serial".into()), Value::Null));
        }),
        bad("claim-missing", "a CWT without our claim", &|c| remove(c, &[], ACTIVATION)),
        bad("payload-is-an-array", "not a claims set", &|c| *c = Value::Array(vec![])),
    ]
}

fn times() -> Vec<Made> {
    let bad = |name, why, edit: &dyn Fn(&mut Value)| local(MALFORMED, name, why, edit);
    vec![
        bad("iat-missing", "when was it issued?", &|c| remove(c, &[], 6)),
        bad("nbf-missing", "valid from when?", &|c| remove(c, &[], 5)),
        bad("exp-missing", "every window ends", &|c| remove(c, &[], 4)),
        bad("exp-at-iat", "no second is left", &|c| set(c, &[], 4, ISSUED)),
        bad("exp-after-366-days", "a window has at most 365", &|c| set(c, &[], 4, ISSUED + 366 * DAY)),
        bad("iat-as-text", "NumericDate", &|c| set(c, &[], 6, "2026-02-20T00:00:00Z")),
        bad("iat-before-1970", "negative", &|c| set(c, &[], 6, -1)),
        bad("exp-in-the-year-10000", "what no calendar here prints", &|c| {
            set(c, &[], 4, 253_402_300_800i64);
            set(c, &[], 5, 253_402_300_799i64);
        }),
        bad("licence-until-2-to-the-63", "out of range", &|c| set(c, &CLAIM, 8, 1u64 << 63)),
    ]
}

fn claim() -> Vec<Made> {
    let bad = |name, why, edit: &dyn Fn(&mut Value)| local(MALFORMED, name, why, edit);
    let tags =
        |count: usize| Value::Map((0..count).map(|n| (Value::Text(format!("key {n:02}")), "v".into())).collect());
    vec![
        bad("serial-missing", "no order among files", &|c| remove(c, &CLAIM, 1)),
        bad("serial-negative", "out of range", &|c| set(c, &CLAIM, 1, -5)),
        bad("serial-2-to-the-53", "would leave no serial above it", &|c| set(c, &CLAIM, 1, 1u64 << 53)),
        bad("name-missing", "every sensor has one", &|c| remove(c, &CLAIM, 2)),
        bad("name-empty", "1 to 64 characters", &|c| set(c, &CLAIM, 2, "")),
        bad("name-of-65", "1 to 64 characters", &|c| set(c, &CLAIM, 2, "x".repeat(65).as_str())),
        bad("name-with-a-slash", "letters, digits, space and . _ : -", &|c| set(c, &CLAIM, 2, "a/b")),
        bad("name-right-to-left", "U+202E would show another name", &|c| set(c, &CLAIM, 2, "a\u{202e}b")),
        bad("name-ends-with-space", "letter or digit at both ends", &|c| set(c, &CLAIM, 2, "pump ")),
        bad("subscription-missing", "whose sensor?", &|c| remove(c, &CLAIM, 3)),
        bad("subscription-without-id", "whose sensor?", &|c| remove(c, &[ACTIVATION, 3], 1)),
        bad("site-with-a-newline", "no control characters", &|c| set(c, &CLAIM, 4, "a\nb")),
        bad("site-of-129", "at most 128 characters", &|c| set(c, &CLAIM, 4, "x".repeat(129).as_str())),
        bad("zone-empty", "1 to 128 characters", &|c| set(c, &CLAIM, 5, "")),
        bad("thirty-three-tags", "at most 32", &|c| set(c, &CLAIM, 6, tags(33))),
        bad("tag-key-empty", "1 to 128 characters", &|c| set(c, &CLAIM, 6, Value::Map(vec![("".into(), "v".into())]))),
        bad("tag-of-a-number", "text to text", &|c| set(c, &CLAIM, 6, Value::Map(vec![("k".into(), 1.into())]))),
        bad("mode-missing", "nothing to become", &|c| remove(c, &CLAIM, 9)),
        bad("settings-missing", "a mode needs its settings", &|c| remove(c, &CLAIM, 10)),
        bad("settings-is-null", "not a map", &|c| set(c, &CLAIM, 10, Value::Null)),
        bad("settings-of-the-other-mode", "locally managed settings under cloud-connected", &|c| set(c, &CLAIM, 9, 1)),
        bad("binding-without-value", "a kind alone", &|c| set(c, &CLAIM, 7, Value::Array(vec![1.into()]))),
        bad("binding-appliance-misspelt", "the check character is wrong", &|c| {
            let id = cast::appliance(0xa1).to_string();
            let wrong = if id.ends_with('0') { '1' } else { '0' };
            set(c, &CLAIM, 7, Value::Array(vec![1.into(), format!("{}{wrong}", &id[..16]).into()]));
        }),
        bad("binding-appliance-in-lower-case", "one spelling", &|c| {
            set(c, &CLAIM, 7, Value::Array(vec![1.into(), cast::appliance(0xa1).to_string().to_lowercase().into()]));
        }),
        bad("binding-key-of-20-bytes", "SHA-256 has 32", &|c| {
            set(c, &CLAIM, 7, Value::Array(vec![2.into(), [0u8; 20].as_slice().into()]));
        }),
    ]
}

fn understanding() -> Vec<Made> {
    let listed = |keys: &[i64]| Value::Array(keys.iter().map(|key| (*key).into()).collect());
    vec![
        local(UNSUPPORTED, "must-understand-unknown-key", "key 0 lists key 77", |c| {
            set(c, &CLAIM, 77, "of a later release");
            set(c, &CLAIM, 0, listed(&[1, 77]));
        })
        .repaired("unknown-key"),
        local(UNSUPPORTED, "mode-3", "a mode of a later release", |c| set(c, &CLAIM, 9, 3)),
        local(UNSUPPORTED, "binding-of-kind-3", "ignored, it would let anybody use the file", |c| {
            set(c, &CLAIM, 7, Value::Array(vec![3.into(), "x".into()]));
        }),
        on_cloud(UNSUPPORTED, "hub-of-kind-3", "a hub of a later release", |c| set(c, &HUB, 1, 3)),
        local(MALFORMED, "must-understand-what-is-missing", "key 0 lists a key that does not stand there", |c| {
            set(c, &CLAIM, 0, listed(&[8]));
        })
        .repaired("must-understand-known-keys"),
        local(MALFORMED, "must-understand-nothing", "an empty list", |c| set(c, &CLAIM, 0, listed(&[])))
            .repaired("must-understand-known-keys"),
    ]
}

fn cloud() -> Vec<Made> {
    let bad = |name, why, edit: &dyn Fn(&mut Value)| on_cloud(MALFORMED, name, why, edit);
    let url = |name, why, url: &str| on_cloud(MALFORMED, name, why, |c| set(c, &PORTAL, 1, url));
    let certificates = |count: usize| Value::Array(vec![[0xcau8; 20].as_slice().into(); count]);
    vec![
        url("portal-over-http", "TLS always", "http://portal.example"),
        url("portal-over-mqtts", "a portal speaks HTTPS", "mqtts://portal.example"),
        url("portal-scheme-in-capitals", "one spelling", "HTTPS://portal.example"),
        url("portal-without-host", "no host", "https://:8443"),
        url("portal-with-user", "no credentials in addresses", "https://user@portal.example"),
        url("portal-with-password", "no credentials in addresses", "https://user:secret@portal.example"),
        url("portal-with-path", "host and port only", "https://portal.example/v1"),
        url("portal-with-slash", "host and port only", "https://portal.example/"),
        url("portal-with-query", "host and port only", "https://portal.example?x=1"),
        url("portal-with-fragment", "host and port only", "https://portal.example#x"),
        url("portal-with-backslash", "some readers take it for a slash", "https://portal.example\\@evil.example"),
        url("portal-with-port-0", "1 to 65535", "https://portal.example:0"),
        url("portal-with-port-65536", "1 to 65535", "https://portal.example:65536"),
        url("portal-with-octal-address", "some readers take 010 for 8", "https://010.0.0.1"),
        url("portal-of-unicode", "a look-alike", "https://p\u{f6}rtal.example"),
        on_cloud(MALFORMED, "portal-url-of-256-bytes", "at most 255", |c| {
            set(c, &PORTAL, 1, format!("https://{}a", "a.".repeat(123) + "a").as_str());
        }),
        bad("portal-missing", "nobody to report to", &|c| remove(c, &SETTINGS, 1)),
        bad("portal-without-ca", "system roots are not used", &|c| set(c, &PORTAL, 2, certificates(0))),
        bad("portal-ca-missing", "system roots are not used", &|c| remove(c, &PORTAL, 2)),
        bad("portal-with-nine-cas", "1 to 8", &|c| set(c, &PORTAL, 2, certificates(9))),
        bad("portal-ca-empty", "no certificate is empty", &|c| {
            set(c, &PORTAL, 2, Value::Array(vec![[0u8; 0].as_slice().into()]));
        }),
        bad("portal-ca-in-pem", "DER, not text", &|c| {
            set(c, &PORTAL, 2, Value::Array(vec!["-----BEGIN CERTIFICATE-----".into()]));
        }),
        bad("token-missing", "nothing to enrol with", &|c| remove(c, &SETTINGS, 2)),
        bad("token-of-21", "below 128 bits", &|c| set(c, &SETTINGS, 2, "t".repeat(21).as_str())),
        bad("token-with-a-space", "visible characters", &|c| set(c, &SETTINGS, 2, "enrolment token of the vectors")),
        bad("hub-missing", "nowhere to deliver", &|c| remove(c, &SETTINGS, 3)),
        bad("hub-without-ca", "system roots are not used", &|c| set(c, &HUB_ENDPOINT, 2, certificates(0))),
        bad("https-hub-over-mqtts", "kind and address disagree", &|c| {
            set(c, &HUB_ENDPOINT, 1, "mqtts://portal.example");
        }),
        bad("https-hub-with-topic", "topics are MQTT's", &|c| set(c, &HUB, 3, "picket/{sensor_id}")),
        bad("automatic-ti-as-number", "true or false", &|c| set(c, &SETTINGS, 4, 1)),
    ]
}

fn mqtt() -> Vec<Made> {
    let bad = |name, why, edit: &dyn Fn(&mut Value)| {
        made_from("mqtt-hub", &accepted::payload(&cast::activation(cast::mqtt())), MALFORMED, name, why, edit)
    };
    vec![
        bad("mqtt-hub-over-https", "kind and address disagree", &|c| {
            set(c, &HUB_ENDPOINT, 1, "https://broker.example");
        }),
        bad("mqtt-hub-without-topic", "where to publish?", &|c| remove(c, &HUB, 3)),
        bad("mqtt-topic-without-sensor", "every sensor in one topic", &|c| set(c, &HUB, 3, "picket/alerts")),
        bad("mqtt-topic-with-wildcard", "nobody publishes to a wildcard", &|c| set(c, &HUB, 3, "picket/{sensor_id}/#")),
        bad("mqtt-topic-with-nul", "MQTT forbids it", &|c| set(c, &HUB, 3, "picket/{sensor_id}\0")),
    ]
}

fn console() -> Vec<Made> {
    let bad = |name, why, edit: &dyn Fn(&mut Value)| {
        let payload = accepted::payload(&cast::activation(cast::local_with_console()));
        made_from("locally-managed-with-console", &payload, MALFORMED, name, why, edit)
    };
    const CONSOLE: [i64; 3] = [ACTIVATION, 10, 1];
    vec![
        bad("console-without-token", "nothing to pair with", &|c| remove(c, &CONSOLE, 2)),
        bad("console-over-http", "TLS always", &|c| set(c, &[ACTIVATION, 10, 1, 1], 1, "http://10.20.0.4")),
        bad("console-without-ca", "system roots are not used", &|c| {
            set(c, &[ACTIVATION, 10, 1, 1], 2, Value::Array(vec![]));
        }),
    ]
}
