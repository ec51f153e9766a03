//! The proxy as it is set: where it listens, how it is spoken to, who we are to it. Opens nothing.

pub mod connect;
pub mod socks5;

use picket_protocol::local_api::{ProxyPassword, ProxySettings};

/// A proxy, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// How it is spoken to.
    pub kind: Kind,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who we are to it.
    pub credentials: Option<Credentials>,
}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// HTTP CONNECT (RFC 9110 §9.3.6).
    Http,
    /// SOCKS5 (RFC 1928); names are resolved by the proxy.
    Socks5,
}

/// A user name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password, perhaps empty; never printed.
    pub password: ProxyPassword,
}

/// A proxy setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    /// Another scheme, or none.
    #[error("a proxy is http://host:port or socks5://host:port, found {found:?}")]
    Address {
        /// What was given.
        found: String,
    },
    /// A user name and password inside the address would end up in logs.
    #[error("user name and password are given apart from the proxy's address")]
    CredentialsInAddress,
    /// RFC 1929 counts them in one byte.
    #[error("a user name has 1 to 255 bytes and no colon, a password at most 255, neither has control characters")]
    Credentials,
}

impl TryFrom<&ProxySettings> for Proxy {
    type Error = InvalidProxy;

    /// Checks settings as people give them: `http://host:port` or `socks5://host:port`, and who we are to it.
    fn try_from(settings: &ProxySettings) -> Result<Self, InvalidProxy> {
        let url = settings.url.as_str();
        let invalid = || InvalidProxy::Address { found: url.to_owned() };
        if url.contains('@') {
            return Err(InvalidProxy::CredentialsInAddress);
        }
        if url.len() > ProxySettings::MAX_TEXT {
            return Err(invalid());
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
        let (kind, default_port) = match scheme {
            "http" => (Kind::Http, 8080),
            "socks5" | "socks5h" => (Kind::Socks5, 1080),
            _ => return Err(invalid()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split_authority(rest, default_port).ok_or_else(invalid)?;
        let password = settings.password.as_ref().map_or("", ProxyPassword::expose);
        let credentials = Credentials::new(settings.user.as_deref(), password)?;
        Ok(Self { kind, host: host.to_owned(), port, credentials })
    }
}

impl Proxy {
    /// The address without credentials, for people.
    #[must_use]
    pub fn address(&self) -> String {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Socks5 => "socks5",
        };
        format!("{scheme}://{}", authority(&self.host, self.port))
    }
}

impl Credentials {
    fn new(user: Option<&str>, password: &str) -> Result<Option<Self>, InvalidProxy> {
        let Some(user) = user else {
            return if password.is_empty() { Ok(None) } else { Err(InvalidProxy::Credentials) };
        };
        // RFC 1929 counts each in one byte; RFC 7617 ends the user name at a colon.
        let fits = (1..=255).contains(&user.len()) && !user.contains(':') && password.len() <= 255;
        if !fits || user.chars().chain(password.chars()).any(char::is_control) {
            return Err(InvalidProxy::Credentials);
        }
        Ok(Some(Self { user: user.to_owned(), password: password.to_owned().into() }))
    }
}

/// `host:port`, an IPv6 address in brackets.
#[must_use]
pub fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Splits `host[:port]`; brackets around an IPv6 address are taken off.
#[must_use]
pub fn split_authority(text: &str, default_port: u16) -> Option<(&str, u16)> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
    } else {
        let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if host.is_empty() || !host.bytes().all(letter) {
            return None;
        }
        (host, port)
    };
    let port = match port {
        None => default_port,
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
        Some(_) => return None,
    };
    (port != 0).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str, user: Option<&str>, password: Option<&str>) -> Result<Proxy, InvalidProxy> {
        let password = password.map(|password| password.to_owned().into());
        Proxy::try_from(&ProxySettings { url: url.into(), user: user.map(Into::into), password })
    }

    #[test]
    fn reads_the_two_kinds() {
        let http = proxy("http://proxy.plant.example:3128", None, None).unwrap();
        assert_eq!((http.kind, http.host.as_str(), http.port), (Kind::Http, "proxy.plant.example", 3128));
        let socks = proxy("socks5://[fd00::1]", None, None).unwrap();
        assert_eq!((socks.kind, socks.host.as_str(), socks.port), (Kind::Socks5, "fd00::1", 1080));
        assert_eq!(socks.address(), "socks5://[fd00::1]:1080");
    }

    #[test]
    fn refuses_what_it_cannot_use() {
        for url in
            ["proxy:3128", "https://proxy:3128", "http://", "http://a b:1", "http://a:0", "http://a:+1", "http://a:1/x"]
        {
            assert!(proxy(url, None, None).is_err(), "{url} passed");
        }
        let inside = proxy("http://me:pw@proxy:3128", None, None);
        assert_eq!(inside, Err(InvalidProxy::CredentialsInAddress));
        let long = "u".repeat(256);
        for (user, password) in [(Some(long.as_str()), None), (Some("a:b"), Some("p")), (None, Some("p"))] {
            let refused = proxy("socks5://proxy", user, password);
            assert_eq!(refused, Err(InvalidProxy::Credentials));
        }
    }

    #[test]
    fn never_prints_the_password() {
        let proxy = proxy("http://proxy:3128", Some("ot"), Some("hunter2")).unwrap();
        assert!(!format!("{proxy:?} {}", proxy.address()).contains("hunter2"));
    }
}
