//! What is known of the log without asking it: totals, counters, health. The writer keeps it, everybody reads it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use picket_protocol::{
    alerts::{DropReason, UnixMillis},
    heartbeat::StreamTotals,
    ids::{Epoch, StreamId},
    time::UnixSeconds,
};
use tokio::sync::watch;

use super::{
    book::{Book, position},
    entry::Place,
    reader::Reader,
};

/// What the writer shares with the handles.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) head: watch::Sender<Place>,
    pub(super) health: watch::Sender<&'static str>,
    facts: Mutex<Facts>,
    pub(super) reader: Reader,
    /// Held by the writer while it drops: whoever reads meanwhile reads after it.
    in_hand: Mutex<InHand>,
}

/// Up to which place each consumer has everything in its hands.
pub(super) type InHand = BTreeMap<String, u64>;

/// The log at its last commit.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) position: Option<Vec<u8>>,
    /// How many appends this log took since the agent started: an append may say which one it follows.
    pub(super) revision: u64,
    /// Grows when another database takes the place of this one.
    pub(super) generation: u64,
    pub(super) set_aside: u64,
    pub(super) streams: Vec<StreamFacts>,
}

/// One stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamFacts {
    pub(super) id: StreamId,
    pub(super) epoch: Epoch,
    pub(super) head: u64,
    pub(super) delivered: u64,
    pub(super) dropped: [u64; 4],
    pub(super) oldest_undelivered: Option<UnixMillis>,
}

impl Shared {
    pub(super) fn new(path: PathBuf) -> Self {
        let (head, health) = (watch::Sender::new(Place(0)), watch::Sender::new("ok"));
        Self { path, head, health, facts: Mutex::default(), reader: Reader::default(), in_hand: Mutex::default() }
    }

    /// A consumer has, or is about to have, everything up to this place in its hands.
    pub(super) fn hand_out(&self, consumer: &str, through: u64) {
        self.in_hand().insert(consumer.to_owned(), through);
    }

    /// A consumer has nothing in its hands any more.
    pub(super) fn take_back(&self, consumer: &str) {
        self.in_hand().remove(consumer);
    }

    pub(super) fn in_hand(&self) -> MutexGuard<'_, InHand> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how the log is; true if it was otherwise before.
    pub(super) fn say(&self, health: &'static str) -> bool {
        self.health.send_if_modified(|said| std::mem::replace(said, health) != health)
    }

    /// Never held over a wait: whoever locks it copies a few values.
    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Facts {
    pub(super) fn take_over(&mut self, book: &Book) {
        self.position.clone_from(&book.position);
        self.set_aside = book.set_aside;
        self.streams.clear();
        let delivered = book.all_delivered();
        self.streams.extend(book.streams.iter().zip(delivered).map(|(stream, delivered)| StreamFacts {
            id: stream.id,
            epoch: stream.epoch,
            head: stream.head,
            delivered,
            dropped: stream.dropped,
            oldest_undelivered: stream.oldest.map(|(_, at)| at),
        }));
    }

    pub(super) fn counters(&self) -> BTreeMap<String, u64> {
        let dropped = |reason: DropReason| self.streams.iter().map(|stream| stream.dropped[position(reason)]).sum();
        let mut counters: BTreeMap<String, u64> =
            DropReason::ALL.into_iter().map(|reason| (format!("dropped-{reason}"), dropped(reason))).collect();
        counters.insert("logged".into(), self.streams.iter().map(|stream| stream.head).sum());
        counters.insert("logs-set-aside".into(), self.set_aside);
        counters
    }
}

impl StreamFacts {
    pub(super) fn totals(&self) -> StreamTotals {
        let dropped = DropReason::ALL.into_iter().map(|reason| (reason, self.dropped[position(reason)]));
        StreamTotals {
            head: self.head,
            delivered: self.delivered,
            dropped: dropped
                .filter(|(_, count)| *count > 0)
                .map(|(reason, count)| (reason.as_str().to_owned(), count))
                .collect(),
            oldest_undelivered: self.oldest_undelivered.map(|at| UnixSeconds(at.0.div_euclid(1000))),
        }
    }
}
