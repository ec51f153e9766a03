//! What measurements are told by: quantiles of many, and the memory of a process.

use std::fs;

use anyhow::{Context, Result};
use nix::unistd::Pid;

/// The value that so many percent do not exceed.
#[must_use]
pub fn quantile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// A line of `/proc/PID/smaps_rollup`, such as `Rss:`, in KiB.
///
/// # Errors
/// When the process is gone.
pub fn memory_kib(pid: Pid, name: &str) -> Result<f64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    line.trim().trim_end_matches(" kB").trim().parse().with_context(|| format!("{line:?} is no number"))
}
