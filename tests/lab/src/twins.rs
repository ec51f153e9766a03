//! Two processes of one portal, at one PostgreSQL server, behind a balancer that sensors reach them by.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{
    balancer::Balancer,
    binaries::Binaries,
    portal::{Portal, Role},
    ports::free_port,
    postgres::Postgres,
    process::run,
};

/// Fields are dropped in their order.
#[derive(Debug)]
pub struct Twins {
    /// The processes.
    pub portals: [Portal; 2],
    /// What is before them.
    pub balancer: Balancer,
    /// What is behind them.
    pub server: Postgres,
}

impl Twins {
    /// Makes everything in a folder, and starts it.
    ///
    /// # Errors
    /// When a program fails.
    pub fn start(binaries: &Binaries, folder: &Path) -> Result<Self> {
        let server = Postgres::start(&folder.join("postgres"))?;
        let database = server.database("portal")?;
        let ports = [free_port()?, free_port()?];
        let balancer = Balancer::start(&ports)?;
        let url = format!("https://127.0.0.1:{}", balancer.port());
        let (first, second) = (folder.join("portal"), folder.join("twin"));
        let listen = ports.map(|port| format!("127.0.0.1:{port}"));
        let mut portal = Portal::init_on(binaries, Role::Portal, &first, &listen[0], &url, Some(&database))?;
        // Keys and settings are the same; everything else is at the server.
        run(Command::new("cp").arg("-a").arg(&first).arg(&second))?;
        let mut twin = Portal::of_folder(binaries, &second, &listen[1], &url)?;
        portal.start()?;
        twin.start()?;
        Ok(Self { portals: [portal, twin], balancer, server })
    }

    /// Kills one of them outright, and starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub fn kill(&mut self, which: usize) -> Result<()> {
        let portal = self.portals.get_mut(which).context("there are two")?;
        portal.kill();
        // What it left behind says nothing of whether it runs.
        let _ = fs::remove_file(portal.data().join("people-address"));
        portal.start()
    }

    /// Tells one of them to stop, as systemd does, and starts it again.
    ///
    /// # Errors
    /// When it does not end well, or does not start.
    pub fn drain(&mut self, which: usize) -> Result<()> {
        let portal = self.portals.get_mut(which).context("there are two")?;
        portal.stop()?;
        portal.start()
    }
}
