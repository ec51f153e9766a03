//! Who appears in the vectors: fixed keys, identifiers, instants, trust root chains, and the contexts made of them.

use std::collections::{BTreeMap, BTreeSet};

use picket_protocol::{
    documents::{
        activation::{
            Activation, Binding, Certificate, CloudConnected, Endpoint, Hub, HubKind, LocallyManaged,
            ManagementConsole, ModeSettings, Secret, Subscription,
        },
        deactivation::Deactivation,
        request::Request,
        trust_root::{Role, RoleKey, TrustRoot},
    },
    ids::{ApplianceId, Cti, SensorId, Serial, SubscriptionId, Thumbprint, TrustRootId, hex},
    issue::{request_to_be_signed, sign_root},
    keys::{SigningKey, thumbprint},
    time::UnixSeconds,
};

use crate::{
    manifest::{Commit, Context},
    recovery,
};

/// 2026-01-01.
pub(crate) const BUILT: i64 = 1_767_225_600;
/// 2026-02-20.
pub(crate) const ISSUED: i64 = 1_771_545_600;
/// 2026-03-01.
pub(crate) const NOW: i64 = 1_772_323_200;
pub(crate) const DAY: i64 = 86_400;
pub(crate) const SERIAL: u64 = 1_771_545_600_001;

/// Seeds of the Ed25519 keys; the keys of roots first.
pub(crate) mod seed {
    pub(crate) const ROOT_A: u8 = 1;
    pub(crate) const ROOT_B: u8 = 2;
    pub(crate) const ROOT_C: u8 = 3;
    pub(crate) const ROOT_STRANGER: u8 = 9;
    pub(crate) const SIGNER: u8 = 101;
    pub(crate) const OLD_SIGNER: u8 = 102;
    pub(crate) const TI_SIGNER: u8 = 103;
    pub(crate) const RECOVERY_SIGNER: u8 = 104;
    pub(crate) const STRANGER: u8 = 109;
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// The sensor's P-256 key.
pub(crate) fn sensor_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[0x42; 32]).expect("a scalar")
}

pub(crate) fn spki(key: &p256::ecdsa::SigningKey) -> Vec<u8> {
    use p256::pkcs8::EncodePublicKey as _;
    key.verifying_key().to_public_key_der().expect("a key").as_bytes().to_vec()
}

pub(crate) fn sensor_thumbprint() -> Thumbprint {
    thumbprint(&spki(&sensor_key()))
}

pub(crate) fn appliance(seed: u8) -> ApplianceId {
    ApplianceId::from_digest(&[seed; 32])
}

pub(crate) fn sensor(seed: u8) -> SensorId {
    SensorId::from_bytes([seed; 16])
}

pub(crate) fn root(version: u64, threshold: u8, root_keys: &[u8], keys: &[(u8, Role)], withdrawn: &[u8]) -> TrustRoot {
    TrustRoot {
        version,
        threshold,
        root_keys: root_keys.iter().map(|seed| key(*seed).public()).collect(),
        keys: keys
            .iter()
            .map(|(seed, role)| RoleKey { key: key(*seed).public(), roles: BTreeSet::from([*role]) })
            .collect(),
        withdrawn: withdrawn.iter().map(|seed| key(*seed).kid()).collect(),
    }
}

pub(crate) fn signed(root: &TrustRoot, by: &[u8]) -> Vec<u8> {
    let keys: Vec<SigningKey> = by.iter().map(|seed| key(*seed)).collect();
    sign_root(root, &keys.iter().collect::<Vec<_>>())
}

/// Version 1: one of two root keys; two activation keys and one for TI.
pub(crate) fn root_1() -> TrustRoot {
    let keys = [(seed::OLD_SIGNER, Role::Activation), (seed::SIGNER, Role::Activation), (seed::TI_SIGNER, Role::Ti)];
    root(1, 1, &[seed::ROOT_A, seed::ROOT_B], &keys, &[])
}

/// Version 2 withdraws the old activation key.
pub(crate) fn root_2() -> TrustRoot {
    let keys = [(seed::SIGNER, Role::Activation), (seed::TI_SIGNER, Role::Ti)];
    root(2, 1, &[seed::ROOT_A, seed::ROOT_B], &keys, &[seed::OLD_SIGNER])
}

/// Version 3 demands two of three root keys.
pub(crate) fn root_3() -> TrustRoot {
    let keys = [(seed::SIGNER, Role::Activation), (seed::TI_SIGNER, Role::Ti)];
    root(3, 2, &[seed::ROOT_A, seed::ROOT_B, seed::ROOT_C], &keys, &[seed::OLD_SIGNER])
}

