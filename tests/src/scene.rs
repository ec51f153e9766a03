//! A scene: a portal and one sensor that trusts it, in a private folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use picket_lab::{Agent, Binaries, Portal, PrivateFolder, Role, Settings, portal::text};
use serde_json::Value;

/// What most tests begin with. Fields are dropped in their order: the programs end before the folder goes.
#[derive(Debug)]
pub struct Scene {
    /// The sensor.
    pub agent: Agent,
    /// Its portal.
    pub portal: Portal,
    /// Where everything lies.
    pub folder: PrivateFolder,
}

impl Scene {
    /// A running portal and a running sensor, unactivated.
    ///
    /// # Errors
    /// When a program fails.
    pub fn new() -> Result<Self> {
        Self::with(&Settings::default())
    }

    /// As [`Self::new`], with other settings of the agent.
    ///
    /// # Errors
    /// When a program fails.
    pub fn with(settings: &Settings) -> Result<Self> {
        let folder = PrivateFolder::new()?;
        let binaries = Binaries::beside_this_program()?;
        let mut portal = Portal::init(&binaries, Role::Portal, &folder.join("portal"))?;
        portal.start()?;
        let mut agent = sensor(&folder.join("sensor"), &portal, settings)?;
        agent.start()?;
        Ok(Self { agent, portal, folder })
    }

    /// Another sensor's folder at the same portal; it does not run yet.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn another_sensor(&self, name: &str) -> Result<Agent> {
        sensor(&self.folder.join(name), &self.portal, &Settings { hardware: name.into(), ..Settings::default() })
    }

    /// Registers a sensor and downloads its file.
    ///
    /// # Errors
    /// When the portal refuses.
    pub fn onboard(&self, name: &str, more: &[&str]) -> Result<Onboarded> {
        let id = self.portal.add_sensor(name, more)?;
        let file = self.portal.download(&id, &self.folder.join(&format!("{name}.activation")))?;
        Ok(Onboarded { id, file })
    }

    /// Reissues a registration and downloads its file.
    ///
    /// # Errors
    /// When the portal refuses.
    pub fn reissue(&self, id: &str, more: &[&str]) -> Result<PathBuf> {
        let mut arguments = vec!["sensor", "reissue", id];
        arguments.extend(more);
        self.portal.ask(&arguments)?;
        self.portal.download(id, &self.folder.join(&format!("{id}.activation")))
    }

    /// Onboards and activates a cloud-connected sensor, to the last proof.
    ///
    /// # Errors
    /// When it does not come to be.
    pub fn cloud_connected(&self, name: &str) -> Result<Onboarded> {
        let onboarded = self.onboard(name, &["--mode", "cloud-connected"])?;
        self.agent.activate(&onboarded.file)?;
        proved(&self.agent, "cloud-connected")?;
        Ok(onboarded)
    }

    /// Onboards and activates a locally managed sensor.
    ///
    /// # Errors
    /// When it does not come to be.
    pub fn locally_managed(&self, name: &str) -> Result<Onboarded> {
        let onboarded = self.onboard(name, &["--mode", "locally-managed"])?;
        self.agent.activate(&onboarded.file)?;
        proved(&self.agent, "locally-managed")?;
        Ok(onboarded)
    }

    /// A path in the scene's folder, as text for a command line.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn path(&self, name: &str) -> Result<String> {
        as_text(&self.folder.join(name))
    }
}

/// A registration and its file.
#[derive(Debug)]
pub struct Onboarded {
    /// The sensor id.
    pub id: String,
    /// The downloaded file.
    pub file: PathBuf,
}

/// Waits until an activation of this mode is in force with nothing left to prove.
///
/// # Errors
/// When it does not come to be.
pub fn proved(agent: &Agent, mode: &str) -> Result<Value> {
    agent.until(&format!("{mode} is in force and proved"), |status| {
        status["active"]["activation"]["mode"] == mode
            && status["candidate"].is_null()
            && ["identity", "heartbeat", "hub"].iter().all(|step| status["active"]["proof"][step]["step"] == "proved")
    })
}

/// What of a status changes by a decision only: two of them are equal when nothing was decided between.
///
/// # Errors
/// When it has no epoch.
pub fn decided(status: &Value) -> Result<Value> {
    text(status, "appliance")?;
    let mut kept = status.clone();
    let fields = kept.as_object_mut().context("a status is an object")?;
    for moving in ["addresses", "agent", "alerts", "clock", "upstream", "hub", "health"] {
        fields.remove(moving);
    }
    Ok(kept)
}

/// A path as text for a command line.
///
/// # Errors
/// When it is not UTF-8.
pub fn as_text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).context("a path in UTF-8")
}

fn sensor(folder: &Path, portal: &Portal, settings: &Settings) -> Result<Agent> {
    fs::create_dir(folder)?;
    let agent = Agent::set_up(&Binaries::beside_this_program()?, folder, settings)?;
    portal.export_root(&agent.trust_directory().join("portal.root"))?;
    Ok(agent)
}
