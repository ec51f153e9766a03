//! Room for a connection of each sensor, within what the system lets a program open.

use anyhow::{Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that are not sensors' connections.
const OTHERS: u64 = 1_000;

/// Raises the soft limit to the hard one; the portal does so by itself.
pub(crate) fn room_for(sensors: usize) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let needed = sensors as u64 + OTHERS;
    ensure!(needed <= hard, "a program may open {hard} files here: at most {} sensors", hard.saturating_sub(OTHERS));
    if soft < needed {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(())
}
