//! The status of a sensor: what is in force, what is being tried, how its upstream and hub are.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{ActivationView, AlertStatus, Outcome, ProxyView, SetupState};
use crate::{
    heartbeat::{Component, Health},
    ids::{ApplianceId, Epoch, Kid, Serial},
    refusal::Problem,
    time::UnixSeconds,
};

/// `GET /v1/status`. What changes from second to second stands in `agent`, `clock`, `upstream`, `hub`, `health` and `alerts`;
/// the rest changes by a decision only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The hardware.
    pub appliance: ApplianceId,
    /// Counter of commits.
    pub epoch: Epoch,
    /// What is in force.
    #[serde(flatten)]
    pub state: SensorState,
    /// What is being proved, if anything.
    pub candidate: Option<Candidate>,
    /// The last candidate that did not commit, if it can be tried again.
    pub retry: Option<Outcome>,
    /// The proxy, if one is set.
    pub proxy: Option<ProxyView>,
    /// Whether any trust root is pinned: without one no file can be verified.
    pub trusted: bool,
    /// The running program.
    pub agent: AgentStatus,
    /// The clock, and what the agent makes of it.
    pub clock: Clock,
    /// The portal or management console in force; none: not one packet.
    pub upstream: Option<UpstreamStatus>,
    /// The IoT hub in force.
    pub hub: Option<HubStatus>,
    /// Health by component, as the upstream is told.
    pub health: BTreeMap<Component, Health>,
    /// How engine input, alert log and delivery are.
    pub alerts: AlertStatus,
    /// How far the first sign-in at the console is.
    #[serde(default)]
    pub setup: SetupState,
    /// Addresses of this machine's interfaces.
    #[serde(default)]
    pub addresses: Vec<String>,
}

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "one of it exists per status; a box would only add a type")]
pub enum SensorState {
    /// Nobody's sensor yet.
    Unactivated,
    /// An activation is in force.
    Active {
        /// Which.
        active: Active,
    },
    /// The portal ended the last activation: detects, stores, sends nothing.
    Deactivated {
        /// How it ended.
        deactivated: Deactivated,
    },
}

/// An activation in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// What its file says, with the name in force.
    pub activation: ActivationView,
    /// When it was committed, by the sensor's effective time.
    pub committed_at: UnixSeconds,
    /// The key that signed it.
    pub signer: Kid,
    /// Whether that key was withdrawn since; it ends nothing.
    pub signer_withdrawn: bool,
    /// Whether it has been proved; a first cloud activation is in force before its proof.
    pub proof: Proof,
}

/// How the last activation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deactivated {
    /// What had been in force.
    pub activation: ActivationView,
    /// The serial of the deactivation.
    pub serial: Serial,
    /// Why, in the words of who decided it.
    pub reason: String,
    /// Who decided it at the portal.
    pub decided_by: String,
    /// When it was decided there.
    pub at: UnixSeconds,
}

/// A verified activation that is not yet proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What its file says.
    pub activation: ActivationView,
    /// What is proved so far.
    pub proof: Proof,
    /// Seconds left of its probation.
    pub remaining_seconds: u64,
    /// Tries so far.
    pub attempts: u64,
}

/// The proof of a cloud-connected activation. A locally managed one is proved by verification alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The portal has issued the sensor's identity.
    pub identity: ProofStep,
    /// The portal has accepted a heartbeat.
    pub heartbeat: ProofStep,
    /// The hub has accepted a probe.
    pub hub: ProofStep,
}

impl Proof {
    /// Nothing left to prove.
    pub const COMPLETE: Self =
        Self { identity: ProofStep::Proved, heartbeat: ProofStep::Proved, hub: ProofStep::Proved };

    /// Whether nothing is left to prove.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.steps().iter().all(|(_, step)| **step == ProofStep::Proved)
    }

    /// The steps in their order, named for people.
    #[must_use]
    pub fn steps(&self) -> [(&'static str, &ProofStep); 3] {
        [
            ("the portal issues this sensor's identity", &self.identity),
            ("the portal accepts a heartbeat", &self.heartbeat),
            ("the IoT hub accepts a probe", &self.hub),
        ]
    }
}

/// One step of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum ProofStep {
    /// Not tried yet, or being tried for the first time.
    Waiting,
    /// Failed the last time; tried again until probation ends.
    Failed {
        /// How.
        problem: Problem,
    },
    /// Done.
    Proved,
}

/// The running program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Its version.
    pub version: String,
    /// Seconds since it started.
    pub uptime_seconds: u64,
    /// What the kernel lets it have of the network.
    #[serde(default)]
    pub network: NetworkAccess,
    /// How the key of the identity in force lies on the disk.
    #[serde(default)]
    pub key: KeyKept,
}

/// How the key of a sensor's identity lies on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKept {
    /// There is none: the activation in force speaks to nobody, or there is no activation.
    #[default]
    None,
    /// In a file that only the agent's user may read.
    Plain,
    /// In such a file, sealed by this machine's TPM 2.0.
    Sealed,
    /// Sealed by a TPM that does not open it: another machine's, or this one's does not answer.
    Unopened,
}

/// What the kernel lets the agent have of the network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkAccess {
    /// The sensor sends, or was never activated.
    #[default]
    Open,
    /// Nothing is to be sent, and the kernel refuses the agent any socket to send by.
    Refused,
    /// Nothing is to be sent, and only the agent's own word stands for that.
    NotEnforced,
}

/// The clock, and what the agent makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The wall clock.
    pub wall: UnixSeconds,
    /// The floor below which the agent does not believe it.
    pub floor: UnixSeconds,
    /// How far it was from the upstream's at the last answer, if over a minute: this clock less the other.
    pub drift_seconds: Option<i64>,
}

/// What kind of upstream it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpstreamKind {
    /// A portal.
    Portal,
    /// A management console.
    ManagementConsole,
}

/// How the link to an upstream or hub is. *Deleted* is no link state: only a signed deactivation says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// No first connection yet.
    Pending,
    /// The last exchange was answered.
    Connected,
    /// The last exchange failed; not yet for long enough to be called disconnected.
    Retrying,
    /// No answer for max(5 min, 3 intervals).
    Disconnected,
    /// It answers, and does not accept this sensor.
    Rejected,
    /// The sensor's own clock is in the way.
    ClockWrong,
}

/// How the upstream is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamStatus {
    /// Portal or management console.
    pub kind: UpstreamKind,
    /// Where.
    pub url: String,
    /// How the link is.
    pub link: Link,
    /// The last answered heartbeat, by the sensor's effective time.
    pub last_answer: Option<UnixSeconds>,
    /// Heartbeats answered since the agent started.
    pub answered: u64,
    /// Why the last try failed, if it did.
    pub problem: Option<Problem>,
    /// Seconds between heartbeats.
    pub interval_seconds: u32,
    /// Until when the sensor's certificate is valid, once it has one.
    pub certificate_until: Option<UnixSeconds>,
}

/// How the hub is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubStatus {
    /// Where.
    pub url: String,
    /// How the link is.
    pub link: Link,
    /// The last probe or alert it accepted, by the sensor's effective time.
    pub last_accepted: Option<UnixSeconds>,
    /// Why the last try failed, if it did.
    pub problem: Option<Problem>,
}
