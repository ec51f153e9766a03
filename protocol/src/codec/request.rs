//! The request's claims set. Keys are those of docs/cddl/request.cddl.

use alloc::vec::Vec;

use super::{claims, open_claim};
use crate::{
    cbor::{
        self, Value,
        fields::{At, Entries, Write as _, read_canonical},
    },
    documents::request::Request,
    refusal::Refusal,
    wire::MAX_REQUEST,
};

const APPLIANCE: i64 = 1;
const PUBLIC_KEY: i64 = 2;
const KNOWN: [i128; 2] = [1, 2];

pub(crate) fn decode(payload: &[u8]) -> Result<Request, Refusal> {
    let value = cbor::gate_part(payload, MAX_REQUEST, "request payload")?;
    let mut claims = claims::open(value, At::document("request"))?;
    let claim = claims.required::<Value>(claims::REQUEST, "claim")?;
    let at = At::document("request");
    let mut fields = open_claim(claim, at, &KNOWN)?;
    Ok(Request {
        appliance: read_canonical(fields.required(APPLIANCE, "appliance")?, &at.field("appliance"))?,
        public_key: fields.required(PUBLIC_KEY, "public key")?,
        issued_at: claims.required(claims::IAT, "iat")?,
        cti: claims.required(claims::CTI, "cti")?,
    })
}

pub(crate) fn encode(request: &Request) -> Vec<u8> {
    let appliance = request.appliance.as_str().write();
    let claim = Entries::default().with(APPLIANCE, &appliance).with(PUBLIC_KEY, &request.public_key).map();
    let claims = Entries::default()
        .with(claims::IAT, &request.issued_at)
        .with(claims::CTI, &request.cti)
        .with(claims::REQUEST, &claim);
    cbor::encode(&claims.map())
}
