//! A copied disk: two sensors with one key.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use picket_lab::{Agent, Binaries, Settings, process::run};
use picket_tests::Scene;
use serde_json::Value;

fn heartbeats(agent: &Agent) -> Result<u64> {
    agent.status()?["upstream"]["answered"].as_u64().context("no count of heartbeats")
}

#[test]
fn a_copied_disk_is_a_possible_clone_by_the_third_heartbeat() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.cloud_connected("original")?;
    scene.agent.stop()?;
    let folder = scene.folder.join("copy");
    let mut copy = Agent::set_up(&Binaries::beside_this_program()?, &folder, &Settings::default())?;
    run(Command::new("cp").arg("-a").arg(scene.agent.state()).arg(&folder))?;
    scene.agent.start()?;
    copy.start()?;
    let seen = scene.portal.until(&sensor.id, "a possible clone shows", is_possible_clone)?;
    let sent = heartbeats(&scene.agent)?.max(heartbeats(&copy)?);
    ensure!(sent <= 5, "it took {sent} heartbeats of one sensor: {seen}");
    for agent in [&scene.agent, &copy] {
        agent.until("a clone is not blocked", |status| status["upstream"]["link"] == "connected")?;
    }
    Ok(())
}

fn is_possible_clone(sensor: &Value) -> bool {
    sensor["health"] == "possible-clone"
}

#[test]
fn kills_of_the_agent_raise_no_clone_alarm() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.cloud_connected("crashing")?;
    for _ in 0..4 {
        scene.agent.kill();
        scene.agent.start()?;
        scene.agent.until("a heartbeat is answered", |status| status["upstream"]["answered"].as_u64() >= Some(1))?;
    }
    let shown = scene.portal.sensor(&sensor.id)?;
    ensure!(shown["health"] == "ok", "{shown}");
    Ok(())
}
