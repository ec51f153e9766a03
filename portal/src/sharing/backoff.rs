//! How long to wait after a failure: exponential with full jitter. Pure: the dice are an argument.

use std::time::Duration;

/// The first wait is at most this.
const FIRST: Duration = Duration::from_secs(1);
/// No wait is longer.
const CAP: Duration = Duration::from_secs(300);
/// Nor is one that the destination asked for.
const ASKED_CAP: Duration = Duration::from_secs(3600);

/// Failures in a row.
#[derive(Debug, Clone, Copy, Default)]
pub struct BackOff {
    failures: u32,
}

impl BackOff {
    /// Begins again: something was taken.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after one failure more; at least what the destination asked for, up to an hour.
    pub fn wait(&mut self, dice: u32, asked: Option<Duration>) -> Duration {
        let most = FIRST.saturating_mul(1 << self.failures.min(16)).min(CAP);
        self.failures = self.failures.saturating_add(1);
        let drawn = most.mul_f64(f64::from(dice) / f64::from(u32::MAX));
        drawn.max(asked.unwrap_or_default().min(ASKED_CAP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_begin_again() {
        let mut back_off = BackOff::default();
        let waits: Vec<u64> = (0..12).map(|_| back_off.wait(u32::MAX, None).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        assert_eq!(back_off.wait(0, None), Duration::ZERO);
        back_off.reset();
        assert_eq!(back_off.wait(u32::MAX, None), FIRST);
    }

    #[test]
    fn what_the_destination_asks_for_is_honoured_up_to_an_hour() {
        let mut back_off = BackOff::default();
        assert_eq!(back_off.wait(0, Some(Duration::from_secs(90))), Duration::from_secs(90));
        assert_eq!(back_off.wait(0, Some(Duration::MAX)), ASKED_CAP);
    }
}
