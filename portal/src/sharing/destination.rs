//! A destination: where events go, whom it is believed by, what it wants. Checked values; opens no connection.

use std::fmt;

use picket_protocol::{
    documents::activation::{Certificate, Secret},
    endpoint_url::{EndpointUrl, Scheme},
    names::Label,
    time::UnixSeconds,
};
use rustls_pki_types::{CertificateDer, ServerName};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::Rule;
use crate::authority::certificates;

/// Names a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DestinationId(pub Uuid);

impl fmt::Display for DestinationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its id.
    pub id: DestinationId,
    /// Its name.
    pub name: Label,
    /// How it is reached.
    pub target: Target,
    /// What it wants.
    pub rule: Rule,
}

/// How a destination is reached and believed. The database keeps it; its key is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Host name, IPv4 address, or IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The CAs that its certificate must come from; system roots are not used.
    pub authorities: Vec<Certificate>,
    /// What is spoken there.
    pub kind: Kind,
}

/// What a destination speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// Syslog over TLS with CEF.
    Syslog,
    /// HTTPS POST of CloudEvents.
    Webhook {
        /// Path and query.
        path: String,
        /// Signs what is sent.
        key: Secret,
    },
}

/// How far a destination has come: everything up to here it took, or did not want.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Row of the store of alerts.
    pub alert: i64,
    /// Number of the health event.
    pub health: i64,
}

/// How a destination stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How far it has come.
    pub cursor: Cursor,
    /// Events it took.
    pub delivered: u64,
    /// Events it refused while it took others: passed over.
    pub refused: u64,
    /// When it took something last.
    pub delivered_at: Option<UnixSeconds>,
    /// The last failure: when and why.
    pub failure: Option<(UnixSeconds, String)>,
    /// Whether it has taken nothing since.
    pub failing: bool,
}

/// The port of syslog over TLS (RFC 5425 §4.1).
const SYSLOG_PORT: u16 = 6514;
/// Most bytes of a webhook's path with its query.
const MAX_PATH: usize = 2048;
/// Most CAs of a destination.
const MAX_AUTHORITIES: usize = 16;

impl Target {
    /// Syslog at `HOST[:PORT]`.
    ///
    /// # Errors
    /// What is wrong with the address or the certificates.
    pub fn syslog(address: &str, ca_pem: &str) -> Result<Self, String> {
        let parse = |address: String| EndpointUrl::parse(&format!("https://{address}"), Scheme::Https);
        // With a port of its own, an address with a second port is none.
        let url = parse(format!("{address}:{SYSLOG_PORT}")).or_else(|_| parse(address.to_owned()));
        let EndpointUrl { host, port } = url.map_err(|error| format!("address: {error}"))?;
        Self { host, port, authorities: authorities(ca_pem)?, kind: Kind::Syslog }.checked()
    }

    /// A webhook at `https://HOST[:PORT][/PATH][?QUERY]`.
    ///
    /// # Errors
    /// What is wrong with the address or the certificates.
    pub fn webhook(url: &str, key: Secret, ca_pem: &str) -> Result<Self, String> {
        let start = url.find("://").map_or(0, |scheme| scheme + 3);
        let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |end| start + end);
        let (base, path) = url.split_at(end);
        let EndpointUrl { host, port } =
            EndpointUrl::parse(base, Scheme::Https).map_err(|error| format!("url: {error}"))?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        if path.len() > MAX_PATH || !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(format!("url: a path has at most {MAX_PATH} visible ASCII characters and no fragment"));
        }
        Self { host, port, authorities: authorities(ca_pem)?, kind: Kind::Webhook { path, key } }.checked()
    }

    /// The address for people, the key left out.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.kind {
            Kind::Syslog => self.authority(),
            Kind::Webhook { path, .. } => format!("https://{}{path}", self.authority()),
        }
    }

    /// `HOST:PORT`, an IPv6 address in brackets.
    #[must_use]
    pub fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Its stable name.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Syslog => "syslog",
            Kind::Webhook { .. } => "webhook",
        }
    }

    /// What its certificate must name.
    ///
    /// # Errors
    /// When the host is neither a name nor an address.
    pub fn server_name(&self) -> Result<ServerName<'static>, String> {
        self.host.clone().try_into().map_err(|_| format!("{} is neither a host name nor an address", self.host))
    }

    /// The CAs as TLS takes them.
    ///
    /// # Errors
    /// When one of them cannot be a trust anchor.
    pub fn roots(&self) -> Result<rustls::RootCertStore, String> {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in &self.authorities {
            let added = roots.add(CertificateDer::from(certificate.0.clone()));
            added.map_err(|error| format!("ca_pem: a certificate cannot be used: {error}"))?;
        }
        Ok(roots)
    }

    fn checked(self) -> Result<Self, String> {
        self.server_name()?;
        self.roots()?;
        Ok(self)
    }
}

fn authorities(ca_pem: &str) -> Result<Vec<Certificate>, String> {
    let read = certificates::parse_certificates(ca_pem.as_bytes()).map_err(|error| format!("ca_pem: {error}"))?;
    if read.len() > MAX_AUTHORITIES {
        return Err(format!("ca_pem: at most {MAX_AUTHORITIES} certificates"));
    }
    Ok(read.iter().map(|certificate| Certificate(certificate.to_vec())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ca() -> String {
        certificates::make_authority("test", UnixSeconds(1_800_000_000)).unwrap().certificate
    }

    fn key() -> Secret {
        Secret::new("0123456789abcdefghijkl".to_owned()).unwrap()
    }

    #[test]
    fn a_syslog_address_may_leave_out_the_port() {
        for (said, shown) in [
            ("siem.example", "siem.example:6514"),
            ("siem.example:99", "siem.example:99"),
            ("10.0.0.1", "10.0.0.1:6514"),
            ("[fe80::1]", "[fe80::1]:6514"),
            ("[fe80::1]:99", "[fe80::1]:99"),
        ] {
            assert_eq!(Target::syslog(said, &ca()).unwrap().address(), shown);
        }
        for wrong in ["", ":6514", "siem.example:0", "siem.example:1:2", "https://siem.example", "siem/x", "a b"] {
            assert!(Target::syslog(wrong, &ca()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_webhook_has_a_path_and_no_user() {
        for (said, shown) in [
            ("https://soc.example", "https://soc.example:443/"),
            ("https://soc.example?x=1", "https://soc.example:443/?x=1"),
            ("https://soc.example:8443/a/b?c=d:e@f", "https://soc.example:8443/a/b?c=d:e@f"),
        ] {
            assert_eq!(Target::webhook(said, key(), &ca()).unwrap().address(), shown);
        }
        for wrong in [
            "http://soc.example/",
            "https://",
            "https:///x",
            "https://u:p@soc.example/",
            "https://a/b c",
            "https://a/#f",
            "https://a/ä",
        ] {
            assert!(Target::webhook(wrong, key(), &ca()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_ca_there_is_no_destination() {
        for wrong in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(Target::syslog("siem.example", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_in_no_debug_output() {
        let target = Target::webhook("https://soc.example", key(), &ca()).unwrap();
        assert!(!format!("{target:?}").contains(key().expose()));
    }
}
