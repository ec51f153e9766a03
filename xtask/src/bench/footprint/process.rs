//! Memory, CPU and wake-ups of a process, from /proc.

use std::fs;

use anyhow::{Context, Result};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// What a process has cost since it started.
pub(super) struct Cost {
    /// Times that one of its threads went to sleep, and so woke up.
    pub(super) wake_ups: f64,
    pub(super) cpu_seconds: f64,
}

impl Cost {
    pub(super) fn of(pid: Pid) -> Result<Self> {
        let mut cost = Self { wake_ups: 0.0, cpu_seconds: 0.0 };
        let ticks: f64 = number(&sysconf(SysconfVar::CLK_TCK)?.context("no clock ticks")?.to_string())?;
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            let thread = thread?.path();
            let status = fs::read_to_string(thread.join("status"))?;
            cost.wake_ups += number(field(&status, "voluntary_ctxt_switches:")?)?;
            let stat = fs::read_to_string(thread.join("stat"))?;
            // The name, in parentheses, may hold spaces; utime and stime are fields 14 and 15 (proc_pid_stat(5)).
            let after_name: Vec<_> = stat.rsplit_once(')').context("no name in stat")?.1.split_whitespace().collect();
            for position in [11, 12] {
                cost.cpu_seconds += number(after_name.get(position).context("a short stat")?)? / ticks;
            }
        }
        Ok(cost)
    }
}

fn field<'a>(text: &'a str, name: &str) -> Result<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).with_context(|| format!("no {name}"))
}

fn number(text: &str) -> Result<f64> {
    text.trim().parse().with_context(|| format!("{text:?} is no number"))
}
