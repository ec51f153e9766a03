//! Makes certificates: the CAs, the server's, the sensors'. What a certificate says comes from here alone.

use std::{net::IpAddr, path::Path};

use picket_protocol::{
    ids::{SensorId, Serial},
    time::UnixSeconds,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    RevocationReason::{CessationOfOperation, Superseded},
    RevokedCertParams, SanType, SerialNumber, SubjectPublicKeyInfo,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _};
use time::OffsetDateTime;

use super::{Unusable, request::ProvedKey};
use crate::{entropy, store::Withdrawn};

/// How long an identity's certificate is valid.
pub const IDENTITY_DAYS: i64 = 90;
/// How long the server's certificate is valid; renewed at start and daily in its last third.
pub const SERVER_DAYS: i64 = 397;
const CA_DAYS: i64 = 20 * 365;
/// Clocks differ: a certificate is valid a day before it was made.
const BACKDATE_DAYS: i64 = 1;
const DAY: i64 = 86_400;

/// SAN URIs of an identity's certificate begin with these. The serial of its activation lets a portal that was restored
/// from an older backup know which one the sensor speaks for.
pub const URN_SENSOR: &str = "urn:picket:sensor:";
/// See [`URN_SENSOR`].
pub const URN_ACTIVATION: &str = "urn:picket:activation:";

/// The common name of the portal where it reads a hub. No sensor's: those are UUIDs.
pub const READER: &str = "picket-portal";

/// A certificate with its key, both in PEM.
#[derive(Debug)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// The key. For a file of mode 0600 alone.
    pub key: String,
}

/// A certificate that a sensor's key got.
#[derive(Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// Its serial number.
    pub serial: [u8; 16],
    /// When it ends.
    pub not_after: UnixSeconds,
}

/// A CA that signs.
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateAuthority").finish_non_exhaustive()
    }
}

/// Makes a CA.
///
/// # Errors
/// Those of the cryptography library.
pub fn make_authority(name: &str, now: UnixSeconds) -> Result<Pair, rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = params(name, now, CA_DAYS)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(Pair { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() })
}

impl CertificateAuthority {
    /// Reads a CA from its two files.
    ///
    /// # Errors
    /// When either cannot be read or used.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Unusable> {
        let pem = Unusable::read(certificate)?;
        let der = CertificateDer::from_pem_slice(&pem).map_err(|error| Unusable::content(certificate, error))?;
        let text = String::from_utf8(Unusable::read(key)?).map_err(|error| Unusable::content(key, error))?;
        let pair = KeyPair::from_pem(&text).map_err(|error| Unusable::content(key, error))?;
        let issuer = Issuer::from_ca_cert_der(&der, pair).map_err(|error| Unusable::content(certificate, error))?;
        Ok(Self { issuer, certificate: der })
    }

    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// A server certificate for one host, name or address.
    ///
    /// # Errors
    /// Those of the cryptography library.
    pub fn server(&self, host: &str, now: UnixSeconds) -> Result<Pair, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = params(host, now, SERVER_DAYS)?;
        params.subject_alt_names = vec![match host.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(host.try_into()?),
        }];
        // The loopback address has two names, and whoever tries the portal out uses either.
        if host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
            params.subject_alt_names.push(SanType::DnsName("localhost".try_into()?));
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(Pair { certificate: params.signed_by(&key, &self.issuer)?.pem(), key: key.serialize_pem() })
    }

    /// An identity's certificate: what the registration says, around the key that was proved.
    ///
    /// # Errors
    /// Those of the cryptography library.
    pub fn identity(
        &self,
        key: &ProvedKey,
        sensor: SensorId,
        serial: Option<Serial>,
        now: UnixSeconds,
    ) -> Result<Issued, rcgen::Error> {
        let serial_number = serial_number();
        let mut params = params(&sensor.to_string(), now, IDENTITY_DAYS)?;
        params.serial_number = Some(SerialNumber::from_slice(&serial_number));
        let activation = serial.map(|serial| format!("{URN_ACTIVATION}{serial}"));
        for uri in [Some(format!("{URN_SENSOR}{sensor}")), activation].into_iter().flatten() {
            params.subject_alt_names.push(SanType::URI(uri.try_into()?));
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let spki = SubjectPublicKeyInfo::from_der(key.spki())?;
        let certificate = params.signed_by(&spki, &self.issuer)?.der().clone();
        Ok(Issued { certificate, serial: serial_number, not_after: now.plus(IDENTITY_DAYS * DAY) })
    }

    /// A CRL (RFC 5280 §5), PEM. It does not expire while the CA lives: a broker that gets no newer one would else put
    /// every sensor out of service.
    ///
    /// # Errors
    /// Those of the cryptography library.
    pub fn withdrawals(&self, withdrawn: &[Withdrawn], now: UnixSeconds) -> Result<String, rcgen::Error> {
        let revoked = |withdrawn: &Withdrawn| {
            let reason = if withdrawn.deleted { CessationOfOperation } else { Superseded };
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from_slice(&withdrawn.serial),
                revocation_time: instant(withdrawn.since)?,
                reason_code: Some(reason),
                invalidity_date: None,
            })
        };
        let list = CertificateRevocationListParams {
            this_update: instant(now.plus(-BACKDATE_DAYS * DAY))?,
            next_update: instant(now.plus(CA_DAYS * DAY))?,
            crl_number: u64::try_from(now.0).unwrap_or(0).into(), // grows, also over a restored backup
            issuing_distribution_point: None,
            revoked_certs: withdrawn.iter().map(revoked).collect::<Result<_, rcgen::Error>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer)?.pem()
    }

    /// What the portal itself shows to a hub that it reads, with a key that is kept nowhere.
    ///
    /// # Errors
    /// Those of the cryptography library.
    pub fn reader(
        &self,
        now: UnixSeconds,
    ) -> Result<(CertificateDer<'static>, PrivatePkcs8KeyDer<'static>), rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = params(READER, now, IDENTITY_DAYS)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        Ok((params.signed_by(&key, &self.issuer)?.der().clone(), key.serialize_der().into()))
    }
}

fn params(name: &str, now: UnixSeconds, days: i64) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = instant(now.plus(-BACKDATE_DAYS * DAY))?;
    params.not_after = instant(now.plus(days * DAY))?;
    params.serial_number = Some(SerialNumber::from_slice(&serial_number()));
    Ok(params)
}

fn serial_number() -> [u8; 16] {
    let mut serial: [u8; 16] = entropy::draw();
    serial[0] = serial[0] & 0x7f | 0x40; // positive, and never shorter
    serial
}

fn instant(at: UnixSeconds) -> Result<OffsetDateTime, rcgen::Error> {
    OffsetDateTime::from_unix_timestamp(at.0).map_err(|_| rcgen::Error::Time)
}

/// Reads the certificates in a PEM file, first to last.
///
/// # Errors
/// When it cannot be read, or holds none.
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    parse_certificates(&Unusable::read(path)?).map_err(|why| Unusable::content(path, why))
}

/// Reads the certificates in PEM text.
///
/// # Errors
/// When it is not PEM, or holds no certificate.
pub fn parse_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| error.to_string())?;
    if certificates.is_empty() { Err("no certificate in PEM".to_owned()) } else { Ok(certificates) }
}

/// Reads a private key in PEM.
///
/// # Errors
/// When it cannot be read, or holds none.
pub fn read_private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Unusable> {
    PrivateKeyDer::from_pem_slice(&Unusable::read(path)?).map_err(|error| Unusable::content(path, error))
}
