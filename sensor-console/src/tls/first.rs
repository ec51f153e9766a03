//! The first certificate: self-signed, valid from the build date on, since the clock of a new sensor may be anything.

use std::net::{IpAddr, Ipv4Addr};

use picket_protocol::time::UnixSeconds;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType,
    SerialNumber,
};
use time::OffsetDateTime;

use crate::entropy;

/// Ten years: a sensor may lie in its box for some of them.
const VALID_FOR_SECONDS: i64 = 10 * 365 * 86_400;

/// Certificate and key as one PEM text.
///
/// # Errors
/// Whatever the generator says.
pub(super) fn self_signed(host: &str, build_date: UnixSeconds) -> Result<String, rcgen::Error> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let certificate = parameters(host, build_date)?.self_signed(&key)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

fn parameters(host: &str, build_date: UnixSeconds) -> Result<CertificateParams, rcgen::Error> {
    let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| rcgen::Error::Time);
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, host);
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name;
    parameters.subject_alt_names = vec![
        SanType::DnsName(host.try_into()?),
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    ];
    parameters.not_before = at(build_date.0)?;
    parameters.not_after = at(build_date.0 + VALID_FOR_SECONDS)?;
    parameters.serial_number = Some(SerialNumber::from(entropy::draw::<16>().to_vec()));
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}
