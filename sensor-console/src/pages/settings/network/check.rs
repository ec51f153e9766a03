//! The test all the way to portal and hub: runs the agent's check and shows each step of each endpoint.

use std::time::Duration;

use axum::extract::State;
use http_body_util::{BodyExt as _, Limited};
use maud::{Markup, html};
use picket_look::{Progress, Tone, badge, identifier, message, progress};
use picket_protocol::local_api::{CheckLine, StepResult, routes};

use super::HERE;
use crate::{
    console::Shared,
    guard::{Changing, forms::Nothing},
    page::{Failed, Page},
    parts,
    texts::settings::{NETWORK, network as texts},
};

/// For all endpoints together; each step has its own end well before.
const WITHIN: Duration = Duration::from_secs(90);
const MAX_ANSWER: usize = 256 * 1024;

pub(in crate::pages) async fn check(
    State(console): State<Shared>,
    Changing { by, .. }: Changing<Nothing>,
) -> Result<Page, Failed> {
    let body = console.agent.by(&by.name).post_for_lines(routes::CHECK).await?;
    let collected = tokio::time::timeout(WITHIN, Limited::new(body, MAX_ANSWER).collect()).await;
    let lines = match collected {
        Ok(Ok(collected)) => lines(&collected.to_bytes()),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    Ok(Page::new(texts::TEST_TITLE, view(&lines)).under(HERE, NETWORK.0))
}

fn lines(body: &[u8]) -> Vec<CheckLine> {
    body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// Each endpoint with its steps and its verdict.
fn view(lines: &[CheckLine]) -> Markup {
    let Some(CheckLine::Done { endpoints, .. }) = lines.last() else {
        return message(Tone::Critical, texts::BROKE_OFF, "");
    };
    if *endpoints == 0 {
        return message(Tone::Notice, texts::NOTHING_TO_TEST, "");
    }
    let starts = |line: &CheckLine| matches!(line, CheckLine::Endpoint { .. });
    let first = lines.iter().position(starts).unwrap_or(lines.len());
    html! {
        div class="stack" {
            @for endpoint in lines[first..].chunk_by(|_, next| !starts(next)) { (one(endpoint)) }
        }
    }
}

fn one(lines: &[CheckLine]) -> Markup {
    let steps: Vec<Progress> = lines.iter().filter_map(step).collect();
    html! {
        section class="panel" {
            @for line in lines {
                @if let CheckLine::Endpoint { role, url, proxy } = line {
                    h2 { (role) }
                    p { (identifier(url)) @if let Some(proxy) = proxy { " " (texts::VIA) " " (identifier(proxy)) } }
                }
            }
            (progress(&steps))
            @for line in lines {
                @if let CheckLine::Verdict { usable, problems, .. } = line {
                    p { @if *usable { (badge(Tone::Ok, texts::USABLE)) } @else { (badge(Tone::Critical, texts::UNUSABLE)) } }
                    @for problem in problems { (parts::refusal(problem)) }
                }
            }
        }
    }
}

fn step(line: &CheckLine) -> Option<Progress> {
    let CheckLine::Step { step, result, took_ms } = line else { return None };
    let (tone, word, detail) = match result {
        StepResult::Passed { seen } => (Tone::Ok, texts::PASSED, seen.clone()),
        StepResult::Failed { problem } => (Tone::Critical, texts::FAILED, problem.title.clone()),
        StepResult::Skipped { why } => (Tone::Neutral, texts::SKIPPED, why.clone()),
    };
    let detail = Some(detail).filter(|detail| !detail.is_empty());
    Some(Progress { name: step.to_string(), tone, word: word.to_owned(), detail, took: Some(format!("{took_ms} ms")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_broke_off_does_not_look_passed() {
        let shown = view(&lines(b"{\"line\":\"endpoint\",\"role\":\"portal\",\"url\":\"https://a\",\"proxy\":null}\n"));
        assert!(shown.into_string().contains(texts::BROKE_OFF));
    }
}
