//! A machine with the packages on it, its portal, and a person at its console: what the walks over an appliance are made of.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use picket_lab::{
    Binaries, Machine, Waited,
    machine::{Web, root},
    until,
};
use picket_tests::LocalApi;
use serde_json::Value;

use crate::manual;

/// In the machine: what is installed, and files on their way.
pub(super) const PACKAGES: &str = "/root/packages";
/// The portal's data.
const DATA: &str = "--data /var/lib/picket-portal";
/// Where the portal's sensors connect when it is on the same machine, whose 443 is the console's.
const PORTAL_PORT: &str = "9443";
pub(super) const PERSON: &str = "Olga";
pub(super) const PASSWORD: &str = "four-words-of-no-relation";

/// A machine that boots.
pub(super) struct Stage {
    pub(super) machine: Machine,
    pub(super) web: Web,
}

impl Stage {
    /// Bare, booted, with the packages lying in it.
    pub(super) fn bare(name: &str) -> Result<Self> {
        let mut stage = Self::switched_off(name)?;
        stage.machine.put(&packages()?, PACKAGES)?;
        stage.machine.boot()?;
        Ok(stage)
    }

    /// Bare, and never booted.
    pub(super) fn switched_off(name: &str) -> Result<Self> {
        let machine = Machine::unpack(&root::in_cache(&cache()?), name)?;
        Ok(Self { machine, web: Web::new("https://127.0.0.1")? })
    }

    /// Puts the package of an earlier commit into the machine, and says where it lies there.
    pub(super) fn put_earlier(&self) -> Result<String> {
        let folder = cache()?.join("earlier");
        let commits = fs::read_dir(&folder).with_context(|| format!("{} has no package", folder.display()))?;
        // Of several that were built the newest: the constant was moved on.
        let commits = commits.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        let built = |path: &PathBuf| fs::metadata(path).and_then(|folder| folder.modified()).ok();
        let newest = commits.into_iter().max_by_key(built).context("no earlier commit was built")?;
        self.machine.put(&packages_in(&newest)?, "/root/earlier")?;
        Ok("/root/earlier/picket-agent_*.deb".to_owned())
    }

    /// Runs a block of the documentation where the packages lie, with some words of it replaced by this stage's.
    pub(super) fn run(&self, block: manual::Block, replaced: &[(&str, &str)]) -> Result<String> {
        let commands = replaced.iter().fold(manual::block(block)?, |text, (from, to)| text.replace(from, to));
        self.machine.shell(&format!("cd {PACKAGES}\n{commands}"))
    }

    /// Sets a portal up as the documentation says, but for its port.
    pub(super) fn set_up_portal(&self) -> Result<()> {
        self.machine.shell(&format!(
            "folder=/etc/systemd/system/picket-portal.socket.d
             mkdir -p $folder
             printf '[Socket]\\nListenStream=\\nListenStream=127.0.0.1:{PORTAL_PORT}\\n' > $folder/port.conf"
        ))?;
        self.run(manual::PORTAL, &[("https://portal.example", &format!("https://127.0.0.1:{PORTAL_PORT}"))])?;
        ensure!(self.machine.property("picket-portal", "ActiveState")? == "active", "the portal does not run");
        Ok(())
    }

    /// Registers a sensor and downloads its file; gives its id and where the file lies, as the machine names it.
    pub(super) fn onboard(&self, name: &str, mode: &str) -> Result<(String, String)> {
        let add = format!("picket-portal sensor add {name} --subscription Plant --mode {mode} {DATA} --json");
        let added: Value = serde_json::from_str(&self.machine.shell(&add)?)?;
        let id = added["id"].as_str().context("no id")?.to_owned();
        Ok((id.clone(), self.download(&id)?))
    }

    /// A further activation file for a sensor.
    pub(super) fn reissue(&self, sensor: &str) -> Result<String> {
        self.machine.shell(&format!("picket-portal sensor reissue {sensor} {DATA} --json"))?;
        self.download(sensor)
    }

