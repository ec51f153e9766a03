//! A hub that is away longer than the log's bounds allow: what must go goes by severity, and the portal can name it. And a
//! log that is damaged meanwhile: it is set aside, and alerts go on in a new stream.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use picket_lab::{Generator, PrivateFolder, Settings, Tally, Waited, generator::id_of, until};
use serde_json::Value;

use super::{
    place::{Place, Setting},
    sabotage::Sabotage::{GravestGoFirst, PositionSetAside},
    scene::Scene,
    sheet::Outcome,
};

/// The log holds about 11,000 alerts in so much.
const LOG: &str = "alert_log.max_mebibytes = 8\n";
/// Alerts in one outage, of which a part must go.
const IN_AN_OUTAGE: usize = 20_000;
/// Alerts before and after a log is damaged.
const AROUND: usize = 300;
/// Only spent on failure.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) const PLACES: &[Place] = &[
    Place { name: "hub away beyond the bounds", faults: 5, finds: &[GravestGoFirst], act: beyond_the_bounds },
    Place { name: "alert log damaged", faults: 20, finds: &[PositionSetAside], act: damaged },
];

fn beyond_the_bounds(setting: &Setting<'_>) -> Result<Outcome> {
    let settings = Settings { more: LOG.into(), ..Settings::default() };
    let mut scene = Scene::set_up_in(PrivateFolder::on_disk()?, setting, &settings)?;
    let mut generator = scene.generator()?.with_payloads();
    let mut outcome = Outcome::default();
    for _ in 0..setting.faults {
        scene.portal.stop()?;
        generator.alerts(IN_AN_OUTAGE / 2)?;
        generator.rotate()?;
        generator.alerts(IN_AN_OUTAGE / 2)?;
        until_taken(&scene, &generator)?;
        let back = Instant::now();
        scene.portal.start()?;
        until_told(&scene, &generator)?;
        outcome.recovery = outcome.recovery.max(back.elapsed());
        until_confirmed(&scene)?;
    }
    let stored = scene.portal.alerts()?;
    outcome.tally = Tally::of(generator.written(), &stored);
    account(&scene, &stored, &mut outcome)?;
    Ok(outcome)
}

/// Waits until the agent has taken everything, whatever it had to let go for it.
fn until_taken(scene: &Scene, generator: &Generator) -> Result<()> {
    let written = generator.written().len() as u64;
    until(&format!("the log has taken {written}"), PATIENCE, || {
        let status = scene.agent.status()?;
        let head = status["alerts"]["streams"][0]["head"].as_u64().unwrap_or_default();
        Ok(if head == written { Waited::Holds(()) } else { Waited::NotYet(status["alerts"].to_string()) })
    })
}

/// Waits until the portal has every number, or knows why not.
fn until_told(scene: &Scene, generator: &Generator) -> Result<()> {
    let written = generator.written().len() as u64;
    let arrived = until(&format!("the portal knows of {written} numbers"), PATIENCE, || {
        let stream = only_stream(scene)?;
        Ok(if stream["up_to"] == written { Waited::Holds(()) } else { Waited::NotYet(stream.to_string()) })
    });
    // What is not told shows in the account; whoever waits for it longer waits in vain.
    arrived.or_else(|_| Ok(()))
}

/// Waits until everything is confirmed, and durably so: within a second, or two heartbeats. What is unconfirmed goes last,
/// and would take the next outage's room.
fn until_confirmed(scene: &Scene) -> Result<()> {
    scene.agent.until("everything is confirmed", |status| {
        let consumer = &status["alerts"]["consumers"][0];
        consumer["backlog"] == 0 && consumer["unconfirmed"] == 0
    })?;
    scene.heard_again()?;
    scene.heard_again()
}

/// There is one activation and thus one stream, in which the alert with the id n has the number n.
fn only_stream(scene: &Scene) -> Result<Value> {
    let answer = scene.portal.ask(&["sensor", "streams", &scene.sensor])?;
    Ok(answer["streams"][0].clone())
}

/// The portal's own account of the stream: so many received, so many dropped for this reason, nothing lacking. And what
/// went was of the lowest severities.
fn account(scene: &Scene, stored: &[Value], outcome: &mut Outcome) -> Result<()> {
    let stream = only_stream(scene)?;
    let dropped = stream["dropped"].as_object().context("no reasons")?;
    let full = dropped.get("full").and_then(Value::as_u64).unwrap_or_default();
    let gone = std::mem::take(&mut outcome.tally.lacking);
    outcome.let_go = gone.len() as u64;
    outcome.must(full > 0, || "nothing had to go".into());
    outcome.must(stream["complete"] == true, || format!("the portal lacks numbers it knows nothing of: {stream}"));
    outcome.must(dropped.len() == 1 && full == gone.len() as u64, || {
        format!("{} are not there, and the portal says {dropped:?}", gone.len())
    });
    outcome.must(stream["received"].as_u64() == Some(stored.len() as u64), || {
        format!("{} are there, and the portal says {stream}", stored.len())
    });
    let by_severity = by_severity(&gone);
    outcome.remarks.push(format!("gone by severity: {by_severity:?}"));
    // The gravest are a quarter, and fit into the log: they never have to go.
    outcome.must(!by_severity.contains_key(&1), || "alerts of the highest severity went".into());
    Ok(())
}

/// As the generator gives them.
fn by_severity(ids: &BTreeSet<u64>) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for id in ids {
        *counts.entry(id % 4 + 1).or_default() += 1;
    }
    counts
}

/// Damages the log while everything in it is delivered; what comes after that arrives under another stream, and nothing
/// of before comes again.
fn damaged(setting: &Setting<'_>) -> Result<Outcome> {
    let mut scene = Scene::set_up(setting)?;
    let mut generator = scene.generator()?;
    let mut outcome = Outcome::default();
    for round in 0..setting.faults {
        generator.alerts(AROUND)?;
        scene.until_received(generator.written().len() as u64)?;
        // So that the position is as of now: it is copied at an orderly stop.
        scene.agent.stop()?;
        damage(&scene.agent.state().join("alerts.db"), round)?;
        generator.alerts(AROUND)?;
        scene.kill_agent()?;
        let code = scene.agent.status()?["health"]["alert-log"]["code"].clone();
        outcome.must(code == "set-aside", || format!("a damaged log is {code}"));
    }
    outcome.tally = scene.judge(&generator)?;
    outcome.recovery = scene.recovery;
    let stored = scene.portal.alerts()?;
    let streams: BTreeSet<_> = stored.iter().filter_map(stream_of).collect();
    let expected = setting.faults as usize + 1;
    outcome.must(streams.len() == expected, || format!("{} streams in place of {expected}", streams.len()));
    ensure!(stored.iter().all(|alert| id_of(&alert["record"]).is_some()), "somebody else wrote alerts");
    Ok(outcome)
}

fn stream_of(alert: &Value) -> Option<&str> {
    alert["id"].as_str()?.split_once('/').map(|(stream, _)| stream)
}

/// Its header, or everything but that, or all of it; the journal goes with it.
fn damage(database: &Path, round: u32) -> Result<()> {
    let mut bytes = fs::read(database)?;
    let (from, to) = match round % 3 {
        0 => (0, 100),
        1 => (100, bytes.len()),
        _ => (0, bytes.len()),
    };
    bytes[from..to].fill(b'x');
    for part in ["alerts.db-wal", "alerts.db-shm"] {
        let _ = fs::remove_file(database.with_file_name(part));
    }
    fs::write(database, bytes).context("cannot damage the log")
}
