//! What a far end has taken, one line each time: the instant, how many, and the last number. The chore reads it along.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};
use nix::time::{ClockId, clock_gettime};

/// See the module.
pub(crate) struct Journal(Mutex<File>);

impl Journal {
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        Ok(Self(Mutex::new(file.with_context(|| format!("cannot open {}", path.display()))?)))
    }

    /// `count` were taken at this moment, the last of them numbered `last`.
    pub(crate) fn took(&self, count: u64, last: u64) -> Result<()> {
        let line = format!("{} {count} {last}\n", now()?);
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(file.write_all(line.as_bytes())?)
    }
}

/// Nanoseconds of the monotonic clock, which every process of the machine shares.
pub(crate) fn now() -> Result<u64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    Ok(u64::try_from(now.tv_sec())? * 1_000_000_000 + u64::try_from(now.tv_nsec())?)
}
