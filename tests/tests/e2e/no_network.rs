//! A start with nothing around: no route, no name server, a clock of 1970. READY comes first, and nothing is forgotten.

use std::{fs, os::unix::net::UnixDatagram, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_tests::{
    Scene,
    scene::{as_text, decided},
};

/// Restarts the agent where there is no network at all, and returns what it told the service manager first.
fn start_without_network(scene: &mut Scene, more: &[String]) -> Result<String> {
    let path = scene.folder.join("notify");
    let _ = fs::remove_file(&path);
    let manager = UnixDatagram::bind(&path)?;
    manager.set_read_timeout(Some(Duration::from_secs(30)))?;
    let notify = format!("NOTIFY_SOCKET={}", as_text(&path)?);
    let mut arguments = vec!["--map-current-user", "--net", "env", &notify];
    arguments.extend(more.iter().map(String::as_str));
    let command = scene.agent.command_under("unshare", &arguments);
    scene.agent.start_as(command)?;
    let mut message = [0; 4096];
    let size = manager.recv(&mut message).context("READY never came")?;
    scene.agent.until_it_answers()?;
    Ok(String::from_utf8_lossy(&message[..size]).into_owned())
}

#[test]
fn a_cloud_connected_sensor_is_ready_without_network_and_says_what_fails() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("dark")?;
    let before = decided(&scene.agent.status()?)?;
    scene.agent.stop()?;
    let told = start_without_network(&mut scene, &[])?;
    ensure!(told.contains("READY=1"), "{told}");
    ensure!(decided(&scene.agent.status()?)? == before, "a start in the dark changed something");
    let status = scene.agent.until("it tried", |status| !status["upstream"]["problem"].is_null())?;
    ensure!(decided(&status)? == before, "a failed heartbeat changed something: {status}");
    scene.agent.stop()?;
    scene.agent.start()?;
    scene.agent.until("it is connected", |status| status["upstream"]["link"] == "connected")?;
    Ok(())
}

#[test]
fn a_blank_sensor_is_ready_without_network_and_takes_a_local_activation() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.onboard("dark", &["--mode", "locally-managed"])?;
    scene.agent.stop()?;
    let told = start_without_network(&mut scene, &[])?;
    ensure!(told.contains("READY=1"), "{told}");
    let answer = scene.agent.activate(&sensor.file)?;
    ensure!(answer["outcome"] == "committed" && answer["epoch"] == 1, "{answer}");
    Ok(())
}
