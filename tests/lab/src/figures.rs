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

/// Seconds of CPU that a process has used: fields 14 and 15 of its stat, in hundredths.
///
/// # Errors
/// When it is gone.
pub fn cpu_seconds(pid: Pid) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<_> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |position: usize| fields.get(position).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// The most memory that a process ever had resident, MiB.
///
/// # Errors
/// When it is gone.
pub fn peak_mebibytes(pid: Pid) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes / 1024.0)
}
