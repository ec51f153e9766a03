//! Waits for the engine to write, for files to come and go, and for other threads to call. Sleeps otherwise.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsFd as _, AsRawFd as _, BorrowedFd},
        unix::net::UnixStream,
    },
    path::Path,
    sync::Arc,
    time::Duration,
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::inotify::{AddWatchFlags, InitFlags, Inotify},
};

/// Wakes the thread that waits.
#[derive(Debug, Clone)]
pub(super) struct Waker(Arc<UnixStream>);

impl Waker {
    /// Never blocks: a full pipe wakes as well.
    pub(super) fn wake(&self) {
        let _ = (&*self.0).write(&[1]);
    }
}

/// What the thread waits on.
#[derive(Debug)]
pub(super) struct Wake {
    calls: UnixStream,
    inotify: Option<Inotify>,
}

impl Wake {
    pub(super) fn new() -> io::Result<(Self, Waker)> {
        let (calls, waker) = UnixStream::pair()?;
        calls.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC);
        let inotify = inotify.inspect_err(|error| tracing::warn!(%error, "no inotify: new alerts wait up to a minute"));
        Ok((Self { calls, inotify: inotify.ok() }, Waker(Arc::new(waker))))
    }

    /// Watches a folder for files that come and go; again and again, since it may be another one by now. False while it
    /// cannot be watched.
    pub(super) fn watch_folder(&self, folder: &Path) -> bool {
        let flags = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ONLYDIR;
        self.inotify.as_ref().is_some_and(|inotify| inotify.add_watch(folder, flags).is_ok())
    }

    /// Watches a file for what is written to it, by whatever name it has.
    pub(super) fn watch_file(&self, file: &File) {
        let Some(inotify) = &self.inotify else { return };
        let name = format!("/proc/self/fd/{}", file.as_raw_fd());
        if let Err(error) = inotify.add_watch(name.as_str(), AddWatchFlags::IN_MODIFY) {
            tracing::debug!(%error, "the engine's file cannot be watched");
        }
    }

    /// Waits until something happens, at most this long; also on these descriptors, for reading.
    pub(super) fn wait(&mut self, at_most: Duration, others: &[BorrowedFd<'_>]) {
        let timeout = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        let mut polled = vec![PollFd::new(self.calls.as_fd(), PollFlags::POLLIN)];
        polled.extend(self.inotify.iter().map(|inotify| PollFd::new(inotify.as_fd(), PollFlags::POLLIN)));
        polled.extend(others.iter().map(|other| PollFd::new(*other, PollFlags::POLLIN)));
        // Interrupted is as good as woken.
        let _ = poll(&mut polled, timeout);
        let mut swallowed = [0; 64];
        while self.calls.read(&mut swallowed).is_ok_and(|count| count == swallowed.len()) {}
        if let Some(inotify) = &self.inotify {
            while inotify.read_events().is_ok_and(|events| !events.is_empty()) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Waits in another thread; the test hangs, and fails by its time limit, if nothing wakes it.
    fn woken_by(path: &Path, act: impl FnOnce(&Waker)) {
        let (mut wake, waker) = Wake::new().unwrap();
        assert!(wake.watch_folder(path.parent().unwrap()));
        if let Ok(file) = File::open(path) {
            wake.watch_file(&file);
        }
        act(&waker);
        let before = crate::clock::since_boot();
        wake.wait(LONG, &[]);
        assert!(crate::clock::since_boot() - before < LONG);
    }

    #[test]
    fn wakes_for_a_call_a_write_and_a_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        woken_by(&path, Waker::wake);
        woken_by(&path, |_| fs::write(&path, "").unwrap());
        woken_by(&path, |_| fs::write(&path, "a line").unwrap());
        woken_by(&path, |_| fs::rename(&path, folder.path().join("eve.json.1")).unwrap());
        assert!(!Wake::new().unwrap().0.watch_folder(Path::new("/nowhere")));
    }
}
