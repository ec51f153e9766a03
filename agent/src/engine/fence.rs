//! Holds the reader where the engine's output was measured, until it is known whether a commit took that measure: or
//! what was detected after a commit could be taken under the epoch before it.
//!
//! The reader measures, since its thread may hang on a file as it is: a file system whose server is gone must not hold up
//! whoever asks. While no answer comes, nobody knows where a commit stands in the output, and the reader is held whole.

use std::{
    fs::File,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use picket_lifecycle::epochs::EngineMark;

use super::source;

/// For the reader to measure: longer than the log takes to commit, on any disk that is worth the name.
const PATIENCE: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fence {
    inner: Mutex<Inner>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    stage: Stage,
    /// The last question is unanswered: the next one does not wait.
    late: bool,
    /// What the reader has open, in order.
    open: Vec<Arc<File>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    Asked,
    Held(EngineMark),
}

impl Fence {
    /// Has the reader measure, and holds it there. `call` wakes it. Ends within two seconds, and the next time at once.
    pub(super) fn hold(&self, call: impl FnOnce()) -> EngineMark {
        let mut inner = self.lock();
        inner.stage = Stage::Asked;
        drop(inner);
        call();
        inner = self.lock();
        if !inner.late {
            let waited = self.answered.wait_timeout_while(inner, PATIENCE, |inner| inner.stage == Stage::Asked);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Stage::Held(mark) = inner.stage {
            return mark;
        }
        if !std::mem::replace(&mut inner.late, true) {
            tracing::warn!("the detection engine's output cannot be measured: its reader hangs");
        }
        inner.stage = Stage::Held(EngineMark::Unknown);
        EngineMark::Unknown
    }

    /// The reader's answer, if it was asked: what it read before lies before the mark, and it takes nothing of what it reads
    /// after.
    pub(super) fn answer(&self, path: &Path) {
        let mut inner = self.lock();
        inner.late = false;
        if inner.stage != Stage::Asked {
            return;
        }
        let open = inner.open.clone();
        drop(inner);
        let mark = measure(path, &open);
        inner = self.lock();
        // Too late: whoever asked went on without.
        if inner.stage == Stage::Asked {
            inner.stage = Stage::Held(mark);
            self.answered.notify_all();
        }
    }

    /// There is no reader: nobody waits for one.
    pub(super) fn give_up(&self) {
        self.lock().late = true;
    }

    /// Holds the reader of a socket, which has no places.
    pub(super) fn hold_socket(&self) -> EngineMark {
        self.lock().stage = Stage::Held(EngineMark::Socket);
        EngineMark::Socket
    }

    /// Lets the reader go on. True if it was held.
    pub(super) fn release(&self) -> bool {
        std::mem::take(&mut self.lock().stage) != Stage::Open
    }

    /// Where the reader is held.
    pub(super) fn held_at(&self) -> Option<EngineMark> {
        if let Stage::Held(mark) = self.lock().stage { Some(mark) } else { None }
    }

    pub(super) fn set_open(&self, open: Vec<Arc<File>>) {
        self.lock().open = open;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
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
        let hold = || fence.hold(|| fence.answer(&path));
        assert_eq!(hold(), EngineMark::Unknown);
        fs::write(&path, "123").unwrap();
        assert_eq!(length(hold()), Some(3));
        fence.set_open(vec![Arc::new(File::open(&path).unwrap())]);
        fs::rename(&path, folder.path().join("eve.json.1")).unwrap();
        assert_eq!(length(hold()), Some(3), "renamed, and nothing new there yet");
        fs::write(&path, "").unwrap();
        assert_eq!(length(hold()), Some(3), "the new one is not written yet");
        fs::write(&path, "1").unwrap();
        assert_eq!(length(hold()), Some(1));
    }

    #[test]
    fn holds_until_released() {
        let fence = Fence::default();
        assert_eq!(fence.held_at(), None);
        let mark = fence.hold(|| fence.answer(Path::new("/nowhere/eve.json")));
        assert_eq!(fence.held_at(), Some(mark));
        assert!(fence.release());
        assert!(!fence.release());
    }

    #[test]
    fn a_reader_that_hangs_is_waited_for_once_and_then_held_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        fs::write(&path, "123").unwrap();
        let fence = Fence::default();
        let before = crate::clock::since_boot();
        assert_eq!(fence.hold(|| {}), EngineMark::Unknown);
        let first = crate::clock::since_boot() - before;
        assert!((PATIENCE..10 * PATIENCE).contains(&first), "{first:?}");
        assert_eq!(fence.held_at(), Some(EngineMark::Unknown));
        // It comes back when nobody asks any more: that changes nothing.
        assert!(fence.release());
        assert_eq!(fence.hold(|| {}), EngineMark::Unknown);
        assert!(crate::clock::since_boot() - before < first + PATIENCE, "the second one waited too");
        fence.answer(&path);
        assert_eq!(fence.held_at(), Some(EngineMark::Unknown));
        fence.release();
        assert_eq!(length(fence.hold(|| fence.answer(&path))), Some(3), "it answers again");
    }
}
