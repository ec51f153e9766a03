//! Items in order, on their way: waiting, under way, acknowledged. Knows no time and no hub.
//!
//! What is under way is always a prefix of what is waiting; it leaves from the front, acknowledged. Whatever goes wrong,
//! the items go back to where they were, so that the order of the first sending is the order of the log.

use alloc::{collections::VecDeque, vec::Vec};

use picket_protocol::alerts::DropReason;

use super::{
    doubt::Doubt,
    event::BatchId,
    item::{Content, Item},
    limits::Limits,
};
use crate::stamp::Ticket;

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Lane<T> {
    waiting: VecDeque<Item<T>>,
    waiting_bytes: usize,
    flights: VecDeque<Flight<T>>,
    flight_bytes: usize,
    /// How many flights are sent, and how many are ready.
    sent: usize,
    ready: usize,
    doubt: Doubt,
    trial: Option<Trial<T>>,
}

#[derive(Debug, Clone)]
struct Flight<T> {
    stage: Stage,
    items: Vec<Item<T>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is sent before anything that is waiting.
    Ready,
    Sent(BatchId),
    Accepted,
    SettingAside(Ticket),
}

/// One item from the middle, sent alone to find out whether the hub takes anything at all.
#[derive(Debug, Clone)]
struct Trial<T> {
    batch: BatchId,
    position: usize,
    item: Vec<Item<T>>,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            flights: VecDeque::new(),
            flight_bytes: 0,
            sent: 0,
            ready: 0,
            doubt: Doubt::default(),
            trial: None,
        }
    }
}

