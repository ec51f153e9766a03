//! The recovery's claims set. Keys are those of docs/cddl/recovery.cddl.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use super::{claims, deactivation::sentence, open_claim};
use crate::{
    cbor::{
        self, Value,
        fields::{At, Entries, Fields, Write as _, read_canonical},
    },
    documents::recovery::Recovery,
    refusal::Refusal,
    typed_code::TypedCode,
    wire::MAX_RECOVERY,
};

const APPLIANCE: i64 = 1;
const NONCE: i64 = 2;
const DECIDED_BY: i64 = 3;
const KNOWN: [i128; 3] = [1, 2, 3];

pub(crate) fn decode(payload: &[u8]) -> Result<Recovery, Refusal> {
    let value = cbor::gate_part(payload, MAX_RECOVERY, "recovery payload")?;
    let mut claims = claims::open(value, At::document("recovery"))?;
    let claim = claims.required::<Value>(claims::RECOVERY, "claim")?;
    let at = At::document("recovery");
    let mut fields = open_claim(claim, at, &KNOWN)?;
    Ok(Recovery {
        issuer: claims::text(&mut claims, claims::ISS, "iss")?,
        issued_at: claims.required(claims::IAT, "iat")?,
        cti: claims.required(claims::CTI, "cti")?,
        appliance: read_canonical(fields.required(APPLIANCE, "appliance")?, &at.field("appliance"))?,
        nonce: nonce(&mut fields)?,
        decided_by: sentence(&mut fields, DECIDED_BY, "decided by", Recovery::MAX_DECIDED_BY)?,
    })
}

/// As it is compared: upper case, without groups, so that it has one spelling.
fn nonce(fields: &mut Fields<'_>) -> Result<TypedCode, Refusal> {
    let text = fields.required::<String>(NONCE, "nonce")?;
    let code = text.parse::<TypedCode>().ok().filter(|code| code.as_str() == text);
    code.ok_or_else(|| fields.at().field("nonce").malformed("no code in upper case without hyphens"))
}

pub(crate) fn encode(recovery: &Recovery) -> Vec<u8> {
    let claim = Entries::default()
        .with(APPLIANCE, &recovery.appliance.as_str().write())
        .with(NONCE, &recovery.nonce.as_str().to_string())
        .with(DECIDED_BY, &recovery.decided_by)
        .map();
    let claims = claims::with_text(Entries::default(), claims::ISS, &recovery.issuer)
        .with(claims::IAT, &recovery.issued_at)
        .with(claims::CTI, &recovery.cti)
        .with(claims::RECOVERY, &claim);
    cbor::encode(&claims.map())
}
