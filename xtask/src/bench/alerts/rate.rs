//! How fast a file of records goes through, what that costs, and how fast it goes through the peers.

use std::time::Duration;

use anyhow::Result;

use super::{
    super::{
        probe,
        statistics::{judge, median, quantile},
    },
    Extent, at_least,
    cost::peak_mib,
    peers::Peers,
    real,
    records::Records,
    sensor::{Sensor, all_once},
};

const LEAST_OF_PEER: f64 = 0.5;
const GOAL_OF_PEER: f64 = 1.0;
const MOST_CPU_SECONDS: f64 = 10.0;
const MOST_MIB: f64 = 16.0;
/// Per million records: on a quiet machine nobody needs a fifth of it.
const PATIENCE: Duration = Duration::from_secs(150);
/// rsyslog syncs for each message: it would need an hour.
const RSYSLOG: Duration = Duration::from_secs(20);
/// A log that ten million records reach the bound of, packed as they are.
const SMALL_LOG: &str = "alert_log.max_mebibytes = 64\n";
/// What memory may grow by from one million to ten.
const FLAT_MIB: f64 = 1.0;

/// A-B-A-B: the agent, syslog-ng, and the probe; then rsyslog once.
pub(super) fn run(records: &Records, peers: &Peers, extent: Extent, probes: &mut Vec<f64>) -> Result<bool> {
    let (mut rates, mut theirs, mut cpu, mut peaks, mut their_cpu) = (vec![], vec![], vec![], vec![], vec![]);
    let per_million = 1e6 / real(records.count);
    for _ in 0..extent.rounds {
        let mut sensor = Sensor::set_up()?;
        let ours = sensor.deliver(records, patience(records.count))?;
        drop(sensor);
        let peer = peers.syslog_ng(records, patience(records.count))?;
        probes.push(probe::fdatasync(&peers.folder)?);
        rates.push(real(records.count) / ours.seconds);
        cpu.push(ours.cpu_seconds * per_million);
        peaks.push(ours.peak_mib);
        theirs.push(real(peer.count) / peer.seconds);
        their_cpu.push(peer.cpu_seconds * per_million);
        println!(
            "  agent {:>7.0} /s, {:>5.2} CPU-s, {:>5.2} MiB | syslog-ng {:>7.0} /s, {:>5.2} CPU-s, {:>5.2} MiB",
            rates[rates.len() - 1],
            cpu[cpu.len() - 1],
            ours.peak_mib,
            theirs[theirs.len() - 1],
            their_cpu[their_cpu.len() - 1],
            peer.peak_mib
        );
    }
    let rsyslog = peers.rsyslog(records, RSYSLOG)?;
    println!(
        "file → durable → hub's durable word: agent {:.0} /s; to a TLS sink: syslog-ng (reliable, never synced) {:.0} /s, \
         rsyslog (queue synced) {:.0} /s",
        median(&rates),
        median(&theirs),
        real(rsyslog.count) / rsyslog.seconds
    );
    println!("CPU of a million: agent {:.2} s, syslog-ng {:.2} s", median(&cpu), median(&their_cpu));
    let ratios: Vec<f64> = rates.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    println!("the goal for the ratio to syslog-ng is {GOAL_OF_PEER} x");
    let well = [
        at_least("agent / syslog-ng", median(&ratios), LEAST_OF_PEER, "x"),
        judge("CPU of a million", median(&cpu), MOST_CPU_SECONDS, "s"),
        judge("peak RSS", quantile(&peaks, 100), MOST_MIB, "MiB"),
    ];
    Ok(well.iter().all(|well| *well))
}

/// Ten times as many through one agent, whose log reaches its bound meanwhile: memory stays as it was.
pub(super) fn long(records: &Records) -> Result<bool> {
    let mut sensor = Sensor::with(SMALL_LOG)?;
    let first = sensor.deliver(records, patience(records.count))?;
    let eve = sensor.shipped.agent.eve_file();
    let copy = sensor.shipped.folder.join("engine.json");
    // Appending to the records themselves would be seen by everybody who has them.
    std::fs::write(&copy, "")?;
    std::fs::rename(copy, &eve)?;
    for times in 2..=10 {
        records.append(&eve)?;
        sensor.hub.until_taken(records.count * times, patience(records.count))?;
        all_once(sensor.hub.taken()?, records.count * times)?;
    }
    let peak = peak_mib(sensor.shipped.agent.program()?.pid())?;
    println!(
        "peak RSS after {} records {:.2} MiB, after ten times as many {peak:.2} MiB",
        records.count, first.peak_mib
    );
    let flat = judge("growth of the peak over ten times as many", peak - first.peak_mib, FLAT_MIB, "MiB");
    Ok(judge("peak RSS", peak, MOST_MIB, "MiB") && flat)
}

fn patience(count: u64) -> Duration {
    PATIENCE.mul_f64((real(count) / 1e6).max(0.1))
}
