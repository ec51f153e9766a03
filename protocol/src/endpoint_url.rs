//! The address of an endpoint: `https://host[:port]` or `mqtts://host[:port]`, one spelling, nothing else in it. Our
//! own reader, since a URL library is lenient by design and this address comes from outside.

use alloc::string::String;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::documents::activation::Endpoint;

/// Why text is not the address of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// At most [`Endpoint::MAX_URL`] bytes.
    #[error("longer than {} bytes", Endpoint::MAX_URL)]
    Length,
    /// Another scheme than the one expected, or not in lower case.
    #[error("must begin with {0}")]
    Scheme(&'static str),
    /// Neither a host name, an IPv4 address nor an IPv6 address in brackets, in lower case.
    #[error("the host is not a name or address in lower case")]
    Host,
    /// 1 to 65535, without leading zeros.
    #[error("the port is not a number from 1 to 65535")]
    Port,
}

/// How an endpoint is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP over TLS.
    Https,
    /// MQTT over TLS.
    Mqtts,
}

impl Scheme {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Https => "https://",
            Self::Mqtts => "mqtts://",
        }
    }

    /// The port when the address names none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Mqtts => 8883,
        }
    }
}

/// A checked address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl {
    /// Host name, IPv4 address, or IPv6 address without brackets.
    pub host: String,
    /// The port, named or by default.
    pub port: u16,
}

impl EndpointUrl {
    /// Reads `text`, which must name `scheme`, a host, perhaps a port, and nothing more: no user, path, query, fragment.
    ///
    /// # Errors
    ///
    /// The first [`InvalidUrl`] rule it breaks.
    pub fn parse(text: &str, scheme: Scheme) -> Result<Self, InvalidUrl> {
        if text.len() > Endpoint::MAX_URL {
            return Err(InvalidUrl::Length);
        }
        let authority = text.strip_prefix(scheme.prefix()).ok_or(InvalidUrl::Scheme(scheme.prefix()))?;
        let (host, port) = split_port(authority)?;
        let port = port.map_or(Ok(scheme.default_port()), parse_port)?;
        Ok(Self { host: host.into(), port })
    }
}

/// The host, and what stands after its colon.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), InvalidUrl> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or(InvalidUrl::Host)?;
        address.parse::<Ipv6Addr>().map_err(|_| InvalidUrl::Host)?;
        if address.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidUrl::Host);
        }
        return match rest.strip_prefix(':') {
            Some(port) => Ok((address, Some(port))),
            None if rest.is_empty() => Ok((address, None)),
            None => Err(InvalidUrl::Host),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if is_host(host) { Ok((host, port)) } else { Err(InvalidUrl::Host) }
}

/// A host name (RFC 1123 §2.1, underscores tolerated as in many plants) or an IPv4 address. A name whose last label is
/// all digits can only be an address (RFC 3696 §2), so `10.1` or `1.2.3.256` is neither.
fn is_host(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if numeric { host.parse::<Ipv4Addr>().is_ok() } else { host.split('.').all(is_label) }
}

fn parse_port(text: &str) -> Result<u16, InvalidUrl> {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| canonical).ok_or(InvalidUrl::Port)
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn takes_names_and_addresses() {
        for (text, host, port) in [
            ("https://portal.example", "portal.example", 443),
            ("https://127.0.0.1:8443", "127.0.0.1", 8443),
            ("https://[fd00::1]:443", "fd00::1", 443),
            ("https://[::1]", "::1", 443),
            ("https://hist_01.plant-2.example:65535", "hist_01.plant-2.example", 65535),
        ] {
            assert_eq!(EndpointUrl::parse(text, Scheme::Https), Ok(EndpointUrl { host: host.into(), port }));
        }
        let broker = EndpointUrl::parse("mqtts://broker", Scheme::Mqtts);
        assert_eq!(broker, Ok(EndpointUrl { host: "broker".into(), port: 8883 }));
    }

    #[test]
    fn names_the_rule_an_address_breaks() {
        let scheme = InvalidUrl::Scheme("https://");
        let cases = [
            ("http://portal", scheme),
            ("HTTPS://portal", scheme),
            ("mqtts://portal", scheme),
            ("", scheme),
            ("https://", InvalidUrl::Host),
            ("https://:443", InvalidUrl::Host),
            ("https://Portal", InvalidUrl::Host),
            ("https://user@portal", InvalidUrl::Host),
            ("https://portal/", InvalidUrl::Host),
            ("https://portal?x", InvalidUrl::Host),
            ("https://portal#x", InvalidUrl::Host),
            ("https://portal\\x", InvalidUrl::Host),
            ("https://a..b", InvalidUrl::Host),
            ("https://-a", InvalidUrl::Host),
            ("https://10.1", InvalidUrl::Host),
            ("https://1.2.3.256", InvalidUrl::Host),
            ("https://0x7f.1", InvalidUrl::Host),
            ("https://[fe80::1%25eth0]", InvalidUrl::Host),
            ("https://[FD00::1]", InvalidUrl::Host),
            ("https://[::1", InvalidUrl::Host),
            ("https://[::1]x", InvalidUrl::Host),
            ("https://p\u{f6}rtal", InvalidUrl::Host),
            ("https://portal:", InvalidUrl::Port),
            ("https://portal:0", InvalidUrl::Port),
            ("https://portal:0443", InvalidUrl::Port),
            ("https://portal:+443", InvalidUrl::Port),
            ("https://portal:65536", InvalidUrl::Port),
            ("https://user:443@portal", InvalidUrl::Port),
            ("https://portal:443/x", InvalidUrl::Port),
        ];
        for (text, rule) in cases {
            assert_eq!(EndpointUrl::parse(text, Scheme::Https), Err(rule), "{text}");
        }
        let long = format!("https://{}", "a.".repeat(130));
        assert_eq!(EndpointUrl::parse(&long, Scheme::Https), Err(InvalidUrl::Length));
    }
}
