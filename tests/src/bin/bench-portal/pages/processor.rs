//! What a page costs the processor, at the portal and its database. Unlike the time it takes, that does not depend on what
//! else the machine does.

use std::fs;

use anyhow::{Context, Result};
use nix::unistd::Pid;

/// Milliseconds of processor time that the threads of these processes have used.
pub(super) fn used(processes: &[Pid]) -> Result<f64> {
    let mut nanoseconds = 0.0;
    for process in processes {
        // A server's workers come and go, and so do threads: what has ended meanwhile is left out.
        for thread in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten() {
            let Ok(said) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            nanoseconds += said.split(' ').next().context("an empty schedstat")?.parse::<f64>()?;
        }
    }
    Ok(nanoseconds / 1e6)
}

/// The children of a process.
pub(super) fn children(process: Pid) -> Result<Vec<Pid>> {
    let said = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    said.split_whitespace().map(|pid| Ok(Pid::from_raw(pid.parse()?))).collect()
}
