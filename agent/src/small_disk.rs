//! A disk of a few MiB for tests: a tmpfs in a mount namespace of their own.

use std::path::Path;

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    unistd::Uid,
};

/// Does `work` on a thread that sees a tmpfs of `size` at `folder`. A private mount needs root: without it nothing is done,
/// and what it would show is covered by the end-to-end tests in namespaces of their own.
pub(crate) fn on_small_disk(folder: &Path, size: &str, work: impl FnOnce() + Send) {
    if !Uid::effective().is_root() {
        return;
    }
    let in_namespace = || {
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS).unwrap();
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
        mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some(format!("size={size}").as_str())).unwrap();
        work();
    };
    std::thread::scope(|scope| scope.spawn(in_namespace).join().unwrap());
}
