//! `picketctl candidate` and `picketctl activations`: a person's decision, and what became of earlier files.

use picket_protocol::local_api::{Outcome, OutcomeResult, routes};

use super::{cli::Decision, client::Client, failure::Failure, screen::Screen};

pub(super) fn run(decision: Decision, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let (path, done) = match decision {
        Decision::Now => (routes::CANDIDATE_NOW, "Switched. The new activation is in force."),
        Decision::Keep => (
            routes::CANDIDATE_KEEP,
            "The present activation is kept. To use the new one after all: picketctl candidate retry",
        ),
        Decision::Retry => (routes::CANDIDATE_RETRY, "Trying again. To follow it: picketctl status"),
    };
    let answer = agent.post(path)?;
    if screen.json_answer(&answer)? { Ok(()) } else { screen.line(done) }
}

pub(super) fn past(agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.get(routes::ACTIVATIONS)?;
    if screen.json_answer(&answer)? {
        return Ok(());
    }
    let outcomes: Vec<Outcome> = answer.value()?;
    if outcomes.is_empty() {
        return screen.line("No activation file has been uploaded yet.");
    }
    table(&outcomes, screen)
}

pub(super) fn table(outcomes: &[Outcome], screen: &Screen) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> = outcomes.iter().map(row).collect();
    screen.table(&["at", "name", "mode", "serial", "by", "came out"], &rows)
}

fn row(outcome: &Outcome) -> Vec<String> {
    let result = match &outcome.result {
        OutcomeResult::Committed { epoch } => format!("in force from epoch {epoch}"),
        OutcomeResult::NotCommitted { problem } => format!("not in force: {}", problem.code),
        OutcomeResult::Deactivated { epoch, .. } => format!("ended by the portal (epoch {epoch})"),
    };
    vec![
        outcome.at.to_string(),
        outcome.name.to_string(),
        outcome.mode.to_string(),
        outcome.serial.to_string(),
        outcome.by.to_string(),
        result,
    ]
}
