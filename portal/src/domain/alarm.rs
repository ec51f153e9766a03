//! What people at the portal should look into. Alarms are told, and cleared by an admin; they block nothing.

use picket_protocol::ids::Serial;
use serde::Serialize;

/// One kind of alarm with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Alarm {
    /// Two sensors used one activation file; the second was refused.
    FileUsedTwice { serial: Serial, first_key: String, second_key: String },
    /// Two sensors used one pairing token; the second was refused.
    PairingTokenUsedTwice { first_key: String, second_key: String },
    /// Two sensors speak with one key.
    PossibleClone { key: String },
    /// The sensor's state was restored from an earlier copy.
    Restored { key: String },
    /// The sensor knows more than the portal: the portal was restored from a backup.
    PortalBehind { key: String },
    /// A sensor that the portal never registered, or forgot, holds a certificate of its CA.
    UnknownRegistration { key: String },
    /// A key speaks that a later activation replaced.
    SupersededKey { key: String, serial: Serial },
}

impl Alarm {
    /// The kind, as it is stored.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::FileUsedTwice { .. } => "file-used-twice",
            Self::PairingTokenUsedTwice { .. } => "pairing-token-used-twice",
            Self::PossibleClone { .. } => "possible-clone",
            Self::Restored { .. } => "restored",
            Self::PortalBehind { .. } => "portal-behind",
            Self::UnknownRegistration { .. } => "unknown-registration",
            Self::SupersededKey { .. } => "superseded-key",
        }
    }

    /// Whether it is something to act on, or only to know.
    #[must_use]
    pub fn is_note(kind: &str) -> bool {
        matches!(kind, "portal-behind" | "restored")
    }

    /// What to do about it.
    #[must_use]
    pub fn next(kind: &str) -> &'static str {
        match kind {
            "file-used-twice" => "Find out which sensor is the right one; reissue a file for the other",
            "pairing-token-used-twice" => {
                "Find out which sensor is the right one; make a new pairing token for the other"
            }
            "possible-clone" => {
                "Find and switch off the copy, then clear; or reissue, which gives the right one a new key"
            }
            "restored" => "Nothing, if the sensor's disk was restored; else reissue",
            "portal-behind" => "Nothing: the portal was restored from a backup and has caught up",
            "unknown-registration" => "Adopt it by editing its name and subscription, or delete it",
            "superseded-key" => {
                "If its disk was restored from before its last activation, reissue; else look for a copy"
            }
            _ => "Look at the sensor",
        }
    }
}
