//! Alerts of the real detection engine: Suricata over our capture, into a running agent, to the portal.

use anyhow::{Context, Result, ensure};
use picket_lab::{Agent, EngineOutput, Settings, Suricata, capture::ALERTS_BY_SEVERITY};
use picket_tests::{
    Scene,
    engine::{arrives_once, found},
};

const RUNS: usize = 3;

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
    let stored = arrives_once(&scene.portal, &written)?;
    let high = stored.iter().filter(|alert| alert["severity"] == "high").count();
    ensure!(high == ALERTS_BY_SEVERITY[0].1 * RUNS, "{high} are of high severity");
    Ok(())
}

#[test]
fn each_alert_that_suricata_writes_to_the_socket_arrives_once() -> Result<()> {
    let scene = Scene::with(&Settings { engine: EngineOutput::Socket, ..Settings::default() })?;
    scene.cloud_connected("real-engine-at-a-socket")?;
    // Its own file beside the socket is the list that the portal's is compared with.
    let engine = Suricata::set_up_on_socket(&scene.folder.join("engine"), &scene.agent.eve_socket())?;
    for _ in 0..RUNS {
        engine.read(&engine.own_capture())?;
    }
    let written = found(&engine.eve_file())?;
    ensure!(!written.is_empty(), "Suricata wrote nothing");
    arrives_once(&scene.portal, &written)?;
    Ok(())
}
