//! A bare Debian with systemd as PID 1, in systemd-nspawn: unpacked into a private folder, booted, asked, and gone afterwards.
//! Needs root.
//!
//! nspawn accepts some limits of a unit and does not enforce them here (`MemoryMax`, `TasksMax`, `CPUQuota`, `DevicePolicy`,
//! `LimitNOFILE` above 20,000, `OOMScoreAdjust`): what a test sees says nothing about those.

mod cgroup;
pub mod root;
mod tpm;
mod web;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::{
    folder::PrivateFolder,
    process::{Program, run},
    waiting::{Waited, until},
};

use cgroup::Tree;
pub use tpm::Tpm;
pub use web::Web;

/// For a boot, a stop, an installation: generous, since it is only spent on failure.
const PATIENCE: Duration = Duration::from_secs(120);
/// systemd's signals to PID 1 (systemd(1)): SIGRTMIN is 34 in glibc.
const POWER_OFF: i32 = 34 + 4;

/// A machine, and its systemd when it runs.
#[derive(Debug)]
pub struct Machine {
    running: Option<Running>,
    name: String,
    boots: u32,
    folder: PrivateFolder,
}

#[derive(Debug)]
struct Running {
    nspawn: Program,
    /// Goes once nothing runs in it.
    _tree: Tree,
    /// The machine's PID 1, as this machine counts.
    leader: Pid,
}

/// What nspawn leaves of a machine that did not end by itself: an empty folder.
impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.running.take());
        let _ = fs::remove_dir(Path::new("/run/systemd/nspawn/propagate").join(&self.name));
    }
}

/// With its PID 1 all of it ends; its files are removed after that.
impl Drop for Running {
    fn drop(&mut self) {
        // Once nspawn has ended, the number may be somebody else's.
        if !matches!(self.nspawn.has_ended(), Ok(None)) {
            return;
        }
        let _ = kill(self.leader, Signal::SIGKILL);
        let process = PathBuf::from(format!("/proc/{}", self.leader));
        let _ = until("the machine is gone", Duration::from_secs(10), || {
            Ok(if process.exists() { Waited::NotYet("it runs".into()) } else { Waited::Holds(()) })
        });
    }
}

impl Machine {
    /// Unpacks a root into a private folder on a disk. It does not run yet.
    ///
    /// # Errors
    /// When there is no such archive, or no room.
    pub fn unpack(archive: &Path, name: &str) -> Result<Self> {
        let folder = PrivateFolder::on_disk()?;
        let machine = Self { running: None, name: format!("{name}-{}", std::process::id()), boots: 0, folder };
        fs::create_dir(machine.root())?;
        run(Command::new("tar").arg("--extract").arg("--file").arg(archive).arg("--directory").arg(machine.root()))?;
        Ok(machine)
    }

