//! Free loopback ports. Whoever asked may lose the race for one: the program then fails to start and says so.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// A port that nothing listens on at this moment.
///
/// # Errors
/// When the machine has no port left.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
