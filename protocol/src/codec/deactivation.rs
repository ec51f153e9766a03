//! The deactivation's claims set. Keys are those of docs/cddl/deactivation.cddl.

use alloc::{string::String, vec::Vec};

use super::{claims, open_claim};
use crate::{
    cbor::{
        self, Value,
        fields::{At, Entries, Fields},
    },
    documents::deactivation::Deactivation,
    refusal::Refusal,
    wire::MAX_DEACTIVATION,
};

const SERIAL: i64 = 1;
const REASON: i64 = 2;
const DECIDED_BY: i64 = 3;
const KNOWN: [i128; 3] = [1, 2, 3];

pub(crate) fn decode(payload: &[u8]) -> Result<Deactivation, Refusal> {
    let value = cbor::gate_part(payload, MAX_DEACTIVATION, "deactivation payload")?;
    let mut claims = claims::open(value, At::document("deactivation"))?;
    let claim = claims.required::<Value>(claims::DEACTIVATION, "claim")?;
    let mut fields = open_claim(claim, At::document("deactivation"), &KNOWN)?;
    Ok(Deactivation {
        issuer: claims::text(&mut claims, claims::ISS, "iss")?,
        sensor: claims::text(&mut claims, claims::SUB, "sub")?,
        issued_at: claims.required(claims::IAT, "iat")?,
        cti: claims.required(claims::CTI, "cti")?,
        serial: fields.required(SERIAL, "serial")?,
        reason: sentence(&mut fields, REASON, "reason", Deactivation::MAX_REASON)?,
        decided_by: sentence(&mut fields, DECIDED_BY, "decided by", Deactivation::MAX_DECIDED_BY)?,
    })
}

pub(crate) fn encode(deactivation: &Deactivation) -> Vec<u8> {
    let claim = Entries::default()
        .with(SERIAL, &deactivation.serial)
        .with(REASON, &deactivation.reason)
        .with(DECIDED_BY, &deactivation.decided_by)
        .map();
    let claims = claims::with_text(Entries::default(), claims::ISS, &deactivation.issuer);
    let claims = claims::with_text(claims, claims::SUB, &deactivation.sensor)
        .with(claims::IAT, &deactivation.issued_at)
        .with(claims::CTI, &deactivation.cti)
        .with(claims::DEACTIVATION, &claim);
    cbor::encode(&claims.map())
}

/// Text for people: shown as it is, so no control characters.
pub(super) fn sentence(fields: &mut Fields<'_>, key: i64, name: &'static str, most: usize) -> Result<String, Refusal> {
    let text = fields.required::<String>(key, name)?;
    if text.chars().count() > most || text.chars().any(char::is_control) {
        let at = fields.at().field(name);
        return Err(at.malformed(format_args!("more than {most} characters, or control characters")));
    }
    Ok(text)
}
