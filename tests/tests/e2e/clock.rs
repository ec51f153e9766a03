//! Clocks that are wrong by decades: nothing is lost to them.

use anyhow::{Result, ensure};
use picket_tests::{
    FakeClock, Scene,
    scene::{as_text, decided, proved},
};

#[test]
fn in_1970_a_file_is_not_judged_and_an_override_is_recorded() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.agent.stop()?;
    FakeClock::start(&mut scene.agent, "-56y")?;
    let sensor = scene.onboard("no-battery", &["--mode", "locally-managed"])?;
    let file = as_text(&sensor.file)?;
    let code = scene.agent.refuses(&["activate", &file])?;
    ensure!(code == "activation.clock-unusable", "{code}");
    scene.agent.ask(&["activate", &file, "--override-window"])?;
    ensure!(scene.agent.status()?["state"] == "active", "the override had no effect");
    let audit = scene.agent.ask(&["audit"])?.to_string();
    ensure!(audit.contains("upload-window-overridden"), "the override was not recorded: {audit}");
    Ok(())
}

#[test]
fn in_1970_a_cloud_connected_sensor_still_reaches_its_portal() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("flat-battery")?;
    let before = decided(&scene.agent.status()?)?;
    scene.agent.stop()?;
    FakeClock::start(&mut scene.agent, "-56y")?;
    ensure!(decided(&scene.agent.status()?)? == before, "1970 changed something");
    scene.agent.until("it is connected", |status| status["upstream"]["link"] == "connected")?;
    Ok(())
}

#[test]
fn in_2099_nothing_is_lost_and_a_corrected_clock_brings_all_back() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.cloud_connected("time-traveller")?;
    let before = decided(&scene.agent.status()?)?;
    let newer = scene.reissue(&sensor.id, &["--mode", "locally-managed"])?;
    scene.agent.stop()?;
    let clock = FakeClock::start(&mut scene.agent, "+73y")?;
    let status = scene.agent.until("the clock is in the way", |status| status["upstream"]["link"] == "clock-wrong")?;
    ensure!(decided(&status)? == before, "2099 changed something: {status}");
    let code = scene.agent.refuses(&["activate", &as_text(&newer)?])?;
    ensure!(code == "activation.upload-window-over", "{code}");
    clock.set("+0")?;
    scene.agent.until("it is connected", |status| status["upstream"]["link"] == "connected")?;
    proved(&scene.agent, "cloud-connected")?;
    scene.agent.activate(&newer)?;
    ensure!(scene.agent.status()?["active"]["activation"]["mode"] == "locally-managed", "the file was lost");
    Ok(())
}
