//! What is due now: batches to send, log to read, ranges to read again, marks to keep.

use alloc::vec::Vec;

use super::{BatchId, Delivery, DeliveryEffect, Kind, Limits, Now, item::Item, resend};
use crate::moment::{BootMillis, Dice};

/// One event's instant, chance and effects.
pub(super) struct Turn<'a> {
    pub(super) now: &'a Now,
    pub(super) dice: Dice,
    pub(super) effects: Vec<DeliveryEffect>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(now: &'a Now) -> Self {
        Self { now, dice: Dice::new(&now.entropy), effects: Vec::new() }
    }

    pub(super) const fn boot(&self) -> BootMillis {
        self.now.boot
    }

    pub(super) fn effect(&mut self, effect: DeliveryEffect) {
        self.effects.push(effect);
    }
}

impl<T> Delivery<T> {
    /// Counts what the hub acknowledged, from the front on.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        let before = self.marks.delivered;
        for item in self.first.done() {
            self.delivered(&item, turn.boot());
        }
        if self.first.is_empty() {
            self.marks.delivered = self.marks.delivered.max(self.log.examined);
        }
        let again = self.again.done();
        for item in &again {
            self.marks.sent_again(item.stream, (item.from, item.to), turn.boot());
        }
        if before != self.marks.delivered || !again.is_empty() {
            self.keeping.moved(turn.boot());
        }
    }

    fn delivered(&mut self, item: &Item<T>, now: BootMillis) {
        self.marks.delivered = self.marks.delivered.max(item.place);
        if self.terms.confirms {
            self.marks.acknowledged(item.stream, (item.from, item.to), now);
        }
        if item.is_alert() {
            self.counts.delivered = self.counts.delivered.saturating_add(1);
        } else {
            self.counts.skips = self.counts.skips.saturating_add(1);
        }
    }

    /// Sends as much as may be under way. What goes again takes its turn with what goes first.
    pub(super) fn send(&mut self, turn: &mut Turn<'_>) {
        while self.sendable_at().is_none_or(|at| at <= turn.boot()) && self.on_the_wire() < self.terms.limits.in_flight
        {
            let batch = BatchId(self.number());
            let limits = self.limits();
            let order = match self.last {
                Kind::First => [Kind::Again, Kind::First],
                Kind::Again => [Kind::First, Kind::Again],
            };
            let Some(kind) = order.into_iter().find(|kind| self.lane(*kind).send(batch, &limits)) else { return };
            self.last = kind;
            self.charge(batch, turn.boot());
            turn.effect(DeliveryEffect::Send(batch));
        }
    }

    fn charge(&mut self, batch: BatchId, now: BootMillis) {
        let size = self.size(batch);
        if let Some(bucket) = &mut self.bucket {
            bucket.spend(size, now);
        }
    }

    /// About how many bytes a batch under way has; 0 if it is not under way.
    pub(super) fn size(&self, batch: BatchId) -> u64 {
        let bytes = |items: &[Item<T>]| items.iter().fold(0_u64, |sum, item| sum.saturating_add(item.bytes as u64));
        self.batch(batch).map_or(0, bytes)
    }

    pub(super) fn on_the_wire(&self) -> usize {
        self.first.on_the_wire() + self.again.on_the_wire()
    }

    /// Reads ahead, by about a batch.
    pub(super) fn read(&mut self, turn: &mut Turn<'_>) {
        let ahead = self.first.waiting_bytes() >= self.batch_bytes;
        if self.log.reading.is_some() || !self.log.more || ahead || !self.storage_due(turn) {
            return;
        }
        let ticket = self.ticket();
        self.log.reading = Some(ticket);
        self.log.grew = false;
        let Limits { batch_bytes, .. } = self.limits();
        turn.effect(DeliveryEffect::Read { ticket, after: self.log.examined, max_bytes: batch_bytes });
    }

    /// Reads what has to go again, one range at a time.
    pub(super) fn read_again(&mut self, turn: &mut Turn<'_>) {
        if !self.again_idle() || !self.storage_due(turn) {
            return;
        }
        let Some(wanted) = resend::due(&self.marks, turn.boot()) else { return };
        let ticket = self.ticket();
        self.again_reading = Some((ticket, wanted));
        let resend::Wanted { stream, from, to } = wanted;
        turn.effect(DeliveryEffect::ReadRange { ticket, stream, from, to, max_bytes: self.batch_bytes });
    }

    pub(super) fn keep(&mut self, turn: &mut Turn<'_>) {
        if self.keeping.next().is_none_or(|due| due > turn.boot()) || !self.storage_due(turn) {
            return;
        }
        let ticket = self.ticket();
        self.keeping.begin(ticket);
        turn.effect(DeliveryEffect::Keep { ticket, marks: self.marks.clone() });
    }

    pub(super) fn storage_due(&self, turn: &Turn<'_>) -> bool {
        self.storage.next().is_none_or(|at| at <= turn.boot())
    }
}
