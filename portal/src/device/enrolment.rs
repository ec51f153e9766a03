//! EST (RFC 7030): the CA certificates, first enrolment by a one-time token, renewal over mutual TLS.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{HeaderMap, body::Bytes, header::AUTHORIZATION};
use picket_protocol::{
    ids::{SensorId, Serial},
    time::UnixSeconds,
};
use rustls_pki_types::CertificateDer;

use super::{answers, certs_only, peer::Peer};
use crate::{
    authority::request::{self, ProvedKey},
    clock,
    domain::{refused::Refused, role::Role},
    portal::Portal,
    store::tokens,
};

/// Most bytes of a request in base64, line ends included.
pub(super) const MAX_BODY: usize = request::MAX_REQUEST * 2;

pub(super) fn authorities(portal: &Portal) -> Result<answers::Answer, Refused> {
    let server =
        portal.endpoint.ca_certificates.iter().map(|certificate| CertificateDer::from(certificate.0.as_slice()));
    let mut all: Vec<CertificateDer<'_>> = server.collect();
    all.push(portal.device_ca.certificate().clone());
    all.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
    all.dedup();
    wrap(&all)
}

pub(super) async fn enrol(portal: &Portal, headers: &HeaderMap, body: Bytes) -> Result<answers::Answer, Refused> {
    let (sensor, token) = credentials(headers)?;
    let key = read_request(&body)?;
    let enrolment = match portal.role {
        Role::Portal => portal.store.claim(sensor, token, key.thumbprint()).await?,
        Role::ManagementConsole => portal.store.pair(sensor, token, key.thumbprint()).await?,
    };
    tracing::info!(%sensor, key = %key.thumbprint().short(), "identity enrolled");
    certify(portal, &key, enrolment.sensor, enrolment.serial, clock::now()).await
}

pub(super) async fn renew(portal: &Portal, peer: &Peer, body: Bytes) -> Result<answers::Answer, Refused> {
    let now = clock::now();
    let certified = peer.renewable(now)?;
    let admitted = portal.store.admit(&certified).await?;
    let key = read_request(&body)?;
    if key.thumbprint() != certified.thumbprint {
        return Err(Refused::NotAccepted { why: "a renewal is for the same key; a new key needs an activation file" });
    }
    tracing::info!(sensor = %admitted.sensor, key = %key.thumbprint().short(), "certificate renewed");
    certify(portal, &key, admitted.sensor, admitted.serial, now).await
}

async fn certify(
    portal: &Portal,
    key: &ProvedKey,
    sensor: SensorId,
    serial: Option<Serial>,
    now: UnixSeconds,
) -> Result<answers::Answer, Refused> {
    let issued = portal.device_ca.identity(key, sensor, serial, now).map_err(|error| {
        tracing::error!(%error, "the device CA could not sign");
        Refused::StorageFailed
    })?;
    portal.store.certificate_made(key.thumbprint(), issued.serial, issued.not_after).await?;
    wrap(&[issued.certificate])
}

fn wrap(certificates: &[CertificateDer<'_>]) -> Result<answers::Answer, Refused> {
    certs_only::wrap(certificates).map(answers::certificates).map_err(|error| {
        tracing::error!(%error, "certificates could not be wrapped");
        Refused::StorageFailed
    })
}

/// HTTP Basic (RFC 7617): the sensor id, and the one-time token.
fn credentials(headers: &HeaderMap) -> Result<(SensorId, tokens::Digest), Refused> {
    let missing = || Refused::NotAccepted { why: "enrolment needs the sensor id and the token as HTTP Basic" };
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let (scheme, encoded) = value.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(missing());
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(missing)?;
    let (sensor, token) = decoded.split_once(':').ok_or_else(missing)?;
    Ok((sensor.parse().map_err(|_| missing())?, tokens::digest(token)))
}

fn read_request(body: &[u8]) -> Result<ProvedKey, Refused> {
    let text: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let der = STANDARD.decode(text).map_err(|_| Refused::invalid("the request is not base64"))?;
    request::read(&der).map_err(Refused::invalid)
}
