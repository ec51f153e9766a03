//! A portal as it is shipped, under the generator of the tests package: some rounds, each between two probes.

use anyhow::Result;
use picket_lab::PrivateFolder;

use super::{probe, programs::driver};
use crate::builds::build;

const ROUNDS: usize = 5;

/// `what` is the driver's own word for what it measures. Every round must hold its limit.
pub(super) fn run(what: &str) -> Result<bool> {
    build("release", &["--package", "picket-portal"])?;
    // Beside the folder that the driver makes for the portal: the same disk.
    let folder = PrivateFolder::on_disk()?;
    let mut probes = vec![probe::fdatasync(folder.path())?];
    let mut well = true;
    for _ in 0..ROUNDS {
        well &= driver("release", "bench-portal", &[what])?;
        probes.push(probe::fdatasync(folder.path())?);
    }
    well &= probe::report(&probes);
    Ok(well)
}

/// The driver has rounds, probes and a peer of its own: its portal's database shall grow over them.
pub(super) fn run_alone(what: &str) -> Result<bool> {
    build("release", &["--package", "picket-portal"])?;
    driver("release", "bench-portal", &[what])
}
