//! What the endpoints of an activation said that is not proved: a table of them, and the refusals in full. Pure.

use maud::{Markup, Render as _, html};
use picket_look::{Column, Empty, Table};
use picket_protocol::{
    local_api::{ActivationView, ModeView, Proof, ProofStep},
    refusal::Problem,
};

use crate::{parts, texts::first_sign_in as texts};

const COLUMNS: [Column<'static>; 3] =
    [Column::text(texts::ENDPOINT), Column::wide(texts::FOUND), Column::wide(texts::WHAT_NEXT)];

/// A row and a refusal for each that failed; nothing where none did.
pub(super) fn failed(activation: &ActivationView, proof: &Proof) -> Markup {
    let failed = failures(activation, proof);
    if failed.is_empty() {
        return html! {};
    }
    let rows = failed.iter().map(|(url, problem)| {
        vec![
            html! { code { (url) } },
            html! { (problem.detail) },
            html! { @if let Some(next) = problem.next.first() { (next) } },
        ]
    });
    let empty = Empty { why: String::new(), next: html! {} };
    html! {
        h3 { (texts::ENDPOINTS) }
        (Table { caption: texts::ENDPOINTS, columns: &COLUMNS, rows: rows.collect(), empty }.render())
        @for (_, problem) in failed { (parts::refusal(problem)) }
    }
}

fn failures<'a>(activation: &'a ActivationView, proof: &'a Proof) -> Vec<(&'a str, &'a Problem)> {
    let ModeView::CloudConnected { portal, hub, .. } = &activation.mode else { return Vec::new() };
    let steps = [(portal, &proof.identity), (portal, &proof.heartbeat), (&hub.url, &proof.hub)];
    let failed = steps.into_iter().filter_map(|(url, step)| match step {
        ProofStep::Failed { problem } => Some((url.as_str(), problem)),
        ProofStep::Waiting | ProofStep::Proved => None,
    });
    failed.collect()
}
