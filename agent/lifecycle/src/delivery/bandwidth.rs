//! The cap on bytes: what is sent is a debt, which time pays off. A batch is charged by its size when it is sent, and put
//! right when it is known what it cost on the wire.

use core::{num::NonZeroU32, time::Duration};

use crate::moment::BootMillis;

/// See the module. In bits: 1 kbit/s is one bit per millisecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bucket {
    bits_per_millisecond: u64,
    debt: u64,
    counted: BootMillis,
}

impl Bucket {
    pub(super) fn new(kilobits_per_second: NonZeroU32, now: BootMillis) -> Self {
        Self { bits_per_millisecond: kilobits_per_second.get().into(), debt: 0, counted: now }
    }

    /// What is sent has to be paid off before the next batch.
    pub(super) fn spend(&mut self, bytes: u64, now: BootMillis) {
        self.count(now);
        self.debt = self.debt.saturating_add(bytes.saturating_mul(8));
    }

    /// What was charged by its size cost this many bytes.
    pub(super) fn put_right(&mut self, charged: u64, cost: u64, now: BootMillis) {
        self.spend(cost, now);
        self.debt = self.debt.saturating_sub(charged.saturating_mul(8));
    }

    /// When nothing is owed any more.
    pub(super) fn free_at(&self) -> BootMillis {
        self.counted.plus(Duration::from_millis(self.debt.div_ceil(self.bits_per_millisecond)))
    }

    /// Time that passes while nothing is owed is not saved up.
    fn count(&mut self, now: BootMillis) {
        let passed = u64::try_from(now.since(self.counted).as_millis()).unwrap_or(u64::MAX);
        self.debt = self.debt.saturating_sub(passed.saturating_mul(self.bits_per_millisecond));
        self.counted = self.counted.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_rate_over_a_minute() {
        let rate = NonZeroU32::new(350).unwrap();
        let mut bucket = Bucket::new(rate, BootMillis(0));
        let (mut now, mut sent) = (BootMillis(0), 0);
        while now < BootMillis(60_000) {
            bucket.spend(10_000, now);
            sent += 10_000 * 8;
            now = bucket.free_at();
        }
        let allowed = 350 * 60_000;
        assert!((allowed * 99 / 100..=allowed * 101 / 100).contains(&sent), "{sent} of {allowed} bits");
    }

    #[test]
    fn takes_back_what_was_charged_too_much() {
        let mut bucket = Bucket::new(NonZeroU32::new(8).unwrap(), BootMillis(0));
        bucket.spend(1_000, BootMillis(0));
        bucket.put_right(1_000, 300, BootMillis(100));
        assert_eq!(bucket.free_at(), BootMillis(300));
    }

    #[test]
    fn saves_nothing_up_while_nothing_is_sent() {
        let mut bucket = Bucket::new(NonZeroU32::new(8).unwrap(), BootMillis(0));
        bucket.spend(1_000, BootMillis(3_600_000));
        assert_eq!(bucket.free_at(), BootMillis(3_601_000));
    }
}
