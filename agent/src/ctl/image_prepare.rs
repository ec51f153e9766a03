//! `picketctl image-prepare`: erases what makes this sensor unique, so that a disk can become many appliances.
//!
//! Works on folders alone, and only while neither agent nor console does.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt as _, net::UnixStream},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{cli::ImagePrepare, failure::Failure, screen::Screen};
use picket_durable as files;

use crate::config::Config;

/// A folder that is emptied.
struct Place {
    folder: PathBuf,
    whose: &'static str,
    /// At least one of these lies in a folder of this kind that was used.
    marks: &'static [&'static str],
    /// How whoever uses it is stopped.
    stop: &'static str,
}

#[derive(Serialize)]
struct Prepared {
    erased: Vec<PathBuf>,
}

pub(super) fn run(order: &ImagePrepare, screen: &Screen) -> Result<(), Failure> {
    let config = Config::load(&order.config).map_err(|error| Failure::Local(error.to_string()))?;
    let socket = config.socket();
    let [agent, console, key] = places(config.state_directory, order);
    // Whoever may run the agent by hand need not be its user; its socket says it either way.
    if UnixStream::connect(socket).is_ok() {
        return Err(agent.in_use());
    }
    let mut doomed = Vec::new();
    for place in [&agent, &console, &key] {
        doomed.extend(place.checked()?);
    }
    if !order.yes {
        screen.line(&format!(
            "This erases everything in {}, {} and {}: activation, identities, alerts, appliance id, the console's people.",
            agent.folder.display(),
            console.folder.display(),
            key.folder.display()
        ))?;
        screen.confirm("Erase?")?;
    }
    for path in &doomed {
        erase(path).map_err(|source| file("cannot erase", path, source))?;
    }
    for Place { folder, .. } in [&agent, &console, &key] {
        if folder.exists() {
            files::sync_folder(folder).map_err(|source| file("cannot write", folder, source))?;
        }
    }
    if screen.json_value(&Prepared { erased: doomed })? {
        return Ok(());
    }
    screen.line("Erased. Each appliance made from this disk computes its own appliance id at its first start.")?;
    screen.line("Trust roots in the configuration's trust directory stay: they are part of the image.")?;
    screen.line("Before you take the image, empty /etc/machine-id, too: where the hardware has no id, the appliance id follows from it.")
}

fn places(agent: PathBuf, order: &ImagePrepare) -> [Place; 3] {
    [
        Place {
            folder: agent,
            whose: "agent",
            marks: &["control.db", "appliance-id", "identities"],
            stop: "systemctl stop picket-agent.socket picket-agent",
        },
        Place {
            folder: order.console_state.clone(),
            whose: "console",
            marks: &["accounts.json", "server.pem", "first-sign-in.json"],
            stop: "systemctl stop picket-console.socket picket-console",
        },
        Place {
            folder: order.key_state.clone(),
            whose: "sealing key",
            marks: &["sealed"],
            stop: "systemctl stop picket-agent-key",
        },
    ]
}

impl Place {
    /// What lies in it, to be erased; nothing where there is no such folder.
    fn checked(&self) -> Result<Vec<PathBuf>, Failure> {
        let entries = entries(&self.folder).map_err(|source| file("cannot read", &self.folder, source))?;
        let known = |path: &PathBuf| self.marks.iter().any(|mark| path.ends_with(mark));
        if !entries.is_empty() && !entries.iter().any(known) {
            let folder = self.folder.display();
            return Err(Failure::Local(format!(
                "{folder} does not look like the {}'s state; nothing was erased",
                self.whose
            )));
        }
        if !entries.is_empty() && self.owner_works() {
            return Err(self.in_use());
        }
        Ok(entries)
    }

    /// Whether a process of the folder's owner runs, if the owner is a user of its own.
    fn owner_works(&self) -> bool {
        let Ok(owner) = fs::metadata(&self.folder).map(|folder| folder.uid()) else { return false };
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbered = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        let mut processes = processes.filter(|entry| entry.file_name().to_str().is_some_and(numbered));
        owner != nix::unistd::geteuid().as_raw()
            && processes.any(|entry| entry.metadata().is_ok_and(|process| process.uid() == owner))
    }

    fn in_use(&self) -> Failure {
        Failure::Local(format!("the {} is running; stop it first: {}", self.whose, self.stop))
    }
}

/// Paths of what lies in the folder; none where there is no folder.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let listing = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut paths = listing.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Follows no symbolic link.
fn erase(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

fn file(doing: &'static str, path: &Path, source: io::Error) -> Failure {
    Failure::File { doing, path: path.to_owned(), source }
}
