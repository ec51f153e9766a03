//! What a reader must accept.

use std::collections::BTreeMap;

use picket_protocol::{
    armour::armour,
    cbor::Value,
    documents::activation::{Activation, Binding, Certificate, CloudConnected, Mode, ModeSettings},
    heartbeat::{
        Answer, Chain, Component, Confirmation, DesiredState, Health, Heartbeat, SensorStatus, Standing, StreamTotals,
        TiStatus, Versions,
    },
    ids::{Epoch, HeartbeatDigest, Serial, StreamId},
    issue::{activation_file, sign_activation, sign_deactivation},
    names::Label,
    time::UnixSeconds,
    trust::encode_roots,
    wire::MAX_ACTIVATION_FILE,
};

use crate::{
    Made,
    cast::{self, DAY, ISSUED, NOW, seed},
    cose::{EDDSA, File, Sign, Sign1, alg, kid, typ},
    edit::{ACTIVATION, edited, set},
    manifest::Document,
};

pub(crate) fn all() -> Vec<Made> {
    [activation_files(), read_elsewhere(), other_documents()].concat_made()
}

trait ConcatMade {
    fn concat_made(self) -> Vec<Made>;
}

impl<const LISTS: usize> ConcatMade for [Vec<Made>; LISTS] {
    fn concat_made(self) -> Vec<Made> {
        self.into_iter().flatten().collect()
    }
}

/// The payload of an activation as the library writes it.
pub(crate) fn payload(activation: &Activation) -> Vec<u8> {
    content(&sign_activation(activation, &cast::key(seed::SIGNER)))
}

/// The payload of a COSE message that the library wrote.
pub(crate) fn content(cose: &[u8]) -> Vec<u8> {
    let value = picket_protocol::cbor::gate(cose, usize::MAX).expect("bytes that the library wrote");
    let items = value.into_tag().and_then(|(_, content)| content.into_array()).expect("COSE");
    items.into_iter().nth(2).and_then(|payload| payload.into_bytes().ok()).expect("a payload")
}

/// A file with the chain up to version 2 around a payload signed as it should be.
pub(crate) fn around(payload: Vec<u8>) -> Vec<u8> {
    file(&cast::chain(2), &Sign1::activation(payload).bytes())
}

pub(crate) fn file(roots: &[Vec<u8>], activation: &[u8]) -> Vec<u8> {
    File::new(roots, activation).bytes()
}

fn issued(activation: &Activation) -> Vec<u8> {
    activation_file(&cast::chain(2), &sign_activation(activation, &cast::key(seed::SIGNER)))
}

pub(crate) fn changed(mode: ModeSettings, change: impl FnOnce(&mut Activation)) -> Activation {
    let mut activation = cast::activation(mode);
    change(&mut activation);
    activation
}

pub(crate) fn bound_to_appliance() -> Activation {
    changed(cast::cloud(), |activation| activation.binding = Binding::Appliance(cast::appliance(0xa1)))
}

pub(crate) fn bound_to_key() -> Activation {
    changed(cast::cloud(), |activation| activation.binding = Binding::Key(cast::sensor_thumbprint()))
}

pub(crate) fn with_everything() -> Activation {
    changed(cast::cloud(), |activation| {
        activation.site = Some(label("North shore"));
        activation.zone = Some(label("Level 1"));
        activation.tags = (0..32).map(|n| (label(&format!("key {n:02}")), label("value"))).collect();
        activation.binding = Binding::Appliance(cast::appliance(0xa1));
        activation.licence_until = Some(UnixSeconds(NOW + 300 * DAY));
    })
}

pub(crate) fn valid_later() -> Activation {
    changed(cast::local(), |activation| activation.not_before = UnixSeconds(ISSUED + DAY))
}

/// A file of exactly `size` bytes, filled with CA certificates.
pub(crate) fn of_size(size: usize) -> Vec<u8> {
    let with_last = |length: usize| {
        let ModeSettings::CloudConnected(mut cloud) = cast::cloud() else { unreachable!("cloud() is cloud-connected") };
        let fill = |cloud: &mut CloudConnected, last: usize| {
            cloud.portal.ca_certificates = vec![Certificate(vec![0xca; 4096]); 8];
            cloud.hub.endpoint.ca_certificates = vec![Certificate(vec![0xca; 4096]); 7];
            cloud.hub.endpoint.ca_certificates.push(Certificate(vec![0xca; last]));
        };
        fill(&mut cloud, length);
        issued(&cast::activation(ModeSettings::CloudConnected(cloud)))
    };
    let probe = 1000;
    let length = probe + size - with_last(probe).len();
    let file = with_last(length);
    assert_eq!(file.len(), size);
    file
}

fn label(text: &str) -> Label {
    text.parse().expect("a label")
}

/// Signed by the key that version 2 withdrew.
pub(crate) fn by_old_signer() -> Vec<u8> {
    Sign1::activation(payload(&cast::activation(cast::local()))).signer(seed::OLD_SIGNER).bytes()
}

