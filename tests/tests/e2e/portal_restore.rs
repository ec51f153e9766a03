//! A portal that restarts, or comes back from an old backup.

use std::{fs, process::Command};

use anyhow::{Result, ensure};
use picket_lab::process::run;
use picket_tests::{Scene, scene::proved};

#[test]
fn a_portal_killed_during_enrolment_costs_only_time() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.onboard("interrupted", &["--mode", "cloud-connected"])?;
    scene.agent.activate(&sensor.file)?;
    scene.portal.kill();
    scene.portal.start()?;
    proved(&scene.agent, "cloud-connected")?;
    scene.portal.until(&sensor.id, "the portal says ok", |shown| shown["health"] == "ok")?;
    Ok(())
}

#[test]
fn a_portal_restored_from_before_three_activations_locks_nobody_out() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.cloud_connected("remembered")?;
    scene.portal.stop()?;
    let (data, backup) = (scene.portal.data().to_owned(), scene.folder.join("backup"));
    run(Command::new("cp").arg("-a").arg(&data).arg(&backup))?;
    scene.portal.start()?;
    for mode in ["locally-managed", "cloud-connected", "cloud-connected"] {
        let file = scene.reissue(&sensor.id, &["--mode", mode])?;
        scene.agent.activate(&file)?;
        let epoch = scene.agent.status()?["epoch"].clone();
        proved(&scene.agent, mode)?;
        ensure!(!epoch.is_null());
    }
    let settled = scene.agent.until("the fourth is in force", |status| status["epoch"] == 4)?;
    scene.portal.kill();
    fs::remove_dir_all(&data)?;
    fs::rename(&backup, &data)?;
    scene.portal.start()?;
    let before = settled["upstream"]["answered"].as_u64();
    scene.agent.until("the restored portal answers", |status| {
        status["upstream"]["link"] == "connected" && status["upstream"]["answered"].as_u64() > before
    })?;
    let shown = scene.portal.until(&sensor.id, "it is seen", |shown| !shown["last_seen"].is_null())?;
    ensure!(shown["health"] != "possible-clone", "{shown}");
    let file = scene.reissue(&sensor.id, &["--mode", "locally-managed"])?;
    let answer = scene.agent.activate(&file)?;
    ensure!(answer["outcome"] == "committed" && answer["epoch"] == 5, "a restored portal's file is too old: {answer}");
    Ok(())
}
