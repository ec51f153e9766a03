//! What the disk costs at this moment: the floor under every durable figure.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::Instant,
};

use anyhow::Result;

/// Appends that are timed; an odd number.
const APPENDS: usize = 15;

/// Milliseconds of one append of 4 KiB with fdatasync, the median of some.
///
/// # Errors
/// When the folder cannot be written to.
pub fn fdatasync(folder: &Path) -> Result<f64> {
    let path = folder.join("probe");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..APPENDS {
        let start = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_file(path)?;
    times.sort_by(f64::total_cmp);
    Ok(times[APPENDS / 2])
}
