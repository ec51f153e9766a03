//! Where the built programs are: beside the program that asks, or in another profile's folder.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// A folder of built programs.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Those of the same build as the running program (`target/debug`, also from `target/debug/deps`).
    ///
    /// # Errors
    /// When the running program's own path is unknown.
    pub fn beside_this_program() -> Result<Self> {
        let program = env::current_exe().context("the path of this program is unknown")?;
        let folder = program.parent().context("this program has no folder")?;
        let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
        Ok(Self { folder: folder.to_owned() })
    }

    /// Those of another profile of the same target folder.
    ///
    /// # Errors
    /// As [`Self::beside_this_program`].
    pub fn of_profile(profile: &str) -> Result<Self> {
        let beside = Self::beside_this_program()?;
        let target = beside.folder.parent().context("no target folder")?;
        Ok(Self { folder: target.join(profile) })
    }

    /// Those of another build.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The path of one program.
    ///
    /// # Errors
    /// When it was not built.
    pub fn program(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        if !path.is_file() {
            bail!("{} is not built; run cargo build --workspace first", path.display());
        }
        Ok(path)
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
