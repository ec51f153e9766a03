//! Locally managed sensors under a management console on the premises.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use picket_lab::{Binaries, Portal, Role};
use picket_tests::{
    Scene, alerts,
    scene::{as_text, proved},
};

fn console(scene: &Scene) -> Result<Portal> {
    let binaries = Binaries::beside_this_program()?;
    let mut console = Portal::init(&binaries, Role::ManagementConsole, &scene.folder.join("console"))?;
    console.start()?;
    Ok(console)
}

fn pairing_token(scene: &Scene, console: &Portal) -> Result<String> {
    as_text(&console.pairing_token(&scene.folder.join("pairing-token"))?)
}

#[test]
fn a_locally_managed_sensor_reports_to_its_management_console_only() -> Result<()> {
    let mut scene = Scene::new()?;
    let console = console(&scene)?;
    let token = pairing_token(&scene, &console)?;
    let authority = as_text(&console.authority())?;
    let settings = ["--mode", "locally-managed", "--console-url", console.url(), "--console-ca", &authority];
    let sensor = scene.onboard("on-premises", &[&settings[..], &["--pairing-token-file", &token]].concat())?;
    // With no portal to be seen, whatever works works by the console alone.
    scene.portal.kill();
    scene.agent.activate(&sensor.file)?;
    proved(&scene.agent, "locally-managed")?;
    let status = scene.agent.until("the console answers", |status| status["upstream"]["link"] == "connected")?;
    ensure!(status["upstream"]["kind"] == "management-console" && status["hub"].is_null(), "{status}");
    let shown = console.until(&sensor.id, "the console says ok", |shown| shown["health"] == "ok")?;
    ensure!(shown["name"] == "on-premises", "{shown}");
    Ok(())
}

#[test]
fn a_dead_management_console_stops_nothing() -> Result<()> {
    let scene = Scene::new()?;
    let mut console = console(&scene)?;
    let token = pairing_token(&scene, &console)?;
    let authority = as_text(&console.authority())?;
    console.stop()?;
    let settings = ["--mode", "locally-managed", "--console-url", console.url(), "--console-ca", &authority];
    let sensor = scene.onboard("alone", &[&settings[..], &["--pairing-token-file", &token]].concat())?;
    scene.agent.activate(&sensor.file)?;
    let status = scene.agent.until("pairing was tried", |status| !status["upstream"]["problem"].is_null())?;
    ensure!(status["active"]["activation"]["mode"] == "locally-managed", "{status}");
    ensure!(status["upstream"]["problem"]["code"] == "endpoint.refused", "{status}");
    console.start()?;
    scene.agent.until("it is paired in the end", |status| status["upstream"]["link"] == "connected")?;
    Ok(())
}

#[test]
fn a_person_connects_a_sensor_and_takes_it_off_again() -> Result<()> {
    const BEFORE: usize = 5;
    const PAIRED: usize = 7;
    let scene = Scene::new()?;
    let console = console(&scene)?;
    let sensor = scene.onboard("pump house", &["--mode", "locally-managed"])?;
    scene.agent.activate(&sensor.file)?;
    proved(&scene.agent, "locally-managed")?;
    let mut generator = alerts::engine_of(&scene.agent)?;
    generator.alerts(BEFORE)?;
    alerts::log_holds(&scene.agent, BEFORE as u64)?;

    let (token, authority) = (pairing_token(&scene, &console)?, as_text(&console.authority())?);
    let connect = ["console", "connect", console.url(), "--ca", &authority, "--pairing-token-file", &token];
    scene.agent.ask(&connect)?;
    scene.agent.until("the console answers", |status| status["upstream"]["link"] == "connected")?;
    generator.alerts(PAIRED)?;
    let since: BTreeSet<u64> = generator.written().iter().copied().skip(BEFORE).collect();
    alerts::arrive_once(&console, &since)?;

    scene.agent.ask(&["console", "disconnect"])?;
    let status = scene.agent.status()?;
    ensure!(status["upstream"].is_null() && status["active"]["activation"]["name"] == "pump house", "{status}");
    generator.alerts(1)?;
    alerts::log_holds(&scene.agent, (BEFORE + PAIRED + 1) as u64)?;
    alerts::arrive_once(&console, &since)
}
