//! Durable file operations: a file is complete and on the disk before its name is, and the name before anyone acts.
//!
//! Knows nothing of what it writes.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Replaces `path` in one step: the old content or the new, never a third. Readable by its owner alone.
///
/// # Errors
/// Whatever the file system says; `path` is then untouched.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = draft_of(path);
    write_durably(&draft, content)?;
    fs::rename(&draft, path)?;
    sync_parent(path)
}

/// Makes `path` with this content, durably. Fails with `AlreadyExists` rather than overwrite.
///
/// # Errors
/// Whatever the file system says.
pub fn create_once(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = draft_of(path);
    write_durably(&draft, content)?;
    // A hard link never replaces; a rename would.
    let linked = fs::hard_link(&draft, path);
    let removed = fs::remove_file(&draft);
    linked.and(removed)?;
    sync_parent(path)
}

/// Makes a folder that only its owner may enter, durably; an existing one is left as it is.
///
/// # Errors
/// Whatever the file system says.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// `FileTooLarge` above the limit, `InvalidInput` for what is no regular file, else whatever the file system says.
pub fn read_bounded(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    // Opening a FIFO waits for a writer: an agent that finds one in its folders would never be READY.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut content = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(bound).read_to_end(&mut content)?;
    if content.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(content) }
}

/// Makes the names in a folder durable.
///
/// # Errors
/// Whatever the file system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    sync_folder(folder_of(path))
}

/// A relative path of one name has an empty parent, which means here.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("/"),
    }
}

fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    // What an earlier run left there may be a second name of the file to be kept, a link, or readable by others: a draft is
    // always a file of its own.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // A half-written draft on a full disk only makes the disk fuller.
        let _ = fs::remove_file(path);
    }
    written
}

fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".draft");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_relative_name_lies_here() {
        assert_eq!(folder_of(Path::new("portal")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/portal")), Path::new("a"));
        assert_eq!(folder_of(Path::new("/")), Path::new("/"));
    }

    #[test]
    fn creates_once_and_keeps_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        create_once(&path, b"first").unwrap();
        assert_eq!(create_once(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a draft was left behind");
    }

    #[test]
    fn replaces_whole_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy");
        replace(&path, b"a longer first content").unwrap();
        replace(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_draft_left_behind_is_never_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (folder.path().join("key.pem"), folder.path().join("elsewhere"));
        let draft = draft_of(&path);
        fs::write(&elsewhere, b"another's").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &draft).unwrap();
        replace(&path, b"first").unwrap();
        fs::hard_link(&elsewhere, &draft).unwrap();
        replace(&path, b"second").unwrap();
        fs::write(&draft, b"").unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o666)).unwrap();
        replace(&path, b"third").unwrap();
        assert_eq!(fs::read(&elsewhere).unwrap(), b"another's");
        assert_eq!(fs::read(&path).unwrap(), b"third");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn reads_no_more_than_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [7; 10]).unwrap();
        assert_eq!(read_bounded(&path, 10).unwrap().len(), 10);
        assert_eq!(read_bounded(&path, 9).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn never_waits_for_what_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        for path in [socket.as_path(), fifo.as_path(), folder.path(), Path::new("/dev/zero")] {
            assert_eq!(read_bounded(path, 9).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{}", path.display());
        }
    }
}
