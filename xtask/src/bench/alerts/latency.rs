//! How soon a line is durable, and acknowledged by the hub, at a hundred alerts a second.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use picket_lab::waiting::PATIENCE;

use super::{
    super::{
        probe,
        statistics::{judge, median, quantile},
    },
    far_end::{Taken, driver},
    sensor::Sensor,
};

const MOST_DURABLE_MS: f64 = 2.0;
const MOST_DURABLE_99_MS: f64 = 15.0;
const MOST_DELIVERED_MS: f64 = 10.0;

pub(super) fn run(seconds: u64, probes: &mut Vec<f64>) -> Result<bool> {
    let mut sensor = Sensor::set_up()?;
    let (eve, log) = (sensor.shipped.agent.eve_file(), sensor.shipped.agent.state().join("alerts.db"));
    let output = driver()?.arg("latency").arg(eve).arg(log).arg(seconds.to_string()).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    let lines: Vec<[u64; 3]> = lines.lines().map(numbers).collect::<Result<_>>()?;
    sensor.hub.until_taken(lines.len() as u64, PATIENCE)?;
    probes.push(probe::fdatasync(sensor.shipped.folder.path())?);
    let acknowledged = by_number(sensor.hub.taken()?);
    let (mut durable, mut delivered) = (Vec::new(), Vec::new());
    for [number, written, seen] in lines {
        let at = *acknowledged.get(&number).with_context(|| format!("the hub lacks number {number}"))?;
        durable.push(super::seconds(written, seen) * 1e3);
        delivered.push(super::seconds(written, at) * 1e3);
    }
    println!(
        "at 100 /s over {seconds} s: durable p50 {:.2} ms, p99 {:.2} ms; delivered p50 {:.2} ms, p99 {:.2} ms",
        median(&durable),
        quantile(&durable, 99),
        median(&delivered),
        quantile(&delivered, 99)
    );
    let well = [
        judge("written → durable, p50", median(&durable), MOST_DURABLE_MS, "ms"),
        judge("written → durable, p99", quantile(&durable, 99), MOST_DURABLE_99_MS, "ms"),
        judge("written → acknowledged by the hub, p50", median(&delivered), MOST_DELIVERED_MS, "ms"),
    ];
    Ok(well.iter().all(|well| *well))
}

/// When each number was acknowledged.
fn by_number(taken: &[Taken]) -> BTreeMap<u64, u64> {
    let numbers = |taken: &Taken| {
        let at = taken.at;
        (taken.last + 1 - taken.count..=taken.last).map(move |number| (number, at))
    };
    taken.iter().flat_map(numbers).collect()
}

fn numbers(line: &str) -> Result<[u64; 3]> {
    let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    numbers.try_into().map_err(|_| anyhow::anyhow!("{line:?} has not three numbers"))
}
