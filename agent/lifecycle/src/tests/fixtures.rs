//! Documents and keys for the tests: two owners, their trust roots, activations of every kind.

use std::{collections::BTreeMap, format, slice, string::String, sync::OnceLock, vec, vec::Vec};

use picket_protocol::{
    documents::{
        activation::{
            Activation, Binding, Certificate, CloudConnected, Endpoint, Hub, HubKind, LocallyManaged,
            ManagementConsole, ModeSettings, Secret, Subscription,
        },
        deactivation::Deactivation,
        trust_root::{Role, RoleKey, TrustRoot},
    },
    ids::{Cti, Kid, SensorId, Serial, SubscriptionId, TrustRootId},
    issue::sign_root,
    keys::SigningKey,
    time::UnixSeconds,
    trust::{TrustStore, encode_roots},
};

use crate::accepted::{Accepted, Ended};

/// The first instant of the tests: 2026-06-01.
pub(super) const TODAY: UnixSeconds = UnixSeconds(1_780_272_000);
/// When the software was built.
pub(super) const BUILT: UnixSeconds = UnixSeconds(TODAY.0 - 30 * 86_400);

/// A portal's owner: a trust root in two versions, the second of which withdraws the first key.
pub(super) struct Owner {
    pub(super) issuer: TrustRootId,
    pub(super) first: Vec<u8>,
    pub(super) second: Vec<u8>,
    pub(super) withdrawn: Kid,
    pub(super) standing: Kid,
}

/// Two owners that have nothing to do with each other.
pub(super) fn owners() -> &'static [Owner; 2] {
    static OWNERS: OnceLock<[Owner; 2]> = OnceLock::new();
    OWNERS.get_or_init(|| [owner(1), owner(2)])
}

fn owner(seed: u8) -> Owner {
    let key = |n: u8| SigningKey::from_seed(&[seed * 16 + n; 32]);
    let (root, first_key, second_key) = (key(0), key(1), key(2));
    let role = |key: &SigningKey| RoleKey { key: key.public(), roles: [Role::Activation].into() };
    let mut content = TrustRoot {
        version: 1,
        threshold: 1,
        root_keys: vec![root.public()],
        keys: vec![role(&first_key), role(&second_key)],
        withdrawn: [].into(),
    };
    let first = sign_root(&content, &[&root]);
    content.version = 2;
    content.keys = vec![role(&second_key)];
    content.withdrawn = [first_key.kid()].into();
    let second = sign_root(&content, &[&root]);
    let mut store = TrustStore::default();
    let issuer = store.pin(&encode_roots(slice::from_ref(&first))).unwrap();
    Owner { issuer, first, second, withdrawn: first_key.kid(), standing: second_key.kid() }
}

/// The trust root file of an owner, first version.
pub(super) fn root_file(owner: &Owner) -> Vec<u8> {
    encode_roots(slice::from_ref(&owner.first))
}

pub(super) fn cti(n: u64) -> Cti {
    Cti::from_bytes(u128::from(n).to_be_bytes())
}

pub(super) fn sensor(n: u8) -> SensorId {
    SensorId::from_bytes([n; 16])
}

pub(super) fn endpoint(host: &str) -> Endpoint {
    Endpoint { url: format!("https://{host}"), ca_certificates: vec![Certificate(vec![0x30])] }
}

fn secret() -> Secret {
    Secret::new(String::from("tokentokentokentokentoken")).unwrap()
}

pub(super) fn cloud() -> ModeSettings {
    ModeSettings::CloudConnected(CloudConnected {
        portal: endpoint("portal.example"),
        enrolment_token: secret(),
        hub: Hub {
            kind: HubKind::Https,
            endpoint: endpoint("hub.example"),
            topic_template: None,
            portal_confirms: false,
        },
        automatic_ti: true,
    })
}

pub(super) fn local() -> ModeSettings {
    ModeSettings::LocallyManaged(LocallyManaged { management_console: None })
}

pub(super) fn local_with_console() -> ModeSettings {
    ModeSettings::LocallyManaged(LocallyManaged { management_console: Some(console("console.example")) })
}

pub(super) fn console(host: &str) -> ManagementConsole {
    ManagementConsole { endpoint: endpoint(host), pairing_token: secret() }
}

/// An activation by the first owner's standing key; its cti is its serial.
pub(super) fn file(sensor_number: u8, serial: u64, mode: ModeSettings) -> Accepted {
    file_of(&owners()[0], owners()[0].standing, sensor_number, serial, mode)
}

/// An activation by any key of any owner.
pub(super) fn file_of(owner: &Owner, signer: Kid, sensor_number: u8, serial: u64, mode: ModeSettings) -> Accepted {
    let issued_at = TODAY.plus(i64::try_from(serial).unwrap());
    let activation = Activation {
        issuer: owner.issuer,
        sensor: sensor(sensor_number),
        issued_at,
        not_before: issued_at,
        upload_until: issued_at.plus(30 * 86_400),
        cti: cti(serial + u64::from(owner.issuer == owners()[1].issuer) * 1_000_000),
        serial: Serial(serial),
        name: format!("sensor {sensor_number} of {serial}").parse().unwrap(),
        subscription: Subscription { id: SubscriptionId::from_bytes([9; 16]), name: "plant".parse().unwrap() },
        site: Some("west".parse().unwrap()),
        zone: None,
        tags: BTreeMap::new(),
        binding: Binding::None,
        licence_until: None,
        mode,
    };
    Accepted::unread(activation, signer)
}

/// A deactivation by the first owner's standing key.
pub(super) fn deactivation(sensor_number: u8, serial: u64) -> Ended {
    deactivation_of(&owners()[0], sensor_number, serial)
}

pub(super) fn deactivation_of(owner: &Owner, sensor_number: u8, serial: u64) -> Ended {
    let deactivation = Deactivation {
        issuer: owner.issuer,
        sensor: sensor(sensor_number),
        issued_at: TODAY,
        cti: cti(serial + 500_000),
        serial: Serial(serial),
        reason: "scrapped".into(),
        decided_by: "ada".into(),
    };
    Ended::unread(deactivation, owner.standing)
}
