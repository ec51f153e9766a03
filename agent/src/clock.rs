//! Reads the clocks: the wall clock, which may be wrong, and the boot clock, which no one can set.
//!
//! Decides nothing: what an instant means is the core's business.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};
use picket_protocol::time::UnixSeconds;

/// When this program was built. The wall clock is believed from here on only.
#[must_use]
pub fn build_date() -> UnixSeconds {
    UnixSeconds(env!("PICKET_BUILD_DATE").parse().expect("the build script writes a number"))
}

/// The wall clock, to the second. May be anything.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the agent reads the wall clock")]
pub fn wall() -> UnixSeconds {
    UnixSeconds(match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    })
}

/// Time since boot, suspended time included. Never goes back.
#[must_use]
pub fn since_boot() -> Duration {
    // CLOCK_BOOTTIME is there since Linux 2.6.39; a failure would mean another kernel altogether.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}
