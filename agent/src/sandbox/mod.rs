//! What the agent has the kernel refuse it, beside what its unit does: whoever takes the agent over finds it refused too.
//!
//! From the start: running programs, and writing anywhere but where it keeps things. While nothing is to be sent: the network.

mod files;
mod filter;
mod network;

use picket_protocol::local_api::NetworkAccess;

use self::filter::{Filter, Threads};
use crate::config::Config;

pub use self::network::{Need, NetworkSeal};

/// Gives up for good what the agent never needs. To be called before any other thread is started. A kernel that knows no such
/// refusal does not stop a sensor: it is told.
pub fn confine(config: &Config) {
    if let Err(error) = files::keep_to(config) {
        tracing::warn!(%error, "the kernel does not keep the agent to its own folders");
    }
    if let Err(error) = Filter::against_programs().install(Threads::All) {
        tracing::warn!(%error, "the kernel does not refuse the agent to run programs");
    }
}

/// How it stands before anything is known.
const AT_START: NetworkAccess = NetworkAccess::Open;