/// The chain up to `newest`, 1 to 3.
pub(crate) fn chain(newest: usize) -> Vec<Vec<u8>> {
    let all = [
        signed(&root_1(), &[seed::ROOT_A]),
        signed(&root_2(), &[seed::ROOT_A]),
        signed(&root_3(), &[seed::ROOT_A, seed::ROOT_C]),
    ];
    all[..newest].to_vec()
}

/// Another portal's chain, whose activation key is the same as ours: a portal may be moved to a new trust root.
pub(crate) fn other_chain() -> Vec<Vec<u8>> {
    vec![signed(&root(1, 1, &[seed::ROOT_STRANGER], &[(seed::SIGNER, Role::Activation)], &[]), &[seed::ROOT_STRANGER])]
}

pub(crate) fn id_of(chain: &[Vec<u8>]) -> TrustRootId {
    use sha2::Digest as _;
    TrustRootId::from_bytes(sha2::Sha256::digest(&chain[0]).into())
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.into()).expect("a token")
}

pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint { url: url.into(), ca_certificates: vec![Certificate(b"a CA certificate in DER".to_vec())] }
}

pub(crate) fn cloud() -> ModeSettings {
    ModeSettings::CloudConnected(CloudConnected {
        portal: endpoint("https://portal.example:8443"),
        enrolment_token: secret("enrolment-token-of-the-vectors"),
        hub: Hub {
            kind: HubKind::Https,
            endpoint: endpoint("https://portal.example:8443"),
            topic_template: None,
            portal_confirms: true,
        },
        automatic_ti: true,
    })
}

pub(crate) fn mqtt() -> ModeSettings {
    let ModeSettings::CloudConnected(mut cloud) = cloud() else { unreachable!("cloud() is cloud-connected") };
    cloud.hub = Hub {
        kind: HubKind::Mqtt,
        endpoint: endpoint("mqtts://[fd00::17]:8883"),
        topic_template: Some("picket/{sensor_id}/alerts".into()),
        portal_confirms: false,
    };
    ModeSettings::CloudConnected(cloud)
}

pub(crate) fn local() -> ModeSettings {
    ModeSettings::LocallyManaged(LocallyManaged { management_console: None })
}

pub(crate) fn local_with_console() -> ModeSettings {
    let pairing_token = secret("pairing-token-of-the-vectors-1");
    let endpoint = endpoint("https://10.20.0.4");
    ModeSettings::LocallyManaged(LocallyManaged {
        management_console: Some(ManagementConsole { endpoint, pairing_token }),
    })
}

pub(crate) fn activation(mode: ModeSettings) -> Activation {
    Activation {
        issuer: id_of(&chain(1)),
        sensor: sensor(0x51),
        issued_at: UnixSeconds(ISSUED),
        not_before: UnixSeconds(ISSUED),
        upload_until: UnixSeconds(ISSUED + 30 * DAY),
        cti: Cti::from_bytes([0xc1; 16]),
        serial: Serial(SERIAL),
        name: "Pump house 3".parse().expect("a name"),
        subscription: Subscription {
            id: SubscriptionId::from_bytes([0x5b; 16]),
            name: "Waterworks".parse().expect("a label"),
        },
        site: None,
        zone: None,
        tags: BTreeMap::new(),
        binding: Binding::None,
        licence_until: None,
        mode,
    }
}

pub(crate) fn deactivation() -> Deactivation {
    Deactivation {
        issuer: id_of(&chain(1)),
        sensor: sensor(0x51),
        issued_at: UnixSeconds(NOW),
        cti: Cti::from_bytes([0xd1; 16]),
        serial: Serial(SERIAL + 7),
        reason: "Pump house 3 was torn down".into(),
        decided_by: "m.kovac@waterworks.example".into(),
    }
}

pub(crate) fn request() -> Request {
    Request {
        appliance: appliance(0xa1),
        public_key: spki(&sensor_key()),
        issued_at: UnixSeconds(NOW),
        cti: Cti::from_bytes([0xe1; 16]),
    }
}

pub(crate) fn signed_request(request: &Request) -> Vec<u8> {
    use p256::ecdsa::{Signature, signature::hazmat::PrehashSigner as _};
    use sha2::Digest as _;
    let unsigned = request_to_be_signed(request);
    let digest = sha2::Sha256::digest(unsigned.to_be_signed());
    let signature: Signature = sensor_key().sign_prehash(&digest).expect("a signature");
    unsigned.finish(&signature.to_bytes().into())
}

fn commit(activation: bool, sensor_seed: u8, serial: u64, cti: u8, signer: u8) -> Commit {
    Commit {
        activation,
        issuer: id_of(&chain(1)).to_string(),
        sensor: sensor(sensor_seed).to_string(),
        serial,
        cti: Cti::from_bytes([cti; 16]).to_string(),
        signer: key(signer).kid().to_string(),
    }
}

