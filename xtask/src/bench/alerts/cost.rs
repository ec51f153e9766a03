//! What a process has cost, by /proc: its ended threads included.

use anyhow::Result;
use nix::time::{ClockId, clock_gettime};
pub(super) use picket_lab::figures::{cpu_seconds, peak_mebibytes as peak_mib};

/// Nanoseconds of the monotonic clock, which every process of the machine shares.
pub(super) fn now() -> Result<u64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    Ok(u64::try_from(now.tv_sec())? * 1_000_000_000 + u64::try_from(now.tv_nsec())?)
}
