//! A relay in front of a broker: it can keep one program, known by its process, from what is behind it, while it lets
//! everybody else through.

use std::{
    fs, io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use anyhow::{Context, Result};
use nix::unistd::Pid;

/// Runs until the program ends.
pub(super) struct Relay {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    kept_out: Option<Pid>,
    open: Vec<(SocketAddr, TcpStream)>,
}

impl Relay {
    /// To a loopback port.
    pub(super) fn start(to: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let relay = Self { port: listener.local_addr()?.port(), shared: Arc::default() };
        let shared = Arc::clone(&relay.shared);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // Whoever is not let through, or finds nobody behind, comes again.
                let _ = let_through(&near, to, &shared);
            }
        });
        Ok(relay)
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Cuts a program off, and keeps it out until [`Self::let_in`].
    pub(super) fn keep_out(&self, program: Pid) {
        let mut shared = lock(&self.shared);
        shared.kept_out = Some(program);
        shared.open.retain(|(peer, stream)| {
            let theirs = belongs_to(*peer, program).unwrap_or(true);
            if theirs {
                let _ = stream.shutdown(Shutdown::Both);
            }
            !theirs
        });
    }

    /// Lets everybody through.
    pub(super) fn let_in(&self) {
        lock(&self.shared).kept_out = None;
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn let_through(near: &TcpStream, to: u16, shared: &Mutex<Shared>) -> Result<()> {
    let peer = near.peer_addr()?;
    let mut shared = lock(shared);
    if let Some(program) = shared.kept_out
        && belongs_to(peer, program)?
    {
        return Ok(());
    }
    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
    shared.open.push((peer, near.try_clone()?));
    carry(near.try_clone()?, far.try_clone()?);
    carry(far, near.try_clone()?);
    Ok(())
}

/// Copies one direction to its end on a thread of its own.
fn carry(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}

/// Whether a loopback connection's other end is a socket of this process (proc_net_tcp(5), proc_pid_fd(5)).
fn belongs_to(peer: SocketAddr, program: Pid) -> Result<bool> {
    let table = fs::read_to_string("/proc/net/tcp")?;
    let port = format!(":{:04X}", peer.port());
    let inode = table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        (fields.get(1)?.ends_with(&port)).then(|| fields.get(9).map(|inode| format!("socket:[{inode}]")))?
    });
    let Some(inode) = inode else { return Ok(false) };
    let files = fs::read_dir(format!("/proc/{program}/fd")).context("the program is gone")?;
    Ok(files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target == Path::new(&inode))))
}
