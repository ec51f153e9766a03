//! Reads the clocks: the wall clock, which may be wrong, and the boot clock, which no one can set.
//!
//! Decides nothing. Sessions and pace run on the boot clock, by a system call: the unit hides most of /proc.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};
use picket_protocol::time::UnixSeconds;

/// When this program was built.
#[must_use]
pub fn build_date() -> UnixSeconds {
    UnixSeconds(env!("PICKET_BUILD_DATE").parse().expect("the build script writes a number"))
}

/// The wall clock, to the second. May be anything; before 1970 it is 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the console reads the wall clock")]
pub fn wall() -> UnixSeconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixSeconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Time since boot, suspended time included. Never goes back.
#[must_use]
pub fn since_boot() -> Duration {
    // CLOCK_BOOTTIME is there since Linux 2.6.39; a failure would mean another kernel altogether.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}
