//! Two processes of one portal at one PostgreSQL server, behind a balancer: one is killed or told to stop, the other goes on.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use picket_lab::{Agent, Generator, PrivateFolder, Settings, Tally, Twins, Waited, until};

use super::{
    moments::Moments,
    place::{Place, Setting},
    sabotage::Sabotage::DeduplicationOff,
    sheet::Outcome,
};

/// Alerts a second, over all sensors.
const RATE: u32 = 300;
/// Sensors: their connections are at either process.
const SENSORS: usize = 3;
/// After a fault it is watched for so long who comes, seconds.
const WATCHED: usize = 10;
/// Connections that a sensor may open in one second: to report, to deliver, and once more.
const MOST_OF_A_SENSOR: usize = 4;
/// Only spent on failure.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) const PLACES: &[Place] = &[Place {
    name: "one of two portal processes at one PostgreSQL",
    faults: 50,
    finds: &[DeduplicationOff],
    act: killed_in_turn,
}];

fn killed_in_turn(setting: &Setting<'_>) -> Result<Outcome> {
    let folder = PrivateFolder::on_disk()?;
    let mut twins = Twins::start(setting.binaries, folder.path())?;
    let mut moments = Moments::of_seed(setting.seed);
    let agents = (0..SENSORS).map(|number| sensor(setting, &twins, &folder, number)).collect::<Result<Vec<_>>>()?;
    let mut loads = Vec::new();
    for (number, agent) in agents.iter().enumerate() {
        let first = 1 + 10_000_000 * u64::try_from(number)?;
        loads.push(Generator::new(&agent.eve_file(), first)?.in_background(RATE / u32::try_from(SENSORS)?, None));
    }
    let (mut outcome, mut faults) = (Outcome::default(), Vec::new());
    for fault in 0..usize::try_from(setting.faults)? {
        let (killed, other) = (fault % 2, 1 - fault % 2);
        let before = twins.portals[other].alert_count()?;
        std::thread::sleep(moments.between(Duration::from_millis(50), Duration::from_millis(800)));
        let start = Instant::now();
        faults.push(start);
        // Of four faults two are kills, and two an administrator's.
        if fault % 4 < 2 {
            twins.kill(killed)?;
        } else {
            twins.drain(killed)?;
        }
        until("more alerts are stored", PATIENCE, || {
            let now = twins.portals[killed].alert_count()?;
            Ok(if now > before { Waited::Holds(()) } else { Waited::NotYet(now.to_string()) })
        })?;
        outcome.recovery = outcome.recovery.max(start.elapsed());
    }
    let mut written = BTreeSet::new();
    for load in loads {
        written.extend(load.stop()?.written());
    }
    outcome.tally = judge(&twins, &written)?;
    let alarms = twins.portals[0].ask(&["alarm", "list"])?;
    let raised = alarms["alarms"].as_array().context("no list of alarms")?;
    // A heartbeat that was answered and is not known any more would have raised one.
    outcome.must(raised.is_empty(), || alarms.to_string());
    outcome.remarks.push(format!("connections taken {:?}", twins.balancer.taken()));
    let curve = twins.balancer.arrivals(&faults, WATCHED);
    outcome
        .remarks
        .push(format!("new connections in each second after a fault, of {} faults: {curve:?}", faults.len()));
    let most = curve.iter().max().copied().unwrap_or_default();
    outcome.must(most <= SENSORS * MOST_OF_A_SENSOR * faults.len(), || format!("{most} connections in a second"));
    Ok(outcome)
}

fn sensor(setting: &Setting<'_>, twins: &Twins, folder: &PrivateFolder, number: usize) -> Result<Agent> {
    let (name, portal) = (format!("sensor-{number}"), &twins.portals[number % 2]);
    let room = folder.join(&name);
    fs::create_dir(&room)?;
    let settings = Settings { hardware: name.clone(), ..Settings::default() };
    let mut agent = Agent::set_up(setting.binaries, &room, &settings)?;
    portal.export_root(&agent.trust_directory().join("portal.root"))?;
    agent.start()?;
    let id = portal.add_sensor(&name, &["--mode", "cloud-connected"])?;
    agent.activate(&portal.download(&id, &folder.join(&format!("{name}.activation")))?)?;
    agent.until("the hub has accepted a probe", |status| status["active"]["proof"]["hub"]["step"] == "proved")?;
    Ok(agent)
}

/// Waits until everything has arrived, and compares.
fn judge(twins: &Twins, written: &BTreeSet<u64>) -> Result<Tally> {
    let begun = Instant::now();
    until("everything has arrived, or nothing more does", PATIENCE * 2, || {
        let tally = Tally::of(written, &twins.portals[1].alerts()?);
        let done = tally.is_exact() || begun.elapsed() > PATIENCE;
        Ok(if done { Waited::Holds(tally) } else { Waited::NotYet(tally.to_string()) })
    })
}