/// Everything that vectors are read against.
pub(crate) fn contexts() -> BTreeMap<String, Context> {
    let pinned = |chain: Vec<Vec<u8>>| vec![chain.iter().map(|version| hex(version)).collect::<Vec<_>>()];
    let plain = Context {
        trust: pinned(chain(2)),
        wall_clock: NOW,
        build_date: BUILT,
        appliance: appliance(0xa1).to_string(),
        keys: vec![sensor_thumbprint().to_string()],
        commits: vec![],
        override_window: false,
    };
    let with = |change: &dyn Fn(&mut Context)| {
        let mut context = plain.clone();
        change(&mut context);
        context
    };
    let committed = |commits: Vec<Commit>| with(&|context: &mut Context| context.commits.clone_from(&commits));
    let clock = |wall_clock, override_window| {
        with(&|context: &mut Context| (context.wall_clock, context.override_window) = (wall_clock, override_window))
    };
    let trust = |trust: Vec<Vec<String>>| with(&|context: &mut Context| context.trust.clone_from(&trust));
    let both = [pinned(chain(2)), pinned(other_chain())].concat();
    BTreeMap::from([
        ("plain".into(), plain.clone()),
        ("no-trust".into(), trust(vec![])),
        ("trusts-version-1".into(), trust(pinned(chain(1)))),
        ("trusts-version-3".into(), trust(pinned(chain(3)))),
        ("trusts-another".into(), trust(pinned(other_chain()))),
        ("trusts-two".into(), trust(both)),
        ("clock-at-1970".into(), clock(12_345, false)),
        ("clock-at-1970-overridden".into(), clock(12_345, true)),
        ("clock-behind-issue".into(), clock(ISSUED - 5 * DAY, false)),
        ("clock-at-window-end".into(), clock(ISSUED + 30 * DAY, false)),
        ("clock-before-window-end".into(), clock(ISSUED + 30 * DAY - 1, false)),
        ("clock-at-2099".into(), clock(4_070_908_800, false)),
        ("clock-at-2099-overridden".into(), clock(4_070_908_800, true)),
        ("overridden".into(), clock(NOW, true)),
        ("another-appliance".into(), with(&|context| context.appliance = appliance(0xb2).to_string())),
        ("recovery".into(), trust(pinned(recovery::chain()))),
        (
            "recovery-another-appliance".into(),
            with(&|context| {
                context.trust = pinned(recovery::chain());
                context.appliance = appliance(0xb2).to_string();
            }),
        ),
        ("no-keys".into(), with(&|context| context.keys.clear())),
        ("active".into(), committed(vec![commit(true, 0x51, SERIAL, 0xc1, seed::SIGNER)])),
        ("active-older".into(), committed(vec![commit(true, 0x51, SERIAL - 1, 0xc0, seed::SIGNER)])),
        ("active-newer".into(), committed(vec![commit(true, 0x51, SERIAL + 1, 0xc2, seed::SIGNER)])),
        ("active-same-serial".into(), committed(vec![commit(true, 0x51, SERIAL, 0xc9, seed::SIGNER)])),
        ("active-of-withdrawn-signer".into(), committed(vec![commit(true, 0x51, SERIAL + 1, 0xc2, seed::OLD_SIGNER)])),
        (
            "floor-below-withdrawn-one".into(),
            committed(vec![
                commit(true, 0x51, SERIAL + 1, 0xc2, seed::SIGNER),
                commit(true, 0x51, SERIAL + 9, 0xc3, seed::OLD_SIGNER),
            ]),
        ),
        (
            "held-before-another".into(),
            committed(vec![
                commit(true, 0x51, SERIAL - 1, 0xc0, seed::SIGNER),
                commit(true, 0x52, SERIAL + 1, 0xc4, seed::SIGNER),
            ]),
        ),
        ("active-another".into(), committed(vec![commit(true, 0x52, SERIAL + 1, 0xc4, seed::SIGNER)])),
        (
            "deactivated".into(),
            committed(vec![
                commit(true, 0x51, SERIAL - 1, 0xc0, seed::SIGNER),
                commit(false, 0x51, SERIAL + 7, 0xd1, seed::SIGNER),
            ]),
        ),
        (
            "deactivated-before".into(),
            committed(vec![
                commit(true, 0x51, SERIAL - 2, 0xc0, seed::SIGNER),
                commit(false, 0x51, SERIAL - 1, 0xd0, seed::SIGNER),
            ]),
        ),
    ])
}
