//! What happened to a delivery. Every way in which log, hub and portal reach it is a variant here; nothing here decides.

use alloc::{collections::BTreeMap, vec::Vec};

use picket_protocol::{heartbeat::Confirmation, ids::StreamId, refusal::Refusal, time::UnixSeconds};

use super::item::{Chunk, Item};
use crate::{
    event::Failure,
    moment::BootMillis,
    stamp::{Stamp, Ticket},
};

/// The instant of an event, with fresh chance for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// The effective time: for people to read, never for a wait.
    pub wall: UnixSeconds,
    /// The boot-time clock, on which every wait runs.
    pub boot: BootMillis,
    /// Fresh random bytes, never used twice.
    pub entropy: [u8; 32],
}

/// Names one sending of a batch: a later sending of the same items has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEvent<T> {
    /// The instant of [`Delivery::next_wake`](super::Delivery::next_wake) has come. Also the first event.
    Woke,
    /// The alert log has grown.
    Grew,
    /// [`Read`](super::DeliveryEffect::Read) ended.
    Read {
        /// Which.
        ticket: Ticket,
        /// What was read.
        result: Result<Chunk<T>, Refusal>,
    },
    /// [`ReadRange`](super::DeliveryEffect::ReadRange) ended.
    RangeRead {
        /// Which.
        ticket: Ticket,
        /// The numbers of the range from its first on, as far as the bytes allowed; empty if the log knows none of them.
        result: Result<Vec<Item<T>>, Refusal>,
    },
    /// [`Send`](super::DeliveryEffect::Send) ended. Comes once for each, unless it was recalled.
    BatchEnded {
        /// On whose behalf it was sent.
        stamp: Stamp,
        /// Which.
        batch: BatchId,
        /// How many bytes it cost on the wire, whatever came of it.
        wire_bytes: u64,
        /// What came of it.
        result: Result<(), NotAccepted>,
    },
    /// The connection broke, and took with it whatever was under way.
    LineBroke {
        /// On whose behalf it stood.
        stamp: Stamp,
        /// Why.
        failure: Failure,
    },
    /// The portal said what it has stored.
    Confirmed(BTreeMap<StreamId, Confirmation>),
    /// [`SetAside`](super::DeliveryEffect::SetAside) ended.
    AsideSet {
        /// Which.
        ticket: Ticket,
        /// Whether it is durable.
        result: Result<(), Refusal>,
    },
    /// [`Keep`](super::DeliveryEffect::Keep) ended.
    Kept {
        /// Which.
        ticket: Ticket,
        /// Whether they are durable.
        result: Result<(), Refusal>,
    },
}

/// Why the hub did not acknowledge a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAccepted {
    /// It looked at the batch and will never take it as it is (HTTP 400, 413, 422).
    Refused(Refusal),
    /// Anything else: the same batch may be taken later.
    Failed(Failure),
}
