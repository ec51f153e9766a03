//! A preallocated file that is given up when the disk is full, so that what must not be lost still fits.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use nix::fcntl::posix_fallocate;

use picket_durable as files;

/// Room for a state of the largest size in the WAL, its second copy and its audit.
const SIZE: i64 = 1024 * 1024;

/// The reserve of one folder.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    size: i64,
}

impl Reserve {
    /// The reserve of the control state.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self::at(folder.join("reserve"), SIZE)
    }

    /// A reserve of `size` bytes.
    pub(crate) const fn at(path: PathBuf, size: i64) -> Self {
        Self { path, size }
    }

    /// Whether it is there.
    pub(crate) fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Makes the reserve if it is not there. Does nothing else, so that it may be called after each write.
    pub(crate) fn replenish(&self) -> io::Result<()> {
        if self.is_there() {
            return Ok(());
        }
        let file = File::options().write(true).create_new(true).mode(0o600).open(&self.path)?;
        // Not synced: one that a power cut takes away is made again at the next start.
        let made = posix_fallocate(&file, 0, self.size).map_err(io::Error::from);
        if made.is_err() {
            // Half a reserve would only hold the space that is wanted.
            let _ = fs::remove_file(&self.path);
        }
        made
    }

    /// Gives the space up.
    pub(crate) fn release(&self) {
        if fs::remove_file(&self.path).is_ok() {
            tracing::warn!(path = %self.path.display(), "the disk is full: the reserve is used");
            // Some file systems free the blocks only once the removal is durable.
            if let Some(folder) = self.path.parent() {
                let _ = files::sync_folder(folder);
            }
        }
    }
}
