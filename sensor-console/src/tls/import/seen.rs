//! What a certificate says, for people and for judging.

use std::net::IpAddr;

use picket_protocol::time::UnixSeconds;
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, parse_x509_certificate, public_key::PublicKey,
};

/// Least bits of an RSA key.
const LEAST_RSA: usize = 2048;
/// ecdsa-with-SHA…, sha…WithRSAEncryption and RSASSA-PSS that browsers accept.
const SIGNATURES: [&str; 7] = [
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4",
    "1.2.840.113549.1.1.10",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
];
/// P-256, P-384.
const CURVES: [&str; 2] = ["1.2.840.10045.3.1.7", "1.3.132.0.34"];

/// What a certificate says.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Whose it is.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Names and addresses that it is for.
    pub names: Vec<String>,
    /// Valid from.
    pub not_before: UnixSeconds,
    /// Valid until.
    pub not_after: UnixSeconds,
    /// Why no browser takes it, if none does.
    pub(super) weakness: Option<String>,
}

impl Seen {
    /// None for what is no X.509 certificate.
    #[must_use]
    pub fn of(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = parse_x509_certificate(der).ok()?;
        rest.is_empty().then(|| Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names: names(&certificate),
            not_before: UnixSeconds(certificate.validity().not_before.timestamp()),
            not_after: UnixSeconds(certificate.validity().not_after.timestamp()),
            weakness: weakness(&certificate),
        })
    }

    /// Whether it is for this name or address. A wildcard stands for one label, as browsers have it.
    #[must_use]
    pub(super) fn holds(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.names.iter().any(|name| name.parse() == Ok(address));
        }
        let below = host.split_once('.').map(|(_, below)| below);
        !host.is_empty()
            && self.names.iter().any(|name| {
                let name = name.to_ascii_lowercase();
                name == host || name.strip_prefix("*.").is_some_and(|parent| Some(parent) == below)
            })
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return vec![] };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
}

fn weakness(certificate: &X509Certificate<'_>) -> Option<String> {
    let signature = certificate.signature_algorithm.algorithm.to_id_string();
    if !SIGNATURES.contains(&signature.as_str()) {
        return Some(format!("a signature of algorithm {signature}"));
    }
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() < LEAST_RSA => Some(format!("an RSA key of {} bits", key.key_size())),
        Ok(PublicKey::RSA(_)) => None,
        Ok(PublicKey::EC(_)) => {
            let curve = certificate.public_key().algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
            let curve = curve.map(|curve| curve.to_id_string()).unwrap_or_default();
            (!CURVES.contains(&curve.as_str())).then(|| format!("an EC key on curve {curve}"))
        }
        _ => Some("a key that is neither RSA nor EC".to_owned()),
    }
}
