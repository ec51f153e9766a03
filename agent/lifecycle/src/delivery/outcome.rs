//! What each event means. Every result of something that is not under way any more is ignored.

use alloc::{collections::BTreeMap, string::ToString as _, vec::Vec};

use picket_protocol::{alerts::AlertId, heartbeat::Confirmation, ids::StreamId, refusal::Refusal};

use super::{
    BatchId, Chunk, Delivery, DeliveryEffect, DeliveryEvent, Item, Kind, NotAccepted, doubt::Suspect,
    limits::SMALLEST_BATCH, resend::Wanted, turn::Turn,
};
use crate::{event::Failure, stamp::Ticket};

impl<T> Delivery<T> {
    pub(super) fn happened(&mut self, turn: &mut Turn<'_>, event: DeliveryEvent<T>) {
        match event {
            DeliveryEvent::Woke => {}
            DeliveryEvent::Grew => {
                self.log.more = true;
                self.log.grew = true;
            }
            DeliveryEvent::Read { ticket, result } => self.was_read(turn, ticket, result),
            DeliveryEvent::RangeRead { ticket, result } => self.range_was_read(turn, ticket, result),
            DeliveryEvent::BatchEnded { stamp, batch, wire_bytes, result } if stamp == self.terms.stamp => {
                self.batch_ended(turn, batch, wire_bytes, result);
            }
            DeliveryEvent::LineBroke { stamp, failure } if stamp == self.terms.stamp => self.hub_failed(turn, failure),
            // Of another activation.
            DeliveryEvent::BatchEnded { .. } | DeliveryEvent::LineBroke { .. } => {}
            DeliveryEvent::Confirmed(words) => self.was_confirmed(turn, &words),
            DeliveryEvent::AsideSet { ticket, result } => self.was_set_aside(turn, ticket, result),
            DeliveryEvent::Kept { ticket, result } => {
                if self.keeping.ended(ticket, result.is_ok(), turn.boot()) {
                    self.storage_answered(turn, result);
                }
            }
        }
    }

    fn was_read(&mut self, turn: &mut Turn<'_>, ticket: Ticket, result: Result<Chunk<T>, Refusal>) {
        if self.log.reading != Some(ticket) {
            return;
        }
        self.log.reading = None;
        let Some(Chunk { items, examined, more }) = self.storage_answered(turn, result) else { return };
        let moved = examined > self.log.examined || !items.is_empty();
        self.log.examined = self.log.examined.max(examined);
        // A log that says there is more, and does not move, is not asked in a circle.
        self.log.more = (more && moved) || self.log.grew;
        self.first.extend(items);
    }

    fn range_was_read(&mut self, turn: &mut Turn<'_>, ticket: Ticket, result: Result<Vec<Item<T>>, Refusal>) {
        let Some((_, Wanted { stream, from, to })) = self.again_reading.take_if(|(reading, _)| *reading == ticket)
        else {
            return;
        };
        let Some(items) = self.storage_answered(turn, result) else { return };
        if items.is_empty() {
            // The log does not have them any more, and says so by no skip: to ask again soon would change nothing.
            self.marks.sent_again(stream, (from, to), turn.boot());
            self.counts.unavailable = self.counts.unavailable.saturating_add((to - from).saturating_add(1));
            self.keeping.moved(turn.boot());
            return;
        }
        let numbers = items.iter().fold(0_u64, |sum, item| sum.saturating_add((item.to - item.from).saturating_add(1)));
        self.counts.again = self.counts.again.saturating_add(numbers);
        self.again.extend(items);
    }

    fn batch_ended(&mut self, turn: &mut Turn<'_>, batch: BatchId, wire_bytes: u64, result: Result<(), NotAccepted>) {
        let charged = self.size(batch);
        if let Some(bucket) = &mut self.bucket {
            bucket.put_right(charged, wire_bytes, turn.boot());
        }
        let of = [Kind::First, Kind::Again].into_iter().find(|kind| self.lane(*kind).items(batch).is_some());
        let Some(kind) = of else { return };
        match result {
            Ok(()) => self.accepted(turn, kind, batch),
            Err(NotAccepted::Refused(why)) => self.refused(turn, kind, batch, why),
            Err(NotAccepted::Failed(failure)) => self.hub_failed(turn, failure),
        }
    }

