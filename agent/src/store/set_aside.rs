//! Sets a corrupt database aside, with its journal files, under a name that says when. Deletes only the oldest of many.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use picket_durable as files;

use crate::clock;

/// Most databases kept aside: a disk that damages them all must not fill up with them.
const MAX_KEPT: usize = 3;

/// The files of one database.
pub(super) const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// Renames the database and its journal files; gives the new name.
pub(crate) fn set_aside(database: &Path) -> io::Result<PathBuf> {
    let folder = database.parent().unwrap_or(Path::new("/"));
    let aside = free_name(database);
    for part in PARTS {
        match fs::rename(with_suffix(database, part), with_suffix(&aside, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    forget_oldest(database);
    files::sync_folder(folder)?;
    Ok(aside)
}

/// The clock may stand still or go back; a counter tells two of the same second apart.
fn free_name(database: &Path) -> PathBuf {
    let now = clock::wall().0;
    let name = |count: u32| with_suffix(database, &format!(".corrupt-{now}-{count}"));
    (0..u32::MAX)
        .map(name)
        .find(|path| PARTS.iter().all(|part| !with_suffix(path, part).exists()))
        .unwrap_or_else(|| name(0))
}

/// Removes every database that was set aside.
pub(crate) fn forget_all(database: &Path) -> io::Result<()> {
    let kept = kept(database);
    kept.iter().try_for_each(|path| remove(path))?;
    if kept.is_empty() { Ok(()) } else { files::sync_folder(database.parent().unwrap_or(Path::new("/"))) }
}

fn forget_oldest(database: &Path) {
    let kept = kept(database);
    for path in &kept[..kept.len().saturating_sub(MAX_KEPT)] {
        // Only the bound suffers; the next one set aside tries again.
        let _ = remove(path);
    }
}

/// The databases that were set aside, the oldest first.
fn kept(database: &Path) -> Vec<PathBuf> {
    let prefix = with_suffix(Path::new(database.file_name().unwrap_or_default()), ".corrupt-");
    let prefix = prefix.to_string_lossy().into_owned();
    let Some(Ok(entries)) = database.parent().map(fs::read_dir) else { return Vec::new() };
    let mut kept: Vec<_> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(&prefix) && !PARTS[1..].iter().any(|part| name.ends_with(part))
        })
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    kept.sort();
    kept.into_iter().map(|(_, path)| path).collect()
}

pub(crate) fn remove(path: &Path) -> io::Result<()> {
    for part in PARTS {
        match fs::remove_file(with_suffix(path, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
