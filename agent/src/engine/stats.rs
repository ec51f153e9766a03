//! What the detection engine lost itself, as its `stats` records say.

use std::time::Duration;

use picket_eve::Stats;

/// For how long a loss is told after the last one that was seen.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What the engine lost since the agent started.
#[derive(Debug, Default)]
pub(super) struct EngineDrops {
    last: Option<Stats>,
    packets: u64,
    alerts: u64,
    seen: Option<Duration>,
}

impl EngineDrops {
    /// Takes a record. A count that fell was an engine that started anew: all of it counts.
    pub(super) fn take(&mut self, stats: Stats, now: Duration) {
        let before = self.last.replace(stats).unwrap_or(stats);
        let added = |now: u64, before: u64| if now < before { now } else { now - before };
        let packets = added(stats.capture.kernel_drops, before.capture.kernel_drops);
        let alerts = added(stats.detect.alert_queue_overflow, before.detect.alert_queue_overflow);
        self.packets += packets;
        self.alerts += alerts;
        if packets + alerts > 0 {
            self.seen = Some(now);
        }
    }

    /// Whether the engine lost something lately.
    pub(super) fn are_recent(&self, now: Duration) -> bool {
        self.seen.is_some_and(|seen| now.saturating_sub(seen) < REMEMBERED)
    }

    /// (packets, alerts).
    pub(super) const fn counts(&self) -> (u64, u64) {
        (self.packets, self.alerts)
    }
}

#[cfg(test)]
pub(super) fn dropping(kernel_drops: u64) -> Stats {
    Stats { capture: picket_eve::Capture { kernel_drops }, ..Stats::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_added_and_starts_anew_with_the_engine() {
        let mut drops = EngineDrops::default();
        let at = Duration::from_secs;
        drops.take(dropping(100), at(0));
        assert_eq!((drops.counts(), drops.are_recent(at(0))), ((0, 0), false));
        drops.take(dropping(130), at(10));
        drops.take(dropping(5), at(20));
        assert_eq!(drops.counts(), (35, 0));
        assert!(drops.are_recent(at(619)) && !drops.are_recent(at(620)));
    }
}
