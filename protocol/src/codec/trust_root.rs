//! The payload of one trust root version. Keys are those of docs/cddl/trust-root.cddl.

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use super::open_claim;
use crate::{
    cbor::{
        self, Value,
        fields::{At, Entries, Read, Write, read_list, write_list},
    },
    documents::trust_root::{PublicKey, Role, RoleKey, TrustRoot},
    ids::Kid,
    refusal::Refusal,
    wire::MAX_TRUST_ROOT,
};

const VERSION: i64 = 1;
const THRESHOLD: i64 = 2;
const ROOT_KEYS: i64 = 3;
const KEYS: i64 = 4;
const WITHDRAWN: i64 = 5;
const KNOWN: [i128; 5] = [1, 2, 3, 4, 5];
/// Most roles listed for a key; those unknown here grant nothing here.
const MAX_ROLES: usize = 16;

pub(crate) fn decode(payload: &[u8]) -> Result<TrustRoot, Refusal> {
    let at = At::document("trust root");
    let value = cbor::gate_part(payload, MAX_TRUST_ROOT, "trust root payload")?;
    let mut fields = open_claim(value, at, &KNOWN)?;
    let root = TrustRoot {
        version: fields.required(VERSION, "version")?,
        threshold: fields.required(THRESHOLD, "threshold")?,
        root_keys: read_list(
            fields.required(ROOT_KEYS, "root keys")?,
            &at.field("root keys"),
            1..=TrustRoot::MAX_ROOT_KEYS,
        )?,
        keys: read_list(fields.required(KEYS, "keys")?, &at.field("keys"), 0..=TrustRoot::MAX_KEYS)?,
        withdrawn: withdrawn(fields.required(WITHDRAWN, "withdrawn")?, &at.field("withdrawn"))?,
    };
    root.check()?;
    Ok(root)
}

pub(crate) fn encode(root: &TrustRoot) -> Vec<u8> {
    let payload = Entries::default()
        .with(VERSION, &root.version)
        .with(THRESHOLD, &root.threshold)
        .with(ROOT_KEYS, &write_list(&root.root_keys))
        .with(KEYS, &write_list(&root.keys))
        .with(WITHDRAWN, &write_list(&root.withdrawn));
    cbor::encode(&payload.map())
}

/// Strictly ascending, so that a set has one encoding.
fn withdrawn(value: Value, at: &At<'_>) -> Result<BTreeSet<Kid>, Refusal> {
    let kids = read_list::<Kid>(value, at, 0..=TrustRoot::MAX_WITHDRAWN)?;
    if !kids.is_sorted_by(|earlier, later| earlier < later) {
        return Err(at.malformed("not in ascending order, each once"));
    }
    Ok(kids.into_iter().collect())
}

impl Read for PublicKey {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        <[u8; 32]>::read(value, at).map(Self)
    }
}

impl Write for PublicKey {
    fn write(&self) -> Value {
        self.0.write()
    }
}

/// `[key, [role, …]]`, roles in ascending order, each once, at least one.
impl Read for RoleKey {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let items: Result<[Value; 2], _> = value.into_array().unwrap_or_default().try_into();
        let [key, roles] = items.map_err(|_| at.malformed("not an array of key and roles"))?;
        let roles = read_list::<String>(roles, at, 1..=MAX_ROLES)?;
        if !roles.is_sorted_by(|earlier, later| earlier < later) {
            return Err(at.malformed("roles not in ascending order, each once"));
        }
        let known = |name: &String| Role::ALL.into_iter().find(|role| role.as_str() == name);
        Ok(Self { key: PublicKey::read(key, at)?, roles: roles.iter().filter_map(known).collect() })
    }
}

impl Write for RoleKey {
    fn write(&self) -> Value {
        let mut roles: Vec<&str> = self.roles.iter().map(|role| role.as_str()).collect();
        roles.sort_unstable();
        let roles = Value::Array(roles.into_iter().map(Write::write).collect());
        Value::Array(alloc::vec![self.key.write(), roles])
    }
}
