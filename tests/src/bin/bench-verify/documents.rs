//! A sensor and files for it, made by the issuer's side of the protocol with fixed keys.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};
use picket_protocol::{
    documents::{
        activation::{Activation, Binding, LocallyManaged, ModeSettings, Subscription},
        trust_root::{Role, RoleKey, TrustRoot},
    },
    floors::Floors,
    ids::{ApplianceId, Cti, Kid, SensorId, Serial, SubscriptionId, TrustRootId},
    issue::{activation_file, sign_activation, sign_root},
    keys::SigningKey,
    names::{Label, SensorName},
    reading::ReadingContext,
    time::UnixSeconds,
    trust::{TrustStore, encode_roots},
};

const NOW: i64 = 1_800_000_000;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// A version with these root keys, of which each signs; a large one has as many keys as there may be.
pub(crate) fn signed_root(version: u64, root_keys: &[u8], large: bool) -> Vec<u8> {
    let role = |seed| RoleKey { key: key(seed).public(), roles: BTreeSet::from([Role::Activation]) };
    let root = TrustRoot {
        version,
        threshold: 1,
        root_keys: root_keys.iter().map(|seed| key(*seed).public()).collect(),
        keys: (100..=if large { 115 } else { 100 }).map(role).collect(),
        withdrawn: (0..if large { 64 } else { 0 }).map(|seed| Kid::from_bytes([seed; 32])).collect(),
    };
    let keys: Vec<_> = root_keys.iter().map(|seed| key(*seed)).collect();
    sign_root(&root, &keys.iter().collect::<Vec<_>>())
}

/// Version 1, and a locally managed file that carries so many versions, each signed once.
pub(crate) fn file_with_chain(versions: u64) -> (Vec<u8>, Vec<u8>) {
    let roots: Vec<_> = (1..=versions).map(|version| signed_root(version, &[1], false)).collect();
    (roots[0].clone(), activation_file(&roots, &signed_activation(&roots[0], BTreeMap::new())))
}

/// A signed activation under the chain that begins with `first`.
pub(crate) fn signed_activation(first: &[u8], tags: BTreeMap<Label, Label>) -> Vec<u8> {
    let label = |text: &str| Label::try_from(text.to_owned()).expect("a fixed label");
    let activation = Activation {
        issuer: chain_id(first),
        sensor: SensorId::from_bytes([1; 16]),
        issued_at: UnixSeconds(NOW),
        not_before: UnixSeconds(NOW),
        upload_until: UnixSeconds(NOW + 1_000_000),
        cti: Cti::from_bytes([2; 16]),
        serial: Serial(NOW.unsigned_abs() * 1000),
        name: SensorName::try_from("line-3".to_owned()).expect("a fixed name"),
        subscription: Subscription { id: SubscriptionId::from_bytes([3; 16]), name: label("Plant One") },
        site: Some(label("North")),
        zone: Some(label("Line 3")),
        tags,
        binding: Binding::None,
        licence_until: None,
        mode: ModeSettings::LocallyManaged(LocallyManaged { management_console: None }),
    };
    sign_activation(&activation, &key(100))
}

fn chain_id(first: &[u8]) -> TrustRootId {
    let mut store = TrustStore::default();
    store.pin(&encode_roots(&[first.to_vec()])).expect("version 1 is good")
}

/// What a file is judged against.
pub(crate) struct Sensor {
    trust: TrustStore,
    appliance: ApplianceId,
    floors: Floors,
}

impl Sensor {
    pub(crate) fn that_pinned(first: &[u8]) -> Result<Self> {
        let mut trust = TrustStore::default();
        trust.pin(&encode_roots(&[first.to_vec()])).map_err(|refusal| anyhow!("{}", refusal.code()))?;
        Ok(Self { trust, appliance: ApplianceId::from_digest(&[9; 32]), floors: Floors::default() })
    }

    pub(crate) fn context(&self) -> ReadingContext<'_> {
        ReadingContext {
            trust: &self.trust,
            wall_clock: UnixSeconds(NOW + 1),
            build_date: UnixSeconds(NOW - 1),
            appliance: &self.appliance,
            keys: &[],
            floors: &self.floors,
            override_window: false,
        }
    }
}
