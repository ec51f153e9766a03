//! `picketctl image-prepare`: erases what makes this sensor unique, so that a disk can become many appliances.
//!
//! Works on the state directory alone, and only while no agent does.

use std::{
    fs, io,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{cli::ImagePrepare, failure::Failure, screen::Screen};
use picket_durable as files;

use crate::config::Config;

/// At least one of these lies in a folder that an agent has used.
const MARKS: [&str; 3] = ["control.db", "appliance-id", "identities"];

#[derive(Serialize)]
struct Prepared {
    state_directory: PathBuf,
    erased: Vec<String>,
}

pub(super) fn run(order: &ImagePrepare, screen: &Screen) -> Result<(), Failure> {
    let config = Config::load(&order.config).map_err(|error| Failure::Local(error.to_string()))?;
    if UnixStream::connect(config.socket()).is_ok() {
        return Err(Failure::Local(
            "the agent is running; stop it first: systemctl stop picket-agent.socket picket-agent".into(),
        ));
    }
    let folder = config.state_directory;
    let entries = entries(&folder).map_err(|source| file("cannot read", &folder, source))?;
    if !entries.is_empty() && !entries.iter().any(|entry| MARKS.contains(&entry.as_str())) {
        return Err(Failure::Local(format!(
            "{} does not look like the agent's state; nothing was erased",
            folder.display()
        )));
    }
    if !order.yes {
        screen.line(&format!(
            "This erases everything in {}: activation, identities, alerts, appliance id.",
            folder.display()
        ))?;
        screen.confirm("Erase?")?;
    }
    for entry in &entries {
        let path = folder.join(entry);
        erase(&path).map_err(|source| file("cannot erase", &path, source))?;
    }
    if !entries.is_empty() {
        files::sync_folder(&folder).map_err(|source| file("cannot write", &folder, source))?;
    }
    if screen.json_value(&Prepared { state_directory: folder, erased: entries })? {
        return Ok(());
    }
    screen.line("Erased. Each appliance made from this disk computes its own appliance id at its first start.")?;
    screen.line("Trust roots in the configuration's trust directory stay: they are part of the image.")?;
    screen.line("Before you take the image, empty /etc/machine-id, too: where the hardware has no id, the appliance id follows from it.")
}

/// Names of what lies in the folder; none where there is no folder.
fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let listing = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let names = listing.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<String>>>()?;
    names.sort();
    Ok(names)
}

/// Follows no symbolic link.
fn erase(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

fn file(doing: &'static str, path: &Path, source: io::Error) -> Failure {
    Failure::File { doing, path: path.to_owned(), source }
}