    /// The machine's root folder, as this machine sees it.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// Switches it on and waits until systemd has started what it starts.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn boot(&mut self) -> Result<()> {
        self.boots += 1;
        let output = self.folder.join(&format!("boot-{}.log", self.boots));
        // In a PID namespace of its own, so that the machine does not outlive who started it: nspawn alone, killed, leaves it.
        let tree = Tree::make(&format!("picket-{}-{}", self.name, self.boots))?;
        let mut command = tree.command("unshare");
        command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "systemd-nspawn", "--quiet"]);
        command.arg("--directory").arg(self.root()).args(["--machine", &self.name]);
        command.args(["--register=no", "--keep-unit", "--private-network", "--console=pipe"]);
        // Without these two IPAddressDeny= is accepted and not enforced.
        command.args(["--capability=all", "--system-call-filter=bpf", "--boot"]);
        let mut nspawn = Program::start("systemd-nspawn", &mut command, &output)?;
        let leader = until("PID 1 of the machine runs", PATIENCE, || {
            nspawn.must_run()?;
            Ok(leader_of(nspawn.pid()).map_or_else(|| Waited::NotYet(nspawn.output()), Waited::Holds))
        })?;
        self.running = Some(Running { nspawn, _tree: tree, leader });
        until("the machine is up", PATIENCE, || {
            self.running()?.must_run()?;
            let state = self.try_shell("systemctl is-system-running || true")?;
            Ok(match state.trim() {
                "running" | "degraded" => Waited::Holds(()),
                other => Waited::NotYet(other.to_owned()),
            })
        })
    }

    /// Has systemd power it off, and waits.
    ///
    /// # Errors
    /// When it does not end by itself.
    pub fn power_off(&mut self) -> Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        send(running.leader, POWER_OFF)?;
        running.nspawn.wait(PATIENCE).map(drop)
    }

    /// Takes the power from it: nothing is told, nothing is written any more but what the kernel had taken already.
    ///
    /// # Errors
    /// When it does not run.
    pub fn cut_power(&mut self) -> Result<()> {
        self.running.take().context("the machine does not run").map(drop)
    }

    /// Off and on again.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn reboot(&mut self) -> Result<()> {
        self.power_off()?;
        self.boot()
    }

    /// Runs a script inside as root, which must succeed, and takes what it prints.
    ///
    /// # Errors
    /// When it fails: with what it said.
    pub fn shell(&self, script: &str) -> Result<String> {
        run(self.inside(&["/bin/sh", "-ec", script])?.env("DEBIAN_FRONTEND", "noninteractive"))
    }

    /// As [`Self::shell`], while it may not be up yet: what fails gives nothing.
    fn try_shell(&self, script: &str) -> Result<String> {
        Ok(run(&mut self.inside(&["/bin/sh", "-c", script])?).unwrap_or_default())
    }

    /// A command inside, to be run by the caller.
    ///
    /// # Errors
    /// When the machine does not run.
    pub fn inside(&self, command: &[&str]) -> Result<Command> {
        let leader = self.running.as_ref().context("the machine does not run")?.leader.to_string();
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["--target", &leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--"]).args(command);
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        nsenter.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("HOME", "/root");
        Ok(nsenter)
    }

    /// Where a file of the running machine is for this one: what the machine mounted included.
    ///
    /// # Errors
    /// When the machine does not run.
    pub fn seen_from_here(&self, path: &str) -> Result<PathBuf> {
        let leader = self.running.as_ref().context("the machine does not run")?.leader;
        Ok(PathBuf::from(format!("/proc/{leader}/root{path}")))
    }

    /// A program of this machine's, in the machine's network.
    ///
    /// # Errors
    /// When the machine does not run.
    pub fn in_its_network(&self, program: &str) -> Result<Command> {
        let leader = self.running.as_ref().context("the machine does not run")?.leader.to_string();
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["--target", &leader, "--net", "--", program]);
        Ok(nsenter)
    }

    /// Copies files into a folder of the machine, which is made.
    ///
    /// # Errors
    /// When one cannot be copied.
    pub fn put(&self, files: &[PathBuf], folder: &str) -> Result<()> {
        let to = self.root().join(folder.trim_start_matches('/'));
        fs::create_dir_all(&to)?;
        for file in files {
            let name = file.file_name().context("a file without a name")?;
            fs::copy(file, to.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
        }
        Ok(())
    }

    /// What `picketctl --json` answers inside.
    ///
    /// # Errors
    /// When it fails.
    pub fn picketctl(&self, arguments: &str) -> Result<Value> {
        let text = self.shell(&format!("picketctl --json {arguments}"))?;
        serde_json::from_str(&text).with_context(|| format!("picketctl {arguments}: {text}"))
    }

    /// A property of a unit.
    ///
    /// # Errors
    /// When systemd does not answer.
    pub fn property(&self, unit: &str, name: &str) -> Result<String> {
        Ok(self.shell(&format!("systemctl show --value --property {name} {unit}"))?.trim().to_owned())
    }

    /// Waits until a script, run inside again and again, succeeds.
    ///
    /// # Errors
    /// When it never does: with what it said last.
    pub fn until(&self, what: &str, script: &str) -> Result<String> {
        until(what, PATIENCE, || {
            Ok(match self.shell(script) {
                Ok(said) => Waited::Holds(said),
                Err(error) => Waited::NotYet(format!("{error:#}")),
            })
        })
    }

    /// Installs packages that lie in a folder of the machine, as people do, and says how long it took.
    ///
    /// # Errors
    /// When apt fails.
    pub fn install(&self, packages: &str) -> Result<Duration> {
        let start = Instant::now();
        let said = self.shell(&format!("apt-get install --quiet --yes {packages} 2>&1"))?;
        ensure!(!said.contains("[y/N]"), "an installation asked something: {said}");
        Ok(start.elapsed())
    }

    fn running(&mut self) -> Result<&mut Program> {
        Ok(&mut self.running.as_mut().context("the machine does not run")?.nspawn)
    }
}

/// The machine's systemd: the child of nspawn, which is the child of what was started.
fn leader_of(started: Pid) -> Option<Pid> {
    let named = |pid: &Pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "systemd");
    children_of(started).into_iter().flat_map(children_of).find(named)
}

fn children_of(pid: Pid) -> Vec<Pid> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok().map(Pid::from_raw)).collect()
}

/// nix knows no real-time signals.
fn send(pid: Pid, number: i32) -> Result<()> {
    kill(pid, None::<Signal>).context("the machine is gone")?;
    run(Command::new("kill").args(["-s", &number.to_string(), &pid.to_string()])).map(drop)
}
