//! A further activation: what is in force stays until the new one is proved.

use anyhow::{Result, ensure};
use picket_lab::Settings;
use picket_tests::{
    Scene,
    faults::{Authority, closed_port},
    scene::{as_text, proved},
};
use serde_json::Value;

/// Uploads a file whose hub refuses connections, and waits until that was noticed.
fn upload_with_dead_hub(scene: &Scene, id: &str) -> Result<Value> {
    Authority::new("A hub's CA")?.write(&scene.folder.join("hub-ca.pem"))?;
    let hub = format!("https://127.0.0.1:{}", closed_port()?);
    let file = scene.reissue(id, &["--hub-url", &hub, "--hub-ca", &scene.path("hub-ca.pem")?])?;
    let answer = scene.agent.activate(&file)?;
    ensure!(answer["outcome"] == "candidate", "{answer}");
    scene.agent.until("the hub was tried in vain", |status| {
        status["candidate"]["proof"]["hub"]["problem"]["code"] == "endpoint.refused"
    })
}

#[test]
fn both_ways_and_back() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.locally_managed("both-ways")?;
    for mode in ["cloud-connected", "locally-managed", "cloud-connected"] {
        let file = scene.reissue(&sensor.id, &["--mode", mode])?;
        scene.agent.activate(&file)?;
        proved(&scene.agent, mode)?;
    }
    ensure!(scene.agent.status()?["epoch"] == 4, "{}", scene.agent.status()?);
    Ok(())
}

#[test]
fn moves_to_another_hub_address() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("moved")?;
    let there = scene.portal.url().replace("127.0.0.1", "localhost");
    let file = scene.reissue(&sensor.id, &["--hub-url", &there, "--hub-ca", &as_text(&scene.portal.authority())?])?;
    scene.agent.activate(&file)?;
    let status = scene.agent.until("the new hub is in force", |status| status["hub"]["url"] == there.as_str())?;
    ensure!(status["epoch"] == 2, "{status}");
    Ok(())
}

#[test]
fn a_dead_hub_keeps_what_is_in_force() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("steady")?;
    let status = upload_with_dead_hub(&scene, &sensor.id)?;
    ensure!(status["epoch"] == 1 && status["hub"]["url"] == scene.portal.url(), "{status}");
    ensure!(status["upstream"]["link"] == "connected", "the present one stopped working: {status}");
    let kept = scene.agent.ask(&["candidate", "keep"]).and(scene.agent.status())?;
    ensure!(kept["candidate"].is_null() && kept["epoch"] == 1, "{kept}");
    ensure!(kept["retry"]["problem"]["code"] == "activation.kept-present", "{kept}");
    scene.agent.ask(&["candidate", "retry"])?;
    ensure!(!scene.agent.status()?["candidate"].is_null(), "trying again brought no candidate");
    Ok(())
}

#[test]
fn a_candidate_falls_back_when_probation_ends_and_can_be_tried_again() -> Result<()> {
    let scene = Scene::with(&Settings { probation_seconds: 2, ..Settings::default() })?;
    let sensor = scene.cloud_connected("patient")?;
    upload_with_dead_hub(&scene, &sensor.id)?;
    let status = scene.agent.until("it fell back", |status| status["candidate"].is_null())?;
    ensure!(status["epoch"] == 1, "{status}");
    ensure!(status["retry"]["problem"]["code"] == "activation.not-proved", "{status}");
    ensure!(status["retry"]["problem"].to_string().contains("endpoint.refused"), "the reason was lost: {status}");
    Ok(())
}

#[test]
fn a_person_can_switch_without_waiting() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("bold")?;
    upload_with_dead_hub(&scene, &sensor.id)?;
    scene.agent.ask(&["candidate", "now"])?;
    let status = scene.agent.until("it is in force", |status| status["epoch"] == 2)?;
    ensure!(status["candidate"].is_null() && status["hub"]["link"] != "connected", "{status}");
    Ok(())
}

#[test]
fn a_candidate_and_its_probation_survive_a_kill() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.cloud_connected("durable")?;
    let before = upload_with_dead_hub(&scene, &sensor.id)?["candidate"].clone();
    scene.agent.kill();
    scene.agent.start()?;
    let after = scene.agent.status()?["candidate"].clone();
    ensure!(after["activation"] == before["activation"], "{after}");
    let remaining = |candidate: &Value| candidate["remaining_seconds"].as_u64().unwrap_or_default();
    ensure!(remaining(&after) <= remaining(&before) && remaining(&after) > 0, "{after}");
    Ok(())
}

#[test]
fn a_higher_serial_replaces_a_candidate() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("impatient")?;
    upload_with_dead_hub(&scene, &sensor.id)?;
    let file = scene.reissue(&sensor.id, &["--mode", "locally-managed"])?;
    scene.agent.activate(&file)?;
    proved(&scene.agent, "locally-managed")?;
    Ok(())
}

#[test]
fn the_portal_can_push_a_reissue() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("pushed")?;
    let there = scene.portal.url().replace("127.0.0.1", "localhost");
    scene.portal.ask(&[
        "sensor",
        "reissue",
        &sensor.id,
        "--hub-url",
        &there,
        "--hub-ca",
        &as_text(&scene.portal.authority())?,
        "--push",
    ])?;
    scene.agent.until("the pushed hub is in force", |status| status["hub"]["url"] == there.as_str())?;
    let audit = scene.agent.ask(&["audit"])?;
    ensure!(audit.to_string().contains("\"name\":\"portal\""), "the audit hides who did it: {audit}");
    Ok(())
}
