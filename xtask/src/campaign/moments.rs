//! Moments chosen by a seed: the same seed gives the same ones.

use std::time::Duration;

/// A sequence of moments: Knuth's linear congruential generator, which is enough to be irregular and repeatable.
pub(super) struct Moments {
    state: u64,
}

impl Moments {
    pub(super) const fn of_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let share = f64::from(self.next()) / f64::from(1_u32 << 31);
        least + (most - least).mul_f64(share)
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.next()).expect("31 bits fit") % of.len()]
    }

    /// 31 bits.
    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.state >> 33).expect("31 bits are left")
    }
}
