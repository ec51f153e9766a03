//! Alerts by way of a real MQTT broker: agent, Mosquitto with mutual TLS, the portal's reader.

use std::fs;

use anyhow::{Context, Result, ensure};
use picket_lab::{Mosquitto, Waited, hub, until, waiting::PATIENCE};
use picket_tests::{
    Scene,
    alerts::{arrive_once, engine_of, log_holds},
    scene::{Onboarded, proved},
};

/// A scene whose portal reads a broker, and a sensor that delivers to it.
fn scene(name: &str) -> Result<(Scene, Mosquitto, Onboarded)> {
    let scene = Scene::new()?;
    let broker = hub::start_broker(&scene.portal, "broker")?;
    hub::register(&scene.portal, hub::NAME, broker.port())?;
    let sensor = scene.onboard(name, &["--mode", "cloud-connected", "--hub", hub::NAME])?;
    scene.agent.activate(&sensor.file)?;
    proved(&scene.agent, "cloud-connected")?;
    Ok((scene, broker, sensor))
}

#[test]
fn every_alert_arrives_once_by_the_broker_alone() -> Result<()> {
    let (scene, broker, sensor) = scene("by-a-broker")?;
    let mut engine = engine_of(&scene.agent)?;
    for _ in 0..4 {
        engine.alerts(250)?;
        engine.rotate()?;
    }
    arrive_once(&scene.portal, engine.written())?;
    let taken = hub::taken(&broker, &sensor.id)?;
    ensure!(taken >= 1_000, "the broker took {taken} messages: the alerts came another way");
    scene.agent.until("the portal has confirmed them", |status| {
        status["alerts"]["consumers"][0]["backlog"] == 0 && status["alerts"]["consumers"][0]["unconfirmed"] == 0
    })?;
    Ok(())
}

#[test]
fn a_deleted_sensor_is_refused_by_the_broker_and_its_neighbour_is_not() -> Result<()> {
    let (mut scene, broker, sensor) = scene("withdrawn")?;
    let mut neighbour = scene.another_sensor("neighbour")?;
    neighbour.start()?;
    let other = scene.onboard("neighbour", &["--mode", "cloud-connected", "--hub", hub::NAME])?;
    neighbour.activate(&other.file)?;
    proved(&neighbour, "cloud-connected")?;
    let mut engine = engine_of(&scene.agent)?;
    engine.alerts(10)?;
    arrive_once(&scene.portal, engine.written())?;
    let delivered = engine.written().clone();
    // While it is down it does not hear that it was deleted: nothing but the broker keeps it out.
    scene.agent.stop()?;
    let crl = scene.portal.data().join("device-ca.crl");
    let before = fs::read(&crl)?;
    scene.portal.ask(&["sensor", "delete", &sensor.id, "--reason", "dismantled"])?;
    until("the published CRL has changed", PATIENCE, || {
        Ok(if fs::read(&crl)? == before { Waited::NotYet("it is as before".into()) } else { Waited::Holds(()) })
    })?;
    broker.reload()?;
    scene.portal.stop()?;
    engine.alerts(10)?;
    let taken = hub::taken(&broker, &sensor.id)?;
    scene.agent.start()?;
    log_holds(&scene.agent, 20)?;
    let status = scene.agent.until("the broker refuses it, and its alerts wait", |status| {
        let said = status["hub"]["problem"]["detail"].as_str().unwrap_or_default();
        said.contains("CertificateRevoked") && status["alerts"]["consumers"][0]["backlog"] == 10
    })?;
    ensure!(status["state"] == "active", "a broker's refusal ended an activation: {status}");
    ensure!(hub::taken(&broker, &sensor.id)? == taken, "the broker took messages of a withdrawn certificate");
    // The same broker, at the same time, takes its neighbour's.
    let before = hub::taken(&broker, &other.id)?;
    let record = fs::read(scene.agent.eve_file())?;
    fs::write(neighbour.eve_file(), record)?;
    until("the neighbour's alerts are taken", PATIENCE, || {
        let taken = hub::taken(&broker, &other.id)?;
        Ok(if taken >= before + 20 { Waited::Holds(()) } else { Waited::NotYet(taken.to_string()) })
    })?;
    scene.portal.start()?;
    scene.agent.until("it hears that it was deleted", |status| status["state"] == "deactivated")?;
    let stored = scene.portal.alerts()?;
    let of_deleted = stored.iter().filter(|alert| alert["sensor"] == sensor.id.as_str()).count();
    ensure!(of_deleted == delivered.len(), "{of_deleted} alerts of the deleted sensor, {} before", delivered.len());
    Ok(())
}

mod with_suricata {
    //! The whole chain of real parts: capture, Suricata, agent, Mosquitto, portal.

    use picket_lab::{Suricata, capture::ALERTS_BY_SEVERITY};
    use picket_tests::engine::{arrives_once, found};

    use super::*;

    #[test]
    fn each_alert_that_suricata_writes_arrives_once_by_the_broker() -> Result<()> {
        let (scene, broker, sensor) = scene("all-real")?;
        let engine = Suricata::set_up(scene.agent.eve_file().parent().context("the file has a folder")?)?;
        let count: usize = ALERTS_BY_SEVERITY.iter().map(|(_, count)| count * 3).sum();
        for _ in 0..3 {
            engine.read(&engine.own_capture())?;
        }
        let written = found(&engine.eve_file())?;
        ensure!(written.values().sum::<usize>() == count, "Suricata wrote {written:?}");
        arrives_once(&scene.portal, &written)?;
        let taken = hub::taken(&broker, &sensor.id)?;
        ensure!(taken >= count as u64, "the broker took {taken} messages: the alerts came another way");
        Ok(())
    }
}
