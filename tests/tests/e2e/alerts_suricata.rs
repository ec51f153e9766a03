//! Alerts of the real detection engine: Suricata over our capture, into a running agent, to the portal.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use picket_lab::{Agent, Suricata, Waited, capture::ALERTS_BY_SEVERITY, until, waiting::PATIENCE};
use picket_tests::Scene;
use serde_json::Value;

const RUNS: usize = 3;

/// How often each alert's record stands in the engine's own file.
fn found(eve: &Path) -> Result<BTreeMap<String, usize>> {
    let mut times = BTreeMap::new();
    for line in fs::read_to_string(eve)?.lines() {
        let record: Value = serde_json::from_str(line)?;
        if record["event_type"] == "alert" {
            *times.entry(record.to_string()).or_default() += 1;
        }
    }
    Ok(times)
}

/// An engine that writes where the agent follows.
fn engine_of(agent: &Agent) -> Result<Suricata> {
    Suricata::set_up(agent.eve_file().parent().context("the file has a folder")?)
}

#[test]
fn each_alert_that_suricata_writes_arrives_once() -> Result<()> {
    let scene = Scene::new()?;
    scene.cloud_connected("real-engine")?;
    let engine = engine_of(&scene.agent)?;
    for _ in 0..RUNS {
        engine.read(&engine.own_capture())?;
    }
    let written = found(&engine.eve_file())?;
    let count: usize = ALERTS_BY_SEVERITY.iter().map(|(_, count)| count * RUNS).sum();
    ensure!(written.values().sum::<usize>() == count, "Suricata wrote {written:?}");
    let stored = until("as many are at the portal", PATIENCE, || {
        let stored = scene.portal.alerts()?;
        Ok(if stored.len() >= count { Waited::Holds(stored) } else { Waited::NotYet(stored.len().to_string()) })
    })?;
    let mut times = BTreeMap::new();
    for alert in &stored {
        *times.entry(alert["record"].to_string()).or_default() += 1;
    }
    ensure!(times == written, "what is at the portal is not what Suricata wrote");
    let high = stored.iter().filter(|alert| alert["severity"] == "high").count();
    ensure!(high == ALERTS_BY_SEVERITY[0].1 * RUNS, "{high} are of high severity");
    Ok(())
}
