//! What must be gone when a run ends, however it ends: started programs by pid, private folders by path.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use anyhow::{Context, Result};
use nix::{
    sys::{
        signal::{SigSet, Signal, kill},
        wait::waitpid,
    },
    unistd::Pid,
};

static LEFT: Mutex<Left> = Mutex::new(Left { programs: BTreeSet::new(), folders: BTreeSet::new() });

struct Left {
    programs: BTreeSet<i32>,
    folders: BTreeSet<PathBuf>,
}

fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn started(pid: Pid) {
    left().programs.insert(pid.as_raw());
}

pub(crate) fn ended(pid: Pid) {
    left().programs.remove(&pid.as_raw());
}

pub(crate) fn made(folder: &Path) {
    left().folders.insert(folder.to_owned());
}

pub(crate) fn removed(folder: &Path) {
    left().folders.remove(folder);
}

/// Takes SIGINT and SIGTERM: at the first, everything started is killed, every folder removed, and the program exits.
/// To be called first in `main`, before any thread is started.
///
/// # Errors
/// When the signals cannot be blocked.
pub fn end_cleanly_on_signals() -> Result<()> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    signals.thread_block().context("cannot block signals")?;
    thread::spawn(move || {
        let code = signals.wait().map_or(1, |signal| 128 + signal as i32);
        end_everything();
        std::process::exit(code);
    });
    Ok(())
}

/// Kills what is still running and removes what is still there.
pub fn end_everything() {
    let left = left();
    for pid in &left.programs {
        let pid = Pid::from_raw(*pid);
        // Gone already is what is wanted.
        let _ = kill(pid, Signal::SIGKILL);
        let _ = waitpid(pid, None);
    }
    for folder in &left.folders {
        let _ = fs::remove_dir_all(folder);
    }
}
