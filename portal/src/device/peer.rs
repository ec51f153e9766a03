//! Who is at the other end, by the certificate whose key signed the handshake. Judged once per connection.

use std::time::Duration;

use picket_protocol::{
    ids::{SensorId, Serial, Thumbprint},
    keys,
    time::UnixSeconds,
};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer as _, GeneralName, ParsedExtension, X509Certificate};

use crate::{
    authority::certificates::{URN_ACTIVATION, URN_SENSOR},
    domain::{heartbeat::Certified, refused::Refused},
};

/// For how long an expired certificate may still be renewed.
pub const GRACE_SECONDS: i64 = 180 * 86_400;

/// The other end of a connection.
#[derive(Debug, Clone)]
pub enum Peer {
    /// It showed no certificate.
    Anonymous,
    /// It showed one that our CA did not make.
    Stranger,
    /// It holds a key that our CA certified.
    Sensor(Sensor),
}

/// A key that our CA certified.
#[derive(Debug, Clone, Copy)]
pub struct Sensor {
    certified: Certified,
    not_after: UnixSeconds,
}

impl Peer {
    /// Judges a certificate by our device CA. Its dates are looked at when a route asks.
    #[must_use]
    pub fn judge(chain: Option<&[CertificateDer<'_>]>, authority: &CertificateDer<'_>) -> Self {
        match chain.and_then(<[_]>::first) {
            None => Self::Anonymous,
            Some(certificate) => read(certificate, authority).map_or(Self::Stranger, Self::Sensor),
        }
    }

    /// The key that our CA certified, in date or not.
    #[must_use]
    pub const fn key(&self) -> Option<Thumbprint> {
        match self {
            Self::Anonymous | Self::Stranger => None,
            Self::Sensor(sensor) => Some(sensor.certified.thumbprint),
        }
    }

    /// The key, if its certificate is in date.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn current(&self, now: UnixSeconds) -> Result<Certified, Refused> {
        self.certified(now, 0, "the certificate has expired: renew it")
    }

    /// The key, if its certificate may still be renewed.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn renewable(&self, now: UnixSeconds) -> Result<Certified, Refused> {
        self.certified(now, GRACE_SECONDS, "the certificate expired more than 180 days ago")
    }

    fn certified(&self, now: UnixSeconds, grace: i64, over: &'static str) -> Result<Certified, Refused> {
        match self {
            Self::Anonymous => Err(Refused::NotAccepted { why: "no client certificate was shown" }),
            Self::Stranger => Err(Refused::NotAccepted { why: "the certificate is not from this portal's CA" }),
            Self::Sensor(sensor) if now.since(sensor.not_after) > grace => Err(Refused::NotAccepted { why: over }),
            Self::Sensor(sensor) => Ok(sensor.certified),
        }
    }
}

fn read(der: &CertificateDer<'_>, authority: &CertificateDer<'_>) -> Option<Sensor> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let not_after = certificate.validity().not_after.timestamp();
    // Expired ones may be renewed, so the chain is verified at an instant at which it was valid.
    let then = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(not_after).ok()?));
    let anchor = anchor_from_trusted_cert(authority).ok()?;
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    EndEntityCert::try_from(der)
        .ok()?
        .verify_for_usage(algorithms.all, &[anchor], &[], then, KeyUsage::client_auth(), None, None)
        .ok()?;
    let (sensor, serial) = names(&certificate)?;
    let thumbprint: Thumbprint = keys::thumbprint(certificate.public_key().raw);
    Some(Sensor { certified: Certified { thumbprint, sensor, serial }, not_after: UnixSeconds(not_after) })
}

fn names(certificate: &X509Certificate<'_>) -> Option<(SensorId, Option<Serial>)> {
    let (mut sensor, mut serial) = (None, None);
    for extension in certificate.extensions() {
        let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() else { continue };
        for name in &names.general_names {
            let GeneralName::URI(uri) = name else { continue };
            if let Some(id) = uri.strip_prefix(URN_SENSOR) {
                sensor = id.parse().ok();
            } else if let Some(number) = uri.strip_prefix(URN_ACTIVATION) {
                serial = number.parse().ok().map(Serial);
            }
        }
    }
    Some((sensor?, serial))
}
