//! Editing gated CBOR: one key set, one removed, one level down.

use picket_protocol::cbor::{Value, encode, gate};

/// The claim of each kind of document, in its claims set.
pub(crate) const ACTIVATION: i64 = -70_001;
pub(crate) const DEACTIVATION: i64 = -70_002;
pub(crate) const REQUEST: i64 = -70_003;
pub(crate) const RECOVERY: i64 = -70_004;

/// `bytes` with one edit.
pub(crate) fn edited(bytes: &[u8], edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = gate(bytes, usize::MAX).expect("bytes that the library wrote");
    edit(&mut value);
    encode(&value)
}

/// The entries of a map.
pub(crate) fn entries(value: &mut Value) -> &mut Vec<(Value, Value)> {
    value.as_map_mut().expect("a map")
}

/// The value under `path`, one integer key per level.
pub(crate) fn at<'a>(value: &'a mut Value, path: &[i64]) -> &'a mut Value {
    path.iter().fold(value, |value, key| {
        let found = entries(value).iter_mut().find(|(found, _)| *found == Value::from(*key));
        &mut found.expect("a key that is there").1
    })
}

/// Sets `key` of the map under `path`.
pub(crate) fn set(value: &mut Value, path: &[i64], key: i64, new: impl Into<Value>) {
    remove(value, path, key);
    entries(at(value, path)).push((key.into(), new.into()));
}

/// Removes `key` from the map under `path`, if it is there.
pub(crate) fn remove(value: &mut Value, path: &[i64], key: i64) {
    entries(at(value, path)).retain(|(found, _)| *found != Value::from(key));
}
