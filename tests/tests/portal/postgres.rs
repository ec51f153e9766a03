//! Two processes of one portal at one PostgreSQL server: one is killed, the other goes on; the server is killed, and both
//! go on once it is back. Nothing is lost or doubled.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_lab::{
    Agent, Binaries, Generator, PrivateFolder, Settings, Tally, Twins, Waited, generator::Background, until,
};

/// Alerts a second.
const RATE: u32 = 200;
const KILLS: usize = 5;
/// Only spent on failure.
const PATIENCE: Duration = Duration::from_secs(90);

/// The twins, and a sensor whose alerts they take.
struct Scene {
    twins: Twins,
    agent: Agent,
    /// Dropped last: they run in it.
    _folder: PrivateFolder,
}

impl Scene {
    fn begin() -> Result<Self> {
        let (folder, binaries) = (PrivateFolder::on_disk()?, Binaries::beside_this_program()?);
        let twins = Twins::start(&binaries, folder.path())?;
        let sensor = folder.join("sensor");
        fs::create_dir(&sensor)?;
        let mut agent = Agent::set_up(&binaries, &sensor, &Settings::default())?;
        twins.portals[0].export_root(&agent.trust_directory().join("portal.root"))?;
        agent.start()?;
        let id = twins.portals[0].add_sensor("twins", &["--mode", "cloud-connected"])?;
        // Registered by one, issued by the other: what one writes the other knows.
        agent.activate(&twins.portals[1].download(&id, &folder.join("twins.activation"))?)?;
        agent.until("the hub has accepted a probe", |status| status["active"]["proof"]["hub"]["step"] == "proved")?;
        Ok(Self { twins, agent, _folder: folder })
    }

    fn load(&self) -> Result<Background> {
        Ok(Generator::new(&self.agent.eve_file(), 1)?.in_background(RATE, None))
    }

    /// Waits until one of the twins knows of more alerts than these.
    fn until_more(&self, which: usize, before: usize) -> Result<()> {
        until("more alerts are stored", PATIENCE, || {
            let now = self.twins.portals[which].alert_count()?;
            Ok(if now > before { Waited::Holds(()) } else { Waited::NotYet(now.to_string()) })
        })
    }

    /// Everything that was written has arrived, once, and nobody is taken for a clone.
    fn end(self, load: Background) -> Result<()> {
        let generator = load.stop()?;
        let tally = until("everything has arrived", PATIENCE, || {
            let tally = Tally::of(generator.written(), &self.twins.portals[0].alerts()?);
            Ok(if tally.is_exact() { Waited::Holds(tally) } else { Waited::NotYet(tally.to_string()) })
        })?;
        ensure!(tally.is_exact(), "{tally}");
        // A heartbeat that was answered and is not known any more would have raised one.
        let alarms = self.twins.portals[1].ask(&["alarm", "list"])?;
        ensure!(alarms["alarms"].as_array().context("no list of alarms")?.is_empty(), "{alarms}");
        Ok(())
    }
}

#[test]
fn two_processes_killed_in_turn_under_load_lose_and_double_nothing() -> Result<()> {
    let mut scene = Scene::begin()?;
    let load = scene.load()?;
    for kill in 0..KILLS {
        let other = 1 - kill % 2;
        let before = scene.twins.portals[other].alert_count()?;
        scene.twins.kill(kill % 2)?;
        // By whichever of the two: it goes on.
        scene.until_more(other, before)?;
    }
    let taken = scene.twins.balancer.taken();
    ensure!(taken.iter().all(|taken| *taken > 0), "one was never asked: {taken:?}");
    scene.end(load)
}

#[test]
fn the_server_killed_and_started_again_under_both_loses_and_doubles_nothing() -> Result<()> {
    let mut scene = Scene::begin()?;
    let load = scene.load()?;
    for kill in 0..KILLS {
        let before = scene.twins.portals[kill % 2].alert_count()?;
        scene.twins.server.stop_at_once()?;
        // Both processes say so, and neither ends.
        let refused = scene.twins.portals[kill % 2].alert_count();
        ensure!(refused.is_err(), "answered without its database: {refused:?}");
        scene.twins.server.start_again()?;
        scene.until_more(kill % 2, before)?;
    }
    scene.end(load)
}
