//! Reads the boot clock, which no one can set. Sessions and pace run on it.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time since boot, suspended time included. Never goes back. By a system call: a unit may hide most of /proc.
#[must_use]
pub fn since_boot() -> Duration {
    // CLOCK_BOOTTIME is there since Linux 2.6.39; a failure would mean another kernel altogether.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}
