//! A tree of cgroups for each machine: nspawn gives all of them the one of whoever started it, and what one machine's systemd
//! removes with a unit, another's has just put its process into.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

/// Where the hierarchies that systemd keeps units in are: its own of the first version, and the second version.
const ROOT: &str = "/sys/fs/cgroup";

/// The tree of a machine that runs.
#[derive(Debug)]
pub(super) struct Tree {
    folders: Vec<PathBuf>,
}

impl Tree {
    /// Makes it below what this process is in.
    pub(super) fn make(name: &str) -> Result<Self> {
        let mut tree = Self { folders: Vec::new() };
        for line in fs::read_to_string("/proc/self/cgroup")?.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(hierarchy), Some(ours)) = (parts.next(), parts.next()) else { continue };
            let Some(mounted) = mounted(hierarchy) else { continue };
            let folder = mounted.join(ours.trim_start_matches('/')).join(name);
            // Where it may not be made, nspawn makes what it needs, or says why it cannot.
            if fs::create_dir(&folder).is_ok() {
                tree.folders.push(folder);
            }
        }
        Ok(tree)
    }

    /// Starts a program in it.
    pub(super) fn command(&self, program: &str) -> Command {
        const ENTER: &str = r#"while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs"; shift; done; shift; exec "$@""#;
        let mut command = Command::new("/bin/sh");
        command.args(["-ec", ENTER, "sh"]).args(&self.folders).args(["--", program]);
        command
    }
}

fn mounted(hierarchy: &str) -> Option<PathBuf> {
    let root = Path::new(ROOT);
    let candidates = match hierarchy {
        "name=systemd" => vec![root.join("systemd")],
        "" => vec![root.join("unified"), root.to_owned()],
        _ => vec![],
    };
    candidates.into_iter().find(|mounted| mounted.join("cgroup.procs").exists())
}

/// The kernel removes one after another what no process is in any more.
impl Drop for Tree {
    fn drop(&mut self) {
        self.folders.iter().for_each(|folder| remove(folder));
    }
}

fn remove(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder); // what stays is empty
}
