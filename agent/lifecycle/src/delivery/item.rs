//! What is delivered: an alert, or the numbers that stand in its place. Holds it; orders nothing.

use alloc::vec::Vec;

use picket_protocol::{
    alerts::{AlertId, DropReason, UnixMillis},
    ids::StreamId,
};
use serde::{Deserialize, Serialize};

/// A place in the alert log, over all streams, in the order in which alerts were accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(pub u64);

/// One event on its way to the consumer. `T` is what the shell needs to write an alert's event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<T> {
    /// Where it stands in the log; of a skip, its last number.
    pub place: Place,
    /// The stream of its numbers.
    pub stream: StreamId,
    /// Its first number.
    pub from: u64,
    /// Its last number; of an alert, its only one.
    pub to: u64,
    /// When it was detected; nothing for a skip.
    pub at: Option<UnixMillis>,
    /// About how many bytes its event has.
    pub bytes: usize,
    /// What it is.
    pub content: Content<T>,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<T> {
    /// An alert.
    Alert(T),
    /// Numbers that never come.
    Skip(DropReason),
}

impl<T> Item<T> {
    /// The name of an alert; nothing for a skip.
    #[must_use]
    pub const fn alert(&self) -> Option<AlertId> {
        match self.content {
            Content::Alert(_) => Some(AlertId { stream: self.stream, number: self.from }),
            Content::Skip(_) => None,
        }
    }

    pub(super) const fn is_alert(&self) -> bool {
        matches!(self.content, Content::Alert(_))
    }
}

/// A piece of the log, as read for one consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk<T> {
    /// What the consumer is to have, in order of place.
    pub items: Vec<Item<T>>,
    /// Everything up to here was looked at, wanted or not.
    pub examined: Place,
    /// Whether the log goes on behind it.
    pub more: bool,
}
