//! Why the agent did not do what it was asked.

use std::{io, path::PathBuf};

use hyper::StatusCode;
use picket_protocol::refusal::Problem;

/// Why the agent did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nobody listens, or the console may not connect.
    #[error("the agent cannot be reached at {socket}")]
    Unreachable {
        /// Where.
        socket: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It took too long.
    #[error("the agent did not answer in time")]
    Timeout,
    /// The exchange broke off, or the answer was too long.
    #[error("the agent's answer broke off")]
    BrokenOff,
    /// It refused, and says why.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// It failed, and does not say why.
    #[error("the agent answered with status {0}")]
    Unexplained(StatusCode),
    /// Agent and console are of different versions.
    #[error("the agent's answer could not be understood")]
    NotUnderstood(#[source] serde_json::Error),
}
