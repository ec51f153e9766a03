//! Makes the agent's socket: at no moment is it open to more than it should be, and a living agent's is not taken.

use std::{
    fs, io,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};

use nix::unistd::Gid;
use tokio::net::UnixListener;

/// Owner and group may connect; nobody else.
const MODE: u32 = 0o660;

/// Listens on `path`, with `group` as the socket's group if one is given.
///
/// The socket is made under another name and renamed once its rights are right.
///
/// # Errors
/// `AddrInUse` when an agent listens there already, else whatever the file system says.
pub fn bind(path: &Path, group: Option<Gid>) -> io::Result<UnixListener> {
    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another agent listens there"));
    }
    let draft = draft_of(path);
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&draft)?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(MODE))?;
    if let Some(group) = group {
        chown(&draft, None, Some(group.as_raw()))?;
    }
    fs::rename(&draft, path)?;
    Ok(listener)
}

fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn socket_is_open_to_owner_and_group_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        let _listener = bind(&path, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
    }

    #[tokio::test]
    async fn socket_of_a_living_agent_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        let _listener = bind(&path, None).unwrap();
        assert_eq!(bind(&path, None).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[tokio::test]
    async fn socket_of_a_dead_agent_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        drop(bind(&path, None).unwrap());
        assert!(UnixStream::connect(&path).is_err());
        let _listener = bind(&path, None).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
    }
}
