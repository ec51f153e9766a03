//! Two processes of one portal at one PostgreSQL server: one is killed, the other goes on, and nothing is lost or doubled.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_lab::{Agent, Binaries, Generator, PrivateFolder, Settings, Tally, Twins, Waited, until};

/// Alerts a second.
const RATE: u32 = 200;
const KILLS: usize = 5;
/// Only spent on failure.
const PATIENCE: Duration = Duration::from_secs(90);

#[test]
fn two_processes_killed_in_turn_under_load_lose_and_double_nothing() -> Result<()> {
    let (folder, binaries) = (PrivateFolder::on_disk()?, Binaries::beside_this_program()?);
    let mut twins = Twins::start(&binaries, folder.path())?;
    let sensor = folder.join("sensor");
    fs::create_dir(&sensor)?;
    let mut agent = Agent::set_up(&binaries, &sensor, &Settings::default())?;
    twins.portals[0].export_root(&agent.trust_directory().join("portal.root"))?;
    agent.start()?;
    let id = twins.portals[0].add_sensor("twins", &["--mode", "cloud-connected"])?;
    // Registered by one, issued by the other: what one writes the other knows.
    agent.activate(&twins.portals[1].download(&id, &folder.join("twins.activation"))?)?;
    agent.until("the hub has accepted a probe", |status| status["active"]["proof"]["hub"]["step"] == "proved")?;

    let load = Generator::new(&agent.eve_file(), 1)?.in_background(RATE, None);
    for kill in 0..KILLS {
        let before = stored(&twins, 1 - kill % 2)?;
        twins.kill(kill % 2)?;
        // By whichever of the two: it goes on.
        until("more alerts are stored", PATIENCE, || {
            let now = stored(&twins, 1 - kill % 2)?;
            Ok(if now > before { Waited::Holds(()) } else { Waited::NotYet(now.to_string()) })
        })?;
    }
    let generator = load.stop()?;
    let tally = until("everything has arrived", PATIENCE, || {
        let tally = Tally::of(generator.written(), &twins.portals[0].alerts()?);
        Ok(if tally.is_exact() { Waited::Holds(tally) } else { Waited::NotYet(tally.to_string()) })
    })?;
    ensure!(tally.is_exact(), "{tally}");
    ensure!(twins.balancer.taken().iter().all(|taken| *taken > 0), "one was never asked: {:?}", twins.balancer);
    // A heartbeat that was answered and is not known any more would have raised one.
    let alarms = twins.portals[1].ask(&["alarm", "list"])?;
    ensure!(alarms["alarms"].as_array().context("no list of alarms")?.is_empty(), "{alarms}");
    Ok(())
}

fn stored(twins: &Twins, which: usize) -> Result<usize> {
    twins.portals[which].alert_count()
}
