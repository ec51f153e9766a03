//! Wall clocks that are wrong, and programs that were built on another day.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use picket_lab::Agent;

const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// A running agent's wall clock, in the test's hand; only the wall clock.
#[derive(Debug)]
pub struct FakeClock {
    file: PathBuf,
}

impl FakeClock {
    /// Starts the agent with a clock such as `-56y`, or `@2026-03-01 20:00:00` (at its start).
    ///
    /// # Errors
    /// When faketime is not installed, or the agent does not answer.
    pub fn start(agent: &mut Agent, clock: &str) -> Result<Self> {
        let command = agent.command();
        Self::start_as(agent, command, clock)
    }

    /// As [`Self::start`], by a command of the caller's.
    ///
    /// # Errors
    /// As there.
    pub fn start_as(agent: &mut Agent, mut command: Command, clock: &str) -> Result<Self> {
        ensure!(Path::new(FAKETIME).exists(), "faketime is needed: cargo xtask test --install");
        let fake = Self { file: agent.folder().join("clock") };
        fake.set(clock)?;
        command.env("LD_PRELOAD", FAKETIME).env("FAKETIME_TIMESTAMP_FILE", &fake.file);
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_DONT_RESET", "1");
        agent.start_as(command)?;
        agent.until_it_answers()?;
        Ok(fake)
    }

    /// Sets it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set(&self, clock: &str) -> Result<()> {
        fs::write(&self.file, clock).context("cannot set the clock")
    }
}

/// The command that starts an agent whose program was built on another day: a copy with that build date in it, since a program
/// believes no clock before its own. The agent must run, unactivated.
///
/// # Errors
/// When the program cannot be read, or does not hold its own date.
pub fn earlier_build(agent: &Agent, build_date: i64) -> Result<Command> {
    let command = agent.command();
    let program = PathBuf::from(command.get_program());
    let mut bytes = fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    let (own, other) = (own_build_date(agent)?, build_date.to_string());
    ensure!(own.len() == other.len(), "{own} cannot become {other}");
    let places: Vec<usize> =
        (0..=bytes.len() - own.len()).filter(|at| bytes[*at..].starts_with(own.as_bytes())).collect();
    ensure!(!places.is_empty(), "{} does not hold {own}", program.display());
    for at in places {
        bytes[at..at + own.len()].copy_from_slice(other.as_bytes());
    }
    let copy = agent.folder().join("picket-agent-of-another-day");
    fs::write(&copy, bytes)?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755))?;
    let mut earlier = Command::new(copy);
    earlier.args(command.get_args());
    Ok(earlier)
}

/// The lowest instant that the program believes, which the floor of an unactivated sensor is.
fn own_build_date(agent: &Agent) -> Result<String> {
    let floor = agent.status()?["clock"]["floor"].as_i64().context("a status has a floor")?;
    Ok(floor.to_string())
}
