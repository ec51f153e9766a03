//! What the walk plays with: a portal, a management console and a sensor; every command to them is said aloud.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use picket_lab::{Agent, Binaries, Portal, Role, Settings};
use serde_json::Value;

/// The name of the sensor that is walked through its life.
pub(super) const SENSOR: &str = "line-3-switch-room";

pub(super) struct World {
    pub(super) folder: PathBuf,
    pub(super) portal: Portal,
    pub(super) console: Portal,
    pub(super) agent: Agent,
    /// The registration; empty until it is made.
    pub(super) sensor: String,
    downloads: u32,
}

impl World {
    /// Data folders and settings; nothing runs yet.
    pub(super) fn set_up(binaries: &Binaries, folder: &Path) -> Result<Self> {
        let portal = Portal::init(binaries, Role::Portal, &folder.join("portal"))?;
        let console = Portal::init(binaries, Role::ManagementConsole, &folder.join("console"))?;
        let room = folder.join("sensor");
        fs::create_dir(&room)?;
        let agent = Agent::set_up(binaries, &room, &Settings { hardware: "demo-1".into(), ..Settings::default() })?;
        Ok(Self { folder: folder.to_owned(), portal, console, agent, sensor: String::new(), downloads: 0 })
    }

    /// `picketctl`, aloud.
    pub(super) fn sensor_says(&self, arguments: &[&str]) -> Result<Value> {
        aloud("picketctl", arguments);
        self.agent.ask(arguments)
    }

    /// `picket-portal` at the portal, aloud.
    pub(super) fn portal_says(&self, arguments: &[&str]) -> Result<Value> {
        aloud("picket-portal", arguments);
        self.portal.ask(arguments)
    }

    /// A file with a pairing token of the management console, asked for aloud.
    pub(super) fn pairing_token(&self) -> Result<PathBuf> {
        aloud("picket-portal", &["pairing-token", "add"]);
        self.console.pairing_token(&self.folder.join("pairing-token"))
    }

    /// A new activation file of the sensor, as a person downloads it.
    pub(super) fn download(&mut self) -> Result<String> {
        self.downloads += 1;
        let file = self.folder.join(format!("{SENSOR}-{}.activation", self.downloads));
        let file = file.to_str().context("a path in UTF-8")?;
        self.portal_says(&["sensor", "activation-file", &self.sensor, "--out", file])?;
        Ok(file.to_owned())
    }

    /// Reissues the registration with other settings and uploads the file.
    pub(super) fn reissue_and_upload(&mut self, settings: &[&str]) -> Result<()> {
        let sensor = self.sensor.clone();
        let mut arguments = vec!["sensor", "reissue", &sensor];
        arguments.extend(settings);
        self.portal_says(&arguments)?;
        let file = self.download()?;
        self.sensor_says(&["activate", &file])?;
        Ok(())
    }

    /// Waits until an activation of this mode is in force with nothing left to prove.
    pub(super) fn until_in_force(&self, mode: &str, epoch: u64) -> Result<Value> {
        self.agent.until(&format!("{mode} is in force as epoch {epoch}"), |status| {
            let steps = ["identity", "heartbeat", "hub"];
            status["epoch"] == epoch
                && status["active"]["activation"]["mode"] == mode
                && status["candidate"].is_null()
                && steps.iter().all(|step| status["active"]["proof"][step]["step"] == "proved")
        })
    }

    /// Waits until the sensor says so of its link to the upstream.
    pub(super) fn until_link(&self, link: &str) -> Result<Value> {
        let status = self.agent.until(&format!("the link is {link}"), |status| status["upstream"]["link"] == link)?;
        Ok(status["upstream"].clone())
    }
}

/// Says a command as a person would type it.
fn aloud(program: &str, arguments: &[&str]) {
    let words: Vec<_> =
        arguments.iter().map(|word| if word.contains(' ') { format!("'{word}'") } else { (*word).into() }).collect();
    println!("    $ {program} {}", words.join(" "));
}
