//! The heartbeat and its answer, as values.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    codec,
    documents::activation::Mode,
    ids::{ApplianceId, Epoch, HeartbeatDigest, SensorId, Serial, StreamId},
    names::{Label, SensorName},
    refusal::Refusal,
    time::UnixSeconds,
};

/// One report of a sensor to its upstream. Who sends it is known by its certificate, never by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Its place in the chain of this key.
    pub chain: Chain,
    /// The registration it believes to be.
    pub sensor: SensorId,
    /// The serial it speaks for.
    pub serial: Serial,
    /// What that serial is to the sensor.
    pub standing: Standing,
    /// Versions of what runs.
    pub versions: Versions,
    /// Everything else; a candidate's heartbeat carries none of it.
    pub status: Option<SensorStatus>,
}

impl Heartbeat {
    /// Its bytes on the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::heartbeat::encode(self)
    }

    /// Gates and reads a heartbeat. What a later release adds is ignored.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLarge`], [`Refusal::NotDeterministic`] or [`Refusal::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        codec::heartbeat::decode(bytes)
    }

    /// The link that the next heartbeat carries once this one, in these bytes, was answered.
    #[must_use]
    pub fn digest(bytes: &[u8]) -> HeartbeatDigest {
        HeartbeatDigest::from_bytes(Sha256::digest(bytes).into())
    }
}

/// The heartbeat chain of one key: shows a copied key as a fork.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Grows by one with each heartbeat sent.
    pub counter: u64,
    /// Fresh for each heartbeat.
    pub nonce: [u8; 16],
    /// Digest of the last heartbeat whose answer the sensor has stored; none before the first.
    pub previous: Option<HeartbeatDigest>,
}

/// What the serial is to the sensor that speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Verified, not yet proved.
    Candidate,
    /// In force.
    Committed,
    /// Ended by a deactivation, which is being acknowledged.
    Deactivated,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 3] = [Self::Candidate, Self::Committed, Self::Deactivated];
}

/// Versions of what runs, not of what was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The agent.
    pub agent: String,
    /// The detection engine, once seen.
    pub engine: Option<String>,
}

/// What a sensor in force says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorStatus {
    /// The mode in force.
    pub mode: Mode,
    /// The epoch in force.
    pub epoch: Epoch,
    /// The name in force.
    pub name: SensorName,
    /// The hardware.
    pub appliance: ApplianceId,
    /// Addresses of its interfaces, at most [`Self::MAX_ADDRESSES`].
    pub addresses: Vec<String>,
    /// Seconds since the agent started.
    pub uptime_seconds: u64,
    /// Its wall clock at sending.
    pub clock: UnixSeconds,
    /// The interval it keeps, seconds.
    pub interval_seconds: u32,
    /// Counters by name.
    pub counters: BTreeMap<String, u64>,
    /// Health by component.
    pub health: BTreeMap<Component, Health>,
    /// Threat intelligence.
    pub ti: TiStatus,
    /// Alert totals by stream.
    pub streams: BTreeMap<StreamId, StreamTotals>,
    /// Why the last candidate did not commit: a refusal code, if one did not.
    pub last_candidate: Option<String>,
}

impl SensorStatus {
    /// Most addresses told.
    pub const MAX_ADDRESSES: usize = 32;
    /// Most counters told.
    pub const MAX_COUNTERS: usize = 256;
    /// Most streams told.
    pub const MAX_STREAMS: usize = 64;
    /// Most drop reasons told of a stream.
    pub const MAX_REASONS: usize = 32;
    /// Most characters of a version, code, address or counter's name.
    pub const MAX_TEXT: usize = 256;
}

/// The parts whose health is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The detection engine.
    Engine,
    /// The alert log.
    AlertLog,
    /// The state folder's disk.
    Disk,
    /// The wall clock.
    Clock,
    /// The portal or management console.
    Upstream,
    /// The IoT hub.
    Hub,
    /// Threat intelligence.
    Ti,
    /// The control state.
    ControlState,
}

impl Component {
    /// Every component.
    pub const ALL: [Self; 8] = [
        Self::Engine,
        Self::AlertLog,
        Self::Disk,
        Self::Clock,
        Self::Upstream,
        Self::Hub,
        Self::Ti,
        Self::ControlState,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::AlertLog => "alert-log",
            Self::Disk => "disk",
            Self::Clock => "clock",
            Self::Upstream => "upstream",
            Self::Hub => "hub",
            Self::Ti => "ti",
            Self::ControlState => "control-state",
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a component is, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok`, or a refusal code, or a stable word of that component.
    pub code: String,
    /// Since when, by the sensor's effective time.
    pub since: UnixSeconds,
}

/// Threat intelligence as it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TiStatus {
    /// The version in force, if any.
    pub version: Option<String>,
    /// Whether packages are installed without a person.
    pub automatic: bool,
    /// `none`, `ok`, or a refusal code.
    pub status: String,
}

/// Alert totals of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamTotals {
    /// The last number given.
    pub head: u64,
    /// Delivered up to.
    pub delivered: u64,
    /// Dropped, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// When the oldest undelivered was detected.
    pub oldest_undelivered: Option<UnixSeconds>,
}

/// What an upstream answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The upstream's time.
    pub time: UnixSeconds,
    /// What the owner wishes; never mode, owner, hub or CA.
    pub desired: DesiredState,
    /// What the portal has stored of each stream.
    pub confirmations: BTreeMap<StreamId, Confirmation>,
    /// Trust root versions newer than the sensor's, signed bytes.
    pub roots: Vec<Vec<u8>>,
    /// A reissued activation file.
    pub reissue: Option<Vec<u8>>,
    /// A signed deactivation: the bytes of the document.
    pub deactivation: Option<Vec<u8>>,
}

impl Answer {
    /// Its bytes on the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::answer::encode(self)
    }

    /// Gates and reads an answer. What a later release adds is ignored; the documents in it are not opened.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLarge`], [`Refusal::NotDeterministic`] or [`Refusal::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        codec::answer::decode(bytes)
    }
}

/// What the owner wishes of a sensor in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredState {
    /// Cloud-connected only: the portal's name for it.
    pub name: Option<SensorName>,
    /// Where it is filed.
    pub site: Option<Label>,
    /// Where in the site.
    pub zone: Option<Label>,
    /// key:value.
    pub tags: BTreeMap<Label, Label>,
    /// Automatic TI updates.
    pub automatic_ti: Option<bool>,
    /// Seconds between heartbeats, [`DesiredState::INTERVALS`].
    pub interval_seconds: Option<u32>,
}

impl DesiredState {
    /// The intervals an answer may set, in seconds.
    pub const INTERVALS: core::ops::RangeInclusive<u32> = 10..=900;
}

/// What the portal has stored of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Everything up to this number, less the ranges it lacks.
    pub up_to: u64,
    /// Ranges (first, last) that it lacks below, ascending and apart, at most [`Self::MAX_LACKS`].
    pub lacks: Vec<(u64, u64)>,
}

impl Confirmation {
    /// Most ranges told.
    pub const MAX_LACKS: usize = 64;
}
