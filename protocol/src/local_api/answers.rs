//! Answers to what people do: the outcome of an upload, past outcomes, audit records, explanations, a diagnosis.

use alloc::{borrow::ToOwned as _, collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};

use super::{ActivationView, Status, TrustRootView};
use crate::{
    documents::activation::{Activation, Binding, Mode},
    ids::{Cti, Epoch, Kid, SensorId, Serial, TrustRootId},
    names::SensorName,
    refusal::{Problem, Words},
    time::UnixSeconds,
    verified::Verified,
};

/// 202 to an uploaded activation file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationAnswer {
    /// What became of it.
    pub outcome: Progress,
    /// The file's serial.
    pub serial: Serial,
    /// The file's id.
    pub cti: Cti,
    /// The epoch in force after it.
    pub epoch: Epoch,
}

/// What became of an upload at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// In force.
    Committed,
    /// Verified, being proved.
    Candidate,
    /// It was in force already; nothing changed.
    AlreadyActive,
}

/// 200 to a verified file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyAnswer {
    /// What the file says.
    pub activation: ActivationView,
    /// The trust root it is signed under.
    pub trust_root: TrustRootId,
    /// The key that signed it.
    pub signer: Kid,
    /// The end of its upload window.
    pub upload_until: UnixSeconds,
    /// Which sensor may use it.
    pub binding: Binding,
    /// Whether it is in force here already.
    pub already_active: bool,
}

impl VerifyAnswer {
    /// The answer to a verified file.
    #[must_use]
    pub fn new(file: &Verified<Activation>, already_active: bool) -> Self {
        Self {
            activation: ActivationView::from(&**file),
            trust_root: file.issuer,
            signer: file.signer(),
            upload_until: file.upload_until,
            binding: file.binding.clone(),
            already_active,
        }
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// The caller's user id; none when no local user did it.
    pub uid: Option<u32>,
    /// The user's name, or `portal`, or `agent`.
    pub name: String,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.uid.map_or(Ok(()), |uid| write!(f, " (uid {uid})"))
    }
}

/// What became of a past upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When it was decided, by the sensor's effective time.
    pub at: UnixSeconds,
    /// Who uploaded the file.
    pub by: Actor,
    /// The registration.
    pub sensor: SensorId,
    /// The file's serial.
    pub serial: Serial,
    /// The file's id.
    pub cti: Cti,
    /// The name in it.
    pub name: SensorName,
    /// The mode in it.
    pub mode: Mode,
    /// What became of it.
    #[serde(flatten)]
    pub result: OutcomeResult,
}

/// What became of a past upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum OutcomeResult {
    /// It came into force.
    Committed {
        /// As this epoch.
        epoch: Epoch,
    },
    /// It did not; what was in force stayed.
    NotCommitted {
        /// Why.
        problem: Problem,
    },
    /// It was in force, and the portal ended it.
    Deactivated {
        /// The epoch of the deactivation.
        epoch: Epoch,
        /// Who and why.
        problem: Problem,
    },
}

/// One record of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Counts from 1 without gaps.
    pub number: u64,
    /// The wall clock then.
    pub at: UnixSeconds,
    /// Who.
    pub who: Actor,
    /// What: a stable word such as `activation-committed`.
    pub what: String,
    /// How it was before, if that can be said.
    pub before: Option<String>,
    /// How it is after.
    pub after: Option<String>,
}

/// The fixed texts of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The code.
    pub code: String,
    /// HTTP status in the local API.
    pub status: u16,
    /// What is so.
    pub title: String,
    /// Why it can happen.
    pub why: String,
    /// What to do, in order.
    pub next: Vec<String>,
}

impl From<&Words> for Explanation {
    fn from(words: &Words) -> Self {
        Self {
            code: words.code.to_owned(),
            status: words.status,
            title: words.title.to_owned(),
            why: words.why.to_owned(),
            next: words.next.iter().map(|step| (*step).to_owned()).collect(),
        }
    }
}

/// Everything that whoever helps from afar needs, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// When it was made, by the wall clock.
    pub made_at: UnixSeconds,
    /// The status.
    pub status: Status,
    /// The pinned trust roots.
    pub trust: Vec<TrustRootView>,
    /// Past outcomes, the newest first.
    pub activations: Vec<Outcome>,
    /// The last audit records, the oldest first.
    pub audit: Vec<AuditRecord>,
    /// The agent's settings that are no secret.
    pub settings: BTreeMap<String, String>,
}
