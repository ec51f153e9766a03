//! How the activation comes along, step by step; refreshes itself until nothing is left to wait for.

use axum::{
    http::HeaderMap,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use maud::{Markup, Render as _, html};
use picket_look::{Button, Column, Empty, Icon, Progress, Table, Tone, button_link};
use picket_protocol::local_api::{ActivationView, ModeView, Proof, ProofStep, SensorState, Status};

use super::{ACTIVATION, At, CERTIFICATE, PROGRESS, page};
use crate::{guard::SignedIn, page::Failed, parts, texts::first_sign_in as texts};

const EVERY_SECONDS: u32 = 3;

pub(super) async fn progress(by: SignedIn, headers: HeaderMap) -> Result<Response, Failed> {
    let Some(under_way) = UnderWay::of(by.status()?) else { return Ok(Redirect::to(ACTIVATION).into_response()) };
    let shown = under_way.shown(by.role.may_change());
    if headers.contains_key("hx-request") {
        return Ok(Html(shown.into_string()).into_response());
    }
    let shown = page(At::Activation, shown);
    let complete = under_way.proof.complete();
    Ok(if complete { shown } else { shown.refreshing(EVERY_SECONDS) }.into_response())
}

struct UnderWay<'a> {
    activation: &'a ActivationView,
    proof: &'a Proof,
    in_force: bool,
}

impl<'a> UnderWay<'a> {
    fn of(status: &'a Status) -> Option<Self> {
        match (&status.candidate, &status.state) {
            (Some(candidate), _) => {
                Some(Self { activation: &candidate.activation, proof: &candidate.proof, in_force: false })
            }
            (None, SensorState::Active { active }) => {
                Some(Self { activation: &active.activation, proof: &active.proof, in_force: true })
            }
            (None, _) => None,
        }
    }

    /// The part that is refreshed.
    fn shown(&self, may_go_on: bool) -> Markup {
        let complete = self.proof.complete();
        html! {
            div id="progress" data-state=(if complete { "proved" } else { "under-way" })
                hx-get=[(!complete).then_some(PROGRESS)] hx-trigger={ "every " (EVERY_SECONDS) "s" } hx-swap="outerHTML"
                aria-live="polite" {
                (picket_look::progress(&self.steps()))
                @if self.in_force {
                    p { (if complete { texts::ACTIVATED } else { texts::PENDING }) }
                    @if may_go_on { (button_link(Button::Primary, CERTIFICATE, texts::CONTINUE, Some(Icon::Forward))) }
                }
                (self.failures())
            }
        }
    }

    fn steps(&self) -> Vec<Progress> {
        let signature = Progress {
            name: texts::STEP_SIGNATURE.to_owned(),
            tone: Tone::Ok,
            word: texts::PROVED.to_owned(),
            ..Progress::default()
        };
        let cloud = matches!(self.activation.mode, ModeView::CloudConnected { .. });
        let rest = self.proof.steps().into_iter().filter(|_| cloud).map(|(name, step)| {
            let (tone, word) = match step {
                ProofStep::Waiting => (Tone::Neutral, texts::WAITING),
                ProofStep::Failed { .. } => (Tone::Warning, texts::FAILED),
                ProofStep::Proved => (Tone::Ok, texts::PROVED),
            };
            Progress { name: name.to_owned(), tone, word: word.to_owned(), ..Progress::default() }
        });
        std::iter::once(signature).chain(rest).collect()
    }

    /// What each endpoint said, and the refusals in full.
    fn failures(&self) -> Markup {
        const COLUMNS: [Column<'static>; 3] =
            [Column::text(texts::ENDPOINT), Column::wide(texts::FOUND), Column::wide(texts::WHAT_NEXT)];
        let ModeView::CloudConnected { portal, hub, .. } = &self.activation.mode else { return html! {} };
        let endpoints = [(portal, &self.proof.identity), (portal, &self.proof.heartbeat), (&hub.url, &self.proof.hub)];
        let failed = endpoints.iter().filter_map(|(url, step)| match step {
            ProofStep::Failed { problem } => Some((url, problem)),
            ProofStep::Waiting | ProofStep::Proved => None,
        });
        let rows: Vec<Vec<Markup>> = failed
            .clone()
            .map(|(url, problem)| {
                vec![
                    html! { code { (url) } },
                    html! { (problem.detail) },
                    html! { @if let Some(next) = problem.next.first() { (next) } },
                ]
            })
            .collect();
        if rows.is_empty() {
            return html! {};
        }
        let empty = Empty { why: String::new(), next: html! {} };
        html! {
            h3 { (texts::ENDPOINTS) }
            (Table { caption: texts::ENDPOINTS, columns: &COLUMNS, rows, empty }.render())
            @for (_, problem) in failed { (parts::refusal(problem)) }
        }
    }
}
