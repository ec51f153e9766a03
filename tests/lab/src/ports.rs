//! Free loopback ports. Whoever asked may lose the race for one: the program then fails to start and says so.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::{Ipv4Addr, TcpListener},
};

use anyhow::{Context, Result};

/// Below those that the kernel gives to connections outwards: a program that is started anew on its port finds it free.
const PORTS: std::ops::Range<u64> = 10_000..32_768;
const TRIES: u64 = 1000;

/// A port that nothing listens on at this moment.
///
/// # Errors
/// When the machine has no port left.
pub fn free_port() -> Result<u16> {
    let random = RandomState::new();
    let candidates = (0..TRIES).map(|again| PORTS.start + random.hash_one(again) % (PORTS.end - PORTS.start));
    let mut candidates = candidates.filter_map(|port| u16::try_from(port).ok());
    candidates.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).context("no free port")
}
