//! The console's settings: raw as TOML gives them, then joined with the arguments. Unknown keys are errors, and named.
//!
//! Reads one file, which may be missing. What people set in pages is not here.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Parser;
use serde::Deserialize;

/// Most bytes of a settings file.
const MAX_FILE: usize = 64 * 1024;

/// The sensor console.
#[derive(Debug, Default, Parser)]
#[command(name = "picket-console", version)]
pub struct Arguments {
    /// The settings file; need not exist
    #[arg(long, value_name = "PATH", default_value = "/etc/picket/console.toml")]
    pub config: PathBuf,
    /// Where to listen, unless systemd hands over a socket; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The agent's socket
    #[arg(long, value_name = "PATH")]
    pub agent_socket: Option<PathBuf>,
    /// The folder of accounts and certificate
    #[arg(long, value_name = "FOLDER")]
    pub state: Option<PathBuf>,
    /// List the pages, one JSON object a line, and end
    #[arg(long)]
    pub pages: bool,
}

/// The settings, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen, unless systemd hands over a socket.
    pub listen: SocketAddr,
    /// The agent's socket.
    pub agent_socket: PathBuf,
    /// Accounts and certificate.
    pub state_directory: PathBuf,
    /// The vendor's terms, plain text; shown before an activation if the file is there.
    pub terms_file: PathBuf,
}

/// Settings that cannot be used. Names the file.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not TOML, a value of the wrong type, or an unknown key.
    #[error("{path}: {why}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What and where.
        why: String,
    },
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    listen: SocketAddr,
    agent_socket: PathBuf,
    state_directory: PathBuf,
    terms_file: PathBuf,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 443)),
            agent_socket: "/run/picket/agent.sock".into(),
            state_directory: "/var/lib/picket-console".into(),
            terms_file: "/etc/picket/terms.txt".into(),
        }
    }
}

impl Settings {
    /// Reads the file that the arguments name; an argument goes before the file.
    ///
    /// # Errors
    /// [`InvalidSettings`].
    pub fn load(arguments: &Arguments) -> Result<Self, InvalidSettings> {
        let raw = read(&arguments.config)?;
        Ok(Self {
            listen: arguments.listen.unwrap_or(raw.listen),
            agent_socket: arguments.agent_socket.clone().unwrap_or(raw.agent_socket),
            state_directory: arguments.state.clone().unwrap_or(raw.state_directory),
            terms_file: raw.terms_file,
        })
    }
}

fn read(path: &Path) -> Result<Raw, InvalidSettings> {
    let malformed = |why: String| InvalidSettings::Malformed { path: path.to_owned(), why };
    let content = match picket_durable::read_bounded(path, MAX_FILE) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Raw::default()),
        Err(source) => return Err(InvalidSettings::Unreadable { path: path.to_owned(), source }),
    };
    let text = String::from_utf8(content).map_err(|_| malformed("not UTF-8".into()))?;
    config::Config::builder()
        .add_source(config::File::from_str(&text, config::FileFormat::Toml))
        .build()
        .and_then(config::Config::try_deserialize)
        .map_err(|error| malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(content: &str, arguments: Arguments) -> Result<Settings, InvalidSettings> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("console.toml");
        std::fs::write(&config, content).unwrap();
        Settings::load(&Arguments { config, ..arguments })
    }

    #[test]
    fn an_argument_goes_before_the_file_and_the_file_before_the_default() {
        let listen = Some("127.0.0.1:0".parse().unwrap());
        let file = "listen = \"0.0.0.0:8443\"\nstate_directory = \"/srv/console\"";
        let settings = load(file, Arguments { listen, ..Arguments::default() }).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:0");
        assert_eq!(settings.state_directory, Path::new("/srv/console"));
        assert_eq!(settings.agent_socket, Path::new("/run/picket/agent.sock"));
    }

    #[test]
    fn names_an_unknown_key() {
        let error = load("lisen = \"0.0.0.0:1\"", Arguments::default()).unwrap_err();
        assert!(error.to_string().contains("lisen"), "{error}");
    }

    #[test]
    fn needs_no_file() {
        let arguments = Arguments { config: "/nonexistent/console.toml".into(), ..Arguments::default() };
        assert_eq!(Settings::load(&arguments).unwrap().listen.port(), 443);
    }
}
