//! The end of an activation: only a signed deactivation is one.

use anyhow::{Result, ensure};
use picket_tests::{
    Scene,
    faults::{Authority, Reply, Server, closed_port},
    scene::{as_text, decided, proved},
};

#[test]
fn a_deleted_sensor_says_deleted_and_falls_silent() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("gone")?;
    scene.portal.ask(&["sensor", "delete", &sensor.id, "--reason", "line 3 was dismantled"])?;
    let status = scene.agent.until("it is deactivated", |status| status["state"] == "deactivated")?;
    ensure!(status["epoch"] == 2 && status["deactivated"]["reason"] == "line 3 was dismantled", "{status}");
    ensure!(status["upstream"].is_null() && status["hub"].is_null(), "{status}");
    Ok(())
}

#[test]
fn a_deleted_sensor_stays_so_over_a_restart_and_can_be_onboarded_again() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.cloud_connected("phoenix")?;
    scene.portal.ask(&["sensor", "delete", &sensor.id, "--reason", "a mistake"])?;
    scene.agent.until("it is deactivated", |status| status["state"] == "deactivated")?;
    scene.agent.kill();
    scene.agent.start()?;
    ensure!(scene.agent.status()?["state"] == "deactivated", "a restart undid a deactivation");
    let code = scene.agent.refuses(&["activate", &as_text(&sensor.file)?])?;
    ensure!(code == "activation.older-than-active", "{code}");
    let again = scene.cloud_connected("phoenix")?;
    ensure!(again.id != sensor.id, "a new registration has the old id");
    Ok(())
}

#[test]
fn an_answer_without_a_signed_deactivation_ends_nothing() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("steadfast")?;
    scene.portal.stop()?;
    let before = decided(&scene.agent.status()?)?;
    let (chain, key) = (scene.portal.data().join("server.pem"), scene.portal.data().join("server.key"));
    for status in [401, 403, 404, 410] {
        let server = Server::in_place_of(scene.portal.address(), &chain, &key, Reply::status(status))?;
        let seen = scene.agent.until(&format!("status {status} shows as rejected"), |seen| {
            !server.asked().is_empty() && seen["upstream"]["link"] == "rejected"
        })?;
        ensure!(decided(&seen)? == before, "status {status} changed something: {seen}");
    }
    scene.portal.start()?;
    proved(&scene.agent, "cloud-connected")?;
    scene.agent.until("it is connected again", |status| status["upstream"]["link"] == "connected")?;
    Ok(())
}

#[test]
fn a_delete_during_probation_ends_candidate_and_activation() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("undecided")?;
    Authority::new("A hub's CA")?.write(&scene.folder.join("hub-ca.pem"))?;
    let hub = format!("https://127.0.0.1:{}", closed_port()?);
    let file = scene.reissue(&sensor.id, &["--hub-url", &hub, "--hub-ca", &scene.path("hub-ca.pem")?])?;
    scene.agent.activate(&file)?;
    scene
        .agent
        .until("the candidate tries its hub", |status| status["candidate"]["proof"]["hub"]["step"] == "failed")?;
    scene.portal.ask(&["sensor", "delete", &sensor.id, "--reason", "never mind"])?;
    let status = scene.agent.until("it is deactivated", |status| status["state"] == "deactivated")?;
    ensure!(status["candidate"].is_null() && status["retry"].is_null(), "{status}");
    Ok(())
}
