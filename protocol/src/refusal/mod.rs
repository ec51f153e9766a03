//! Every refusal of Picket, once: a stable code, a title, what was found, and the next step.
//!
//! One value is the RFC 9457 problem of the local API, the line of `picketctl`, the message of the console, the field
//! in the log, and a page of the docs. [`Words`] are the fixed texts.

mod words;

use alloc::{borrow::ToOwned as _, boxed::Box, format, string::String, string::ToString as _, vec, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ApplianceId, Kid, SensorId, Serial, Thumbprint, TrustRootId},
    time::UnixSeconds,
};

/// Why something was refused, with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "refusal")]
pub enum Refusal {
    // A document, in reading order.
    TooLarge { found: u64, limit: u64 },
    Malformed { at: String },
    NotDeterministic { at: String },
    UnsupportedVersion { found: u64 },
    BadHeaders { why: String },
    NoTrustRoot { fingerprint: TrustRootId },
    UnknownRoot { fingerprint: TrustRootId },
    RootChainBroken { version: u64, why: String },
    RootTooOld { oldest_in_file: u64, pinned: u64 },
    UnknownSigner { kid: Kid },
    SignerWithdrawn { kid: Kid },
    WrongRole { kid: Kid, needs: String },
    BadSignature { kid: Kid },
    WrongDocument { found: String, expected: String },
    NotYetValid { not_before: UnixSeconds, now: UnixSeconds },
    UploadWindowOver { until: UnixSeconds, now: UnixSeconds },
    ClockUnusable { now: UnixSeconds, build_date: UnixSeconds },
    WrongAppliance { bound_to: ApplianceId, this: ApplianceId },
    WrongKey { bound_to: Thumbprint },
    OlderThanActive { found: Serial, floor: Serial },
    Unsupported { what: String },

    // What the sensor cannot do now.
    Busy { with: Serial },
    NoCandidate,
    NameFixed,
    InvalidName { found: String, why: String },
    Forbidden { needs: String },
    InvalidRequest { why: String },
    NotFound { what: String },
    ConfirmationMismatch,
    WrongSetupCode,
    SetupWait { seconds: u64 },
    SetupDone,
    NoRecovery,
    WrongNonce,
    NotByOwner { issuer: TrustRootId, owner: TrustRootId },
    AlreadyPinned { fingerprint: TrustRootId },
    StorageFailed { path: String, why: String },
    NewerState { found: u64, known: u64 },
    NotProved { after_seconds: u64, last: Option<Box<Refusal>> },
    ToldToKeep { by: String },
    Superseded { by: Serial },
    Deactivated { reason: String, decided_by: String, at: UnixSeconds },

    // The upstream's own word.
    AlreadyUsed { sensor: SensorId },
    Voided { sensor: SensorId },
    Rejected { status: u16 },
    Deleted { sensor: SensorId },

    // An endpoint.
    Dns { host: String, why: String },
    ConnectionRefused { address: String },
    Timeout { address: String, after_seconds: u64 },
    Unreachable { address: String, why: String },
    TlsUntrusted { host: String, issuer: String },
    TlsExpired { host: String, not_after: UnixSeconds },
    TlsFailed { host: String, why: String },
    ClockDrift { seconds: i64 },
    ProxyUnreachable { proxy: String, why: String },
    ProxyAuthRequired { proxy: String },
    ProxyCredentialsUnneeded { proxy: String },
    PostQuantumHelloDropped { host: String },
    Http { status: u16, host: String },
    BadAnswer { host: String, why: String },
}

/// One thing that was found, for people and for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is.
    pub label: String,
    /// Its value, as it is shown.
    pub value: String,
}

/// The RFC 9457 problem made from a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:picket:refusal:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The stable code.
    pub code: String,
    /// The title.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Title and findings in one sentence.
    pub detail: String,
    /// What was found.
    pub found: Vec<Found>,
    /// What to do next, in order.
    pub next: Vec<String>,
}

