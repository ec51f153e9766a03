//! A sensor: a folder with the agent's settings and state, the agent on it when it runs, and `picketctl` to ask it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;
use serde_json::Value;

use crate::{
    binaries::Binaries,
    process::Program,
    waiting::{PATIENCE, Waited, until},
};

/// How an agent is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Seconds between heartbeats until the upstream sets another interval.
    pub heartbeat_interval_seconds: u32,
    /// Seconds a candidate has.
    pub probation_seconds: u32,
    /// What the vendor's file says the hardware is; each sensor needs its own.
    pub hardware: String,
    /// Where the detection engine's records come from.
    pub engine: EngineOutput,
    /// Further lines of the settings file, with no table's name before a key: `alert_log.max_days = 1`.
    pub more: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat_interval_seconds: 1,
            probation_seconds: 900,
            hardware: "lab-1".into(),
            engine: EngineOutput::File,
            more: String::new(),
        }
    }
}

/// Where the detection engine's records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineOutput {
    /// A file: [`Agent::eve_file`].
    File,
    /// A socket on which the agent listens: [`Agent::eve_socket`].
    Socket,
}

/// A sensor's folder, and its agent when it runs.
#[derive(Debug)]
pub struct Agent {
    folder: PathBuf,
    binary: PathBuf,
    control: PathBuf,
    program: Option<Program>,
}

