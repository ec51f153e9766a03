//! How long a candidate may still take. Runs on the boot-time clock; what remains survives a restart.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::moment::BootMillis;

/// What remained at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probation {
    remaining: Duration,
    as_of: BootMillis,
}

impl Probation {
    pub(crate) const fn begun(whole: Duration, now: BootMillis) -> Self {
        Self { remaining: whole, as_of: now }
    }

    /// What remains.
    #[must_use]
    pub const fn remaining(&self, now: BootMillis) -> Duration {
        self.remaining.saturating_sub(now.since(self.as_of))
    }

    /// When it is over.
    #[must_use]
    pub fn ends(&self) -> BootMillis {
        self.as_of.plus(self.remaining)
    }

    /// Fixes what remains, so that a store holds it as of now.
    pub(crate) const fn settled(self, now: BootMillis) -> Self {
        Self { remaining: self.remaining(now), as_of: now }
    }

    /// The machine booted anew: the time it was off does not count, for nobody could prove anything in it.
    pub(crate) const fn rebased(self, now: BootMillis) -> Self {
        Self { remaining: self.remaining, as_of: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_a_restart_within_a_boot_and_not_the_time_off() {
        let begun = Probation::begun(Duration::from_secs(900), BootMillis(1_000));
        assert_eq!(begun.remaining(BootMillis(301_000)), Duration::from_secs(600));
        let stored = begun.settled(BootMillis(301_000));
        assert_eq!(stored.ends(), begun.ends());
        let next_boot = stored.rebased(BootMillis(20_000));
        assert_eq!(next_boot.remaining(BootMillis(20_000)), Duration::from_secs(600));
        assert_eq!(next_boot.remaining(BootMillis(700_000)), Duration::ZERO);
    }
}
