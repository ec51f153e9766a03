//! An endpoint: its address and the CA certificates it is believed by. Whether the address is one is checked in
//! [`crate::endpoint_url`], since the scheme depends on whose endpoint it is.

use alloc::vec::Vec;

use crate::{
    cbor::{
        Value,
        fields::{At, Entries, Fields, Read, Write, read_list, write_list},
    },
    documents::activation::{Certificate, Endpoint},
    refusal::Refusal,
};

const URL: i64 = 1;
const CA_CERTIFICATES: i64 = 2;

impl Read for Endpoint {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        let url = fields.required(URL, "url")?;
        let certificates = fields.required::<Value>(CA_CERTIFICATES, "CA certificates")?;
        let at = at.field("CA certificates");
        Ok(Self { url, ca_certificates: read_list(certificates, &at, 1..=Self::MAX_CA_CERTIFICATES)? })
    }
}

impl Write for Endpoint {
    fn write(&self) -> Value {
        Entries::default().with(URL, &self.url).with(CA_CERTIFICATES, &write_list(&self.ca_certificates)).map()
    }
}

/// Not parsed here: TLS does that, and an unusable CA only means that no server is believed.
impl Read for Certificate {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let der = Vec::<u8>::read(value, at)?;
        if Self::LENGTHS.contains(&der.len()) { Ok(Self(der)) } else { Err(at.malformed("empty or too long")) }
    }
}

impl Write for Certificate {
    fn write(&self) -> Value {
        self.0.write()
    }
}