impl Agent {
    /// Writes the settings into a new folder. The agent does not run yet, and trusts nothing.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn set_up(binaries: &Binaries, folder: &Path, settings: &Settings) -> Result<Self> {
        for name in ["state", "run", "trust.d", "engine"] {
            fs::create_dir_all(folder.join(name)).with_context(|| format!("cannot make {name}"))?;
        }
        let agent = Self {
            folder: folder.to_owned(),
            binary: binaries.program("picket-agent")?,
            control: binaries.program("picketctl")?,
            program: None,
        };
        fs::write(folder.join("appliance-id"), &settings.hardware)?;
        // As after an engine's start: it has opened its file, and found nothing yet.
        fs::write(agent.eve_file(), "")?;
        agent.configure(settings)?;
        Ok(agent)
    }

    /// Writes the settings file anew; the agent reads it at its next start.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn configure(&self, settings: &Settings) -> Result<()> {
        let mut text = String::new();
        for (key, name) in [("state_directory", "state"), ("runtime_directory", "run"), ("trust_directory", "trust.d")]
        {
            writeln!(text, "{key} = {:?}", self.folder.join(name))?;
        }
        writeln!(text, "appliance_id_file = {:?}", self.folder.join("appliance-id"))?;
        writeln!(text, "console_user = \"{}\"", Uid::current())?;
        writeln!(text, "heartbeat_interval_seconds = {}", settings.heartbeat_interval_seconds)?;
        writeln!(text, "probation_seconds = {}", settings.probation_seconds)?;
        match settings.engine {
            EngineOutput::File => writeln!(text, "engine.eve_file = {:?}", self.eve_file())?,
            EngineOutput::Socket => writeln!(text, "engine.eve_socket = {:?}", self.eve_socket())?,
        }
        text.push_str(&settings.more);
        fs::write(self.configuration(), text).context("cannot write the settings")
    }

    /// Where image builders put trust roots.
    #[must_use]
    pub fn trust_directory(&self) -> PathBuf {
        self.folder.join("trust.d")
    }

    /// The settings file.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.folder.join("agent.toml")
    }

    /// The state folder.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// The sensor's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that the detection engine appends to, in a folder of its own that is there from the beginning.
    #[must_use]
    pub fn eve_file(&self) -> PathBuf {
        self.folder.join("engine/eve.json")
    }

    /// The socket that the detection engine writes to.
    #[must_use]
    pub fn eve_socket(&self) -> PathBuf {
        self.folder.join("run/eve.sock")
    }

    /// The local API's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("run/agent.sock")
    }

    /// The command that starts the agent, to be changed by a test before [`Self::start_as`].
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.configuration());
        command
    }

    /// The command that starts the agent under another program, such as `strace …`.
    #[must_use]
    pub fn command_under(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).arg(&self.binary).arg("--config").arg(self.configuration());
        command
    }

    /// Starts the agent and waits until it answers.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn start(&mut self) -> Result<()> {
        let command = self.command();
        self.start_as(command)?;
        self.until_it_answers()
    }

    /// Starts the agent by a command of the caller's, and waits for nothing.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_as(&mut self, mut command: Command) -> Result<()> {
        // What an earlier agent left must not be taken for this one's.
        let _ = fs::remove_file(self.socket());
        self.program = Some(Program::start("picket-agent", &mut command, &self.log())?);
        Ok(())
    }

    /// Waits until the agent answers on its socket.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn until_it_answers(&mut self) -> Result<()> {
        until("the agent answers", PATIENCE, || {
            self.program.as_mut().context("the agent was not started")?.must_run()?;
            Ok(match self.status() {
                Ok(_) => Waited::Holds(()),
                Err(error) => Waited::NotYet(format!("{error:#}")),
            })
        })
    }

    /// Ends the agent; its state stays.
    ///
    /// # Errors
    /// When it does not end by itself.
    pub fn stop(&mut self) -> Result<()> {
        self.program.take().map_or(Ok(()), Program::stop)
    }

    /// Kills the agent outright, as a power cut would; its state stays.
    pub fn kill(&mut self) {
        drop(self.program.take());
    }

    /// The running agent.
    ///
    /// # Errors
    /// When it does not run.
    pub fn program(&mut self) -> Result<&mut Program> {
        self.program.as_mut().context("the agent does not run")
    }

    /// The agent's log file.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("agent.log")
    }

    /// `picketctl` for this agent.
    #[must_use]
    pub fn control(&self) -> Command {
        let mut command = Command::new(&self.control);
        command.arg("--socket").arg(self.socket());
        command
    }

    /// Runs `picketctl --json` and takes whatever comes.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = self.control();
        command.arg("--json").args(arguments).stdin(Stdio::null());
        command.output().context("cannot run picketctl")
    }

    /// Runs `picketctl --json` and takes the answer.
    ///
    /// # Errors
    /// When it exits non-zero.
    pub fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.run(arguments)?;
        if !output.status.success() {
            bail!("picketctl {arguments:?} ended with {}: {}", output.status, said(&output));
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("picketctl {arguments:?}: {}", said(&output)))
    }

    /// Runs `picketctl --json`, which must be refused, and takes the problem's code.
    ///
    /// # Errors
    /// When it is not refused, or says no code.
    pub fn refuses(&self, arguments: &[&str]) -> Result<String> {
        let output = self.run(arguments)?;
        if output.status.success() {
            bail!("picketctl {arguments:?} was not refused: {}", said(&output));
        }
        let problem = [&output.stdout, &output.stderr].into_iter().find_map(|text| problem_code(text));
        problem.with_context(|| format!("picketctl {arguments:?} named no code: {}", said(&output)))
    }

    /// Uploads a file.
    ///
    /// # Errors
    /// When it is refused.
    pub fn activate(&self, file: &Path) -> Result<Value> {
        self.ask(&["activate", file.to_str().context("a path in UTF-8")?])
    }

    /// The status.
    ///
    /// # Errors
    /// When the agent does not answer.
    pub fn status(&self) -> Result<Value> {
        self.ask(&["status"])
    }

    /// Waits until the status is as `holds` says.
    ///
    /// # Errors
    /// When it does not come to be.
    pub fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        until(what, PATIENCE, || {
            let seen = self.status()?;
            Ok(if holds(&seen) { Waited::Holds(seen) } else { Waited::NotYet(seen.to_string()) })
        })
    }
}

fn problem_code(text: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(text).ok()?;
    value["code"].as_str().map(str::to_owned)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}
