//! What the sensor makes of its wall clock: floor, drift, and whether it is to blame for a refused certificate.

use core::time::Duration;

use picket_protocol::{refusal::Refusal, time::UnixSeconds};
use serde::{Deserialize, Serialize};

use crate::{
    effect::TlsTime,
    moment::{BootMillis, Moment},
    time_floor::TimeFloor,
};

/// Differences up to this many seconds are not worth a word.
pub const DRIFT_SHOWN: i64 = 60;
/// Nobody serves a certificate that expired this long ago: the clock is wrong instead. One year.
const EXPIRED_IMPLAUSIBLY: i64 = 365 * 86_400;

/// What is known of the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub(crate) floor: TimeFloor,
    heard: Option<Heard>,
}

/// The upstream's time, when it was last heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Heard {
    time: UnixSeconds,
    boot: Option<BootMillis>,
    drift: i64,
}

impl Clock {
    pub(crate) fn committed(&mut self, issued_at: UnixSeconds) {
        *self = Self { floor: TimeFloor::committed(issued_at), heard: None };
    }

    /// The upstream in force answered with its time.
    pub(crate) fn told(&mut self, time: UnixSeconds, certificate_until: Option<UnixSeconds>, now: &Moment) {
        self.floor.told(time, certificate_until);
        self.heard = Some(Heard { time, boot: Some(now.boot), drift: now.wall.since(time) });
    }

    /// Instants of an earlier boot mean nothing.
    pub(crate) fn restarted(&mut self, same_boot: bool) {
        if let Some(heard) = &mut self.heard {
            heard.boot = heard.boot.filter(|_| same_boot);
        }
    }

    /// The clock, or the floor if that is higher.
    #[must_use]
    pub fn effective(&self, build_date: UnixSeconds, now: &Moment) -> UnixSeconds {
        now.wall.max(self.floor.at(build_date))
    }

    pub(crate) fn tls_time(&self, build_date: UnixSeconds, now: &Moment) -> TlsTime {
        let floor = self.floor.at(build_date);
        TlsTime { at: now.wall.max(floor), enforce_not_before: now.wall >= floor }
    }

    /// How far the wall clock is off, if over a minute: by what the upstream said, carried on by the boot-time clock.
    #[must_use]
    pub fn drift(&self, now: &Moment) -> Option<i64> {
        let heard = self.heard?;
        let drift = heard.boot.map_or(heard.drift, |boot| now.wall.since(carried(heard.time, now.boot.since(boot))));
        (drift.saturating_abs() > DRIFT_SHOWN).then_some(drift)
    }

    /// The clock's health as a code.
    pub(crate) fn health(&self, build_date: UnixSeconds, now: &Moment) -> &'static str {
        if now.wall < build_date {
            return Refusal::ClockUnusable { now: now.wall, build_date }.code();
        }
        let behind = self.floor.at(build_date).since(now.wall) > DRIFT_SHOWN;
        if behind || self.drift(now).is_some() { Refusal::ClockDrift { seconds: 0 }.code() } else { crate::health::OK }
    }

    /// Whether a failure is this sensor's clock's fault rather than the other end's.
    #[must_use]
    pub fn to_blame(&self, why: &Refusal, now: &Moment) -> bool {
        match why {
            Refusal::ClockDrift { .. } | Refusal::ClockUnusable { .. } => true,
            // Expired by this clock: was it still good by the time that the upstream told?
            Refusal::TlsExpired { not_after, .. } => match self.heard {
                Some(Heard { time, boot: Some(boot), .. }) => carried(time, now.boot.since(boot)) < *not_after,
                Some(Heard { boot: None, .. }) | None => now.wall.since(*not_after) > EXPIRED_IMPLAUSIBLY,
            },
            _ => false,
        }
    }
}

fn carried(time: UnixSeconds, since: Duration) -> UnixSeconds {
    time.plus(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