impl Refusal {
    /// The stable code, `activation.bad-signature`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.words().code
    }

    /// The title, a short sentence without full stop.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.words().title
    }

    /// What to do next, in order.
    #[must_use]
    pub const fn next(&self) -> &'static [&'static str] {
        self.words().next
    }

    /// The HTTP status it has in the local API.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.words().status
    }

    /// What was found.
    #[must_use]
    pub fn found(&self) -> Vec<Found> {
        self.findings().into_iter().map(|(label, value)| Found { label: label.to_owned(), value }).collect()
    }

    /// The refusal as an RFC 9457 problem.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem {
            kind: format!("urn:picket:refusal:{}", self.code()),
            code: self.code().to_owned(),
            title: self.title().to_owned(),
            status: self.status(),
            detail: self.to_string(),
            found: self.found(),
            next: self.next().iter().map(|step| (*step).to_owned()).collect(),
        }
    }

    /// One line per refusal: a table, not a procedure.
    fn findings(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TooLarge { found, limit } => {
                vec![("size", format!("{found} bytes")), ("limit", format!("{limit} bytes"))]
            }
            Self::Malformed { at } | Self::NotDeterministic { at } => vec![("at", at.clone())],
            Self::UnsupportedVersion { found } => vec![("version", found.to_string())],
            Self::NoTrustRoot { fingerprint }
            | Self::UnknownRoot { fingerprint }
            | Self::AlreadyPinned { fingerprint } => {
                vec![("trust root fingerprint", fingerprint.to_string())]
            }
            Self::RootChainBroken { version, why } => vec![("at version", version.to_string()), ("why", why.clone())],
            Self::RootTooOld { oldest_in_file, pinned } => {
                vec![
                    ("oldest version in the file", oldest_in_file.to_string()),
                    ("newest version stored here", pinned.to_string()),
                ]
            }
            Self::UnknownSigner { kid } | Self::SignerWithdrawn { kid } | Self::BadSignature { kid } => {
                vec![("key id", kid.to_string())]
            }
            Self::WrongRole { kid, needs } => vec![("key id", kid.to_string()), ("needs the role", needs.clone())],
            Self::WrongDocument { found, expected } => vec![("found", found.clone()), ("expected", expected.clone())],
            Self::NotYetValid { not_before, now } => {
                vec![("valid from", not_before.to_string()), ("this sensor's clock", now.to_string())]
            }
            Self::UploadWindowOver { until, now } => {
                vec![("upload until", until.to_string()), ("this sensor's clock", now.to_string())]
            }
            Self::ClockUnusable { now, build_date } => {
                vec![("this sensor's clock", now.to_string()), ("software built", build_date.to_string())]
            }
            Self::WrongAppliance { bound_to, this } => {
                vec![("issued for appliance", bound_to.to_string()), ("this appliance", this.to_string())]
            }
            Self::WrongKey { bound_to } => vec![("issued for key", bound_to.to_string())],
            Self::OlderThanActive { found, floor } => {
                vec![
                    ("serial in the file", found.to_string()),
                    ("lowest serial accepted", (u128::from(floor.0) + 1).to_string()),
                ]
            }
            Self::Unsupported { what } => vec![("not understood", what.clone())],
            Self::Busy { with } => vec![("working on serial", with.to_string())],
            Self::NoCandidate
            | Self::NameFixed
            | Self::ConfirmationMismatch
            | Self::WrongSetupCode
            | Self::SetupDone
            | Self::NoRecovery
            | Self::WrongNonce => vec![],
            Self::SetupWait { seconds } => vec![("wait", format!("{seconds} s"))],
            Self::NotByOwner { issuer, owner } => {
                vec![("issued under trust root", issuer.to_string()), ("this sensor's owner", owner.to_string())]
            }
            Self::InvalidName { found, why } => vec![("name", found.clone()), ("why", why.clone())],
            Self::Forbidden { needs } => vec![("needs", needs.clone())],
            Self::InvalidRequest { why } | Self::BadHeaders { why } => vec![("why", why.clone())],
            Self::NotFound { what } => vec![("what", what.clone())],
            Self::StorageFailed { path, why } => vec![("path", path.clone()), ("why", why.clone())],
            Self::NewerState { found, known } => {
                vec![("state version", found.to_string()), ("version known", known.to_string())]
            }
            Self::NotProved { after_seconds, last } => {
                let mut found = vec![("tried for", format!("{after_seconds} s"))];
                if let Some(last) = last {
                    found.push(("last failure", last.code().to_owned()));
                    found.extend(last.findings());
                }
                found
            }
            Self::ToldToKeep { by } => vec![("decided by", by.clone())],
            Self::Superseded { by } => vec![("by serial", by.to_string())],
            Self::Deactivated { reason, decided_by, at } => {
                vec![("reason", reason.clone()), ("decided by", decided_by.clone()), ("at", at.to_string())]
            }
            Self::AlreadyUsed { sensor } | Self::Voided { sensor } | Self::Deleted { sensor } => {
                vec![("sensor id", sensor.to_string())]
            }
            Self::Rejected { status } => vec![("HTTP status", status.to_string())],
            Self::Dns { host, why } => vec![("name", host.clone()), ("why", why.clone())],
            Self::ConnectionRefused { address } => vec![("address", address.clone())],
            Self::Timeout { address, after_seconds } => {
                vec![("address", address.clone()), ("waited", format!("{after_seconds} s"))]
            }
            Self::Unreachable { address, why } => vec![("address", address.clone()), ("why", why.clone())],
            Self::TlsUntrusted { host, issuer } => {
                vec![("host", host.clone()), ("certificate issued by", issuer.clone())]
            }
            Self::TlsExpired { host, not_after } => vec![("host", host.clone()), ("expired", not_after.to_string())],
            Self::TlsFailed { host, why } | Self::BadAnswer { host, why } => {
                vec![("host", host.clone()), ("why", why.clone())]
            }
            Self::ClockDrift { seconds } => vec![("this sensor's clock is off by", format!("{seconds} s"))],
            Self::ProxyUnreachable { proxy, why } => vec![("proxy", proxy.clone()), ("why", why.clone())],
            Self::ProxyAuthRequired { proxy } | Self::ProxyCredentialsUnneeded { proxy } => {
                vec![("proxy", proxy.clone())]
            }
            Self::PostQuantumHelloDropped { host } => vec![("host", host.clone())],
            Self::Http { status, host } => vec![("host", host.clone()), ("HTTP status", status.to_string())],
        }
    }
}

impl fmt::Display for Refusal {
    /// Title and findings on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())?;
        for (position, (label, value)) in self.findings().into_iter().enumerate() {
            f.write_str(if position == 0 { " (" } else { ", " })?;
            write!(f, "{label}: {value}")?;
        }
        if self.findings().is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

impl core::error::Error for Refusal {}

/// The fixed texts of a code, for `picketctl explain` and the docs.
#[must_use]
pub fn explain(code: &str) -> Option<&'static Words> {
    Words::ALL.iter().copied().find(|words| words.code == code)
}

pub use words::Words;
