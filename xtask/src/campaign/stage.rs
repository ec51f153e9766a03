//! A scene in which one program's folder lies on a disk that misbehaves.

use std::{path::Path, time::Instant};

use anyhow::{Context, Result};
use picket_lab::{Generator, PrivateFolder, Settings};
use picket_shim::{Powered, keep_mounts_private};
use serde_json::Value;

use super::{place::Setting, scene::Scene, sheet::Outcome};

/// Fields are dropped in their order, but see below.
pub(super) struct Stage<D> {
    pub(super) scene: Scene,
    disk: Option<D>,
    /// How many faults are to be made.
    pub(super) faults: u32,
    seed: u64,
    /// What did not hold, in words.
    pub(super) broken: Vec<String>,
}

impl<D> Stage<D> {
    /// The disk comes under the agent's state. The agent has more settings, as in [`Settings::more`].
    pub(super) fn of_agent(setting: &Setting<'_>, more: &str, mount: impl FnOnce(&Path) -> Result<D>) -> Result<Self> {
        let mut stage = Self::set_up(setting, more)?;
        stage.scene.agent.stop()?;
        stage.disk = Some(mount(&stage.scene.agent.state())?);
        stage.scene.agent.start()?;
        Ok(stage)
    }

    /// The disk comes under the portal's data.
    pub(super) fn of_portal(setting: &Setting<'_>, mount: impl FnOnce(&Path) -> Result<D>) -> Result<Self> {
        let mut stage = Self::set_up(setting, "")?;
        stage.scene.portal.stop()?;
        stage.disk = Some(mount(stage.scene.portal.data())?);
        stage.scene.portal.start()?;
        Ok(stage)
    }

    fn set_up(setting: &Setting<'_>, more: &str) -> Result<Self> {
        keep_mounts_private()?;
        let settings = Settings { more: more.into(), ..Settings::default() };
        let scene = Scene::set_up_in(PrivateFolder::on_disk()?, setting, &settings)?;
        Ok(Self { scene, disk: None, faults: setting.faults, seed: setting.seed << 32, broken: Vec::new() })
    }

    pub(super) fn disk(&mut self) -> Result<&mut D> {
        self.disk.as_mut().context("the disk is gone")
    }

    /// Compares, unless a program did not come up again: that alone is found out then.
    pub(super) fn judge(&mut self, generator: &Generator) -> Result<Outcome> {
        let mut outcome = Outcome { recovery: self.scene.recovery, ..Outcome::default() };
        outcome.broken.append(&mut self.broken);
        if outcome.broken.is_empty() {
            outcome.tally = self.scene.judge(generator)?;
            let health = self.scene.portal.sensor(&self.scene.sensor)?["health"].clone();
            outcome.must(health == "ok", || format!("the sensor's health at the portal is {health}"));
            let log = self.log_health()?;
            outcome.must(log == "ok", || format!("the alert log is {log}"));
        }
        Ok(outcome)
    }

    /// How many alerts the agent says that it has accepted.
    pub(super) fn accepted(&self) -> Result<u64> {
        let status = self.scene.agent.status()?;
        let streams = status["alerts"]["streams"].as_array().context("no streams")?;
        Ok(streams.iter().filter_map(|stream| stream["head"].as_u64()).sum())
    }

    /// The agent's word for how its alert log is.
    pub(super) fn log_health(&self) -> Result<Value> {
        Ok(self.scene.agent.status()?["health"]["alert-log"]["code"].clone())
    }

    fn is_back(&mut self, start: Instant, started: &Result<()>) -> bool {
        self.scene.recovery = self.scene.recovery.max(start.elapsed());
        if let Err(error) = started {
            self.broken.push(format!("it does not start after a cut: {error:#}"));
        }
        started.is_ok()
    }
}

impl Stage<Powered> {
    /// Cuts the agent's power; whether it came up again.
    pub(super) fn cut_agent(&mut self) -> Result<bool> {
        self.scene.agent.kill();
        self.cut()?;
        let start = Instant::now();
        let started = self.scene.agent.start();
        Ok(self.is_back(start, &started))
    }

    /// Whether the sensor speaks to its portal again, and what it was proving is proved: with the keys and certificates
    /// that its state names.
    pub(super) fn goes_on(&mut self) -> bool {
        let Scene { agent, .. } = &self.scene;
        let heard = self.scene.heard_again();
        let proved =
            heard.and_then(|()| agent.until("nothing is being proved", |status| status["candidate"].is_null()));
        if let Err(error) = &proved {
            self.broken.push(format!("it does not go on after a cut: {error:#}"));
        }
        proved.is_ok()
    }

    /// Cuts the portal's power; whether it came up again.
    pub(super) fn cut_portal(&mut self) -> Result<bool> {
        self.scene.portal.kill();
        self.cut()?;
        let start = Instant::now();
        let started = self.scene.portal.start();
        Ok(self.is_back(start, &started))
    }

    fn cut(&mut self) -> Result<()> {
        self.seed += 1;
        let seed = self.seed;
        self.disk()?.cut(seed)
    }
}

/// The programs end before their disk, and the disk before the folder that it is mounted in.
impl<D> Drop for Stage<D> {
    fn drop(&mut self) {
        self.scene.agent.kill();
        self.scene.portal.kill();
        self.disk = None;
    }
}