fn activation_files() -> Vec<Made> {
    let made = |name, bytes, why| Made::accepted(name, Document::ActivationFile, "plain", bytes, why);
    let local = cast::activation(cast::local());
    let crit = [alg(EDDSA), (2.into(), Value::Array(vec![16.into()])), kid(seed::SIGNER), typ("activation+cwt")];
    vec![
        made("cloud-connected", issued(&cast::activation(cast::cloud())), "portal and HTTPS hub on one address"),
        made("locally-managed", issued(&local), "no management console: the smallest file"),
        made("locally-managed-with-console", issued(&cast::activation(cast::local_with_console())), "to be paired"),
        made("mqtt-hub", issued(&cast::activation(cast::mqtt())), "topic template, IPv6 address"),
        made("bound-to-appliance", issued(&bound_to_appliance()), "this appliance's id"),
        made("bound-to-key", issued(&bound_to_key()), "a key held here"),
        made("with-everything", issued(&with_everything()), "every optional field, 32 tags"),
        made("largest", of_size(MAX_ACTIVATION_FILE), "exactly 65536 bytes"),
        made("armoured", armour(&issued(&local)).into_bytes(), "base64 between two lines"),
        made("armoured-from-a-mail", mailed(&armour(&issued(&local))), "CR LF, indented: white space is forgiven"),
        made(
            "unknown-key",
            around(edited(&payload(&local), |claims| {
                set(claims, &[ACTIVATION], 77, "of a later release");
                set(claims, &[], 88, "a claim of a later release");
            })),
            "unknown integer keys are ignored",
        ),
        made(
            "must-understand-known-keys",
            around(edited(&payload(&local), |claims| {
                set(claims, &[ACTIVATION], 0, Value::Array(vec![1.into(), 9.into()]));
            })),
            "key 0 lists keys that every reader knows",
        ),
        made(
            "crit-names-typ",
            file(&cast::chain(2), &Sign1::activation(payload(&local)).protected(&crit).bytes()),
            "crit may name what stands there and is understood",
        ),
        made("chain-from-version-2", file(&cast::chain(2)[1..], &plain_cose()), "begins with a version stored here"),
        made("valid-from-a-past-date", issued(&valid_later()), "nbf beyond iat, and reached"),
    ]
}

fn mailed(text: &str) -> Vec<u8> {
    format!("\r\n  {}\r\n", text.replace('\n', "\r\n  ")).trim_start().as_bytes().to_vec()
}

/// The locally managed activation, signed.
pub(crate) fn plain_cose() -> Vec<u8> {
    Sign1::activation(payload(&cast::activation(cast::local()))).bytes()
}

/// Documents read in another context than the plain one.
fn read_elsewhere() -> Vec<Made> {
    let local = || file(&cast::chain(2), &plain_cose());
    let bound = |activation: &Activation| file(&cast::chain(2), &Sign1::activation(payload(activation)).bytes());
    let made = |name, context, bytes, why| Made::accepted(name, Document::ActivationFile, context, bytes, why);
    let surplus = [
        cast::chain(2),
        vec![Sign::root(content(&cast::chain(3)[2]), &[seed::ROOT_A, seed::ROOT_B, seed::ROOT_C]).bytes()],
    ]
    .concat();
    let threshold_of_both = file(&cast::chain(3), &plain_cose());
    let window_end = "one second before the window ends";
    let mut already = made("already-active", "active", local(), "the one in force: no error, no change");
    already.vector.expected = "already-active".into();
    vec![
        made("brings-version-2", "trusts-version-1", local(), "a sensor from its box catches up"),
        made("brings-versions-2-and-3", "trusts-version-1", threshold_of_both, "each signed by both thresholds"),
        made("older-chain-than-stored", "trusts-version-3", local(), "agrees as far as it goes; the stored one judges"),
        made("surplus-signature", "plain", file(&surplus, &plain_cose()), "three signatures where two are demanded"),
        made(
            "old-signer-before-withdrawal",
            "trusts-version-1",
            file(&cast::chain(1), &by_old_signer()),
            "the newest version known to file and store still names the key",
        ),
        made("one-of-two-pinned", "trusts-two", local(), "several trust roots may be pinned"),
        made("clock-behind-issue", "clock-behind-issue", local(), "nbf equal to iat does not stop a slow clock"),
        made("clock-before-window-end", "clock-before-window-end", local(), window_end),
        made("valid-and-overridden", "overridden", issued(&valid_later()), "an override that was not needed"),
        made("window-over-overridden", "clock-at-2099-overridden", local(), "an admin's override"),
        made("clock-unusable-overridden", "clock-at-1970-overridden", local(), "an admin's override"),
        made("bound-to-appliance-here", "no-keys", bound(&bound_to_appliance()), "needs no key"),
        made("bound-to-key-elsewhere", "another-appliance", bound(&bound_to_key()), "needs no appliance id"),
        made("newer-than-active", "active-older", local(), "a serial above the floor"),
        made("after-deactivation", "deactivated-before", local(), "a serial above the deactivation's"),
        made("another-sensor-active", "active-another", local(), "a sensor never held before has no floor"),
        made(
            "floor-of-withdrawn-signer",
            "active-of-withdrawn-signer",
            local(),
            "the floor was set by a key that was withdrawn since: it does not count",
        ),
        already,
    ]
}

