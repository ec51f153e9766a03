//! Holds the reader where the engine's output was measured, until it is known whether a commit took that measure: or
//! what was detected after a commit could be taken under the epoch before it.

use std::{
    fs::File,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use picket_lifecycle::epochs::EngineMark;

use super::source;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fence(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    held_at: Option<EngineMark>,
    /// What the reader has open, in order.
    open: Vec<Arc<File>>,
}

impl Fence {
    /// Measures, and holds the reader there. The lock makes it one step: what the reader read before lies before the
    /// mark, and it takes nothing of what it reads after.
    pub(super) fn hold(&self, path: &Path) -> EngineMark {
        let mut inner = self.lock();
        let mark = measure(path, &inner.open);
        inner.held_at = Some(mark);
        mark
    }

    /// Holds the reader of a socket, which has no places.
    pub(super) fn hold_socket(&self) -> EngineMark {
        self.lock().held_at = Some(EngineMark::Socket);
        EngineMark::Socket
    }

    /// Lets the reader go on. True if it was held.
    pub(super) fn release(&self) -> bool {
        self.lock().held_at.take().is_some()
    }

    /// Where the reader is held.
    pub(super) fn held_at(&self) -> Option<EngineMark> {
        self.lock().held_at
    }

    pub(super) fn set_open(&self, open: Vec<Arc<File>>) {
        self.lock().open = open;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file that the engine writes. While the one at the path is empty or not there, that is the one before: it is
/// written until the engine opens the new one.
fn measure(path: &Path, open: &[Arc<File>]) -> EngineMark {
    let at_path = source::identity(path).ok();
    if let Some((device, inode, length)) = at_path.filter(|(.., length)| *length > 0) {
        return EngineMark::File { device, inode, length };
    }
    let of_open = open.iter().rev().filter_map(|file| file.metadata().ok()).find(|metadata| metadata.len() > 0);
    match (of_open, at_path) {
        (Some(written), _) => EngineMark::File { device: written.dev(), inode: written.ino(), length: written.len() },
        (None, Some((device, inode, length))) => EngineMark::File { device, inode, length },
        (None, None) => EngineMark::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn length(mark: EngineMark) -> Option<u64> {
        if let EngineMark::File { length, .. } = mark { Some(length) } else { None }
    }

    #[test]
    fn measures_the_file_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let fence = Fence::default();
        assert_eq!(fence.hold(&path), EngineMark::Unknown);
        fs::write(&path, "123").unwrap();
        assert_eq!(length(fence.hold(&path)), Some(3));
        fence.set_open(vec![Arc::new(File::open(&path).unwrap())]);
        fs::rename(&path, folder.path().join("eve.json.1")).unwrap();
        assert_eq!(length(fence.hold(&path)), Some(3), "renamed, and nothing new there yet");
        fs::write(&path, "").unwrap();
        assert_eq!(length(fence.hold(&path)), Some(3), "the new one is not written yet");
        fs::write(&path, "1").unwrap();
        assert_eq!(length(fence.hold(&path)), Some(1));
    }

    #[test]
    fn holds_until_released() {
        let fence = Fence::default();
        assert_eq!(fence.held_at(), None);
        let mark = fence.hold(Path::new("/nowhere/eve.json"));
        assert_eq!(fence.held_at(), Some(mark));
        assert!(fence.release());
        assert!(!fence.release());
    }
}
