//! The agent killed at each durable system call of an activation: what is in force is the old or the new, never a third.

use std::{process::Command, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use picket_lab::{Program, Waited, until};
use picket_tests::{
    Scene,
    scene::{decided, proved},
};
use serde_json::Value;

/// What makes a change durable, or puts it where it is found.
const DURABLE: [&str; 10] =
    ["fsync", "fdatasync", "pwrite64", "ftruncate", "rename", "renameat", "unlink", "unlinkat", "mkdir", "link"];
/// More of one call than an activation makes.
const MOST: u32 = 200;

/// Attaches strace to the agent, to kill it at its `number`th `call` from now.
fn arm(scene: &mut Scene, call: &str, number: u32) -> Result<Program> {
    let pid = scene.agent.program()?.pid().to_string();
    let output = scene.folder.join(&format!("strace-{call}-{number}.log"));
    let mut command = Command::new("strace");
    command.args(["-f", "-p", &pid, "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:signal=KILL:when={number}")]);
    let mut strace = Program::start("strace", &mut command, &output)?;
    until("strace is attached", Duration::from_secs(10), || {
        strace.must_run().context("strace is needed: cargo xtask test --install")?;
        let said = strace.output();
        Ok(if said.contains("attached") { Waited::Holds(()) } else { Waited::NotYet(said) })
    })?;
    Ok(strace)
}

/// Does `act` with the agent armed; says whether the agent was killed by it.
fn killed(scene: &mut Scene, call: &str, number: u32, act: impl Fn(&Scene) -> Result<()>) -> Result<bool> {
    let mut strace = arm(scene, call, number)?;
    // Whoever answers again has done what it does after the answer, too.
    let acted = act(scene).and_then(|()| scene.agent.status().map(drop));
    if acted.is_err() && scene.agent.program()?.wait(Duration::from_secs(5)).is_ok() {
        // A killed agent breaks off its answer.
        return Ok(true);
    }
    // Detaches, and leaves the agent alone; strace is gone if the agent was killed after its answer.
    let _ = strace.signal(Signal::SIGINT);
    strace.wait(Duration::from_secs(10))?;
    let was_killed = scene.agent.program()?.has_ended()?.is_some();
    acted.map(|()| was_killed)
}

/// Kills at each number of each durable call until `act` comes through, checks what a restart finds, and makes a new scene
/// of it for the next. Returns how many kills there were.
fn kill_at_each(
    scene: &mut Scene,
    act: impl Fn(&Scene) -> Result<()>,
    next: impl Fn(&mut Scene) -> Result<()>,
    check: impl Fn(&Scene) -> Result<()>,
) -> Result<u32> {
    let mut kills = 0;
    for call in DURABLE {
        for number in 1.. {
            ensure!(number < MOST, "{call} has no end");
            next(scene)?;
            let was_killed = killed(scene, call, number, &act).with_context(|| format!("{call} {number}"))?;
            if !was_killed {
                break;
            }
            kills += 1;
            scene.agent.start().with_context(|| format!("after a kill at {call} {number}"))?;
            check(scene).with_context(|| format!("after a kill at {call} {number}"))?;
        }
    }
    Ok(kills)
}

#[test]
fn a_local_activation_is_old_or_new_after_a_kill_at_each_durable_call() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.locally_managed("killed")?;
    let (id, file) = (sensor.id, scene.folder.join("next.activation"));
    let before = std::cell::RefCell::new(Value::Null);
    let kills = kill_at_each(
        &mut scene,
        |scene| scene.agent.activate(&file).map(drop),
        |scene| {
            scene.portal.download(&id, &file)?;
            *before.borrow_mut() = decided(&scene.agent.status()?)?;
            Ok(())
        },
        |scene| {
            let found = decided(&scene.agent.status()?)?;
            let answer = scene.agent.activate(&file).context("the same file cannot be tried again")?;
            let after = decided(&scene.agent.status()?)?;
            match answer["outcome"].as_str() {
                Some("committed") => ensure!(found == *before.borrow(), "neither old nor new: {found}"),
                Some("already-active") => ensure!(found == after, "neither old nor new: {found}"),
                other => bail!("{other:?}"),
            }
            let epochs = (before.borrow()["epoch"].as_u64(), after["epoch"].as_u64());
            ensure!(epochs.1 == epochs.0.map(|epoch| epoch + 1), "not one commit: {epochs:?}");
            Ok(())
        },
    )?;
    eprintln!("killed {kills} times");
    ensure!(kills >= 3, "only {kills} kills: the commit was not met");
    Ok(())
}

#[test]
fn a_cloud_activation_is_old_or_new_after_a_kill_at_each_durable_call() -> Result<()> {
    let mut scene = Scene::new()?;
    let sensor = scene.locally_managed("killed-in-the-cloud")?;
    let (id, file) = (sensor.id, scene.folder.join("next.activation"));
    let epoch = std::cell::Cell::new(Some(1));
    let kills = kill_at_each(
        &mut scene,
        |scene| {
            scene.agent.activate(&file)?;
            proved(&scene.agent, "cloud-connected").map(drop)
        },
        |scene| {
            let local = scene.reissue(&id, &["--mode", "locally-managed"])?;
            scene.agent.activate(&local)?;
            proved(&scene.agent, "locally-managed")?;
            epoch.set(scene.agent.status()?["epoch"].as_u64());
            scene.portal.ask(&["sensor", "reissue", &id, "--mode", "cloud-connected"])?;
            scene.portal.download(&id, &file).map(drop)
        },
        |scene| {
            let found = scene.agent.status()?;
            let mode = found["active"]["activation"]["mode"].as_str();
            let expected = if mode == Some("locally-managed") { 0 } else { 1 };
            ensure!(
                found["epoch"].as_u64() == epoch.get().map(|epoch| epoch + expected),
                "neither old nor new: {found}"
            );
            scene.agent.activate(&file).context("the same file cannot be tried again")?;
            proved(&scene.agent, "cloud-connected").map(drop)
        },
    )?;
    eprintln!("killed {kills} times");
    ensure!(kills >= 6, "only {kills} kills: key, certificate and commit were not met");
    Ok(())
}
