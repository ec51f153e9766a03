//! Refusals of the console itself, in the form of the agent's: title, what was found, what to do next, a stable code.

use axum::http::StatusCode;
use picket_protocol::refusal::{Found, Problem};

use crate::{
    accounts::AccountsFailed,
    agent::NoAnswer,
    page::{Failed, Page},
    parts, texts,
};

/// The fixed texts of a refusal.
#[derive(Debug)]
pub struct Words {
    /// The stable code, `console.not-admin`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The title, a short sentence without full stop.
    pub title: &'static str,
    /// What to do next, in order.
    pub next: &'static [&'static str],
}

/// A refusal with what was found.
#[must_use]
pub fn problem(words: &Words, found: Vec<(&str, String)>) -> Problem {
    let found: Vec<Found> = found.into_iter().map(|(label, value)| Found { label: label.to_owned(), value }).collect();
    let findings: Vec<String> = found.iter().map(|found| format!("{}: {}", found.label, found.value)).collect();
    let detail =
        if findings.is_empty() { words.title.to_owned() } else { format!("{} ({})", words.title, findings.join(", ")) };
    Problem {
        kind: format!("urn:picket:refusal:{}", words.code),
        code: words.code.to_owned(),
        title: words.title.to_owned(),
        status: words.status,
        detail,
        found,
        next: words.next.iter().map(|step| (*step).to_owned()).collect(),
    }
}

/// The agent does not answer, or not in a way that can be understood.
#[must_use]
pub fn no_agent(error: &NoAnswer) -> Problem {
    problem(&texts::refused::NO_AGENT, vec![("found", error.to_string())])
}

/// The page that shows a refusal alone.
#[must_use]
pub fn page(problem: &Problem) -> Page {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Page::new(problem.title.clone(), parts::refusal(problem)).with_status(status)
}

/// The disk failed.
#[must_use]
pub fn storage(why: &str) -> Problem {
    problem(&texts::refused::STORAGE_FAILED, vec![("why", why.to_owned())])
}

/// Accounts were not changed.
#[must_use]
pub fn accounts(error: &AccountsFailed) -> Failed {
    if let AccountsFailed::Storage { source, .. } = error {
        tracing::error!(%error, %source, "accounts were not stored");
        return storage(&source.to_string()).into();
    }
    problem(&texts::account::ACCOUNT_REFUSED, vec![("why", error.to_string())]).into()
}
