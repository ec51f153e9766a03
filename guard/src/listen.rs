//! Where a program listens: at the socket that systemd holds for it, or at an address of its own.

use std::{io, net::SocketAddr};

use listenfd::ListenFd;
use tokio::net::TcpListener;

/// The first socket that systemd passed, whatever the address; without one, a new one at the address. So a program may
/// have a port that needs a privilege without having the privilege, and whoever connects while it is started anew waits.
///
/// # Errors
/// When systemd's socket is none of TCP, or the address cannot be had.
pub async fn passed_or_at(address: SocketAddr) -> io::Result<TcpListener> {
    let Some(listener) = ListenFd::from_env().take_tcp_listener(0)? else { return TcpListener::bind(address).await };
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}
