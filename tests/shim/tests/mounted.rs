//! The disk through the kernel: what programs see before and after a cut.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::net::UnixListener,
    path::Path,
};

use anyhow::{Context as _, Result};
use picket_shim::{Powered, SmallDisk, keep_mounts_private};

/// A folder on a disk; the temporary folder around it goes last.
fn powered() -> Result<(Powered, tempfile::TempDir)> {
    keep_mounts_private()?;
    let folder = tempfile::tempdir()?;
    let at = folder.path().join("disk");
    fs::create_dir(&at)?;
    fs::write(at.join("old"), "before")?;
    Ok((Powered::from(&at)?, folder))
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder)?.sync_all().context("cannot sync")
}

/// Cuts in which nothing survives are among those of any few seeds.
fn cut_often(powered: &mut Powered) -> Result<()> {
    (0..32).try_for_each(|seed| powered.cut(seed))
}

#[test]
fn what_was_synced_survives_every_cut_and_what_was_not_does_not() -> Result<()> {
    let (mut powered, folder) = powered()?;
    let at = folder.path().join("disk");
    fs::create_dir(at.join("sub"))?;
    sync(&at)?;
    for (name, is_synced) in [("kept", true), ("gone", false)] {
        let mut file = File::create(at.join("sub").join(name))?;
        file.write_all(b"content")?;
        if is_synced {
            file.sync_all()?;
            sync(&at.join("sub"))?;
        }
    }
    fs::rename(at.join("old"), at.join("renamed"))?;
    assert_eq!(fs::read(at.join("renamed"))?, b"before");
    cut_often(&mut powered)?;
    assert_eq!(fs::read(at.join("sub/kept"))?, b"content");
    // Whichever cut was the first that let nothing survive.
    assert!(powered.dropped().names > 0 || powered.dropped().sectors > 0);
    assert!(at.join("old").exists() != at.join("renamed").exists());
    Ok(())
}

#[test]
fn a_synced_file_whose_name_was_not_synced_is_gone() -> Result<()> {
    let mut was_gone = false;
    let (mut powered, folder) = powered()?;
    let at = folder.path().join("disk");
    for seed in 0..32 {
        let path = at.join(seed.to_string());
        File::create(&path)?.sync_all()?;
        powered.cut(seed)?;
        was_gone |= !path.exists();
    }
    assert!(was_gone);
    Ok(())
}

#[test]
fn a_failed_sync_is_told_and_what_it_forsook_is_gone_after_a_cut() -> Result<()> {
    let (mut powered, folder) = powered()?;
    let path = folder.path().join("disk/old");
    let mut file = File::create(&path)?;
    file.sync_all()?;
    file.write_all(b"after")?;
    powered.disk().fail_syncs(1);
    assert_eq!(file.sync_all().map_err(|error| error.raw_os_error()), Err(Some(5)));
    file.sync_all()?;
    assert_eq!(fs::read(&path)?, b"after");
    drop(file);
    cut_often(&mut powered)?;
    assert_ne!(fs::read(&path)?, b"after");
    Ok(())
}

#[test]
fn serves_what_databases_and_servers_need() -> Result<()> {
    let (_powered, folder) = powered()?;
    let at = folder.path().join("disk");
    drop(UnixListener::bind(at.join("socket"))?);
    fs::hard_link(at.join("old"), at.join("second"))?;
    fs::remove_file(at.join("old"))?;
    assert_eq!(fs::read(at.join("second"))?, b"before");
    let file = File::options().read(true).write(true).open(at.join("second"))?;
    nix::fcntl::posix_fallocate(&file, 0, 10_000)?;
    assert_eq!(file.metadata()?.len(), 10_000);
    file.set_len(3)?;
    assert_eq!(fs::read(at.join("second"))?, b"bef");
    let mut names: Vec<_> =
        fs::read_dir(&at)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    names.sort();
    assert_eq!(names, ["second", "socket"]);
    assert!(fs::remove_dir(&at).is_err());
    Ok(())
}

#[test]
fn a_small_disk_is_full_until_it_is_freed() -> Result<()> {
    keep_mounts_private()?;
    let folder = tempfile::tempdir()?;
    let at = folder.path().join("disk");
    fs::create_dir(&at)?;
    fs::write(at.join("old"), "before")?;
    let disk = SmallDisk::from(&at, 8)?;
    disk.fill()?;
    let full = fs::write(at.join("new"), [0; 8192]).map_err(|error| error.kind());
    assert_eq!(full, Err(std::io::ErrorKind::StorageFull));
    disk.free()?;
    fs::write(at.join("new"), [0; 8192])?;
    assert_eq!(fs::read(at.join("old"))?, b"before");
    Ok(())
}
