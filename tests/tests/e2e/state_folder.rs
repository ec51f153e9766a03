//! A state folder that is full, read-only or damaged.

use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use picket_lab::Agent;
use picket_tests::{
    Scene, mounts,
    scene::{as_text, decided},
};

/// The state folder as the agent sees it.
fn seen_by_agent(agent: &mut Agent) -> Result<PathBuf> {
    let pid = agent.program()?.pid();
    let state = agent.state();
    Ok(PathBuf::from(format!("/proc/{pid}/root")).join(state.strip_prefix("/")?))
}

fn fill(folder: &std::path::Path) -> Result<PathBuf> {
    let path = folder.join("filler");
    let mut file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    for size in [64 * 1024, 4096, 512, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    Ok(path)
}

#[test]
fn a_full_disk_refuses_or_commits_and_nothing_between() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.agent.stop()?;
    mounts::start_with(&mut scene.agent, "mount -t tmpfs -o size=4m tmpfs \"$STATE\"")?;
    let sensor = scene.onboard("full", &["--mode", "locally-managed"])?;
    let before = decided(&scene.agent.status()?)?;
    let filler = fill(&seen_by_agent(&mut scene.agent)?)?;
    let output = scene.agent.run(&["activate", &as_text(&sensor.file)?])?;
    let after = decided(&scene.agent.status()?)?;
    if output.status.success() {
        ensure!(after["state"] == "active" && after["epoch"] == 1, "said to be committed and is not: {after}");
    } else {
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(said.contains("state.storage-failed"), "{said}");
        ensure!(after == before, "refused and changed all the same: {after}");
    }
    fs::remove_file(filler)?;
    scene.agent.activate(&sensor.file)?;
    ensure!(scene.agent.status()?["epoch"] == 1, "the same file cannot be tried again");
    Ok(())
}

#[test]
fn a_read_only_state_folder_stops_changes_and_nothing_else() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.locally_managed("read-only")?;
    let newer = scene.reissue(&sensor.id, &["--mode", "cloud-connected"])?;
    let before = decided(&scene.agent.status()?)?;
    scene.agent.stop()?;
    mounts::start_with(&mut scene.agent, mounts::READ_ONLY)?;
    ensure!(decided(&scene.agent.status()?)? == before, "what is in force was lost");
    let code = scene.agent.refuses(&["activate", &as_text(&newer)?])?;
    ensure!(code == "state.storage-failed", "{code}");
    ensure!(decided(&scene.agent.status()?)? == before, "a refused file changed something");
    scene.agent.stop()?;
    scene.agent.start()?;
    scene.agent.activate(&newer)?;
    Ok(())
}

#[test]
fn a_corrupt_store_is_set_aside_and_reported_and_the_agent_starts() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.locally_managed("corrupt")?;
    scene.agent.kill();
    let database = scene.agent.state().join("control.db");
    for part in ["control.db-wal", "control.db-shm"] {
        let _ = fs::remove_file(scene.agent.state().join(part));
    }
    let damaged = vec![b'x'; 16 * 1024];
    fs::write(&database, &damaged)?;
    scene.agent.start()?;
    let status = scene.agent.status()?;
    ensure!(status["health"]["control-state"]["code"] != "ok", "a lost state is not reported: {status}");
    let aside = fs::read_dir(scene.agent.state())?.filter_map(Result::ok);
    let aside = aside.filter(|entry| entry.file_name().to_string_lossy().contains("corrupt"));
    let kept = aside.filter(|entry| fs::read(entry.path()).is_ok_and(|bytes| bytes == damaged)).count();
    ensure!(kept == 1, "the damaged store was not set aside");
    let file = scene.portal.download(&sensor.id, &scene.folder.join("again.activation"))?;
    scene.agent.activate(&file)?;
    Ok(())
}

#[test]
fn the_agent_makes_a_state_folder_that_is_missing() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.agent.stop()?;
    fs::remove_dir_all(scene.agent.state())?;
    scene.agent.start()?;
    ensure!(scene.agent.status()?["state"] == "unactivated");
    Ok(())
}
