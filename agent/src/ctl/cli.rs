//! The command line of picketctl: its words and their help. Nothing happens here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use picket_protocol::{alerts::Severity, ids::ApplianceId};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed on this side: a file that cannot be read, an answer not understood
  2  usage: the command line is not understood, or lacks an answer that nobody is there to give
  3  refused: the agent or the verification said no; the code says why
  4  the agent cannot be reached
  5  not in force yet: --wait ran out, or the new activation was not proved
  6  check: an endpoint cannot be used
  7  alerts verify: a number is missing

picketctl explain CODE explains a refusal.";

/// Talks to the agent of this sensor.
#[derive(Debug, Parser)]
#[command(name = "picketctl", version, after_help = EXIT_CODES)]
pub(super) struct Cli {
    /// The agent's socket
    #[arg(long, global = true, value_name = "PATH", default_value = "/run/picket/agent.sock")]
    pub(super) socket: PathBuf,
    /// Print the agent's own JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what is in force, what is being tried, and how the connections are
    Status,
    /// List the pinned trust roots, or pin one
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Verify an activation file, and change nothing
    Verify(FileToRead),
    /// Show what an activation file would make of this sensor, and change nothing
    Preview(FileToRead),
    /// Upload an activation file
    Activate(Activate),
    /// Decide about an activation that is being proved
    Candidate {
        #[arg(value_enum)]
        decision: Decision,
    },
    /// List what became of past activation files
    Activations,
    /// Name this sensor (locally managed sensors only)
    Name {
        /// 1 to 64 letters, digits, spaces and . _ : -
        name: String,
    },
    /// Connect this sensor to a management console, or take it off (locally managed sensors only)
    #[command(subcommand)]
    Console(ConsoleCommand),
    /// Show, set or clear the proxy
    #[command(subcommand)]
    Proxy(ProxyCommand),
    /// List, follow, export or verify what was detected
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// Check the detection engine's output and every endpoint of the activation, step by step
    Check,
    /// Write a signed request, for a portal to bind an activation file to this sensor
    Request {
        /// Where to write it; - is standard output
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print all that helps to find a fault; secrets are left out
    Diagnose,
    /// Show who changed what
    Audit {
        /// Show records after this number only
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: u64,
        /// At most this many; 1000 at most
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        limit: u32,
    },
    /// Explain the code of a refusal; works without an agent
    Explain {
        /// As in activation.bad-signature; without one, all are listed
        #[arg(default_value = "")]
        code: String,
        /// Print docs/refusals.md
        #[arg(long, hide = true)]
        page: bool,
    },
    /// Show the code for the first sign-in at the sensor console (root only)
    SetupCode,
    /// Forget every activation, key and record of this sensor (root only)
    Reset(Reset),
    /// Prepare this disk as an image for many appliances: erase what makes the sensor unique (agent and console stopped)
    ImagePrepare(ImagePrepare),
}

#[derive(Debug, Subcommand)]
pub(super) enum TrustCommand {
    /// List the pinned trust roots
    List,
    /// Pin the trust root in FILE (root only)
    Add {
        /// A trust root file, as picket-portal root export writes it
        file: PathBuf,
    },
    /// Pin the first trust root, from an activation file whose fingerprint you compared with the portal's
    Confirm {
        /// The activation file
        file: PathBuf,
        /// The last 16 characters of the fingerprint that the portal shows; asked for when left out
        #[arg(long)]
        characters: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct FileToRead {
    /// The activation file; - is standard input
    pub(super) file: PathBuf,
    /// Judge by this trust root file and without an agent; may be given several times
    #[arg(long = "trust-root", value_name = "FILE")]
    pub(super) trust_roots: Vec<PathBuf>,
    /// Without an agent: the appliance id that the file must fit
    #[arg(long, value_name = "ID", requires = "trust_roots")]
    pub(super) appliance: Option<ApplianceId>,
}

#[derive(Debug, Args)]
pub(super) struct Activate {
    /// The activation file; - is standard input
    pub(super) file: PathBuf,
    /// Switch at once, without waiting for the portal and the IoT hub
    #[arg(long)]
    pub(super) now: bool,
    /// Accept a file whose upload window is over, or on an unusable clock; this is recorded
    #[arg(long)]
    pub(super) override_window: bool,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
    /// Wait until it is in force and proved, at most this long
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "960")]
    pub(super) wait: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Decision {
    /// Switch without waiting
    Now,
    /// Keep the present activation
    Keep,
    /// Try the last one again
    Retry,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConsoleCommand {
    /// Report to a management console from now on, and deliver to it what is detected from now on
    Connect {
        /// The address of its sensor port: `https://host[:port]`
        url: String,
        /// The CA certificates that it is believed by, PEM; the system's own are never used
        #[arg(long, value_name = "FILE")]
        ca: PathBuf,
        /// A file with a pairing token made there; - is standard input. Not the token itself: others can read a command line
        #[arg(long, value_name = "FILE")]
        pairing_token_file: PathBuf,
    },
    /// Report to nobody from now on
    Disconnect,
}

#[derive(Debug, Subcommand)]
pub(super) enum ProxyCommand {
    /// Show the proxy; never its password
    Show,
    /// Set the proxy
    Set {
        /// `http://host:port` or `socks5://host:port`
        url: String,
        /// The user name, if the proxy wants one
        #[arg(long)]
        user: Option<String>,
        /// Read the password from the first line of this file; - is standard input
        #[arg(long, value_name = "FILE", requires = "user")]
        password_file: Option<PathBuf>,
    },
    /// Connect without a proxy
    Clear,
}

#[derive(Debug, Subcommand)]
pub(super) enum AlertsCommand {
    /// List alerts, the newest first
    List {
        #[command(flatten)]
        wanted: Wanted,
        /// At most this many; 1000 at most
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        limit: usize,
    },
    /// Show alerts as they come
    Follow(Wanted),
    /// Print all that the alert log holds, one JSON value a line, the oldest first
    Export(Wanted),
    /// Walk over the whole alert log and prove that no number is missing
    Verify,
}

#[derive(Debug, Args)]
pub(super) struct Wanted {
    /// Those after this place of the log only, the oldest first
    #[arg(long, value_name = "PLACE")]
    pub(super) after: Option<u64>,
    /// Those at least this grave only: high, medium, low or informational
    #[arg(long, value_parser = severity)]
    pub(super) severity: Option<Severity>,
    /// Those detected under this epoch only
    #[arg(long)]
    pub(super) epoch: Option<u64>,
}

fn severity(text: &str) -> Result<Severity, String> {
    let found = Severity::ALL.into_iter().find(|severity| severity.as_str() == text);
    found.ok_or_else(|| "high, medium, low or informational".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct Reset {
    /// Say that you know that everything is erased
    #[arg(long, required = true)]
    pub(super) erase: bool,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct ImagePrepare {
    /// The agent's configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/picket/agent.toml")]
    pub(super) config: PathBuf,
    /// The folder of the sensor console's accounts and certificate
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/picket-console")]
    pub(super) console_state: PathBuf,
    /// The folder of the key that seals identities
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/picket-agent-key")]
    pub(super) key_state: PathBuf,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use clap::CommandFactory as _;

    use super::*;

    fn docs() -> String {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/picketctl.md")).unwrap()
    }

    #[test]
    fn command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn each_command_is_in_the_docs() {
        let docs = docs();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(docs.contains(&format!("`picketctl {name}")), "{name}");
            for under in command.get_subcommands() {
                assert!(
                    docs.contains(&format!("`picketctl {name} {}", under.get_name())),
                    "{name} {}",
                    under.get_name()
                );
            }
        }
    }

    #[test]
    fn each_exit_code_is_in_the_docs() {
        let docs = docs();
        for code in EXIT_CODES.lines().filter_map(|line| line.trim().split_once("  ")).map(|(code, _)| code) {
            assert!(docs.contains(&format!("\n| {code} | ")), "{code}");
        }
    }
}
