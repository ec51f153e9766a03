//! Alerts in bad weather: kills, outages, truncated files, a lost log. The generator's list decides.

use std::{fmt::Display, fs, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_lab::{Settings, Waited, until};
use picket_tests::{
    Scene,
    alerts::{arrive_once, engine_of, log_holds},
    scene::proved,
};

/// Enough to meet intake, delivery and start; the campaigns do many more.
const KILLS: u32 = 8;

#[test]
fn an_agent_killed_at_work_loses_and_doubles_nothing() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("killed-at-work")?;
    let load = engine_of(&scene.agent)?.in_background(1_000, Some(300));
    for _ in 0..KILLS {
        let seen = load.last();
        until("more was written", Duration::from_secs(10), || more_than(load.last(), seen + 50))?;
        scene.agent.kill();
        scene.agent.start()?;
    }
    arrive_once(&scene.portal, load.stop()?.written())
}

#[test]
fn a_portal_killed_between_batches_loses_and_doubles_nothing() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("steady")?;
    let load = engine_of(&scene.agent)?.in_background(500, None);
    for _ in 0..KILLS {
        // The portal is killed while it takes alerts, so not before it has taken more.
        let stored = scene.portal.alert_count()?;
        until("more has arrived", Duration::from_secs(30), || more_than(scene.portal.alert_count()?, stored))?;
        scene.portal.kill();
        scene.portal.start()?;
    }
    arrive_once(&scene.portal, load.stop()?.written())
}

fn more_than<T: Copy + Ord + Display>(seen: T, before: T) -> Result<Waited<()>> {
    Ok(if seen > before { Waited::Holds(()) } else { Waited::NotYet(format!("{seen}, not more than {before}")) })
}

#[test]
fn what_was_detected_while_the_hub_was_away_arrives_when_it_is_back() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("patient")?;
    let mut engine = engine_of(&scene.agent)?;
    engine.alerts(20)?;
    arrive_once(&scene.portal, engine.written())?;
    scene.portal.stop()?;
    engine.alerts(500)?;
    engine.rotate()?;
    engine.alerts(500)?;
    log_holds(&scene.agent, 1_020)?;
    scene.agent.stop()?;
    scene.agent.start()?;
    scene.portal.start()?;
    arrive_once(&scene.portal, engine.written())
}

#[test]
fn a_file_that_is_copied_and_emptied_is_followed() -> Result<()> {
    let scene = Scene::new()?;
    scene.cloud_connected("emptied")?;
    let mut engine = engine_of(&scene.agent)?;
    for _ in 0..4 {
        engine.alerts(50)?;
        // What is emptied unread is lost by the way the file is rotated; so it is read first.
        log_holds(&scene.agent, engine.written().len() as u64)?;
        engine.copy_and_truncate()?;
    }
    engine.alerts(1)?;
    arrive_once(&scene.portal, engine.written())
}

#[test]
fn what_is_written_while_the_agent_is_down_is_read_when_it_is_back() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("absent")?;
    let mut engine = engine_of(&scene.agent)?;
    engine.alerts(50)?;
    log_holds(&scene.agent, 50)?;
    scene.agent.stop()?;
    for _ in 0..3 {
        engine.alerts(50)?;
        engine.rotate_by_numbers()?;
    }
    engine.alerts(50)?;
    scene.agent.start()?;
    arrive_once(&scene.portal, engine.written())
}

#[test]
fn a_corrupt_log_is_set_aside_and_alerts_go_on_in_a_new_stream() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.cloud_connected("set-aside")?;
    let mut engine = engine_of(&scene.agent)?;
    engine.alerts(30)?;
    arrive_once(&scene.portal, engine.written())?;
    scene.agent.kill();
    for part in ["alerts.db-wal", "alerts.db-shm"] {
        let _ = fs::remove_file(scene.agent.state().join(part));
    }
    let database = scene.agent.state().join("alerts.db");
    ensure!(database.is_file(), "there is no alert log to damage");
    fs::write(&database, vec![b'x'; 16 * 1024])?;
    scene.agent.start()?;
    let status = scene.agent.status()?;
    ensure!(status["health"]["alert-log"]["code"] == "set-aside", "a lost log is not reported: {status}");
    engine.alerts(30)?;
    let log_before = scene.portal.alerts()?;
    until("the later alerts are at the portal too", Duration::from_secs(60), || {
        let stored = scene.portal.alerts()?;
        let new = stored.iter().filter(|alert| stream(alert) != stream(&log_before[0])).count();
        Ok(if new >= 30 { Waited::Holds(()) } else { Waited::NotYet(format!("{new} of a new stream")) })
    })
}

fn stream(alert: &serde_json::Value) -> Option<&str> {
    alert["id"].as_str()?.split_once('/').map(|(stream, _)| stream)
}

#[test]
fn a_full_log_drops_the_least_severe_and_counts_them() -> Result<()> {
    let settings = Settings { more: "alert_log.max_mebibytes = 8\n".into(), ..Settings::default() };
    let mut scene = Scene::with(&settings)?;
    let sensor = scene.cloud_connected("full")?;
    scene.portal.stop()?;
    let mut engine = engine_of(&scene.agent)?.with_payloads();
    engine.alerts(16_000)?;
    until("the engine's file is read to its end", Duration::from_secs(60), || {
        let verification = scene.agent.ask(&["alerts", "verify"])?;
        let head = verification["streams"][0]["head"].as_u64().unwrap_or_default();
        Ok(if head == 16_000 { Waited::Holds(()) } else { Waited::NotYet(verification.to_string()) })
    })?;
    scene.portal.start()?;
    proved(&scene.agent, "cloud-connected")?;
    until("what was kept has arrived, and what was dropped is told", Duration::from_secs(60), || {
        let streams = scene.portal.ask(&["sensor", "streams", &sensor.id])?;
        Ok(if streams["streams"][0]["up_to"] == 16_000 {
            Waited::Holds(())
        } else {
            Waited::NotYet(streams.to_string())
        })
    })?;
    let stored = scene.portal.alerts()?;
    let streams = scene.portal.ask(&["sensor", "streams", &sensor.id])?;
    let dropped = streams["streams"][0]["dropped"]["full"].as_u64().context("nothing was dropped")?;
    ensure!(dropped > 0 && stored.len() as u64 + dropped == 16_000, "{} stored, {dropped} dropped", stored.len());
    let high = stored.iter().filter(|alert| alert["severity"] == "high").count();
    ensure!(high == 4_000, "{} grave alerts were dropped before lesser ones", 4_000 - high);
    Ok(())
}
