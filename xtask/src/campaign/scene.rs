//! A portal and a cloud-connected sensor for one place of a campaign, and moments chosen by a seed.

use std::{
    fs,
    path::Path,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use picket_lab::{Agent, Generator, Portal, PrivateFolder, Role, Settings, Tally, Waited, until};
use serde_json::Value;

use super::{moments::Moments, place::Setting};

/// Only spent on failure.
const PATIENCE: Duration = Duration::from_secs(180);
/// What has not arrived after so long a silence is lost. Longer than a first few tries with their back-off.
const STALLED: Duration = Duration::from_secs(45);

/// Fields are dropped in their order.
pub(super) struct Scene {
    pub(super) agent: Agent,
    pub(super) portal: Portal,
    pub(super) sensor: String,
    pub(super) moments: Moments,
    /// From a fault until the program answered again, at worst.
    pub(super) recovery: Duration,
    /// By how much the agent's boot clock is ahead of this machine's.
    ahead: Duration,
    _folder: PrivateFolder,
}

impl Scene {
    pub(super) fn set_up(setting: &Setting<'_>) -> Result<Self> {
        Self::set_up_in(PrivateFolder::on_disk()?, setting, &Settings::default())
    }

    /// In a folder of the caller's, with other settings of the agent.
    pub(super) fn set_up_in(folder: PrivateFolder, setting: &Setting<'_>, settings: &Settings) -> Result<Self> {
        let mut portal = Portal::init(setting.binaries, Role::Portal, &folder.join("portal"))?;
        portal.start()?;
        let room = folder.join("sensor");
        fs::create_dir(&room)?;
        let mut agent = Agent::set_up(setting.binaries, &room, settings)?;
        portal.export_root(&agent.trust_directory().join("portal.root"))?;
        agent.start()?;
        let sensor = portal.add_sensor("campaign", &["--mode", "cloud-connected"])?;
        agent.activate(&portal.download(&sensor, &folder.join("campaign.activation"))?)?;
        agent.until("the hub has accepted a probe", |status| {
            status["active"]["proof"]["hub"]["step"] == "proved" && status["candidate"].is_null()
        })?;
        let moments = Moments::of_seed(setting.seed);
        Ok(Self { agent, portal, sensor, moments, recovery: Duration::ZERO, ahead: Duration::ZERO, _folder: folder })
    }

    pub(super) fn generator(&self) -> Result<Generator> {
        Generator::new(&self.agent.eve_file(), 1)
    }

    /// Lets a moment pass that is between these, as the seed says.
    pub(super) fn pass(&mut self, least: Duration, most: Duration) {
        sleep(self.moments.between(least, most));
    }

    pub(super) fn kill_agent(&mut self) -> Result<()> {
        let command = self.agent_command();
        self.kill_agent_for(command)
    }

    /// Kills the agent and starts it by a command of the caller's.
    pub(super) fn kill_agent_for(&mut self, command: Command) -> Result<()> {
        let start = Instant::now();
        self.agent.kill();
        self.agent.start_as(command)?;
        self.agent.until_it_answers()?;
        self.recovery = self.recovery.max(start.elapsed());
        Ok(())
    }

    /// Kills the agent and starts it with its boot clock so much later, in a time namespace of its own. The wall clock and
    /// the boot's id stay, so it believes that it lived through that time.
    pub(super) fn advance(&mut self, by: Duration) -> Result<()> {
        self.ahead += by;
        self.kill_agent()
    }

    /// As [`Self::advance`], but the agent ends by itself, with everything saved.
    pub(super) fn advance_orderly(&mut self, by: Duration) -> Result<()> {
        self.ahead += by;
        self.agent.stop()?;
        self.kill_agent()
    }

    /// Puts a copy in the place of the portal's data.
    pub(super) fn restore_portal(&mut self, backup: &Path) -> Result<()> {
        let start = Instant::now();
        self.portal.restore(backup)?;
        fs::remove_file(backup)?;
        self.portal.start()?;
        self.recovery = self.recovery.max(start.elapsed());
        Ok(())
    }

    /// The command that starts the agent with the boot clock that it has by now.
    fn agent_command(&self) -> Command {
        if self.ahead.is_zero() {
            return self.agent.command();
        }
        let seconds = self.ahead.as_secs().to_string();
        self.agent.command_under("unshare", &["--time", "--boottime", &seconds, "--"])
    }

    pub(super) fn kill_portal(&mut self) -> Result<()> {
        let start = Instant::now();
        self.portal.kill();
        self.portal.start()?;
        self.recovery = self.recovery.max(start.elapsed());
        Ok(())
    }

    /// Kills the portal, and the agent before the portal is there again: what was on its way is nowhere.
    pub(super) fn kill_both(&mut self) -> Result<()> {
        self.portal.kill();
        self.kill_agent()?;
        self.portal.start()
    }

    /// Waits until the portal has stored so many of the sensor's alerts, or more; returns how many.
    pub(super) fn until_received(&self, count: u64) -> Result<u64> {
        until(&format!("{count} alerts are at the portal"), PATIENCE, || {
            let received = self.received()?;
            Ok(if received >= count { Waited::Holds(received) } else { Waited::NotYet(received.to_string()) })
        })
    }

    /// Waits until the hub has acknowledged so many numbers, over all streams, or more; returns how many.
    pub(super) fn until_delivered(&self, count: u64) -> Result<u64> {
        until(&format!("the hub has acknowledged {count}"), PATIENCE, || {
            let status = self.agent.status()?;
            let streams = status["alerts"]["streams"].as_array().context("no streams")?;
            let delivered = streams.iter().filter_map(|stream| stream["delivered"].as_u64()).sum();
            Ok(if delivered >= count { Waited::Holds(delivered) } else { Waited::NotYet(status["alerts"].to_string()) })
        })
    }

    /// Waits until the portal has answered another heartbeat, with the confirmation that it has.
    pub(super) fn heard_again(&self) -> Result<()> {
        let answered = self.agent.status()?["upstream"]["answered"].as_u64().context("no upstream")?;
        let later = |status: &Value| status["upstream"]["answered"].as_u64() > Some(answered);
        self.agent.until("another heartbeat is answered", later).map(drop)
    }

    pub(super) fn received(&self) -> Result<u64> {
        let answer = self.portal.ask(&["sensor", "streams", &self.sensor])?;
        let streams = answer["streams"].as_array().context("no streams")?;
        Ok(streams.iter().filter_map(|stream| stream["received"].as_u64()).sum())
    }

    /// Waits until the alert log holds so many.
    pub(super) fn until_logged(&self, count: u64) -> Result<()> {
        until(&format!("{count} alerts are in the log"), PATIENCE, || {
            let verification = self.agent.ask(&["alerts", "verify"])?;
            let streams = verification["streams"].as_array().context("no streams")?;
            let held: u64 = streams.iter().filter_map(|stream| stream["in_log"].as_u64()).sum();
            Ok(if held >= count { Waited::Holds(()) } else { Waited::NotYet(verification.to_string()) })
        })
    }

    /// Goes over to a mode, to the last proof.
    pub(super) fn switch(&mut self, mode: &str) -> Result<()> {
        self.portal.ask(&["sensor", "reissue", &self.sensor, "--mode", mode])?;
        self.go_over(mode)
    }

    /// Goes over to another hub of the same portal, to the last proof.
    pub(super) fn move_to_hub(&mut self, hub: &str) -> Result<()> {
        self.portal.ask(&["sensor", "reissue", &self.sensor, "--hub", hub])?;
        self.go_over("cloud-connected")
    }

    fn go_over(&mut self, mode: &str) -> Result<()> {
        let start = Instant::now();
        let file = self.portal.download(&self.sensor, &self.agent.folder().join("next.activation"))?;
        self.agent.activate(&file)?;
        self.agent.until(&format!("{mode} is in force and proved"), |status| {
            status["active"]["activation"]["mode"] == mode
                && status["candidate"].is_null()
                && status["active"]["proof"]["hub"]["step"] == "proved"
        })?;
        self.recovery = self.recovery.max(start.elapsed());
        Ok(())
    }

    /// Waits until everything has arrived, or nothing has for a while, and compares.
    pub(super) fn judge(&self, generator: &Generator) -> Result<Tally> {
        let (mut received, mut since) = (0, Instant::now());
        until("everything has arrived, or nothing more does", PATIENCE * 10, || {
            let now = self.received()?;
            if now > received {
                (received, since) = (now, Instant::now());
            }
            let stalled = since.elapsed() > STALLED;
            if received < generator.written().len() as u64 && !stalled {
                return Ok(Waited::NotYet(received.to_string()));
            }
            // Doubled ones count as received too, so the number alone says nothing of what lacks.
            let tally = Tally::of(generator.written(), &self.portal.alerts()?);
            Ok(if tally.lacking.is_empty() || stalled {
                Waited::Holds(tally)
            } else {
                Waited::NotYet(tally.to_string())
            })
        })
    }
}
