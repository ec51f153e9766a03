//! Disks that misbehave: one that drops what was not synced, as a power cut does, or fails to sync; and one that is full.
//! Judges nothing: campaigns do.
//!
//! The first is a file system in memory, served over FUSE, that keeps apart what was written and what was synced. Stricter than most disks: the sync of a file does not keep its name, only the sync of its folder does; and of what was
//! not synced any part may survive, sector by sector and name by name, in any order. Milder in one thing: mode and owner
//! of a file are durable at once.

mod chance;
mod content;
mod image;
mod names;
mod powered;
mod served;
mod small;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result};
use fuser::{BackgroundSession, Config, MountOption, SessionACL};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};

use self::{chance::Chance, image::Image, served::Served};
pub use self::{powered::Powered, small::SmallDisk};

/// Gives this thread, and what it starts, mounts of its own: they are gone when it ends, however it ends. To be called
/// once, before anything is mounted or started.
///
/// # Errors
/// When this user may not: it takes root.
pub fn keep_mounts_private() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("to mount a disk takes root")?;
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>).context("cannot keep mounts private")
}

/// A disk. Its clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<Image>>);

/// What a power cut dropped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Sectors with something that was written and is gone.
    pub sectors: u64,
    /// Changes of names (creations, renames, removals) that are undone.
    pub names: u64,
}

/// A disk that is mounted somewhere. Unmounts when dropped.
#[derive(Debug)]
pub struct Mounted(BackgroundSession);

impl Disk {
    /// Mounts it on an empty folder.
    ///
    /// # Errors
    /// When this user may not mount, or there is no FUSE.
    pub fn mount(&self, at: &Path) -> Result<Mounted> {
        let mut config = Config::default();
        config.mount_options =
            vec![MountOption::FSName("picket-shim".into()), MountOption::DefaultPermissions, MountOption::NoAtime];
        config.acl = SessionACL::All;
        let session = fuser::spawn_mount(Served(self.clone()), at, &config);
        Ok(Mounted(session.with_context(|| format!("cannot mount FUSE on {}", at.display()))?))
    }

    /// Cuts the power: drops what was not synced, but for what survives by chance. To be called while it is not mounted,
    /// else the kernel still knows what it dropped.
    pub fn cut(&self, seed: u64) -> Dropped {
        self.image().cut(&mut Chance::of_seed(seed))
    }

    /// Makes everything durable, as an orderly end of the machine does.
    pub fn settle(&self) {
        self.image().settle();
    }

    /// Lets the next so many syncs fail with EIO. As Linux does, what could not be synced counts as clean afterwards: a
    /// later sync does not write it, though it can still be read until the power is cut.
    pub fn fail_syncs(&self, count: u32) {
        self.image().failing = count;
    }

    /// How many syncs are still to fail.
    #[must_use]
    pub fn failing(&self) -> u32 {
        self.image().failing
    }

    /// How many syncs it has done.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.image().syncs
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mounted {
    /// Unmounts it and waits for that.
    ///
    /// # Errors
    /// When a program still has a file of it open.
    pub fn unmount(self) -> Result<()> {
        match self.0.umount_and_join() {
            // How the kernel ends a session in which a request was still on its way.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => Ok(()),
            ended => ended.context("cannot unmount"),
        }
    }
}
