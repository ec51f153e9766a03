//! Delivers the alert log to one consumer: a hub or a management console. Decides; sends, reads and stores nothing.
//!
//! - Alerts leave in the order of the log, and the cursor moves behind what the hub acknowledged, in that order. Numbers
//!   that never come are delivered as skips in their place.
//! - What was acknowledged is not yet stored (a broker forgets): `marks.rs` keeps count until the portal confirms it,
//!   `resend.rs` says what is sent again.
//! - A hub that fails is left alone with growing waits; an alert that it will never take goes aside (`doubt.rs`).
//!
//! One value serves one activation. After a commit the shell starts another from the kept [`Marks`]; whatever bears an
//! older stamp, or a ticket that is not under way, is ignored.

mod bandwidth;
mod doubt;
mod effect;
mod event;
mod item;
mod keeping;
mod lane;
mod limits;
mod marks;
mod outcome;
mod ranges;
mod resend;
#[cfg(test)]
mod tests;
mod turn;
mod view;

use self::{bandwidth::Bucket, doubt::Suspect, keeping::Keeping, lane::Lane, resend::Wanted, turn::Turn};
pub use self::{
    effect::DeliveryEffect,
    event::{BatchId, DeliveryEvent, NotAccepted, Now},
    item::{Chunk, Content, Item, Place},
    limits::Limits,
    marks::{Acknowledged, MAX_STREAMS, MAX_UNCONFIRMED, Marks},
    ranges::{Range, without},
    resend::{FIRST_PATIENCE, LONGEST_PATIENCE},
    view::{Counts, View},
};
use crate::{
    moment::{BootId, BootMillis},
    pursuit::Pursuit,
    stamp::{Stamp, Ticket},
};

/// On whose behalf, and how, a consumer is delivered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The activation.
    pub stamp: Stamp,
    /// Whether the portal confirms what reaches it.
    pub confirms: bool,
    /// How much at once.
    pub limits: Limits,
    /// Which boot of the machine this is.
    pub boot: BootId,
}

/// The delivery to one consumer under one activation. `T` is what the shell needs to write an alert's event.
#[derive(Debug, Clone)]
pub struct Delivery<T> {
    terms: Terms,
    marks: Marks,
    /// What goes for the first time, in the order of the log.
    first: Lane<T>,
    /// What goes again.
    again: Lane<T>,
    last: Kind,
    log: Log,
    again_reading: Option<(Ticket, Wanted)>,
    keeping: Keeping,
    hub: Pursuit,
    storage: Pursuit,
    bucket: Option<Bucket>,
    /// Most bytes of a batch, as the hub lets it be.
    batch_bytes: usize,
    suspect: Option<Suspect>,
    numbered: u64,
    /// The instant of the last event: what was due then is done, or waits for something else than time.
    seen: BootMillis,
    counts: Counts,
}

/// Which lane a batch is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    First,
    Again,
}

/// How far the log was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Log {
    examined: Place,
    /// Whether it goes on, as far as is known.
    more: bool,
    reading: Option<Ticket>,
    /// Whether it grew while it was being read.
    grew: bool,
}

impl<T> Delivery<T> {
    /// Begins behind what was acknowledged before. Nothing is due until the first event, [`DeliveryEvent::Woke`].
    #[must_use]
    pub fn new(terms: Terms, marks: Marks, now: BootMillis) -> Self {
        let mut marks = marks;
        marks.restarted(terms.boot, now);
        Self {
            terms,
            log: Log { examined: marks.delivered, more: true, reading: None, grew: false },
            marks,
            first: Lane::default(),
            again: Lane::default(),
            last: Kind::First,
            again_reading: None,
            keeping: Keeping::default(),
            hub: Pursuit::default(),
            storage: Pursuit::default(),
            bucket: terms.limits.kilobits_per_second.map(|cap| Bucket::new(cap, now)),
            batch_bytes: terms.limits.batch_bytes,
            suspect: None,
            numbered: 0,
            seen: now,
            counts: Counts::default(),
        }
    }

    /// What follows from an event.
    #[must_use]
    pub fn on(mut self, now: &Now, event: DeliveryEvent<T>) -> (Self, alloc::vec::Vec<DeliveryEffect>) {
        let mut turn = Turn::new(now);
        self.seen = self.seen.max(now.boot);
        self.happened(&mut turn, event);
        self.settle(&mut turn);
        self.send(&mut turn);
        self.read(&mut turn);
        self.read_again(&mut turn);
        self.keep(&mut turn);
        (self, turn.effects)
    }

    /// The items of a batch that is under way; they stay until it ends.
    #[must_use]
    pub fn batch(&self, batch: BatchId) -> Option<&[Item<T>]> {
        self.first.items(batch).or_else(|| self.again.items(batch))
    }

    /// The marks as they are, durable or not.
    #[must_use]
    pub const fn marks(&self) -> &Marks {
        &self.marks
    }

    /// When [`DeliveryEvent::Woke`] is due, if nothing else happens before.
    #[must_use]
    pub fn next_wake(&self) -> Option<BootMillis> {
        let sending = if self.first.is_empty() && self.again.is_empty() { None } else { self.sendable_at() };
        let again = if self.again_idle() { resend::next(&self.marks) } else { None };
        let due = [sending, again, self.keeping.next(), self.storage.next()];
        due.into_iter().flatten().filter(|at| *at > self.seen).min()
    }

    /// From when on the hub may be sent to; nothing if at once.
    fn sendable_at(&self) -> Option<BootMillis> {
        let free = self.bucket.as_ref().map(Bucket::free_at);
        self.hub.next().max(free)
    }

    fn again_idle(&self) -> bool {
        self.terms.confirms && self.again_reading.is_none() && self.again.is_empty()
    }

    fn number(&mut self) -> u64 {
        self.numbered = self.numbered.saturating_add(1);
        self.numbered
    }

    fn ticket(&mut self) -> Ticket {
        Ticket(self.number())
    }

    fn lane(&mut self, kind: Kind) -> &mut Lane<T> {
        match kind {
            Kind::First => &mut self.first,
            Kind::Again => &mut self.again,
        }
    }

    fn limits(&self) -> Limits {
        Limits { batch_bytes: self.batch_bytes, ..self.terms.limits }
    }
}
