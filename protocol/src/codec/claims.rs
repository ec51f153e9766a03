//! The claims that every CWT of ours carries (RFC 8392 §3.1), in integers and canonical text only.

use core::{fmt::Display, str::FromStr};

use crate::{
    cbor::{
        Value,
        fields::{At, Entries, Fields, read_canonical},
    },
    refusal::Refusal,
};

pub(super) const ISS: i64 = 1;
pub(super) const SUB: i64 = 2;
pub(super) const AUD: i64 = 3;
pub(super) const EXP: i64 = 4;
pub(super) const NBF: i64 = 5;
pub(super) const IAT: i64 = 6;
pub(super) const CTI: i64 = 7;
/// Below -65536 the registry of CWT claims is for private use.
pub(super) const ACTIVATION: i64 = -70_001;
pub(super) const DEACTIVATION: i64 = -70_002;
pub(super) const REQUEST: i64 = -70_003;
pub(super) const RECOVERY: i64 = -70_004;

/// Opens a claims set. An audience is refused: a reader that is not in it must not take the token (RFC 7519 §4.1.3),
/// and no document of ours has one.
pub(super) fn open<'a>(value: Value, at: At<'a>) -> Result<Fields<'a>, Refusal> {
    let fields = Fields::open(value, at)?;
    if fields.has(AUD.into()) {
        return Err(Refusal::Unsupported { what: "an audience claim".into() });
    }
    Ok(fields)
}

/// A claim whose text is the canonical spelling of `T`: 64 lower-case hexadecimal digits, a UUID in lower case.
pub(super) fn text<T: FromStr + Display>(
    fields: &mut Fields<'_>,
    claim: i64,
    name: &'static str,
) -> Result<T, Refusal> {
    let value = fields.required::<Value>(claim, name)?;
    read_canonical(value, &fields.at().field(name))
}

/// Adds `id` as text.
pub(super) fn with_text(entries: Entries, claim: i64, id: &impl Display) -> Entries {
    entries.with(claim, &alloc::format!("{id}"))
}
