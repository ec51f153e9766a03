//! Every key and certificate that this sensor relies on, in one table.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::time::UnixSeconds;

/// Whether a row is of a key, which has no date, or of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// A key.
    Key,
    /// A certificate.
    Certificate,
}

/// A row of `GET /v1/certificates`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// What it is for, in words.
    pub what: String,
    /// Key or certificate.
    pub kind: KeyKind,
    /// The key id, or the SHA-256 of the certificate, hexadecimal; none where only the date is known.
    pub id: Option<String>,
    /// Whom a certificate names.
    pub subject: Option<String>,
    /// Until when a certificate holds.
    pub not_after: Option<UnixSeconds>,
    /// Days left of it by the sensor's effective time; negative when it is over.
    pub days_left: Option<i64>,
}
