//! Gets the local API's socket: from systemd, or made in the runtime folder for the console's group.

use std::{fs, io};

use listenfd::ListenFd;
use nix::unistd::{Gid, User};
use tokio::net::UnixListener;

use crate::{config::Config, local_api};

/// Makes the runtime folder if it is missing: the socket and, in need, a copy of the state go there.
///
/// # Errors
/// Whatever the file system says.
pub fn make_runtime_directory(config: &Config) -> io::Result<()> {
    fs::create_dir_all(&config.runtime_directory)
}

/// The socket, listening.
///
/// # Errors
/// `AddrInUse` when another agent listens, else whatever the system says.
pub fn listen(config: &Config) -> io::Result<UnixListener> {
    if let Some(listener) = ListenFd::from_env().take_unix_listener(0)? {
        listener.set_nonblocking(true)?;
        return UnixListener::from_std(listener);
    }
    let socket = config.socket();
    let group = console_group(config);
    match local_api::bind(&socket, group) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && group.is_some() => {
            tracing::warn!(socket = %socket.display(), "the socket cannot be given to the console's group");
            local_api::bind(&socket, None)
        }
        bound => bound,
    }
}

fn console_group(config: &Config) -> Option<Gid> {
    User::from_uid(config.console_user?).ok().flatten().map(|user| user.gid)
}