    pub(super) fn download(&self, sensor: &str) -> Result<String> {
        let file = format!("/root/{sensor}.activation");
        self.machine.shell(&format!("picket-portal sensor activation-file {sensor} --out {file} {DATA} --json"))?;
        Ok(file)
    }

    /// What the portal says of itself or a sensor.
    pub(super) fn portal(&self, command: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.machine.shell(&format!("picket-portal {command} {DATA} --json"))?)?)
    }

    /// The first sign-in at the console, from the code on the machine's own screen to the Overview.
    pub(super) fn first_sign_in(&self, file: &str) -> Result<()> {
        let (machine, web) = (&self.machine, &self.web);
        let screen = machine.until("the screen shows the setup code", "cat /run/issue.d/picket.issue")?;
        let (_, code) = screen.trim().rsplit_once("Setup code: ").with_context(|| screen.clone())?;
        let first = web.page(machine, "/")?;
        let admin = [("code", code), ("name", PERSON), ("password", PASSWORD), ("again", PASSWORD)];
        let trust = web.submit(machine, &first, "/first-sign-in", &admin)?;
        // The file as a browser on another machine has it.
        let here = machine.root().join(file.trim_start_matches('/'));
        let compare = web.upload(machine, &trust, "/first-sign-in/trust", &here)?;
        let confirmation = self.portal("root show")?["confirmation"].as_str().context("no confirmation")?.to_owned();
        let characters = [("characters", confirmation.as_str())];
        let preview = web.submit(machine, &compare, "/first-sign-in/trust/confirm", &characters)?;
        web.submit(machine, &preview, "/first-sign-in/activation/activate", &[])?;
        let certificate = web.page(machine, "/first-sign-in/certificate")?;
        let overview = web.submit(machine, &certificate, "/first-sign-in/certificate/keep", &[])?;
        ensure!(overview.contains("data-mode"), "no Overview: {overview}");
        ensure!(machine.shell("cat /run/issue.d/picket.issue").is_err(), "the screen still shows the setup code");
        Ok(())
    }

    /// Signs in again; a restart of the console signs everybody out.
    pub(super) fn sign_in(&self) -> Result<String> {
        let page = self.web.page(&self.machine, "/sign-in")?;
        self.web.submit(&self.machine, &page, "/sign-in", &[("name", PERSON), ("password", PASSWORD)])
    }

    /// Asks a fault point of the running agent, as root.
    pub(super) fn fault_point(&self, name: &str) -> Result<Value> {
        self.ask_at("/run/picket/agent.sock", "POST", &format!("/v1/fault-points/{name}"))
    }

    /// Asks an agent by its socket, as root.
    pub(super) fn ask_at(&self, socket: &str, method: &str, path: &str) -> Result<Value> {
        let answer = LocalApi::connect(&self.machine.seen_from_here(socket)?)?.ask(method, path, &[])?;
        ensure!(answer.status == 200, "{path} answered {}: {}", answer.status, answer.body);
        Ok(answer.body)
    }

    /// Waits until the agent's status is as `holds` says. The agent may be starting anew meanwhile.
    pub(super) fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        until(what, Duration::from_secs(90), || {
            Ok(match self.machine.picketctl("status") {
                Ok(status) if holds(&status) => Waited::Holds(status),
                Ok(status) => Waited::NotYet(status.to_string()),
                Err(error) => Waited::NotYet(format!("{error:#}")),
            })
        })
    }
}

/// Where `cargo xtask test` provides packages and root.
fn cache() -> Result<PathBuf> {
    let binaries = Binaries::beside_this_program()?;
    Ok(binaries.folder().parent().context("no target folder")?.join("appliance"))
}

/// The packages of today.
pub(super) fn packages() -> Result<Vec<PathBuf>> {
    packages_in(&cache()?.join("packages"))
}

fn packages_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let missing = || format!("{} has no packages: cargo xtask test makes them", folder.display());
    let files: Vec<_> =
        fs::read_dir(folder).with_context(missing)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let packages: Vec<_> =
        files.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "deb")).collect();
    ensure!(!packages.is_empty(), missing());
    Ok(packages)
}
