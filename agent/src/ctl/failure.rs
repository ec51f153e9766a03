//! How a command can fail, and with which exit code. The codes are documented: change none.

use std::{io, path::PathBuf};

use picket_protocol::refusal::{Problem, Refusal};

/// Done.
pub(super) const OK: u8 = 0;
/// Failed on this side.
pub(super) const FAILED: u8 = 1;
/// The command line is not understood.
pub(super) const USAGE: u8 = 2;
/// Refused.
pub(super) const REFUSED: u8 = 3;
/// The agent cannot be reached.
pub(super) const UNREACHABLE: u8 = 4;
/// Not in force yet.
pub(super) const NOT_IN_FORCE: u8 = 5;
/// An endpoint cannot be used.
pub(super) const ENDPOINT_UNUSABLE: u8 = 6;

/// A number of the alert log is missing.
pub(super) const NUMBERS_MISSING: u8 = 7;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// By the agent, or by verification here.
    #[error("{}", .0.title)]
    Refused(Box<Problem>),
    /// Nobody answers on the socket.
    #[error("the agent cannot be reached at {socket}")]
    Unreachable { socket: PathBuf, source: io::Error },
    /// The connection stood, and broke.
    #[error("the agent's answer broke off")]
    BrokenOff(#[source] hyper::Error),
    /// An answer in a form that this program does not know.
    #[error("the agent's answer could not be understood: agent and picketctl are of different versions")]
    NotUnderstood(#[source] serde_json::Error),
    /// A file could not be read or written.
    #[error("{doing} {path}")]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// The terminal or pipe is gone.
    #[error("output")]
    Output(#[source] io::Error),
    /// Something else that this side could not do.
    #[error("{0}")]
    Local(String),
    /// The command line lacks something.
    #[error("{0}")]
    Usage(String),
    /// The person said no.
    #[error("nothing was changed")]
    Declined,
    /// It was accepted, and is not in force and proved.
    #[error("{0}")]
    NotInForce(String),
    /// The check has said which.
    #[error("{failed} of {endpoints} endpoints cannot be used")]
    EndpointsUnusable { failed: u32, endpoints: u32 },
    /// The verification has said which.
    #[error("a number of the alert log is missing")]
    NumbersMissing,
}

impl Failure {
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) => REFUSED,
            Self::Unreachable { .. } | Self::BrokenOff(_) => UNREACHABLE,
            Self::NotUnderstood(_) | Self::File { .. } | Self::Output(_) | Self::Local(_) | Self::Declined => FAILED,
            Self::Usage(_) => USAGE,
            Self::NotInForce(_) => NOT_IN_FORCE,
            Self::EndpointsUnusable { .. } => ENDPOINT_UNUSABLE,
            Self::NumbersMissing => NUMBERS_MISSING,
        }
    }

    /// What to do next, in sentences without full stop.
    pub(super) fn next(&self) -> Vec<String> {
        match self {
            Self::Refused(problem) => problem.next.clone(),
            Self::Unreachable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                vec!["Run the command as root, or as a user in the socket's group".into()]
            }
            Self::Unreachable { .. } => vec![
                "Check that the agent runs: systemctl status picket-agent".into(),
                "If it listens elsewhere, name its socket with --socket PATH".into(),
            ],
            Self::NotUnderstood(_) => vec!["Compare picketctl --version with the version in picketctl status".into()],
            _ => Vec::new(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal.problem()))
    }
}
