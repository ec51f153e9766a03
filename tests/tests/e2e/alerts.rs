//! Alerts from the engine's file to the portal: each once, and only what the mode sends.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, ensure};
use picket_lab::{Binaries, Portal, Role, generator::id_of};
use picket_tests::{
    Scene,
    alerts::{arrive_once, engine_of, have_arrived, log_holds},
    scene::{as_text, proved},
};
use serde_json::Value;

/// Lines that are no alert, or none that can be read.
const NOISE: [&[u8]; 6] = [
    b"{\"event_type\":\"flow\",\"flow_id\":1}\n",
    b"{\"event_type\":\"alert\",\"flow_id\":\n",
    b"not JSON at all\n",
    b"{\"event_type\":\"alert\",\"broken\":\"\xff\xfe\"}\n",
    b"[]\n",
    b"\n",
];

#[test]
fn every_alert_arrives_once_and_unchanged_between_broken_lines_and_rotations() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("complete")?;
    let mut engine = engine_of(&scene.agent)?;
    for noise in NOISE {
        engine.alerts(60)?;
        engine.raw(noise)?;
        engine.raw(b"{\"event_type\":\"alert\",\"long\":\"")?;
        engine.raw(&vec![b'x'; 1024 * 1024])?;
        engine.raw(b"\"}\n")?;
        engine.alerts(40)?;
        engine.rotate_by_numbers()?;
    }
    arrive_once(&scene.portal, engine.written())?;
    let stored = scene.portal.alerts()?;
    let oldest = scene.agent.eve_file().with_extension(format!("json.{}", NOISE.len()));
    let first = fs::read_to_string(oldest)?;
    let first: Value = serde_json::from_str(first.lines().next().context("no line")?)?;
    let same = stored.iter().find(|alert| id_of(&alert["record"]) == Some(1)).context("no alert 1")?;
    ensure!(same["record"] == first && same["sensor"] == sensor.id.as_str(), "{same}");
    ensure!(numbers(&stored)?.values().all(|numbers| numbers.iter().copied().eq(1..=600)), "the numbers have gaps");
    let verification = scene.agent.ask(&["alerts", "verify"])?;
    ensure!(verification["streams"][0]["first_missing"].is_null(), "{verification}");
    Ok(())
}

/// The numbers of each stream, in order.
fn numbers(stored: &[Value]) -> Result<BTreeMap<String, BTreeSet<u64>>> {
    let mut streams = BTreeMap::<_, BTreeSet<_>>::new();
    for alert in stored {
        let id = alert["id"].as_str().context("an alert without an id")?;
        let (stream, number) = id.split_once('/').context("an id without a stream")?;
        streams.entry(stream.to_owned()).or_default().insert(number.parse()?);
    }
    Ok(streams)
}

/// Issues a file for the mode, uploads it and waits until it is in force.
fn switch(scene: &Scene, sensor: &str, mode: &str) -> Result<()> {
    let file = scene.reissue(sensor, &["--mode", mode])?;
    scene.agent.activate(&file)?;
    proved(&scene.agent, mode).map(drop)
}

#[test]
fn nothing_detected_while_locally_managed_ever_reaches_the_hub() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.locally_managed("both-ways")?;
    let mut engine = engine_of(&scene.agent)?;
    let mut expected = BTreeSet::new();
    for _ in 0..3 {
        // Not waited for: where a line stands decides, not when it is read.
        engine.alerts(30)?;
        switch(&scene, &sensor.id, "cloud-connected")?;
        let before = engine.written().clone();
        engine.alerts(30)?;
        expected.extend(engine.written().difference(&before));
        // Delivery is in order: once the last is there, an earlier one that was ever to come would be too.
        arrive_once(&scene.portal, &expected)?;
        switch(&scene, &sensor.id, "locally-managed")?;
    }
    log_holds(&scene.agent, 180)
}