pub(crate) fn deactivation_payload() -> Vec<u8> {
    content(&sign_deactivation(&cast::deactivation(), &cast::key(seed::SIGNER)))
}

pub(crate) fn request_payload() -> Vec<u8> {
    content(&cast::signed_request(&cast::request()))
}

fn other_documents() -> Vec<Made> {
    let deactivation = sign_deactivation(&cast::deactivation(), &cast::key(seed::SIGNER));
    let made = |name, document, bytes, why| Made::accepted(name, document, "plain", bytes, why);
    vec![
        made("deactivation", Document::Deactivation, deactivation, "ends what has a lower serial"),
        made("request", Document::Request, cast::signed_request(&cast::request()), "ES256 by the key that it names"),
        made("trust-root-file", Document::TrustRootFile, encode_roots(&cast::chain(1)), "version 1 alone"),
        made("trust-root-file-of-three", Document::TrustRootFile, encode_roots(&cast::chain(3)), "a whole chain"),
        made("heartbeat", Document::Heartbeat, heartbeat().encode(), "of a sensor in force"),
        made("heartbeat-of-candidate", Document::Heartbeat, candidates_heartbeat().encode(), "no status yet"),
        made("answer", Document::Answer, answer().encode(), "everything that an upstream may say"),
        made(
            "answer-with-time-only",
            Document::Answer,
            Answer { time: UnixSeconds(NOW), ..Answer::default() }.encode(),
            "nothing new",
        ),
    ]
}

pub(crate) fn heartbeat() -> Heartbeat {
    let health = Health { code: "ok".into(), since: UnixSeconds(NOW - DAY) };
    let hub = Health { code: "endpoint.timeout".into(), since: UnixSeconds(NOW - 60) };
    let totals = StreamTotals {
        head: 1_000,
        delivered: 990,
        dropped: BTreeMap::from([("log-full".into(), 3)]),
        oldest_undelivered: Some(UnixSeconds(NOW - 90)),
    };
    Heartbeat {
        chain: Chain { counter: 41, nonce: [0x4e; 16], previous: Some(HeartbeatDigest::from_bytes([0x4d; 32])) },
        sensor: cast::sensor(0x51),
        serial: Serial(cast::SERIAL),
        standing: Standing::Committed,
        versions: Versions { agent: "0.1.0".into(), engine: Some("7.0.10".into()) },
        status: Some(SensorStatus {
            mode: Mode::CloudConnected,
            epoch: Epoch(3),
            name: "Pump house 3".parse().expect("a name"),
            appliance: cast::appliance(0xa1),
            addresses: vec!["10.20.0.17".into(), "fd00::17".into()],
            uptime_seconds: 86_400,
            clock: UnixSeconds(NOW),
            interval_seconds: 60,
            counters: BTreeMap::from([("heartbeats.failed".into(), 2)]),
            health: BTreeMap::from([(Component::Engine, health), (Component::Hub, hub)]),
            ti: TiStatus { version: None, automatic: true, status: "none".into() },
            streams: BTreeMap::from([(StreamId::from_bytes([0x57; 16]), totals)]),
            last_candidate: Some("activation.not-proved".into()),
        }),
    }
}

fn candidates_heartbeat() -> Heartbeat {
    Heartbeat {
        chain: Chain { counter: 1, nonce: [0x4e; 16], previous: None },
        standing: Standing::Candidate,
        versions: Versions { agent: "0.1.0".into(), engine: None },
        status: None,
        ..heartbeat()
    }
}

pub(crate) fn answer() -> Answer {
    Answer {
        time: UnixSeconds(NOW),
        desired: DesiredState {
            name: Some("Pump house 3".parse().expect("a name")),
            site: Some(label("North shore")),
            zone: Some(label("Level 1")),
            tags: BTreeMap::from([(label("line"), label("2"))]),
            automatic_ti: Some(false),
            interval_seconds: Some(120),
        },
        confirmations: BTreeMap::from([(
            StreamId::from_bytes([0x57; 16]),
            Confirmation { up_to: 980, lacks: vec![(17, 19), (30, 30)] },
        )]),
        roots: cast::chain(3)[2..].to_vec(),
        reissue: Some(file(&cast::chain(2), &plain_cose())),
        deactivation: Some(sign_deactivation(&cast::deactivation(), &cast::key(seed::SIGNER))),
    }
}
