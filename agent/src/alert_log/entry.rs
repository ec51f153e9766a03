//! What stands in the alert log, as its writers and readers see it. Stores nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub(super) use picket_lifecycle::delivery::{Acknowledged, Marks as ConsumerMarks, Place};
use picket_protocol::{
    alerts::{AlertId, DropReason, Severity, Skip, UnixMillis},
    ids::{Epoch, StreamId},
};

/// What bounds the alert log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes of its database. The journal beside it comes on top: some 16 MiB, and more only while somebody reads for
    /// long in one go, or a log of the release before is taken over.
    pub max_bytes: u64,
    /// How long an alert is kept that no consumer waits for, in time that the agent ran: a wall clock set to 2099 for
    /// a minute must not age anything.
    pub max_age: Duration,
}

/// An alert in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAlert {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub id: AlertId,
    /// Under which epoch it was detected.
    pub epoch: Epoch,
    /// How grave.
    pub severity: Severity,
    /// When it was detected.
    pub at: UnixMillis,
    /// The engine's record.
    pub record: String,
}

/// What a consumer meets, in order of place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An alert.
    Alert(LoggedAlert),
    /// Numbers that are not delivered; neighbours of one reason are one skip.
    Skip {
        /// The place of its last number.
        through: Place,
        /// Which numbers, and why.
        skip: Skip,
    },
}

impl Entry {
    /// The place of its last number.
    #[must_use]
    pub const fn through(&self) -> Place {
        match self {
            Self::Alert(alert) => alert.place,
            Self::Skip { through, .. } => *through,
        }
    }

    /// The numbers that are not delivered; nothing for an alert.
    #[must_use]
    pub const fn skip(&self) -> Option<&Skip> {
        match self {
            Self::Alert(_) => None,
            Self::Skip { skip, .. } => Some(skip),
        }
    }
}

/// A stretch of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    /// What is wanted, in order.
    pub entries: Vec<Entry>,
    /// Everything up to here was looked at, wanted or not.
    pub examined: Place,
    /// Whether the log goes on after it.
    pub more: bool,
}

/// Which alerts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Those after this place, the oldest first. None: the newest first.
    pub after: Option<Place>,
    /// Those before this place; with `after` none, a way to page towards older ones.
    pub before: Option<Place>,
    /// At least this grave.
    pub at_least: Option<Severity>,
    /// Of these epochs; none means all.
    pub epochs: Option<BTreeSet<Epoch>>,
    /// At most this many, and never more than 1,000 or 4 MiB of records.
    pub limit: usize,
}

/// What a walk over the whole log found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Each stream, the oldest first.
    pub streams: Vec<VerifiedStream>,
}

impl Verification {
    /// Whether every number of every stream is there, or was left out for a stated reason.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.streams.iter().all(|stream| stream.first_missing.is_none())
    }
}

/// What a walk found of one stream: `head` = in the log + let go of after delivery + dropped and not in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedStream {
    /// Which.
    pub stream: StreamId,
    /// Of which epoch.
    pub epoch: Epoch,
    /// The last number given.
    pub head: u64,
    /// Records that lie in the log, those held or aside included.
    pub in_log: u64,
    /// Let go of to make room, after their delivery (and confirmation, where there is one).
    pub let_go: u64,
    /// Never delivered, by reason; what is held or aside may still lie in the log.
    pub dropped: BTreeMap<DropReason, u64>,
    /// The first number that is neither there nor accounted for.
    pub first_missing: Option<u64>,
}

/// Why the alert log could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// No space left on the disk; what was in the log still is.
    #[error("the alert log's disk is full")]
    Full,
    /// An append before this one failed: go on from [`super::AlertLog::position`].
    #[error("an earlier append failed")]
    OutOfOrder,
    /// There is no such alert.
    #[error("no alert {0} in the log")]
    NoSuchAlert(AlertId),
    /// The database was written by a later release.
    #[error("the alert log was written by a later release (version {found}, known {known})")]
    Newer {
        /// The version found.
        found: u32,
        /// The version known.
        known: u32,
    },
    /// Anything else.
    #[error("the alert log failed: {0}")]
    Failed(String),
}
