//! The real broker, Mosquitto: a private configuration, a free loopback port, mutual TLS whose common name is the user, an
//! access list, and nothing kept over a restart.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use nix::{sys::signal::Signal, unistd::User};

use crate::{
    ports::free_port,
    process::Program,
    waiting::{PATIENCE, Waited, until},
};

/// What the broker shows, and whom it believes. Paths of PEM files.
#[derive(Debug, Clone)]
pub struct BrokerTls {
    /// Its certificate chain, valid for `localhost` or 127.0.0.1, as the test's clients name it.
    pub chain: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The CA certificates of its clients.
    pub clients: PathBuf,
    /// Withdrawn certificates of clients.
    pub revoked: Option<PathBuf>,
}

/// A broker's folder, and the broker when it runs.
#[derive(Debug)]
pub struct Mosquitto {
    folder: PathBuf,
    address: Ipv4Addr,
    port: u16,
    program: Option<Program>,
}

impl Mosquitto {
    /// Writes the configuration into a folder, which is made. `access` is Mosquitto's `acl_file`; in a `pattern` line `%u`
    /// is the common name of the client's certificate.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn set_up(folder: &Path, tls: &BrokerTls, access: &str) -> Result<Self> {
        Self::set_up_at(Ipv4Addr::LOCALHOST, folder, tls, access)
    }

    /// As [`Self::set_up`], for a broker that listens on another address of this machine.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn set_up_at(address: Ipv4Addr, folder: &Path, tls: &BrokerTls, access: &str) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let broker = Self { folder: folder.to_owned(), address, port: free_port()?, program: None };
        fs::write(broker.access(), access)?;
        fs::write(broker.configuration(), broker.settings(tls)?)?;
        Ok(broker)
    }

    /// Opens a further port, on loopback, by which whoever may read it is not asked who it is: for an observer. Before the
    /// start. `topic read #` at the head of the access list lets it.
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub fn open_for_observer(&self) -> Result<u16> {
        let port = free_port()?;
        let settings =
            fs::read_to_string(self.configuration())?.replace("allow_anonymous false", "allow_anonymous true");
        fs::write(self.configuration(), format!("{settings}listener {port} 127.0.0.1\n"))?;
        Ok(port)
    }

    /// Starts the broker and waits until it takes connections.
    ///
    /// # Errors
    /// When it is not installed, or ends.
    pub fn start(&mut self) -> Result<()> {
        // Debian puts it where an ordinary user's PATH does not lead.
        let mut command = Command::new("/usr/sbin/mosquitto");
        command.arg("-c").arg(self.configuration());
        let mut program = Program::start("mosquitto", &mut command, &self.log())
            .context("mosquitto is needed: cargo xtask test --install")?;
        until("the broker takes connections", PATIENCE, || {
            program.must_run()?;
            Ok(match TcpStream::connect((self.address, self.port)) {
                Ok(_) => Waited::Holds(()),
                Err(error) => Waited::NotYet(error.to_string()),
            })
        })?;
        self.program = Some(program);
        Ok(())
    }

    /// Kills it outright; what it had not delivered is gone.
    pub fn kill(&mut self) {
        drop(self.program.take());
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not end by itself.
    pub fn stop(&mut self) -> Result<()> {
        self.program.take().map_or(Ok(()), Program::stop)
    }

    /// Has it read the access list and the withdrawn certificates anew.
    ///
    /// # Errors
    /// When it does not run.
    pub fn reload(&self) -> Result<()> {
        self.program.as_ref().context("the broker does not run")?.signal(Signal::SIGHUP)
    }

    /// Its loopback port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What it says.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("mosquitto.log")
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("mosquitto.conf")
    }

    fn access(&self) -> PathBuf {
        self.folder.join("access")
    }

    fn settings(&self, tls: &BrokerTls) -> Result<String> {
        let BrokerTls { chain, key, clients, revoked } = tls;
        // Started as root it would become another user, who cannot enter a private folder.
        let user = User::from_uid(nix::unistd::Uid::effective())?.context("this user has no name")?.name;
        let mut lines = vec![
            format!("user {user}"),
            "per_listener_settings false".into(),
            "allow_anonymous false".into(),
            "persistence false".into(),
            "log_dest stderr".into(),
            "log_type all".into(),
            // No bound: what it acknowledges it delivers, as long as it lives.
            "max_queued_messages 0".into(),
            format!("acl_file {}", self.access().display()),
            format!("listener {} {}", self.port, self.address),
            format!("cafile {}", clients.display()),
            format!("certfile {}", chain.display()),
            format!("keyfile {}", key.display()),
            "require_certificate true".into(),
            "use_identity_as_username true".into(),
        ];
        lines.extend(revoked.iter().map(|file| format!("crlfile {}", file.display())));
        Ok(lines.join("\n") + "\n")
    }
}
