//! The bodies of requests, read strictly: bounded by the caller, unknown fields refused.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{ids::TrustRootId, names::SensorName, refusal::Refusal};

/// `PUT /v1/name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameChange {
    /// The new name.
    pub name: SensorName,
}

/// `POST /v1/reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Must be true: the caller says that it knows what is lost.
    pub erase: bool,
}

/// When an activation takes over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Once it is proved.
    #[default]
    Proved,
    /// At once, proved or not.
    Now,
}

/// `POST /v1/trust/confirm`: the first trust root, by a person who compared its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustConfirmation {
    /// An activation file: base64, or armoured.
    pub file: String,
    /// The last characters of the fingerprint, as the portal shows them; case, spaces and hyphens do not matter.
    pub characters: String,
}

impl TrustConfirmation {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Refusal::InvalidRequest`] when the text is neither armour nor base64.
    pub fn file(&self) -> Result<Vec<u8>, Refusal> {
        if self.file.trim_start().starts_with("-----BEGIN ") {
            return Ok(self.file.clone().into_bytes());
        }
        STANDARD.decode(self.file.trim()).map_err(|_| invalid("file is neither base64 nor armoured text"))
    }

    /// Whether the characters typed are the last ones of this fingerprint.
    #[must_use]
    pub fn matches(&self, fingerprint: &TrustRootId) -> bool {
        let typed: String = self
            .characters
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        typed == fingerprint.confirmation() || typed == fingerprint.to_string()
    }
}

/// `PUT /v1/proxy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxySettings {
    /// `http://host:port` (CONNECT) or `socks5://host:port` (names resolved by the proxy).
    pub url: String,
    /// The user name, if the proxy wants one.
    #[serde(default)]
    pub user: Option<String>,
    /// The password, if the proxy wants one.
    #[serde(default)]
    pub password: Option<ProxyPassword>,
}

impl ProxySettings {
    /// Most characters of a URL, a user name or a password.
    pub const MAX_TEXT: usize = 255;

    /// What may be shown of it.
    #[must_use]
    pub fn view(&self) -> ProxyView {
        ProxyView { url: self.url.clone(), user: self.user.clone(), password_set: self.password.is_some() }
    }
}

/// A proxy's password. Never printed, never answered; erased when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ProxyPassword(Zeroizing<String>);

impl ProxyPassword {
    /// The password itself, for the proxy and the agent's own store.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProxyPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyPassword(…)")
    }
}

impl From<String> for ProxyPassword {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<ProxyPassword> for String {
    fn from(password: ProxyPassword) -> Self {
        (*password.0).clone()
    }
}

/// `GET /v1/proxy`: the settings without the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyView {
    /// Where it is.
    pub url: String,
    /// The user name, if one is set.
    pub user: Option<String>,
    /// Whether a password is set.
    pub password_set: bool,
}

/// Reads the body of `PUT /v1/name`.
///
/// # Errors
/// [`Refusal::InvalidName`] when the name breaks a rule, [`Refusal::InvalidRequest`] for any other body.
pub fn parse_name(body: &[u8]) -> Result<NameChange, Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        name: String,
    }
    let Raw { name } = parse(body)?;
    let found: String = name.chars().take(SensorName::MAX_LENGTH + 1).collect();
    let name = name.parse::<SensorName>();
    name.map(|name| NameChange { name }).map_err(|why| Refusal::InvalidName { found, why: why.to_string() })
}

/// Reads the body of `PUT /v1/proxy`. Whether it names a proxy that can be used is judged in the agent.
///
/// # Errors
/// [`Refusal::InvalidRequest`].
pub fn parse_proxy(body: &[u8]) -> Result<ProxySettings, Refusal> {
    parse(body)
}

/// Reads the body of `POST /v1/reset`.
///
/// # Errors
/// [`Refusal::InvalidRequest`], also when `erase` is not true.
pub fn parse_reset(body: &[u8]) -> Result<Reset, Refusal> {
    let reset: Reset = parse(body)?;
    if reset.erase { Ok(reset) } else { Err(invalid("a reset erases; say so with erase: true")) }
}

/// Reads the body of `POST /v1/trust/confirm`.
///
/// # Errors
/// [`Refusal::InvalidRequest`].
pub fn parse_trust_confirmation(body: &[u8]) -> Result<TrustConfirmation, Refusal> {
    parse(body)
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))
}

fn invalid(why: &str) -> Refusal {
    Refusal::InvalidRequest { why: why.chars().take(256).collect() }
}
