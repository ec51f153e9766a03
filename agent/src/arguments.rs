//! The command line of the daemon: its words and their help. Nothing happens here.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The agent of a Picket sensor.
#[derive(Debug, Parser)]
#[command(name = "picket-agent", version)]
pub struct Arguments {
    /// The settings.
    #[arg(long, global = true, default_value = "/etc/picket/agent.toml")]
    pub config: PathBuf,
    /// Have the kernel refuse this program the network while nothing is to be sent. It ends when something is: only for where
    /// it is started anew then.
    #[arg(long)]
    pub seal_network: bool,
    /// What to do instead of running.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of running.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the settings, say what is wrong with them, change nothing.
    Validate,
}
