//! The flow of the first sign-in: Trust, Activation, SSL/TLS certificate. The present step open, done ones in a line.

mod activate;
mod activation;
mod certificate;
mod progress;
mod trust;

use axum::{
    Router,
    routing::{get, post},
};
use maud::{Markup, html};
use picket_look::{Step, StepState, steps};

use crate::{
    console::Shared,
    first_sign_in::{ACTIVATION, CERTIFICATE, TRUST},
    page::Page,
    texts::first_sign_in as texts,
};

const PREVIEW: &str = "/first-sign-in/activation/preview";
const LET_PASS: &str = "/first-sign-in/activation/let-pass";
const ACTIVATE: &str = "/first-sign-in/activation/activate";
const PROGRESS: &str = "/first-sign-in/activation/progress";
const EVENTS: &str = "/events/progress";
const CONFIRM: &str = "/first-sign-in/trust/confirm";
const KEEP: &str = "/first-sign-in/certificate/keep";

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(TRUST, get(trust::form).post(trust::upload))
        .route(CONFIRM, post(trust::confirm))
        .route(ACTIVATION, get(activation::form).post(activation::upload))
        .route(PREVIEW, get(activation::preview))
        .route(LET_PASS, post(activation::let_pass))
        .route(ACTIVATE, post(activate::activate))
        .route(PROGRESS, get(progress::progress))
        .route(EVENTS, get(progress::live))
        .route(CERTIFICATE, get(certificate::form).post(certificate::import))
        .route(KEEP, post(certificate::keep))
}

/// Where the flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    Trust,
    Activation,
    Certificate,
}

/// The page of a step.
fn page(at: At, content: Markup) -> Page {
    let names = [
        (At::Trust, "trust", texts::TRUST, texts::TRUST_DONE, ""),
        (At::Activation, "activate", texts::ACTIVATION, texts::ACTIVATED, texts::ACTIVATION_LATER),
        (At::Certificate, "certificate", texts::CERTIFICATE, "", texts::CERTIFICATE_LATER),
    ];
    let mut content = Some(content);
    let all = names.map(|(step, name, title, done, later)| {
        let state = match step.cmp(&at) {
            std::cmp::Ordering::Less => StepState::Done { summary: done.to_owned(), change: None },
            std::cmp::Ordering::Equal => {
                StepState::Present(html! { div class="stack" { (content.take().unwrap_or_default()) } })
            }
            std::cmp::Ordering::Greater => StepState::Later { note: Some(later.to_owned()) },
        };
        Step { name, title, state }
    });
    Page::new(texts::TITLE, steps(&all))
}
