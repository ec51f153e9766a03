//! What must be the same for the bytes of a build to be the same: date, names of folders, flags.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::builds::root;

pub(super) struct Surroundings {
    /// The commit's, in seconds: the build date, and the time of each file in the packages.
    epoch: String,
    /// Parted by 0x1f, as cargo wants them.
    rustflags: String,
    cflags: String,
}

impl Surroundings {
    /// For the sources as they are, built into `target`.
    pub(super) fn of(target: &Path) -> Result<Self> {
        let (root, cargo_home) = (root(), home_of_cargo()?);
        // What is named later goes before, and the target folder lies within the sources.
        let names = [(root.as_path(), "/picket"), (&cargo_home, "/cargo"), (target, "/target")];
        let renamed = |flag: &str| names.map(|(from, to)| format!("{flag}={}={to}", from.display()));
        Ok(Self {
            epoch: date_of_commit()?,
            rustflags: renamed("--remap-path-prefix").join("\u{1f}"),
            // What .cargo/config.toml says, which this replaces, and the names.
            cflags: format!(
                "-fno-asynchronous-unwind-tables -fno-unwind-tables {}",
                renamed("-ffile-prefix-map").join(" ")
            ),
        })
    }

    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Has a command work in these.
    pub(super) fn give_to(&self, command: &mut Command) {
        command
            .env("SOURCE_DATE_EPOCH", &self.epoch)
            .env("CARGO_ENCODED_RUSTFLAGS", &self.rustflags)
            .env("CFLAGS", &self.cflags)
            .env("LC_ALL", "C.UTF-8");
    }
}

fn date_of_commit() -> Result<String> {
    let asked = Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root()).output();
    let asked = asked.context("cannot run git")?;
    ensure!(asked.status.success(), "the sources are no git work tree: their commit dates what is packaged");
    Ok(String::from_utf8(asked.stdout)?.trim().to_owned())
}

/// Where cargo keeps the sources of others.
pub(super) fn home_of_cargo() -> Result<PathBuf> {
    let named = env::var_os("CARGO_HOME").map(PathBuf::from);
    let in_home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    named.or_else(in_home).context("neither CARGO_HOME nor HOME is set")
}
