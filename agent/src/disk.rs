//! How full the disk of the state folder is. Says it; deciding what to drop is the alert log's.

use std::{io, path::Path};

use nix::sys::statvfs::statvfs;

/// Below this many free bytes the disk is low, and below a twentieth of its size, whichever is less: a disk of 8 GiB
/// and one of 8 TiB both have room for a day of alerts then.
const LOW: u64 = 1 << 30;
/// Below this many free bytes a commit may not fit.
const FULL: u64 = 4 << 20;

/// `ok`, `disk-low`, `disk-full`, or `disk-unreadable`: a stable word for the health of the disk.
#[must_use]
pub fn health(folder: &Path) -> &'static str {
    match space(folder) {
        Ok(space) => space.health(),
        Err(_) => "disk-unreadable",
    }
}

struct Space {
    free: u64,
    size: u64,
}

impl Space {
    fn health(&self) -> &'static str {
        match self.free {
            free if free < FULL => "disk-full",
            free if free < LOW.min(self.size / 20) => "disk-low",
            _ => "ok",
        }
    }
}

/// What this user may still write, and the whole.
fn space(folder: &Path) -> io::Result<Space> {
    let told = statvfs(folder)?;
    Ok(Space {
        free: told.blocks_available().saturating_mul(told.fragment_size()),
        size: told.blocks().saturating_mul(told.fragment_size()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_disk_and_a_large_one_are_low_at_different_fills() {
        let health = |free: u64, size: u64| Space { free, size }.health();
        assert_eq!(health(900 << 20, 8 << 30), "ok");
        assert_eq!(health(400 << 20, 8 << 30), "disk-low");
        assert_eq!(health(1000 << 20, 8 << 40), "disk-low");
        assert_eq!(health(2 << 30, 8 << 40), "ok");
        assert_eq!(health(1 << 20, 8 << 30), "disk-full");
    }

    #[test]
    fn a_folder_that_is_there_can_be_asked() {
        assert_ne!(health(Path::new("/")), "disk-unreadable");
        assert_eq!(health(Path::new("/nowhere/at/all")), "disk-unreadable");
    }
}
