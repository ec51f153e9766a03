//! From the engine's file to a hub that has stored it: rate, processor, memory, latency and outage of the agent as it is
//! shipped, beside syslog-ng and rsyslog in the same run.

mod cost;
mod disk;
mod far_end;
mod latency;
mod outage;
mod peers;
mod rate;
mod records;
mod sensor;

use anyhow::Result;
use picket_lab::PrivateFolder;

use self::{peers::Peers, records::Records};
use super::probe;
use crate::builds::build;

/// What is measured, and how much of it.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// How many records a round has.
    pub(super) records: u64,
    /// How often the agent and its peer take turns.
    pub(super) rounds: usize,
    /// Whether memory is watched over ten times as many.
    pub(super) long: bool,
    /// How long latencies are taken.
    pub(super) seconds: u64,
}

pub(super) fn run(extent: Extent) -> Result<bool> {
    build("release", &["--package", "picket-tests", "--bin", "bench-alerts"])?;
    let folder = PrivateFolder::on_disk()?;
    let mut probes = vec![probe::fdatasync(folder.path())?];
    let records = Records::write(&folder.join("records"), extent.records)?;
    println!("{} records of {} bytes; the hub answers when a batch is on the disk", extent.records, records.mean());
    let peers = Peers::unpack(&folder.join("peers"))?;
    let mut well = rate::run(&records, &peers, extent, &mut probes)?;
    well &= outage::run(&records, &mut probes)?;
    well &= latency::run(extent.seconds, &mut probes)?;
    if extent.long {
        well &= rate::long(&records)?;
    }
    Ok(probe::report(&probes) && well)
}

/// Prints a figure beside its least, and says whether it is reached.
fn at_least(what: &str, found: f64, least: f64, unit: &str) -> bool {
    let well = found >= least;
    println!("{what}: {found:.2} {unit} (at least {least} {unit}) {}", if well { "ok" } else { "MISSED" });
    well
}

#[expect(clippy::cast_precision_loss, reason = "rates are printed to three digits")]
const fn real(number: u64) -> f64 {
    number as f64
}

/// Seconds between two instants in nanoseconds.
const fn seconds(from: u64, to: u64) -> f64 {
    real(to.saturating_sub(from)) / 1e9
}
