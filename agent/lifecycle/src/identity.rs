//! A sensor's identity at one upstream, as the state knows it: which certificate slot is in use and until when.
//! The key and the certificates themselves are files of the shell.

use core::fmt;

use picket_protocol::{ids::Thumbprint, time::UnixSeconds};
use serde::{Deserialize, Serialize};

/// The two certificate slots of an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    /// `certificate-a.pem`
    A,
    /// `certificate-b.pem`
    B,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
        })
    }
}

/// An issued certificate, durable in its slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Where it lies.
    pub slot: Slot,
    /// The key it is for.
    pub thumbprint: Thumbprint,
    /// From when the certificate holds.
    pub not_before: UnixSeconds,
    /// Until when the certificate holds.
    pub not_after: UnixSeconds,
}

impl Identity {
    /// From here on it is renewed: two thirds of its lifetime.
    #[must_use]
    pub const fn renew_from(&self) -> UnixSeconds {
        let lifetime = self.not_after.since(self.not_before);
        self.not_before.plus(lifetime / 3 * 2)
    }
}
