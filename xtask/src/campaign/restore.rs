//! The portal comes back from an old backup: what it lost the sensor sends again as far as it still has it, and names the
//! rest. Nobody is locked out.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use picket_lab::{Generator, PrivateFolder, Settings, Tally, Waited, until};
use serde_json::Value;

use super::{
    place::{Place, Setting},
    sabotage::Sabotage::NeverSentAgain,
    scene::Scene,
    sheet::Outcome,
};

/// The sensor's log holds about 11,000 alerts in so much: less than is written between a backup and a loss.
const LOG: &str = "alert_log.max_mebibytes = 8\n";
/// Alerts before a backup, and between it and the loss of the portal.
const BEFORE: usize = 1_000;
const BETWEEN: usize = 14_000;
/// The sensor's patience until it sends again, and a little.
const PATIENCE_OF_SENSOR: Duration = Duration::from_secs(16 * 60);
/// How often it passes until everything is there, and how long it takes then.
const WAITS: u32 = 4;
const SETTLED: Duration = Duration::from_secs(20);
/// Only spent on failure.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) const PLACES: &[Place] =
    &[Place { name: "portal, restored from a backup", faults: 10, finds: &[NeverSentAgain], act: restored }];

fn restored(setting: &Setting<'_>) -> Result<Outcome> {
    let settings = Settings { more: LOG.into(), ..Settings::default() };
    let mut scene = Scene::set_up_in(PrivateFolder::on_disk()?, setting, &settings)?;
    let mut generator = scene.generator()?.with_payloads();
    let mut outcome = Outcome::default();
    for _ in 0..setting.faults {
        arrive(&scene, &mut generator, BEFORE)?;
        let backup = back_up(&scene)?;
        arrive(&scene, &mut generator, BETWEEN)?;
        scene.restore_portal(&backup)?;
        if !sends_again(&mut scene)? {
            outcome.broken.push("the portal lacks numbers of which it was not told that they never come".into());
            break;
        }
    }
    outcome.tally = account(&scene, &generator, &mut outcome)?;
    outcome.recovery = scene.recovery;
    lock_nobody_out(&mut scene, &mut outcome)?;
    Ok(outcome)
}

/// Writes alerts and waits until the portal has all of them, or knows why not.
fn arrive(scene: &Scene, generator: &mut Generator, count: usize) -> Result<()> {
    generator.alerts(count)?;
    let up_to = generator.written().len() as u64;
    until(&format!("the portal knows of {up_to} numbers"), PATIENCE, || {
        let stream = only_stream(scene)?;
        Ok(if stream["up_to"] == up_to { Waited::Holds(()) } else { Waited::NotYet(stream.to_string()) })
    })
}

/// As docs/portal.md has it, while the server runs.
fn back_up(scene: &Scene) -> Result<PathBuf> {
    let backup = scene.portal.data().with_extension("backup");
    scene.portal.back_up(&backup)?;
    Ok(backup)
}

/// Lets the sensor's patience pass until the portal lacks nothing that it was not told of. At first the newest number goes
/// again, and by it the portal knows what it lacks.
fn sends_again(scene: &mut Scene) -> Result<bool> {
    for _ in 0..WAITS {
        scene.heard_again()?;
        scene.advance(PATIENCE_OF_SENSOR)?;
        let complete = until("the portal lacks nothing", SETTLED, || {
            let stream = only_stream(scene)?;
            Ok(if stream["complete"] == true { Waited::Holds(()) } else { Waited::NotYet(stream.to_string()) })
        });
        if complete.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Under one activation there is one stream, in which the alert with the id n has the number n.
fn only_stream(scene: &Scene) -> Result<Value> {
    let answer = scene.portal.ask(&["sensor", "streams", &scene.sensor])?;
    Ok(answer["streams"][0].clone())
}

/// What is not at the portal must be exactly what the portal was told it would never get.
fn account(scene: &Scene, generator: &Generator, outcome: &mut Outcome) -> Result<Tally> {
    let mut tally = Tally::of(generator.written(), &scene.portal.alerts()?);
    let stream = only_stream(scene)?;
    let dropped = stream["dropped"].as_object().context("no reasons")?.values().filter_map(Value::as_u64).sum::<u64>();
    outcome.must(dropped > 0, || "the sensor's log let nothing go: nothing had to be named".into());
    if tally.lacking.len() as u64 == dropped {
        outcome.let_go = dropped;
        tally.lacking = BTreeSet::new();
    } else {
        outcome.broken.push(format!("{dropped} are named, {} are not at the portal", tally.lacking.len()));
    }
    Ok(tally)
}

/// The portal calls the sensor no clone, and a new file of its is taken.
fn lock_nobody_out(scene: &mut Scene, outcome: &mut Outcome) -> Result<()> {
    let health = scene.portal.sensor(&scene.sensor)?["health"].clone();
    outcome.must(health == "ok", || format!("the sensor's health at the restored portal is {health}"));
    for mode in ["locally-managed", "cloud-connected"] {
        scene.switch(mode)?;
    }
    fs::remove_file(scene.agent.folder().join("next.activation"))?;
    Ok(())
}
