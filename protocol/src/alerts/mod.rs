//! Alerts as they are named, graded and left out; [`event`] is how they travel.

pub mod event;
#[cfg(test)]
mod tests;

use alloc::string::String;
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ids::{InvalidId, StreamId};

/// Most bytes of an alert's record. A longer line of the detection engine is counted, and is no alert.
pub const MAX_RECORD: usize = 256 * 1024;

/// Names an alert: its place in a stream. `stream/number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId {
    /// The stream.
    pub stream: StreamId,
    /// From 1, without gaps.
    pub number: u64,
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stream, self.number)
    }
}

impl FromStr for AlertId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (stream, number) = text.split_once('/').ok_or(INVALID)?;
        Ok(Self { stream: stream.parse()?, number: number_from(number)? })
    }
}

const INVALID: InvalidId = InvalidId { kind: "alert id" };

/// One spelling per number: no sign, no leading zero, not 0.
fn number_from(text: &str) -> Result<u64, InvalidId> {
    if !text.starts_with(|first: char| matches!(first, '1'..='9')) {
        return Err(INVALID);
    }
    text.parse().map_err(|_| INVALID)
}

/// How grave, as the detection engine says it: 1 is the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// 1.
    High,
    /// 2.
    Medium,
    /// 3.
    Low,
    /// 4 and above, or not said.
    Informational,
}

impl Severity {
    /// Every severity, the gravest first.
    pub const ALL: [Self; 4] = [Self::High, Self::Medium, Self::Low, Self::Informational];

    /// What the engine's number means. 0 is graver than 1 can say: High.
    #[must_use]
    pub const fn from_engine(number: Option<u64>) -> Self {
        match number {
            Some(0 | 1) => Self::High,
            Some(2) => Self::Medium,
            Some(3) => Self::Low,
            Some(_) | None => Self::Informational,
        }
    }

    /// 1 to 4.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::High => 1,
            Self::Medium => 2,
            Self::Low => 3,
            Self::Informational => 4,
        }
    }

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Informational => "informational",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a number of a stream is never delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// The alert log reached its bound of bytes.
    Full,
    /// The alert log reached its bound of days.
    Age,
    /// The hub refused the record for good; it lies aside on the sensor.
    Poison,
    /// Nobody can say under which of two owners it was detected: it stays on the sensor.
    Held,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Full, Self::Age, Self::Poison, Self::Held];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Age => "age",
            Self::Poison => "poison",
            Self::Held => "held",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DropReason {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(InvalidId { kind: "drop reason" })
    }
}

/// Numbers of a stream that are never delivered. It stands where they would, so that what came can be proved complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Skip {
    /// The stream.
    pub stream: StreamId,
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// Why.
    pub reason: DropReason,
}

impl Skip {
    /// How many numbers.
    #[must_use]
    pub const fn count(&self) -> u64 {
        (self.to - self.from).saturating_add(1)
    }
}

impl fmt::Display for Skip {
    /// As an event id: `stream/from-to`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}-{}", self.stream, self.from, self.to)
    }
}

/// An instant of a detection: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl fmt::Display for UnixMillis {
    /// RFC 3339 in UTC, to the millisecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = crate::time::UnixSeconds(self.0.div_euclid(1000));
        let text = alloc::format!("{seconds}");
        let whole: &str = text.strip_suffix('Z').unwrap_or(&text);
        write!(f, "{whole}.{:03}Z", self.0.rem_euclid(1000))
    }
}

/// Why a batch of events is not read: what is wrong with which of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {at}: {why}")]
pub struct InvalidEvent {
    /// Its place in the batch, from 0.
    pub at: usize,
    /// What is wrong.
    pub why: String,
}