impl<T> Lane<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.flights.is_empty() && self.trial.is_none()
    }

    pub(super) const fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// How many items are under way.
    pub(super) fn in_flight(&self) -> usize {
        let items = |flight: &Flight<T>| if flight.stage == Stage::Accepted { 0 } else { flight.items.len() };
        self.flights.iter().map(items).sum::<usize>() + usize::from(self.trial.is_some())
    }

    pub(super) fn oldest(&self) -> Option<&Item<T>> {
        self.flights.front().and_then(|flight| flight.items.first()).or_else(|| self.waiting.front())
    }

    pub(super) fn extend(&mut self, items: impl IntoIterator<Item = Item<T>>) {
        for item in items {
            self.waiting_bytes = self.waiting_bytes.saturating_add(item.bytes);
            self.waiting.push_back(item);
        }
    }

    /// How many batches are on the wire.
    pub(super) fn on_the_wire(&self) -> usize {
        self.sent + usize::from(self.trial.is_some())
    }

    /// Marks the next batch as sent under this id. False if there is none, or no more fits.
    pub(super) fn send(&mut self, batch: BatchId, limits: &Limits) -> bool {
        if self.ready > 0
            && let Some(ready) = self.flights.iter_mut().find(|flight| flight.stage == Stage::Ready)
        {
            ready.stage = Stage::Sent(batch);
            self.count();
            return true;
        }
        if self.doubt.is_unclear() {
            return self.try_one(batch);
        }
        let full = self.flights.len() >= limits.in_flight || self.flight_bytes >= limits.in_flight_bytes;
        if self.waiting.is_empty() || (full && !self.flights.is_empty()) {
            return false;
        }
        let items = self.cut(limits);
        self.flights.push_back(Flight { stage: Stage::Sent(batch), items });
        self.sent += 1;
        true
    }

    /// As many waiting items as make a batch; one at least.
    fn cut(&mut self, limits: &Limits) -> Vec<Item<T>> {
        let most = self.doubt.narrowed(limits.batch_items).max(1);
        let mut bytes = 0_usize;
        let fits = |item: &&Item<T>| {
            bytes = bytes.saturating_add(item.bytes);
            bytes <= limits.batch_bytes
        };
        let count = self.waiting.iter().take(most).take_while(fits).count().max(1).min(self.waiting.len());
        let items: Vec<Item<T>> = self.waiting.drain(..count).collect();
        let bytes = total(&items);
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        self.flight_bytes = self.flight_bytes.saturating_add(bytes);
        items
    }

    /// Nothing else is under way while things are unclear.
    fn try_one(&mut self, batch: BatchId) -> bool {
        if self.trial.is_some() || !self.flights.is_empty() {
            return false;
        }
        let alerts: Vec<usize> =
            self.waiting.iter().enumerate().filter(|(_, item)| item.is_alert()).map(|(position, _)| position).collect();
        let position = self.doubt.turn(alerts.len()).and_then(|turn| alerts.get(turn).copied()).unwrap_or(0);
        let Some(item) = self.waiting.remove(position) else { return false };
        self.trial = Some(Trial { batch, position, item: Vec::from([item]) });
        true
    }

    /// The items of a batch that is under way.
    pub(super) fn items(&self, batch: BatchId) -> Option<&[Item<T>]> {
        if let Some(trial) = self.trial.as_ref().filter(|trial| trial.batch == batch) {
            return Some(&trial.item);
        }
        Some(&self.flights.iter().find(|flight| flight.stage == Stage::Sent(batch))?.items)
    }

    /// The hub acknowledged a batch.
    pub(super) fn accepted(&mut self, batch: BatchId) {
        if self.is_trial(batch) {
            return self.clear();
        }
        let Some(flight) = self.flights.iter_mut().find(|flight| flight.stage == Stage::Sent(batch)) else { return };
        flight.stage = Stage::Accepted;
        self.sent = self.sent.saturating_sub(1);
        self.doubt.accepted(flight.items.len());
    }

    /// The hub will not take a batch of several: it goes back, to be sent in smaller pieces.
    pub(super) fn halve(&mut self, batch: BatchId) {
        let count = self.items(batch).map_or(0, <[_]>::len);
        self.recall();
        self.doubt.halve(count);
    }

    /// The hub will not take this skip: it counts as taken, since nothing is lost with it.
    pub(super) fn pass(&mut self, batch: BatchId) {
        self.doubt.found();
        if let Some(flight) = self.flights.iter_mut().find(|flight| flight.stage == Stage::Sent(batch)) {
            flight.stage = Stage::Accepted;
        }
        self.count();
    }

    /// The alert of this batch is being set aside.
    pub(super) fn setting_aside(&mut self, batch: BatchId, ticket: Ticket) {
        self.doubt.found();
        if let Some(flight) = self.flights.iter_mut().find(|flight| flight.stage == Stage::Sent(batch)) {
            flight.stage = Stage::SettingAside(ticket);
        }
        self.count();
    }

    /// It is set aside: a skip stands in its place. Otherwise it is tried again. False if no such ticket is known.
    pub(super) fn aside_set(&mut self, ticket: Ticket, done: bool) -> bool {
        let Some(flight) = self.flights.iter_mut().find(|flight| flight.stage == Stage::SettingAside(ticket)) else {
            return false;
        };
        flight.stage = Stage::Ready;
        if done {
            flight.items.iter_mut().for_each(|item| item.content = Content::Skip(DropReason::Poison));
        }
        self.count();
        true
    }

    /// It is not known what the refusal of a single item means: the next to be tried is another alert.
    pub(super) fn unclear(&mut self) {
        self.recall();
        self.doubt.unclear();
    }

    /// The hub takes alerts: each is sent in its turn.
    pub(super) fn clear(&mut self) {
        self.end_trial();
        self.doubt.cleared();
    }

    /// Whether this batch is one from the middle, sent alone.
    pub(super) fn is_trial(&self, batch: BatchId) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.batch == batch)
    }

    /// Takes everything back that is under way, into its place. What is being set aside stays.
    pub(super) fn recall(&mut self) {
        self.end_trial();
        while let Some(flight) = self.flights.pop_back() {
            if let Stage::SettingAside(_) = flight.stage {
                self.flights.push_back(flight);
                break;
            }
            let bytes = total(&flight.items);
            self.flight_bytes = self.flight_bytes.saturating_sub(bytes);
            self.waiting_bytes = self.waiting_bytes.saturating_add(bytes);
            for item in flight.items.into_iter().rev() {
                self.waiting.push_front(item);
            }
        }
        for flight in &mut self.flights {
            if let Stage::Sent(_) = flight.stage {
                flight.stage = Stage::Ready;
            }
        }
        self.count();
    }

    /// After anything but the ordinary.
    fn count(&mut self) {
        self.ready = self.flights.iter().filter(|flight| flight.stage == Stage::Ready).count();
        self.sent = self.flights.iter().filter(|flight| matches!(flight.stage, Stage::Sent(_))).count();
    }

    fn end_trial(&mut self) {
        if let Some(Trial { position, item, .. }) = self.trial.take() {
            item.into_iter().for_each(|item| self.waiting.insert(position, item));
        }
    }

    /// What is acknowledged from the front on, in order. Each is handed out once.
    pub(super) fn done(&mut self) -> Vec<Item<T>> {
        let mut done = Vec::new();
        while self.flights.front().is_some_and(|flight| flight.stage == Stage::Accepted) {
            let items = self.flights.pop_front().map(|flight| flight.items).unwrap_or_default();
            self.flight_bytes = self.flight_bytes.saturating_sub(total(&items));
            done.extend(items);
        }
        done
    }

    /// Whether the hub took every piece of what it had refused whole: its batches are too large for it.
    pub(super) const fn too_large(&mut self) -> bool {
        self.doubt.take_too_large()
    }
}

fn total<T>(items: &[Item<T>]) -> usize {
    items.iter().fold(0, |bytes, item| bytes.saturating_add(item.bytes))
}
