//! A small disk that can be filled up: ext4 in a file, mounted by a loop device.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use nix::mount::umount;

use crate::powered::take_over;

/// A mounted small disk. Unmounts when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Takes the place of a folder, with what is in it.
    ///
    /// # Errors
    /// When it cannot be made or mounted; see also [`crate::keep_mounts_private`].
    pub fn from(at: &Path, mebibytes: u64) -> Result<Self> {
        let image = at.with_extension("image");
        File::create(&image)?.set_len(mebibytes << 20)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(&image))?;
        take_over(at, || {
            run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(at))?;
            Ok(Self { at: at.to_owned() })
        })
    }

    /// Leaves not one byte to write to.
    ///
    /// # Errors
    /// When there is a filler already, or it cannot be made.
    pub fn fill(&self) -> Result<()> {
        let mut filler = File::create_new(self.filler()).context("the disk is filled already")?;
        for size in [1 << 20, 64 * 1024, 4096] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
        // ext4 gives out blocks when they are written back.
        let _ = filler.sync_all();
        Ok(())
    }

    /// Takes away what filled it.
    ///
    /// # Errors
    /// When nothing did.
    pub fn free(&self) -> Result<()> {
        fs::remove_file(self.filler()).context("the disk is not filled")
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Else it goes with the mounts of this thread.
        let _ = umount(&self.at);
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
