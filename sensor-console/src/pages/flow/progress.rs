//! How the activation comes along, step by step, live while there is something to wait for.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, html};
use picket_look::{Icon, Progress, Tone, icon};
use picket_protocol::local_api::{ActivationView, ModeView, Proof, ProofStep, SensorState, Status};

use super::{ACTIVATION, At, CERTIFICATE, EVENTS, PROGRESS, page};
use crate::{
    console::Shared,
    guard::SignedIn,
    page::Failed,
    pages::{endpoints, live, overview::view::now},
    parts,
    texts::first_sign_in as texts,
};

pub(super) async fn progress(by: SignedIn) -> Result<Response, Failed> {
    let status = by.status()?;
    let Some(under_way) = UnderWay::of(status) else { return Ok(Redirect::to(ACTIVATION).into_response()) };
    let waits = !under_way.proof.complete();
    let content = html! {
        @if waits { (parts::load_again(PROGRESS, now(status))) }
        // What is announced is what changes within: a region that is itself replaced may stay unheard.
        div aria-live="polite" data-live=[waits.then_some(EVENTS)] { (under_way.shown(by.role.may_change())) }
    };
    Ok(page(At::Activation, content).into_response())
}

pub(super) async fn live(State(console): State<Shared>, by: SignedIn) -> Response {
    live::stream(console, by, |seen, by| Some(UnderWay::of(&seen.status)?.shown(by.role.may_change())))
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

    /// The part that changes.
    fn shown(&self, may_go_on: bool) -> Markup {
        let complete = self.proof.complete();
        html! {
            div class="stack" id="progress" data-state=(if complete { "proved" } else { "under-way" }) {
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
