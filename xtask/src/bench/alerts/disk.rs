//! The disk's own limit for a log that commits in groups: as many bytes as the agent commits at a time, written and synced
//! in a loop, with nothing else done to them.

use std::{fs::File, io::Write, path::Path, time::Instant};

use anyhow::Result;

/// What the agent commits at a time, about.
const BATCH: usize = 512 * 1024;
const BATCHES: usize = 256;

/// Bytes a second.
pub(super) fn group_commit(folder: &Path) -> Result<f64> {
    let path = folder.join("group");
    let mut file = File::create(&path)?;
    let batch = vec![0x5a; BATCH];
    let start = Instant::now();
    for _ in 0..BATCHES {
        file.write_all(&batch)?;
        file.sync_data()?;
    }
    let seconds = start.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(super::real((BATCH * BATCHES) as u64) / seconds)
}
