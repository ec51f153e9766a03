//! How the activation comes along, step by step; refreshes itself until nothing is left to wait for.

use axum::{
    http::HeaderMap,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use maud::{Markup, html};
use picket_look::{Icon, Progress, Tone, icon};
use picket_protocol::local_api::{ActivationView, ModeView, Proof, ProofStep, SensorState, Status};

use super::{ACTIVATION, At, CERTIFICATE, PROGRESS, page};
use crate::{guard::SignedIn, page::Failed, pages::endpoints, texts::first_sign_in as texts};

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
                    @if may_go_on {
                        // By its id it keeps the focus when this part is replaced.
                        a id="continue" class="button primary" href=(CERTIFICATE) { (icon(Icon::Forward)) (texts::CONTINUE) }
                    }
                }
                (endpoints::failed(self.activation, self.proof))
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
}
