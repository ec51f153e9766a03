//! How each document's payload, and each heartbeat, is written and read: gated CBOR against the values in [`crate::documents`] and [`crate::heartbeat`].
//! Nothing here asks who signed. docs/cddl says the same for other implementations.

pub(crate) mod activation;
pub(crate) mod answer;
mod claims;
pub(crate) mod deactivation;
pub(crate) mod endpoint;
pub(crate) mod heartbeat;
mod mode;
pub(crate) mod recovery;
pub(crate) mod request;
pub(crate) mod trust_root;

use alloc::{format, vec::Vec};

use crate::{
    cbor::{
        Value,
        fields::{At, Fields, Read as _, read_list},
    },
    refusal::Refusal,
};

/// Key 0 of a claim: the keys that a reader must understand.
const MUST_UNDERSTAND: i64 = 0;

/// Opens a claim's map and honours its key 0, which lists keys (each standing in the map) that a reader must
/// understand: one that is not among `known` refuses. Every other unknown key is ignored.
fn open_claim<'a>(value: Value, at: At<'a>, known: &[i128]) -> Result<Fields<'a>, Refusal> {
    let mut fields = Fields::open(value, at)?;
    let Some(listed) = fields.optional::<Value>(MUST_UNDERSTAND, "must understand")? else {
        return Ok(fields);
    };
    let at = at.field("must understand");
    let listed: Vec<i128> = read_list::<Value>(listed, &at, 1..=64)?
        .into_iter()
        .map(|key| i128::read(key, &at))
        .collect::<Result<_, _>>()?;
    for key in listed {
        if !known.contains(&key) {
            return Err(Refusal::Unsupported { what: format!("key {key} of the {}", fields.at()) });
        }
        if !fields.has(key) {
            return Err(at.malformed(format_args!("lists key {key}, which is missing")));
        }
    }
    Ok(fields)
}
