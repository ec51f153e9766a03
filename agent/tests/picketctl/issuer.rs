//! An issuer: one trust root, one signing key, and files made with them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    slice,
};

use picket_agent::clock;
use picket_protocol::{
    documents::{
        activation::{Activation, Binding, LocallyManaged, ModeSettings, Subscription},
        trust_root::{Role, RoleKey, TrustRoot},
    },
    ids::{Cti, SensorId, Serial, SubscriptionId, TrustRootId},
    issue,
    keys::SigningKey,
    trust::{self, TrustStore},
};

/// An issuer, and a folder for its files.
pub(crate) struct Issuer {
    folder: tempfile::TempDir,
    root: Vec<u8>,
    id: TrustRootId,
    signer: SigningKey,
}

impl Issuer {
    pub(crate) fn new(seed: u8) -> Self {
        let (root_key, signer) = (SigningKey::from_seed(&[seed; 32]), SigningKey::from_seed(&[seed + 1; 32]));
        let root = TrustRoot {
            version: 1,
            threshold: 1,
            root_keys: vec![root_key.public()],
            keys: vec![RoleKey { key: signer.public(), roles: [Role::Activation].into() }],
            withdrawn: [].into(),
        };
        let root = issue::sign_root(&root, &[&root_key]);
        let id = TrustStore::default().pin(&trust::encode_roots(slice::from_ref(&root))).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), root, id, signer }
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> String {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn trust_root(&self) -> String {
        self.write("portal.root", &trust::encode_roots(slice::from_ref(&self.root)))
    }

    /// A locally managed activation with serial 7.
    pub(crate) fn activation(&self, binding: Binding) -> Vec<u8> {
        self.activation_with(7, binding)
    }

    pub(crate) fn activation_with(&self, serial: u8, binding: Binding) -> Vec<u8> {
        let now = clock::wall();
        let activation = Activation {
            issuer: self.id,
            sensor: SensorId::from_bytes([2; 16]),
            issued_at: now,
            not_before: now,
            upload_until: now.plus(86_400),
            cti: Cti::from_bytes([serial; 16]),
            serial: Serial(serial.into()),
            name: "Pump house 3".parse().unwrap(),
            subscription: Subscription { id: SubscriptionId::from_bytes([4; 16]), name: "Waterworks".parse().unwrap() },
            site: None,
            zone: None,
            tags: BTreeMap::new(),
            binding,
            licence_until: None,
            mode: ModeSettings::LocallyManaged(LocallyManaged { management_console: None }),
        };
        issue::activation_file(slice::from_ref(&self.root), &issue::sign_activation(&activation, &self.signer))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) const fn id(&self) -> TrustRootId {
        self.id
    }
}
