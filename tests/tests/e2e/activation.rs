//! A first activation, in both modes.

use anyhow::{Result, ensure};
use picket_tests::{
    Scene,
    scene::{as_text, decided, proved},
};

#[test]
fn local_activation_needs_no_portal() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.onboard("lonely", &["--mode", "locally-managed"])?;
    scene.portal.kill();
    let answer = scene.agent.activate(&sensor.file)?;
    ensure!(answer["outcome"] == "committed" && answer["epoch"] == 1, "{answer}");
    let status = scene.agent.status()?;
    ensure!(status["active"]["activation"]["name"] == "lonely", "{status}");
    ensure!(status["upstream"].is_null() && status["hub"].is_null(), "{status}");
    Ok(())
}

#[test]
fn cloud_connected_sensor_shows_at_the_portal() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("seen")?;
    let status = scene.agent.status()?;
    ensure!(status["upstream"]["kind"] == "portal" && status["upstream"]["link"] == "connected", "{status}");
    let shown = scene.portal.until(&sensor.id, "the portal says ok", |shown| shown["health"] == "ok")?;
    ensure!(shown["name"] == "seen", "{shown}");
    Ok(())
}

#[test]
fn first_cloud_activation_is_in_force_before_its_proof_and_keeps_trying() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.onboard("early", &["--mode", "cloud-connected"])?;
    scene.portal.stop()?;
    scene.agent.activate(&sensor.file)?;
    let status = scene.agent.until("it is active and could not enrol", |status| {
        status["state"] == "active" && status["active"]["proof"]["identity"]["step"] == "failed"
    })?;
    ensure!(status["upstream"]["link"] == "pending", "{status}");
    scene.portal.start()?;
    proved(&scene.agent, "cloud-connected")?;
    Ok(())
}

#[test]
fn verify_and_preview_change_nothing() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.onboard("looked-at", &["--mode", "cloud-connected", "--zone", "Line 4"])?;
    let before = decided(&scene.agent.status()?)?;
    let file = as_text(&sensor.file)?;
    let verified = scene.agent.ask(&["verify", &file])?;
    ensure!(verified["activation"]["zone"] == "Line 4", "{verified}");
    let preview = scene.agent.ask(&["preview", &file])?;
    ensure!(preview.to_string().contains(scene.portal.url()), "the preview hides the portal: {preview}");
    ensure!(decided(&scene.agent.status()?)? == before, "looking changed something");
    Ok(())
}

#[test]
fn verify_works_without_an_agent() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.onboard("offline", &["--mode", "locally-managed"])?;
    scene.agent.stop()?;
    let root = as_text(&scene.agent.trust_directory().join("portal.root"))?;
    let verified = scene.agent.ask(&["verify", &as_text(&sensor.file)?, "--trust-root", &root])?;
    ensure!(verified["activation"]["name"] == "offline", "{verified}");
    Ok(())
}

#[test]
fn the_same_file_again_is_already_active() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.locally_managed("twice")?;
    let before = decided(&scene.agent.status()?)?;
    let answer = scene.agent.activate(&sensor.file)?;
    ensure!(answer["outcome"] == "already-active", "{answer}");
    ensure!(decided(&scene.agent.status()?)? == before, "a repeated file changed something");
    Ok(())
}

#[test]
fn a_file_under_another_trust_root_is_refused() -> Result<()> {
    let scene = Scene::new()?;
    let stranger = Scene::new()?;
    let sensor = stranger.onboard("stranger", &["--mode", "locally-managed"])?;
    let code = scene.agent.refuses(&["activate", &as_text(&sensor.file)?])?;
    ensure!(code == "activation.unknown-root", "{code}");
    ensure!(scene.agent.status()?["state"] == "unactivated", "an unknown root's file was believed");
    Ok(())
}

#[test]
fn a_sensor_without_trust_root_shows_the_fingerprint_and_takes_it_typed() -> Result<()> {
    let scene = Scene::new()?;
    let mut agent = scene.another_sensor("blank")?;
    std::fs::remove_file(agent.trust_directory().join("portal.root"))?;
    agent.start()?;
    let sensor = scene.onboard("blank", &["--mode", "locally-managed"])?;
    let file = as_text(&sensor.file)?;
    let code = agent.refuses(&["activate", &file])?;
    ensure!(code == "activation.no-trust-root", "{code}");
    let wrong = agent.refuses(&["trust", "confirm", &file, "--characters", "0000000000000000"])?;
    ensure!(wrong == "trust.confirmation-mismatch", "{wrong}");
    let characters = picket_lab::portal::text(&scene.portal.ask(&["root", "show"])?, "confirmation")?;
    agent.ask(&["trust", "confirm", &file, "--characters", &characters])?;
    let answer = agent.activate(&sensor.file)?;
    ensure!(answer["outcome"] == "committed", "{answer}");
    Ok(())
}

#[test]
fn an_activation_survives_a_restart_of_the_agent() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("restarted")?;
    let before = decided(&scene.agent.status()?)?;
    scene.agent.kill();
    scene.agent.start()?;
    ensure!(decided(&scene.agent.status()?)? == before, "a restart changed something");
    proved(&scene.agent, "cloud-connected")?;
    Ok(())
}
