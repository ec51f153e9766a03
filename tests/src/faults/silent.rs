//! Ports where nothing useful happens.

use std::{
    net::{Ipv4Addr, TcpListener},
    thread,
};

use anyhow::Result;
use picket_lab::ports::free_port;

/// Takes connections and never says a word: what a firewall that drops packets looks like once TCP stands.
///
/// # Errors
/// When there is no port.
pub fn black_hole() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept() {
            kept.push(connection);
        }
    });
    Ok(port)
}

/// Takes connections and closes them: TCP answers, the server does not.
///
/// # Errors
/// When there is no port.
pub fn hangs_up() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || while listener.accept().is_ok() {});
    Ok(port)
}

/// A port that refuses connections.
///
/// # Errors
/// When there is no port.
pub fn closed_port() -> Result<u16> {
    free_port()
}
