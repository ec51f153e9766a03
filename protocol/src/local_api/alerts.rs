//! Alerts as people see them: one by one, and how engine input, alert log and delivery are.

use alloc::{
    borrow::ToOwned as _,
    boxed::Box,
    collections::BTreeMap,
    string::{String, ToString as _},
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::EndpointRole;
use crate::{
    alerts::{AlertId, DropReason, Severity, UnixMillis},
    ids::{Epoch, StreamId},
    refusal::Problem,
    time::UnixSeconds,
};

/// One alert of the alert log. A line of `GET /v1/alerts/follow` and `GET /v1/alerts/export`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlertView {
    /// Where it stands in the log: grows with each alert, over all streams. Go on after the last one.
    pub place: u64,
    /// Its name: `stream/number`.
    pub id: String,
    /// Under which epoch it was detected.
    pub epoch: Epoch,
    /// How grave.
    pub severity: Severity,
    /// When it was detected, as the detection engine says: RFC 3339.
    pub detected_at: String,
    /// The engine's record, byte for byte.
    pub record: Box<RawValue>,
}

impl AlertView {
    /// An alert as the log has it. A record that is no JSON value becomes a string: nothing is left out.
    #[must_use]
    pub fn new(place: u64, id: AlertId, epoch: Epoch, severity: Severity, at: UnixMillis, record: &str) -> Self {
        let record = RawValue::from_string(record.to_owned())
            .or_else(|_| serde_json::value::to_raw_value(record))
            .unwrap_or_default();
        Self { place, id: id.to_string(), epoch, severity, detected_at: at.to_string(), record }
    }
}

/// `GET /v1/alerts/search`: what was found in the part of the log that was looked through, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlertPage {
    /// What was found, perhaps nothing.
    pub alerts: Vec<AlertView>,
    /// Where to go on, as `before`; none when the log was looked through to its oldest alert.
    pub next: Option<u64>,
}

/// An hour of `GET /v1/alerts/severities`. Hours without alerts are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeverityHour {
    /// When it began, by the detection engine's clock.
    pub begins: UnixSeconds,
    /// How many alerts of which severity were detected in it.
    pub counts: BTreeMap<Severity, u64>,
}

/// `GET /v1/alerts/at/PLACE`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlertDetail {
    /// The alert.
    pub alert: AlertView,
    /// Where it stands.
    pub standing: AlertStanding,
}

/// Where an alert stands on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum AlertStanding {
    /// The upstream has stored it.
    Confirmed {
        /// The hub or management console that took it.
        by: EndpointRole,
    },
    /// It was acknowledged; nobody confirms here, or not yet.
    Delivered {
        /// The hub or management console that took it.
        by: EndpointRole,
    },
    /// It is on its way.
    Waiting {
        /// Whom it is for.
        to: EndpointRole,
    },
    /// It stays on this sensor.
    Kept {
        /// Why, in a sentence.
        why: String,
    },
}

/// `GET /v1/alerts/verify`: whether every number is there, or was left out for a stated reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertVerification {
    /// Whether no number is missing.
    pub complete: bool,
    /// Each stream, the oldest first.
    pub streams: Vec<StreamVerification>,
    /// Counters of engine input and alert log by name; `missed` is what the engine wrote and nobody could read.
    pub counters: BTreeMap<String, u64>,
}

/// One stream, walked over in full: `head` = in the log + let go + dropped and not in the log any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamVerification {
    /// Which.
    pub stream: StreamId,
    /// Of which epoch.
    pub epoch: Epoch,
    /// The last number given.
    pub head: u64,
    /// Records that lie in the log.
    pub in_log: u64,
    /// Delivered, and let go of to make room.
    pub let_go: u64,
    /// Never delivered, by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// The first number that is neither there nor accounted for.
    pub first_missing: Option<u64>,
}

/// How engine input, alert log and delivery are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertStatus {
    /// Where the detection engine's output comes from: a path.
    pub source: String,
    /// The streams that anything can still be said of, with what each gave.
    pub streams: Vec<StreamStatus>,
    /// Who takes alerts at present.
    pub consumers: Vec<ConsumerStatus>,
    /// Counters of all three by name.
    pub counters: BTreeMap<String, u64>,
}

impl AlertStatus {
    /// Counter: alerts that nobody has and nobody waits for any more, since more commits than an agent remembers came
    /// after them. They stay in the log, to be exported.
    pub const OF_FORGOTTEN_EPOCHS: &str = "of-forgotten-epochs";
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamStatus {
    /// Which.
    pub stream: StreamId,
    /// The last number given.
    pub head: u64,
    /// Delivered up to.
    pub delivered: u64,
    /// Never delivered, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// When the oldest undelivered was detected.
    pub oldest_undelivered: Option<UnixSeconds>,
}

/// The IoT hub or management console, as delivery sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerStatus {
    /// Which.
    pub role: EndpointRole,
    /// Alerts that it acknowledged since the agent started.
    pub delivered: u64,
    /// Numbers that wait for it.
    pub backlog: u64,
    /// Delivered, and not confirmed by the upstream yet; none where nobody confirms.
    pub unconfirmed: Option<u64>,
    /// Why the last delivery failed, if it did.
    pub problem: Option<Problem>,
}

/// What to do about a health word of engine, alert log or disk; none for a word that has no advice.
#[must_use]
pub fn health_advice(code: &str) -> Option<&'static str> {
    let (_, advice) = HEALTH_WORDS.iter().find(|(word, _)| *word == code)?;
    Some(advice)
}

/// The health words of engine, alert log and disk but `ok`, with what each means and asks for.
pub const HEALTH_WORDS: [(&str, &str); 11] = [
    (
        "eve-missing",
        "The engine's EVE file, or the folder of its socket, does not exist: start the engine, or set engine.eve_file.",
    ),
    (
        "eve-unreadable",
        "The agent may not read the engine's EVE file, or not listen on its socket: put its user into the engine's group.",
    ),
    ("engine-silent", "The engine has written nothing for 15 minutes, not even statistics: check that it runs."),
    ("engine-drops", "The engine drops packets, so it may miss detections: give it more processors or less traffic."),
    ("full", "The alert log's disk is full, so alerts wait in the engine's files: make room on it."),
    ("set-aside", "The alert log was corrupt and was set aside in the state directory; a new one is in use."),
    ("newer-state", "A later release wrote the alert log: install that release again."),
    ("storage-failed", "The alert log cannot be written: check the disk of the state directory."),
    ("disk-low", "The disk of the state directory is nearly full: make room."),
    ("disk-full", "The disk of the state directory is full, so alerts may be lost: make room."),
    ("disk-unreadable", "The disk of the state directory does not answer: check it."),
];
