//! A wall clock that jumps while the agent works, between 1970 and 2099 and back: nothing is lost or doubled by it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};
use picket_lab::{Generator, PrivateFolder, Settings};

use super::{
    place::{Place, Setting},
    sabotage::Sabotage::DeduplicationOff,
    scene::Scene,
    sheet::Outcome,
};

const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
/// Where the clock goes, one after another.
const JUMPS: [&str; 6] = ["-56y", "+0", "+73y", "-1d", "+1d", "+0"];
/// Alerts a second.
const RATE: u32 = 500;
/// How long a clock stays.
const LEAST: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_secs(2);
/// Every so many jumps the agent is killed, and starts with that clock.
const KILL_EVERY: u32 = 2;

pub(super) const PLACES: &[Place] =
    &[Place { name: "agent, clock jumps", faults: 60, finds: &[DeduplicationOff], act: jumps }];

fn jumps(setting: &Setting<'_>) -> Result<Outcome> {
    ensure!(Path::new(FAKETIME).exists(), "faketime is needed: cargo xtask test --install");
    let mut scene = Scene::set_up_in(PrivateFolder::on_disk()?, setting, &Settings::default())?;
    let clock = scene.agent.folder().join("clock-offset");
    jump(&clock, JUMPS[0])?;
    restart(&mut scene, &clock)?;
    let generator = play(&mut scene, setting.faults, &clock)?;
    jump(&clock, "+0")?;
    let mut outcome = Outcome { tally: scene.judge(&generator)?, recovery: scene.recovery, ..Outcome::default() };
    let connected = scene.agent.until("it is connected", |status| status["upstream"]["link"] == "connected");
    outcome.must(connected.is_ok(), || "with a right clock it is not connected".into());
    let health = scene.portal.sensor(&scene.sensor)?["health"].clone();
    outcome.must(health == "ok", || format!("the sensor's health at the portal is {health}"));
    Ok(outcome)
}

fn play(scene: &mut Scene, faults: u32, clock: &Path) -> Result<Generator> {
    let load = scene.generator()?.in_background(RATE, Some(1_000));
    for (round, to) in (1..=faults).zip(JUMPS.iter().cycle()) {
        scene.pass(LEAST, MOST);
        jump(clock, to)?;
        if round.is_multiple_of(KILL_EVERY) {
            restart(scene, clock)?;
        }
    }
    load.stop()
}

fn jump(clock: &Path, to: &str) -> Result<()> {
    // Whole or not at all: the agent reads it at any time.
    let draft: PathBuf = clock.with_extension("draft");
    fs::write(&draft, to)?;
    Ok(fs::rename(draft, clock)?)
}

/// Only the wall clock is wrong: the boot clock is the kernel's.
fn restart(scene: &mut Scene, clock: &Path) -> Result<()> {
    let mut command = scene.agent.command();
    command.env("LD_PRELOAD", FAKETIME).env("FAKETIME_TIMESTAMP_FILE", clock);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_DONT_RESET", "1");
    scene.kill_agent_for(command)
}
