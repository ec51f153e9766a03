//! A candidate that is being proved, or the last one that was not. Pure.

use maud::{Markup, html};
use picket_look::{Definitions, Form, Progress, Tone, countdown, message, progress, secondary};
use picket_protocol::local_api::{Candidate, Outcome, OutcomeResult, ProofStep};

use crate::{parts, texts::settings::reactivation as texts};

/// Loaded again every so often where a script runs.
const AGAIN: &str = "every 3s";

/// The running candidate: proofs, countdown, and what a person may decide meanwhile.
pub(super) fn running(candidate: &Candidate, may_change: bool, csrf: &str) -> Markup {
    html! {
        section class="panel" id="candidate" data-candidate=(candidate.activation.serial)
            hx-get="/settings/reactivation" hx-trigger=(AGAIN) hx-select="#content" hx-target="#content" {
            h2 { (texts::CANDIDATE) ": " (candidate.activation.name.as_str()) }
            p { (texts::CANDIDATE_LEAD) }
            (progress(&steps(candidate)))
            (Definitions::new()
                .with(texts::REMAINING, countdown(candidate.remaining_seconds))
                .with(texts::ATTEMPTS, candidate.attempts.to_string()))
            @if may_change {
                div class="buttons" {
                    (act("/settings/reactivation/switch", texts::SWITCH, csrf))
                    (act("/settings/reactivation/keep", texts::KEEP, csrf))
                }
            }
        }
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
            OutcomeResult::NotCommitted { problem } | OutcomeResult::Deactivated { problem, .. } => (parts::refusal(problem)),
            OutcomeResult::Committed { .. } => {}
        }
        @if may_change { (act("/settings/reactivation/retry", texts::RETRY, csrf)) }
    }
}

fn act(action: &str, label: &str, csrf: &str) -> Markup {
    html! { (Form { action, csrf, multipart: false, fields: html! {}, buttons: secondary(label) }) }
}