#[test]
fn under_load_what_stands_before_a_commit_is_of_the_mode_before_it() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.locally_managed("on-the-line")?;
    let load = engine_of(&scene.agent)?.in_background(2_000, None);
    let local_before = load.last();
    switch(&scene, &sensor.id, "cloud-connected")?;
    let cloud_from = load.last();
    have_arrived(&scene.portal, &BTreeSet::from([cloud_from + 1]))?;
    let cloud_until = load.last();
    switch(&scene, &sensor.id, "locally-managed")?;
    let local_after = load.last();
    let mut engine = load.stop()?;
    log_holds(&scene.agent, engine.written().len() as u64)?;
    switch(&scene, &sensor.id, "cloud-connected")?;
    engine.alerts(1)?;
    let last = engine.written().last().copied().context("nothing was written")?;
    let mut arrived = have_arrived(&scene.portal, &BTreeSet::from([last]))?;
    arrived.remove(&last);
    let (first, end) = (arrived.first().copied().unwrap_or(0), arrived.last().copied().unwrap_or(0));
    ensure!(arrived.iter().copied().eq(first..=end), "what arrived has gaps between {first} and {end}");
    ensure!(first > local_before && end <= local_after, "detected while local: {first}…{end}");
    ensure!(first <= cloud_from + 1 && end >= cloud_until, "detected in the cloud mode, and kept: {first}…{end}");
    arrived.insert(last);
    arrive_once(&scene.portal, &arrived)
}

#[test]
fn what_was_written_before_the_first_activation_is_nobodys() -> Result<()> {
    let scene = Scene::new()?;
    let mut engine = engine_of(&scene.agent)?;
    engine.alerts(20)?;
    scene.cloud_connected("late")?;
    let before = engine.written().clone();
    engine.alerts(20)?;
    let expected = engine.written() - &before;
    arrive_once(&scene.portal, &expected)?;
    log_holds(&scene.agent, 20)
}

#[test]
fn a_deleted_sensor_keeps_what_it_detects() -> Result<()> {
    let scene = Scene::new()?;
    let sensor = scene.cloud_connected("kept")?;
    let mut engine = engine_of(&scene.agent)?;
    engine.alerts(20)?;
    arrive_once(&scene.portal, engine.written())?;
    let delivered = engine.written().clone();
    scene.portal.ask(&["sensor", "delete", &sensor.id, "--reason", "dismantled"])?;
    scene.agent.until("it is deactivated", |status| status["state"] == "deactivated")?;
    engine.alerts(20)?;
    log_holds(&scene.agent, 40)?;
    let again = scene.cloud_connected("kept")?;
    let before = engine.written().clone();
    engine.alerts(10)?;
    let expected = &delivered | &(engine.written() - &before);
    arrive_once(&scene.portal, &expected)?;
    let of_new = scene.portal.alerts()?.iter().filter(|alert| alert["sensor"] == again.id.as_str()).count();
    ensure!(of_new == 10, "{of_new} alerts are the new registration's");
    Ok(())
}

#[test]
fn a_management_console_gets_what_is_detected_under_it_and_no_hub_does() -> Result<()> {
    let scene = Scene::new()?;
    let mut console =
        Portal::init(&Binaries::beside_this_program()?, Role::ManagementConsole, &scene.folder.join("console"))?;
    console.start()?;
    let sensor = scene.cloud_connected("under-a-console")?;
    let mut engine = engine_of(&scene.agent)?;
    engine.alerts(20)?;
    arrive_once(&scene.portal, engine.written())?;
    let cloud = engine.written().clone();
    let token = as_text(&console.pairing_token(&scene.folder.join("pairing-token"))?)?;
    let authority = as_text(&console.authority())?;
    let to = ["--mode", "locally-managed", "--console-url", console.url(), "--console-ca", &authority];
    let file = scene.reissue(&sensor.id, &[&to[..], &["--pairing-token-file", &token]].concat())?;
    scene.agent.activate(&file)?;
    proved(&scene.agent, "locally-managed")?;
    scene.agent.until("the console answers", |status| status["upstream"]["link"] == "connected")?;
    engine.alerts(20)?;
    let local = engine.written() - &cloud;
    arrive_once(&console, &local)?;
    arrive_once(&scene.portal, &cloud)
}