    fn accepted(&mut self, turn: &Turn<'_>, kind: Kind, batch: BatchId) {
        self.hub.succeeded(turn.now.wall, turn.boot());
        self.look_at_suspect(batch);
        let lane = self.lane(kind);
        lane.accepted(batch);
        let too_large = lane.too_large();
        let full = self.terms.limits.batch_bytes;
        self.batch_bytes = if too_large {
            (self.batch_bytes / 2).max(SMALLEST_BATCH.min(full))
        } else {
            self.batch_bytes.saturating_add(full / 64).min(full)
        };
    }

    /// An acknowledged batch speaks for its own items, and against whatever was refused before.
    fn look_at_suspect(&mut self, batch: BatchId) {
        let Some(suspect) = self.suspect else { return };
        let items = self.batch(batch).unwrap_or_default();
        self.suspect = if items.iter().any(|item| item.place == suspect.place) {
            None
        } else {
            let others_taken = suspect.others_taken || items.iter().any(Item::is_alert);
            Some(Suspect { others_taken, ..suspect })
        };
    }

    fn refused(&mut self, turn: &mut Turn<'_>, kind: Kind, batch: BatchId, why: Refusal) {
        let Some([item]) = self.batch(batch) else {
            let others = self.on_the_wire() > 1;
            self.lane(kind).halve(batch);
            if others {
                self.recall(turn);
            }
            return;
        };
        let (place, alert) = (item.place, item.alert());
        match self.suspect {
            // While the log takes nothing, nothing can go aside.
            Some(suspect) if suspect.place == place && suspect.others_taken && self.storage_due(turn) => {
                if self.lane(kind).is_trial(batch) {
                    return self.lane(kind).clear();
                }
                self.suspect = None;
                match alert {
                    Some(id) => self.set_aside(turn, kind, batch, id, &why),
                    None => self.pass(kind, batch),
                }
            }
            Some(suspect) if suspect.place == place || !suspect.others_taken => {
                self.lane(kind).unclear();
                self.hub_failed(turn, why.into());
            }
            Some(_) | None => {
                self.suspect = Some(Suspect { place, others_taken: false });
                self.lane(kind).unclear();
                self.recall(turn);
            }
        }
    }

    fn set_aside(&mut self, turn: &mut Turn<'_>, kind: Kind, batch: BatchId, id: AlertId, why: &Refusal) {
        let ticket = self.ticket();
        self.lane(kind).setting_aside(batch, ticket);
        turn.effect(DeliveryEffect::SetAside { ticket, id, why: why.to_string() });
    }

    fn pass(&mut self, kind: Kind, batch: BatchId) {
        self.lane(kind).pass(batch);
        self.counts.refused_skips = self.counts.refused_skips.saturating_add(1);
    }

    fn hub_failed(&mut self, turn: &mut Turn<'_>, failure: Failure) {
        self.counts.failures = self.counts.failures.saturating_add(1);
        // What it took before it failed says nothing about what it takes now.
        self.suspect = self.suspect.map(|suspect| Suspect { others_taken: false, ..suspect });
        self.hub.failed(failure, turn.now.wall, turn.boot(), &mut turn.dice);
        self.recall(turn);
    }

    fn recall(&mut self, turn: &mut Turn<'_>) {
        self.first.recall();
        self.again.recall();
        turn.effect(DeliveryEffect::Recall);
    }

    fn was_set_aside(&mut self, turn: &mut Turn<'_>, ticket: Ticket, result: Result<(), Refusal>) {
        let done = result.is_ok();
        if !self.first.aside_set(ticket, done) && !self.again.aside_set(ticket, done) {
            return;
        }
        self.counts.set_aside = self.counts.set_aside.saturating_add(u64::from(done));
        self.storage_answered(turn, result);
    }

    fn was_confirmed(&mut self, turn: &Turn<'_>, words: &BTreeMap<StreamId, Confirmation>) {
        if !self.terms.confirms {
            return;
        }
        for (stream, word) in words {
            self.marks.confirmed(*stream, word, turn.boot());
        }
        self.keeping.moved(turn.boot());
    }

    /// The result, or nothing and a wait.
    fn storage_answered<R>(&mut self, turn: &mut Turn<'_>, result: Result<R, Refusal>) -> Option<R> {
        match result {
            Ok(value) => {
                self.storage.succeeded(turn.now.wall, turn.boot());
                Some(value)
            }
            Err(why) => {
                self.storage.failed(why.into(), turn.now.wall, turn.boot(), &mut turn.dice);
                None
            }
        }
    }
}
