//! How a command can fail, and with which exit code: picketctl's codes. They are documented: change none.

use std::time::Duration;

use picket_protocol::refusal::{Problem, Refusal};

/// Failed on this side.
const FAILED: u8 = 1;
/// Refused.
const REFUSED: u8 = 3;
/// The server cannot be reached.
const UNREACHABLE: u8 = 4;

/// What the server said, or that it said nothing. All else that fails, fails on this side.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// By the server, or by a command that asks none.
    #[error("{}", .problem.title)]
    Refused {
        problem: Box<Problem>,
        /// JSON was asked for: the refusal is the answer.
        as_json: bool,
    },
    /// Nobody answers.
    #[error("the server cannot be reached at {address}")]
    Unreachable { address: String, source: std::io::Error },
    /// No server has written where it listens.
    #[error("no server runs on {folder}")]
    NotRunning { folder: String },
    /// It took the connection, and does not answer.
    #[error("the server at {address} has not answered for {} s", .after.as_secs())]
    Silent { address: String, after: Duration },
    /// The connection stood, and broke.
    #[error("the server's answer broke off")]
    BrokenOff(#[source] hyper::Error),
}

impl Failure {
    fn problem(&self) -> Option<&Problem> {
        if let Self::Refused { problem, .. } = self { Some(problem) } else { None }
    }

    fn next(&self) -> Vec<String> {
        match self {
            Self::Refused { problem, .. } => problem.next.clone(),
            Self::Unreachable { .. } => {
                vec!["Check that picket-portal serve runs, and where its people's API listens".into()]
            }
            Self::NotRunning { folder } => vec![format!("Start it: picket-portal serve --data {folder}")],
            Self::Silent { .. } | Self::BrokenOff(_) => vec!["Look whether it was done before you try again".into()],
        }
    }
}

/// The exit code of an error.
pub(super) fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Failure>() {
        Some(Failure::Refused { .. }) => REFUSED,
        Some(_) => UNREACHABLE,
        None if error.downcast_ref::<Refusal>().is_some() => REFUSED,
        None => FAILED,
    }
}

/// The refusal that is the answer, since JSON was asked for.
pub(super) fn as_json(error: &anyhow::Error) -> Option<&Problem> {
    match error.downcast_ref::<Failure>() {
        Some(Failure::Refused { problem, as_json: true }) => Some(problem),
        _ => None,
    }
}

/// What people read: what is so, what was found, what to do next, the code.
pub(super) fn lines(error: &anyhow::Error) -> Vec<String> {
    let mut lines = vec![format!("picket-portal: {error:#}")];
    let (next, code) = match (error.downcast_ref::<Failure>(), error.downcast_ref::<Refusal>()) {
        (Some(failure), _) => {
            let problem = failure.problem();
            let found = problem.into_iter().flat_map(|problem| &problem.found);
            lines.extend(found.map(|found| format!("  {}: {}", found.label, found.value)));
            (failure.next(), problem.map(|problem| problem.code.clone()))
        }
        // Its own sentence says what was found.
        (None, Some(refusal)) => (refusal.problem().next, Some(refusal.code().to_owned())),
        (None, None) => (Vec::new(), None),
    };
    lines.extend(next.iter().map(|step| format!("  - {}.", step.trim_end_matches('.'))));
    lines.extend(code.map(|code| format!("Code: {code}")));
    lines
}
