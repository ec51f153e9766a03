//! One file of the engine's output, held open: what it is, and whether it still is. Files rotated away are found again
//! beside it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::position::{Fingerprint, Key};

/// What packs files that were rotated away; nothing is read of those.
const PACKED: [&str; 5] = [".gz", ".xz", ".zst", ".bz2", ".lz4"];

/// Numbers from here on are dates (`eve.json.20260131`): they say the order the other way round.
const DATES: u64 = 100_000;
/// How often, and how soon again, the names of rotated files are read until they stand still.
const MAX_LOOKS: usize = 20;
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A file, open.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) key: Key,
    file: Arc<File>,
    /// Its first bytes, as far as they were seen.
    first: Vec<u8>,
    /// Its length when it was last looked at.
    pub(super) length: u64,
    /// Its length when it was last looked at before it was cut off; none while it is what it was.
    pub(super) gone: Option<u64>,
    /// When it was last written, nanoseconds.
    pub(super) modified: i128,
}

impl Source {
    /// Opens a regular file; `generation` names this content of it.
    pub(super) fn open(path: &Path, generation: u64) -> io::Result<Self> {
        // A FIFO or device must not hold up the thread.
        let file = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let key = Key { device: metadata.dev(), inode: metadata.ino(), generation };
        let mut source = Self { key, file: Arc::new(file), first: Vec::new(), length: 0, gone: None, modified: 0 };
        source.look()?;
        Ok(source)
    }

    /// Another content in the same file.
    pub(super) fn anew(&self, generation: u64) -> io::Result<Self> {
        let key = Key { generation, ..self.key };
        let mut source =
            Self { key, file: Arc::clone(&self.file), first: Vec::new(), length: 0, gone: None, modified: 0 };
        source.look()?;
        Ok(source)
    }

    /// The same file, as a content that is known already.
    pub(super) fn known_as(self, key: Key) -> Self {
        Self { key, ..self }
    }

    /// Looks at the file again. False when its first bytes are not what they were: it was cut off, and stays so.
    pub(super) fn look(&mut self) -> io::Result<bool> {
        let metadata = self.file.metadata()?;
        let before = self.length;
        (self.length, self.modified) = (metadata.len(), modified(&metadata));
        let mut first = [0; Fingerprint::LENGTH];
        // More than is known is read only while little is known.
        let count = if self.first.len() < first.len() { first.len() } else { self.first.len() };
        let read = read_fully(&self.file, &mut first[..count])?;
        if self.gone.is_some() || !first[..read].starts_with(&self.first) {
            // It may be long before its turn comes: what stands there by then says nothing of what is gone.
            self.gone.get_or_insert(before);
            return Ok(false);
        }
        self.first.clear();
        self.first.extend_from_slice(&first[..read]);
        Ok(true)
    }

    pub(super) fn read(&self, room: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.file.read_at(room, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.first)
    }

    /// Whether it can be what `fingerprint` was taken of, read up to `offset`.
    pub(super) fn goes_on_from(&self, fingerprint: &Fingerprint, offset: u64) -> bool {
        fingerprint.fits(&self.first) && self.length >= offset
    }

    /// Whether it begins as another does, as far as both are known.
    pub(super) fn begins_as(&self, other: &Self) -> bool {
        !other.first.is_empty() && other.fingerprint().fits(&self.first)
    }

    /// Whether both are open on one file. The key does not say it: a copy goes by the key of what it is a copy of.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        let identity = |source: &Self| source.file.metadata().map(|metadata| (metadata.dev(), metadata.ino())).ok();
        identity(self).is_some_and(|one| Some(one) == identity(other))
    }

    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }
}

/// Device and inode of what lies at a path.
pub(super) fn identity(path: &Path) -> io::Result<(u64, u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino(), metadata.len()))
}

/// The files that were rotated away from a path and are not packed, the oldest first.
pub(super) fn rotated(path: &Path, generation: &mut u64) -> Vec<Source> {
    let mut found = open_rotated(path, generation);
    // Names move on while a rotation is under way, which takes milliseconds.
    for _ in 0..MAX_LOOKS {
        if is_stable(path, &found) {
            break;
        }
        std::thread::sleep(LOOK_AGAIN);
        found = open_rotated(path, generation);
    }
    // Numbers say the order, whatever the clock did; else the instants of the last writes do, as far as they differ.
    if found.iter().all(|(name, _)| number(name).is_some()) {
        found.sort_by_key(|(name, _)| std::cmp::Reverse(number(name)));
    } else {
        found.sort_by(|(one, a), (other, b)| (a.modified, one).cmp(&(b.modified, other)));
    }
    found.into_iter().map(|(_, source)| source).collect()
}

fn open_rotated(path: &Path, generation: &mut u64) -> Vec<(PathBuf, Source)> {
    let open = |name: PathBuf| {
        *generation += 1;
        Source::open(&name, *generation).ok().map(|source| (name, source))
    };
    rotated_names(path).into_iter().filter_map(open).collect()
}

/// Whether every name still names the file that was opened by it.
fn is_stable(path: &Path, found: &[(PathBuf, Source)]) -> bool {
    let same = |(name, source): &(PathBuf, Source)| {
        identity(name).is_ok_and(|(device, inode, _)| source.key.is_file(device, inode))
    };
    found.iter().all(same) && rotated_names(path).len() == found.len()
}

/// The number of `eve.json.1`: the higher, the older. A date is none.
fn number(path: &Path) -> Option<u64> {
    path.extension()?.to_str()?.parse().ok().filter(|number| *number < DATES)
}

/// `eve.json.1`, `eve.json-20260131`, …
fn rotated_names(path: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_rotated = |candidate: &str| {
        candidate.strip_prefix(name).is_some_and(|suffix| suffix.starts_with(['.', '-']))
            && !PACKED.iter().any(|packed| candidate.ends_with(packed))
    };
    let named = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_rotated));
    named.map(|entry| entry.path()).collect()
}

fn modified(metadata: &fs::Metadata) -> i128 {
    i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec())
}

fn read_fully(file: &File, room: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < room.len() {
        let offset = u64::try_from(read).unwrap_or(u64::MAX);
        match file.read_at(&mut room[read..], offset) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
