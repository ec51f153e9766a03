//! What alerts and syslog lines are delivered to, as a program of its own, and its journal of what it took.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use picket_lab::{Program, Waited, ports::free_port, until, waiting::PATIENCE};

use crate::builds::target_folder;

/// A far end that runs, and where it writes down what it takes.
pub(super) struct FarEnd {
    program: Option<Program>,
    arguments: Vec<String>,
    pub(super) port: u16,
    journal: PathBuf,
    output: PathBuf,
    /// What was read of the journal so far.
    taken: Vec<Taken>,
    total: u64,
    read: u64,
}

/// What a far end took at a time.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    /// When, nanoseconds of the monotonic clock: after it was answered, where there is an answer.
    pub(super) at: u64,
    pub(super) count: u64,
    /// The last number of them.
    pub(super) last: u64,
}

/// The program of the far ends.
pub(super) fn driver() -> Result<Command> {
    Ok(Command::new(target_folder()?.join("release/bench-alerts")))
}

impl FarEnd {
    /// A hub that answers when a batch is on the disk. `portal`: whose sensors it takes, by its certificates.
    pub(super) fn hub(portal: &Path, folder: &Path) -> Result<Self> {
        let store = folder.join("hub.store").display().to_string();
        Self::new("hub", portal, folder, &[store])
    }

    /// A syslog sink over TLS that counts lines.
    pub(super) fn lines(certificates: &Path, folder: &Path) -> Result<Self> {
        Self::new("lines", certificates, folder, &[])
    }

    fn new(what: &str, certificates: &Path, folder: &Path, more: &[String]) -> Result<Self> {
        let (port, journal) = (free_port()?, folder.join(format!("{what}.journal")));
        let mut arguments = vec![what.to_owned(), format!("127.0.0.1:{port}"), certificates.display().to_string()];
        arguments.extend_from_slice(more);
        arguments.push(journal.display().to_string());
        let output = folder.join(format!("{what}.output"));
        let mut end = Self { program: None, arguments, port, journal, output, taken: Vec::new(), total: 0, read: 0 };
        end.start()?;
        Ok(end)
    }

    pub(super) fn start(&mut self) -> Result<()> {
        let mut program = Program::start("bench-alerts", driver()?.args(&self.arguments), &self.output)?;
        until("the far end listens", PATIENCE, || {
            program.must_run()?;
            Ok(match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(_) => Waited::Holds(()),
                Err(error) => Waited::NotYet(error.to_string()),
            })
        })?;
        self.program = Some(program);
        Ok(())
    }

    pub(super) fn stop(&mut self) {
        self.program = None;
    }

    /// What it took so far, in order.
    pub(super) fn taken(&mut self) -> Result<&[Taken]> {
        let mut file = File::open(&self.journal)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        for line in text[..whole].lines() {
            let taken = entry(line)?;
            self.total += taken.count;
            self.taken.push(taken);
        }
        self.read += whole as u64;
        Ok(&self.taken)
    }

    /// Waits until it took so many. False when time is over and some are missing.
    pub(super) fn until_taken(&mut self, count: u64, patience: Duration) -> Result<bool> {
        let waited = until("the far end has taken everything", patience, || {
            self.taken()?;
            Ok(if self.total >= count {
                Waited::Holds(())
            } else {
                Waited::NotYet(format!("{} of {count}", self.total))
            })
        });
        match waited {
            Ok(()) => Ok(true),
            Err(_) if self.total > 0 => Ok(false),
            Err(error) => Err(error).with_context(|| fs::read_to_string(&self.output).unwrap_or_default()),
        }
    }
}

fn entry(line: &str) -> Result<Taken> {
    let mut numbers = line.split(' ').map(str::parse);
    let mut next = || Ok::<u64, anyhow::Error>(numbers.next().context("a short line in the journal")??);
    Ok(Taken { at: next()?, count: next()?, last: next()? })
}
