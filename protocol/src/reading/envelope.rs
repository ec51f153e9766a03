//! Step 3: the envelope of an activation file, `55799([version, [root, …], activation])`.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    cbor::{
        Value,
        fields::{At, Read as _},
    },
    refusal::Refusal,
    trust::{read_roots, write_roots},
};

/// Self-described CBOR (RFC 8949 §3.4.6).
const TAG: u64 = 55_799;
/// The version of the format.
const VERSION: u64 = 1;

/// The parts of an activation file, not yet opened.
pub(super) struct Envelope {
    /// Signed trust root versions, oldest first.
    pub(super) roots: Vec<Vec<u8>>,
    /// The COSE_Sign1.
    pub(super) activation: Vec<u8>,
}

/// The version is judged before the rest: a later one may have another shape.
pub(super) fn open(value: Value) -> Result<Envelope, Refusal> {
    let at = At::document("activation file");
    let Value::Tag(TAG, content) = value else {
        return Err(at.malformed("CBOR tag 55799 is missing"));
    };
    let items = content.into_array().map_err(|_| at.malformed("not an array"))?;
    let version = items.first().cloned().unwrap_or(Value::Null);
    let version = u64::read(version, &at.field("version"))?;
    if version != VERSION {
        return Err(Refusal::UnsupportedVersion { found: version });
    }
    let items: [Value; 3] = items.try_into().map_err(|_| at.malformed("not version, roots and activation"))?;
    let [_, roots, activation] = items;
    Ok(Envelope {
        roots: read_roots(roots, &at.field("roots"))?,
        activation: Vec::<u8>::read(activation, &at.field("activation"))?,
    })
}

/// The envelope around `activation`, for [`crate::issue`].
pub(crate) fn close(roots: &[Vec<u8>], activation: &[u8]) -> Value {
    let items = alloc::vec![VERSION.into(), write_roots(roots), Value::Bytes(activation.to_vec())];
    Value::Tag(TAG, Box::new(Value::Array(items)))
}
