//! What a consumer has: acknowledged by its hub, and stored by the portal. Counts; decides nothing about time.
//!
//! A number of a stream is first *delivered*: the hub acknowledged it. It is *confirmed* once the portal says that it has
//! stored it. What lies between stands in [`Marks::unconfirmed`], as few ranges.

use alloc::{collections::BTreeMap, vec::Vec};

use picket_protocol::{heartbeat::Confirmation, ids::StreamId};
use serde::{Deserialize, Serialize};

use super::{
    item::Place,
    ranges::{Range, without},
};
use crate::moment::{BootId, BootMillis};

/// Most ranges between delivered and confirmed. More are taken together, and perhaps sent once too often.
pub const MAX_UNCONFIRMED: usize = 512;
/// Most streams of which a confirmation is kept.
pub const MAX_STREAMS: usize = 64;
/// What is acknowledged within this span becomes one range.
const GRAIN: u64 = 60 * 1000;

/// The marks of one consumer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// The hub acknowledged everything up to here, or it is not for this consumer.
    pub delivered: Place,
    /// The portal's word by stream, as far as it agrees with what was delivered.
    pub confirmed: BTreeMap<StreamId, Confirmation>,
    /// What was acknowledged and is not confirmed.
    pub unconfirmed: Vec<Acknowledged>,
    /// In which boot the instants of [`Self::unconfirmed`] lie.
    pub boot: BootId,
}

/// Numbers that the hub acknowledged and the portal has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// The stream.
    pub stream: StreamId,
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// When the last sending was acknowledged.
    pub at: BootMillis,
    /// How often they were sent again.
    pub tries: u32,
}

impl Acknowledged {
    pub(super) const fn range(&self) -> Range {
        (self.from, self.to)
    }

    const fn with(self, (from, to): Range) -> Self {
        Self { from, to, ..self }
    }

    /// Becomes one range with the next, if that goes on where this ends and was acknowledged at about the same time.
    fn takes_in(&mut self, next: &Self) -> bool {
        let goes_on = self.stream == next.stream && self.to.checked_add(1) == Some(next.from);
        let alike = self.tries == next.tries && self.at.0 / GRAIN == next.at.0 / GRAIN;
        if goes_on && alike {
            self.to = next.to;
            self.at = self.at.max(next.at);
        }
        goes_on && alike
    }
}

impl Marks {
    /// After a start: instants of another boot mean nothing, so every wait begins anew.
    pub(super) fn restarted(&mut self, boot: BootId, now: BootMillis) {
        if self.boot != boot {
            self.unconfirmed.iter_mut().for_each(|range| range.at = now);
            self.boot = boot;
        }
    }

    /// The highest number of a stream that was ever acknowledged; 0 if none was.
    pub(super) fn head(&self, stream: StreamId) -> u64 {
        let unconfirmed = self.unconfirmed.iter().filter(|range| range.stream == stream).map(|range| range.to).max();
        self.confirmed.get(&stream).map_or(0, |confirmed| confirmed.up_to).max(unconfirmed.unwrap_or(0))
    }

    /// The hub acknowledged these for the first time.
    pub(super) fn acknowledged(&mut self, stream: StreamId, (from, to): Range, now: BootMillis) {
        let new = Acknowledged { stream, from, to, at: now, tries: 0 };
        if self.unconfirmed.last_mut().is_some_and(|last| last.takes_in(&new)) {
            return;
        }
        // It may have been acknowledged before a crash.
        self.remove(stream, &[(from, to)]);
        self.unconfirmed.push(new);
        self.bound();
    }

    /// The hub acknowledged these again, or there is nothing left to send again: the next wait is longer.
    pub(super) fn sent_again(&mut self, stream: StreamId, range: Range, now: BootMillis) {
        let mut after = Vec::with_capacity(self.unconfirmed.len() + 2);
        for of in &self.unconfirmed {
            let rest = if of.stream == stream { without(of.range(), &[range]) } else { Vec::from([of.range()]) };
            let tries = of.tries.saturating_add(1);
            let sent =
                without(of.range(), &rest).into_iter().map(|sent| Acknowledged { at: now, tries, ..of.with(sent) });
            let first = after.len();
            after.extend(rest.iter().map(|rest| of.with(*rest)).chain(sent));
            after[first..].sort_unstable_by_key(|range| range.from);
        }
        after.dedup_by(|next, last| last.takes_in(next));
        self.unconfirmed = after;
        self.bound();
    }

    /// The portal's word. It may be less than it was: then it lost what it had, and its waits begin anew.
    pub(super) fn confirmed(&mut self, stream: StreamId, word: &Confirmation, now: BootMillis) {
        let head = self.head(stream);
        if head == 0 {
            return;
        }
        let up_to = word.up_to.min(head);
        let stored = without((1, up_to), &word.lacks);
        self.remove(stream, &stored);
        let known: Vec<Range> = self.of(stream).map(Acknowledged::range).chain(stored).collect();
        for (from, to) in without((1, head), &known) {
            self.unconfirmed.push(Acknowledged { stream, from, to, at: now, tries: 0 });
        }
        let lacks = word.lacks.iter().copied().filter(|(_, to)| *to <= up_to).collect();
        self.confirmed.insert(stream, Confirmation { up_to, lacks });
        self.bound();
        self.forget_streams(stream);
    }

    /// The ranges of a stream.
    pub(super) fn of(&self, stream: StreamId) -> impl Iterator<Item = &Acknowledged> {
        self.unconfirmed.iter().filter(move |range| range.stream == stream)
    }

    fn remove(&mut self, stream: StreamId, ranges: &[Range]) {
        let mut after = Vec::with_capacity(self.unconfirmed.len());
        for of in &self.unconfirmed {
            if of.stream == stream {
                after.extend(without(of.range(), ranges).into_iter().map(|rest| of.with(rest)));
            } else {
                after.push(*of);
            }
        }
        self.unconfirmed = after;
    }

    /// Takes the oldest ranges of a stream together until there are few enough. The only one of a stream stays.
    fn bound(&mut self) {
        while self.unconfirmed.len() > MAX_UNCONFIRMED {
            let next_of = |(at, range): (usize, &Acknowledged)| {
                let next = self.unconfirmed[at + 1..].iter().position(|next| next.stream == range.stream)?;
                Some((at, at + next)) // where it stands once the first is gone
            };
            let Some((first, next)) = self.unconfirmed.iter().enumerate().find_map(next_of) else { return };
            let first = self.unconfirmed.remove(first);
            let next = &mut self.unconfirmed[next];
            next.from = next.from.min(first.from);
            next.to = next.to.max(first.to);
            next.at = next.at.max(first.at);
            next.tries = next.tries.max(first.tries);
        }
    }

    /// Forgets streams of which nothing is awaited any more.
    fn forget_streams(&mut self, but: StreamId) {
        while self.confirmed.len() > MAX_STREAMS {
            let done = |stream: &StreamId| *stream != but && self.of(*stream).next().is_none();
            let Some(stream) = self.confirmed.keys().copied().find(done) else { return };
            self.confirmed.remove(&stream);
        }
    }
}
