//! A candidate that is being proved, or the last one that was not. Pure.

use maud::{Markup, html};
use picket_look::{Definitions, Form, Progress, Tone, countdown, message, progress};
use picket_protocol::{
    local_api::{Candidate, Outcome, OutcomeResult, ProofStep},
    refusal::Problem,
};

use crate::{pages::endpoints, parts, texts::settings::reactivation as texts};

/// The running candidate: proofs, countdown, and what a person may decide meanwhile.
pub(super) fn running(candidate: &Candidate, may_change: bool, csrf: &str) -> Markup {
    html! {
        section class="panel" data-candidate=(candidate.activation.serial) {
            h2 { (texts::CANDIDATE) ": " (candidate.activation.name.as_str()) }
            p { (texts::CANDIDATE_LEAD) }
            (progress(&steps(candidate)))
            (Definitions::new()
                .with(texts::REMAINING, countdown(candidate.remaining_seconds))
                .with(texts::ATTEMPTS, candidate.attempts.to_string()))
            @if may_change {
                div class="buttons" {
                    (act("switch", texts::SWITCH, csrf))
                    (act("keep", texts::KEEP, csrf))
                }
            }
        }
        (endpoints::failed(&candidate.activation, &candidate.proof))
    }
}

fn steps(candidate: &Candidate) -> [Progress; 3] {
    let proof = &candidate.proof;
    [
        step(texts::STEP_IDENTITY, &proof.identity),
        step(texts::STEP_HEARTBEAT, &proof.heartbeat),
        step(texts::STEP_HUB, &proof.hub),
    ]
}

fn step(name: &str, step: &ProofStep) -> Progress {
    let (tone, word, detail) = match step {
        ProofStep::Waiting => (Tone::Neutral, texts::WAITING, None),
        ProofStep::Proved => (Tone::Ok, texts::PROVED, None),
        ProofStep::Failed { problem } => (Tone::Warning, texts::TRYING, Some(problem.detail.clone())),
    };
    Progress { name: name.to_owned(), tone, word: word.to_owned(), detail, took: None }
}

/// The last one, which did not take over: why, and the offer to try it again.
pub(super) fn failed(outcome: &Outcome, may_change: bool, csrf: &str) -> Markup {
    html! {
        (message(Tone::Warning, texts::FAILED, texts::RETRY_HELP))
        @match &outcome.result {
            OutcomeResult::NotCommitted { problem } | OutcomeResult::Deactivated { problem, .. } => {
                (parts::refusal(problem))
                @if let Some(code) = last_failure(problem) {
                    p data-last-failure=(code) { (texts::STOPPED_BY) " " (parts::code(code)) }
                }
            }
            OutcomeResult::Committed { .. } => {}
        }
        @if may_change { (act("retry", texts::RETRY, csrf)) }
    }
}

/// By its id a button keeps the focus when the part that it is in is replaced.
fn act(what: &str, label: &str, csrf: &str) -> Markup {
    let action = format!("/settings/reactivation/{what}");
    let button = html! { button type="submit" class="button" id={ "candidate-" (what) } { (label) } };
    html! { (Form { action: &action, csrf, multipart: false, fields: html! {}, buttons: button }) }
}

/// What stood in the way of the proof at last: its code stands first in what was found of it.
fn last_failure(problem: &Problem) -> Option<&str> {
    problem.found.iter().find(|found| found.label == "last failure")?.value.split(',').next()
}

#[cfg(test)]
mod tests {
    use picket_protocol::{ids::SensorId, refusal::Refusal};

    use super::*;

    #[test]
    fn the_last_failure_is_named_by_its_code() {
        let last = Some(Box::new(Refusal::Voided { sensor: SensorId::from_bytes([1; 16]) }));
        assert_eq!(last_failure(&Refusal::NotProved { after_seconds: 1, last }.problem()), Some("portal.voided"));
        assert_eq!(last_failure(&Refusal::NotProved { after_seconds: 1, last: None }.problem()), None);
    }
}
