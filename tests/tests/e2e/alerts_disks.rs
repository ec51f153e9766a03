//! Alerts on a disk that drops what was not synced, in short: `cargo xtask campaign power` does many more cuts. To mount it
//! takes root.

use std::time::Duration;

use anyhow::{Result, ensure};
use picket_lab::{Waited, until};
use picket_shim::{Powered, keep_mounts_private};
use picket_tests::{
    Scene,
    alerts::{arrive_once, engine_of},
};

/// Among so many cuts are some that leave nothing of what was not synced, and some that leave parts.
const CUTS: u64 = 6;

#[test]
fn an_agent_whose_power_is_cut_loses_and_doubles_nothing() -> Result<()> {
    keep_mounts_private()?;
    let mut scene = Scene::new()?;
    scene.cloud_connected("power-cut")?;
    scene.agent.stop()?;
    let mut power = Powered::from(&scene.agent.state())?;
    scene.agent.start()?;
    let load = engine_of(&scene.agent)?.in_background(500, Some(300));
    for seed in 0..CUTS {
        let seen = load.last();
        until("more was written", Duration::from_secs(10), || {
            let last = load.last();
            Ok(if last > seen + 50 { Waited::Holds(()) } else { Waited::NotYet(last.to_string()) })
        })?;
        scene.agent.kill();
        power.cut(seed)?;
        scene.agent.start()?;
    }
    let arrived = arrive_once(&scene.portal, load.stop()?.written());
    // Nobody may have a file open when the disk goes.
    scene.agent.kill();
    ensure!(power.dropped().sectors > 0, "no cut dropped anything");
    arrived
}
