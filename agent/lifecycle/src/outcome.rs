//! How an upload or a person's decision came out, and what became of earlier activations.

use picket_protocol::{
    documents::activation::Mode,
    ids::{Cti, Epoch, SensorId, Serial, TrustRootId},
    names::SensorName,
    refusal::Refusal,
    time::UnixSeconds,
    typed_code::TypedCode,
};
use serde::{Deserialize, Serialize};

use crate::audit::Actor;

/// What became of what a caller wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// The activation is in force.
    Committed {
        /// Its epoch.
        epoch: Epoch,
    },
    /// The activation is verified and is being proved; what was in force stays.
    Candidate {
        /// Its serial.
        serial: Serial,
    },
    /// The activation was in force before: nothing changed.
    AlreadyActive,
    /// The candidate ended; what was in force stays.
    Kept,
    /// The change is made.
    Done,
    /// A trust root was added, or was there before.
    Trusted {
        /// Which.
        fingerprint: TrustRootId,
    },
    /// A recovery is open.
    RecoveryOpen {
        /// What its document must name.
        nonce: TypedCode,
    },
}

/// An activation that was tried or in force before, and how it ended or stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastOutcome {
    /// When, by the wall clock as it stood.
    pub at: UnixSeconds,
    /// Who offered it.
    pub by: Actor,
    /// The activation.
    pub cti: Cti,
    /// Its registration.
    pub sensor: SensorId,
    /// Its serial.
    pub serial: Serial,
    /// Its mode.
    pub mode: Mode,
    /// Its name.
    pub name: SensorName,
    /// What became of it.
    pub result: PastResult,
}

/// What became of a past activation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum PastResult {
    /// It came into force.
    Committed {
        /// With this epoch.
        epoch: Epoch,
    },
    /// It did not come into force.
    NotCommitted {
        /// Why.
        why: Refusal,
    },
    /// It was in force and was ended by a signed deactivation.
    Deactivated {
        /// With this epoch.
        epoch: Epoch,
        /// The deactivation in words.
        why: Refusal,
    },
}
