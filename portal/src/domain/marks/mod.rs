//! What an upstream has of one alert stream: the numbers that came or never will, as a high-water mark and the few ranges
//! above it. Decides what is new; stores nothing.
//!
//! A number is settled once, by an alert or by a skip, whichever came first. That is the whole deduplication.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    ops::{Bound, RangeInclusive},
};

use picket_protocol::{alerts::DropReason, heartbeat::Confirmation};

/// The last number that a database's integer holds.
pub const MAX_NUMBER: u64 = i64::MAX as u64;
/// Most ranges above the high-water mark. Delivery is in order: a stream with more holes than this is a defect or a
/// hostile sensor, and must not fill memory.
const MAX_OPEN: usize = 4096;

/// The marks of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Every number up to this one is settled.
    high: u64,
    /// Settled ranges above, apart from each other and from `high`: first → last.
    open: BTreeMap<u64, u64>,
    /// Alerts received, each counted once.
    received: u64,
    /// Numbers that never come, by reason.
    dropped: BTreeMap<DropReason, u64>,
}

/// The stream has too many holes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyGaps;

impl Marks {
    /// The marks as they were stored.
    #[must_use]
    pub const fn from_parts(
        high: u64,
        open: BTreeMap<u64, u64>,
        received: u64,
        dropped: BTreeMap<DropReason, u64>,
    ) -> Self {
        Self { high, open, received, dropped }
    }

    /// Every number up to this one is settled.
    #[must_use]
    pub const fn high(&self) -> u64 {
        self.high
    }

    /// Settled ranges above [`Self::high`]: first → last.
    #[must_use]
    pub const fn open(&self) -> &BTreeMap<u64, u64> {
        &self.open
    }

    /// Alerts received.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Numbers that never come, by reason.
    #[must_use]
    pub const fn dropped(&self) -> &BTreeMap<DropReason, u64> {
        &self.dropped
    }

    /// The last number settled.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.open.last_key_value().map_or(self.high, |(_, last)| *last)
    }

    /// How many numbers up to [`Self::last`] are not settled.
    #[must_use]
    pub fn lacking(&self) -> u64 {
        self.dropped.values().fold(self.last().saturating_sub(self.received), |left, count| left.saturating_sub(*count))
    }

    /// Takes an alert's number, 1 to [`MAX_NUMBER`]; whether it is new.
    ///
    /// # Errors
    /// [`TooManyGaps`]; nothing has changed then.
    pub fn receive(&mut self, number: u64) -> Result<bool, TooManyGaps> {
        if number == self.high + 1 && self.open.is_empty() {
            self.high = number; // nearly always
        } else if self.settle(number..=number)?.is_empty() {
            return Ok(false);
        }
        self.received += 1;
        Ok(true)
    }

    /// Takes numbers that never come; those of them that were not settled before, as ranges.
    ///
    /// # Errors
    /// [`TooManyGaps`]; nothing has changed then.
    pub fn skip(
        &mut self,
        numbers: RangeInclusive<u64>,
        reason: DropReason,
    ) -> Result<Vec<RangeInclusive<u64>>, TooManyGaps> {
        let new = self.settle(numbers)?;
        let count: u64 = new.iter().map(|range| range.end() - range.start() + 1).sum();
        if count > 0 {
            *self.dropped.entry(reason).or_default() += count;
        }
        Ok(new)
    }

    /// What the sensor is told: up to where everything is settled, less at most [`Confirmation::MAX_LACKS`] ranges.
    /// With more holes than that, `up_to` ends before the first that is not told.
    #[must_use]
    pub fn confirmation(&self) -> Confirmation {
        let mut lacks: Vec<(u64, u64)> = self.gaps().take(Confirmation::MAX_LACKS + 1).collect();
        let untold = if lacks.len() > Confirmation::MAX_LACKS { lacks.pop() } else { None };
        Confirmation { up_to: untold.map_or(self.last(), |(first, _)| first - 1), lacks }
    }

    /// The ranges that are not settled, below the last number that is.
    fn gaps(&self) -> impl Iterator<Item = (u64, u64)> {
        let before = std::iter::once(self.high).chain(self.open.values().copied());
        before.zip(self.open.keys()).map(|(last, next)| (last + 1, next - 1))
    }

    /// Settles `numbers`; which of them were not.
    fn settle(&mut self, numbers: RangeInclusive<u64>) -> Result<Vec<RangeInclusive<u64>>, TooManyGaps> {
        let (first, last) = (*numbers.start().max(&(self.high + 1)), *numbers.end());
        if first > last {
            return Ok(Vec::new());
        }
        let touched = self.touching(first, last);
        let new = between(first, last, &touched);
        let (from, to) = touched.iter().fold((first, last), |(from, to), (a, b)| (from.min(*a), to.max(*b)));
        let joins_high = from == self.high + 1;
        if !joins_high && self.open.len() - touched.len() >= MAX_OPEN {
            return Err(TooManyGaps);
        }
        for (start, _) in &touched {
            self.open.remove(start);
        }
        if joins_high {
            self.high = to;
        } else {
            self.open.insert(from, to);
        }
        Ok(new)
    }

    /// The open ranges that overlap `first..=last` or stand right beside it, ascending.
    fn touching(&self, first: u64, last: u64) -> Vec<(u64, u64)> {
        let before = self.open.range(..first).next_back().filter(|(_, end)| **end >= first - 1);
        let after = self.open.range((Bound::Included(first), Bound::Included(last + 1)));
        before.into_iter().chain(after).map(|(start, end)| (*start, *end)).collect()
    }
}

/// What of `first..=last` is in none of the ranges, which ascend.
fn between(first: u64, last: u64, ranges: &[(u64, u64)]) -> Vec<RangeInclusive<u64>> {
    let mut new = Vec::new();
    let mut next = first;
    for (start, end) in ranges {
        if *start > next {
            new.push(next..=(start - 1).min(last));
        }
        next = next.max(end + 1);
    }
    if next <= last {
        new.push(next..=last);
    }
    new
}
