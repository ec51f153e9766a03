//! The sensor console as its real program, with a state folder of its own, before a sensor's agent.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    agent::Agent,
    binaries::Binaries,
    ports::free_port,
    process::{Program, run},
    waiting::{PATIENCE, Waited, until},
};

/// A state folder, and the console on it when it runs.
#[derive(Debug)]
pub struct Console {
    binary: PathBuf,
    folder: PathBuf,
    agent_socket: PathBuf,
    port: u16,
    program: Option<Program>,
}

impl Console {
    /// A console for an agent, in a folder that need not exist. It does not run yet.
    ///
    /// # Errors
    /// When it was not built.
    pub fn set_up(binaries: &Binaries, folder: &Path, agent: &Agent) -> Result<Self> {
        let binary = binaries.program("picket-console")?;
        Ok(Self { binary, folder: folder.to_owned(), agent_socket: agent.socket(), port: free_port()?, program: None })
    }

    /// Starts it and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn start(&mut self) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut command = Command::new(&self.binary);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port)]);
        command.arg("--config").arg(self.folder.join("console.toml"));
        command.arg("--agent-socket").arg(&self.agent_socket).arg("--state").arg(self.folder.join("state"));
        // An earlier run's ready line must not count.
        let _ = std::fs::remove_file(self.log());
        let mut program = Program::start("picket-console", &mut command, &self.log())?;
        until("the sensor console is ready", PATIENCE, || {
            program.must_run()?;
            let output = program.output();
            let ready = output.lines().any(says_ready);
            Ok(if ready { Waited::Holds(()) } else { Waited::NotYet(output) })
        })?;
        self.program = Some(program);
        Ok(())
    }

    /// Ends it; accounts stay, sessions do not.
    ///
    /// # Errors
    /// When it does not end by itself.
    pub fn stop(&mut self) -> Result<()> {
        self.program.take().map_or(Ok(()), Program::stop)
    }

    /// Where it listens on this machine.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its address, for a person.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Every page that it lists: `path`, and `who` sees it.
    ///
    /// # Errors
    /// When the program fails.
    pub fn pages(&self) -> Result<Vec<Value>> {
        let listed = run(Command::new(&self.binary).arg("--pages"))?;
        listed.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// The running console.
    ///
    /// # Errors
    /// When it does not run.
    pub fn program(&self) -> Result<&Program> {
        self.program.as_ref().context("the sensor console does not run")
    }

    /// The certificate that it made at its first start, and the key.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("state/server.pem")
    }

    /// The file of its accounts.
    #[must_use]
    pub fn accounts(&self) -> PathBuf {
        self.folder.join("state/accounts.json")
    }

    /// What it says.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("console.log")
    }
}

fn says_ready(line: &str) -> bool {
    serde_json::from_str::<Value>(line).is_ok_and(|value| value["ready"] == true)
}
