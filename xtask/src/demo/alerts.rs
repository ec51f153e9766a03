//! The walk's alerts: a sample that Suricata made, written where the sensor's engine would write it, in two parts. The first
//! is detected while the sensor is locally managed and stays; the second is detected in the cloud mode and arrives.

use std::{collections::BTreeMap, fs::File, io::Write};

use anyhow::{Result, ensure};
use picket_lab::{Waited, until, waiting::PATIENCE};
use serde_json::Value;

use super::world::World;

pub(crate) const SAMPLE: &str = include_str!("sample/eve.json");
/// How many of the sample's alerts are detected while locally managed.
const LOCAL: usize = 10;

/// Detected while locally managed: they are in the sensor's own log.
pub(super) fn stay(world: &mut World) -> Result<String> {
    let local = Part::local();
    detect(world, &local)?;
    let held = until("the alerts are in the sensor's log", PATIENCE, || {
        let held = held(&world.agent.ask(&["alerts", "verify"])?);
        let count = u64::try_from(local.alerts.len())?;
        Ok(if held == count { Waited::Holds(held) } else { Waited::NotYet(format!("{held} of {count}")) })
    })?;
    world.sensor_says(&["alerts", "verify"])?;
    Ok(format!("{held} alerts in the sensor's log, without a gap"))
}

/// Detected while cloud-connected: each is at the portal once, and none of the earlier ones.
pub(super) fn arrive(world: &mut World) -> Result<String> {
    let (local, cloud) = (Part::local(), Part::cloud());
    detect(world, &cloud)?;
    let stored = until("the alerts are at the portal", PATIENCE, || {
        let stored = world.portal.alerts()?;
        let all = stored.len() >= cloud.alerts.len();
        Ok(if all { Waited::Holds(stored) } else { Waited::NotYet(format!("{} alerts", stored.len())) })
    })?;
    world.portal_says(&["alert", "list"])?;
    let times = |record: &Value| stored.iter().filter(|alert| alert["record"] == *record).count();
    for record in &cloud.alerts {
        ensure!(times(record) == 1, "{} times at the portal: {record}", times(record));
    }
    let strays = local.alerts.iter().filter(|record| times(record) > 0).count();
    ensure!(strays == 0, "{strays} alerts detected while locally managed are at the portal");
    Ok(format!("{} at the portal, each once: {}; the {LOCAL} from before stayed", stored.len(), severities(&stored)))
}

/// Some lines of the sample.
struct Part {
    lines: String,
    alerts: Vec<Value>,
}

impl Part {
    fn local() -> Self {
        Self::of(|alerts_before| alerts_before < LOCAL)
    }

    fn cloud() -> Self {
        Self::of(|alerts_before| alerts_before >= LOCAL)
    }

    /// The lines for which `wanted` says yes to the number of alerts before.
    fn of(wanted: impl Fn(usize) -> bool) -> Self {
        let mut part = Self { lines: String::new(), alerts: Vec::new() };
        let mut before = 0;
        for line in SAMPLE.lines() {
            let record: Value = serde_json::from_str(line).expect("the sample is JSON");
            let alert = record["event_type"] == "alert";
            if wanted(before) {
                part.lines.push_str(line);
                part.lines.push('\n');
                part.alerts.extend(alert.then_some(record));
            }
            before += usize::from(alert);
        }
        part
    }
}

/// Appends to the file that the sensor follows.
fn detect(world: &World, part: &Part) -> Result<()> {
    let file = world.agent.eve_file();
    println!("    $ cat SAMPLE >> {}", file.display());
    File::options().create(true).append(true).open(file)?.write_all(part.lines.as_bytes())?;
    Ok(())
}

fn held(verification: &Value) -> u64 {
    let streams = verification["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
    streams.iter().filter_map(|stream| stream["in_log"].as_u64()).sum()
}

fn severities(stored: &[Value]) -> String {
    let mut counts = BTreeMap::<&str, u32>::new();
    for alert in stored {
        *counts.entry(alert["severity"].as_str().unwrap_or("?")).or_default() += 1;
    }
    counts.iter().map(|(severity, count)| format!("{count} {severity}")).collect::<Vec<_>>().join(", ")
}
