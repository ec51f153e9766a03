//! What became of past uploads. Pure.

use maud::{Markup, Render as _, html};
use picket_look::{Column, Empty, Table, Tone, badge, exact};
use picket_protocol::{
    local_api::{Outcome, OutcomeResult},
    refusal::Problem,
};

use crate::{parts, texts::settings::reactivation as texts};

const COLUMNS: [Column<'_>; 5] = [
    Column::text(texts::WHEN),
    Column::wide(texts::SENSOR),
    Column::text(texts::MODE),
    Column::text(texts::BY),
    Column::wide(texts::OUTCOME),
];

/// The table, the newest first.
pub(super) fn table(outcomes: &[Outcome]) -> Markup {
    let empty = Empty { why: texts::NONE_PAST.to_owned(), next: html! {} };
    let rows = outcomes.iter().map(row).collect();
    Table { caption: texts::PAST, columns: &COLUMNS, rows, empty }.render()
}

fn row(outcome: &Outcome) -> Vec<Markup> {
    let result = match &outcome.result {
        OutcomeResult::Committed { epoch } => badge(Tone::Ok, &format!("{} {epoch}", texts::COMMITTED)),
        OutcomeResult::NotCommitted { problem } => {
            html! { (badge(Tone::Warning, texts::NOT_COMMITTED)) (why(problem)) }
        }
        OutcomeResult::Deactivated { problem, .. } => {
            html! { (badge(Tone::Critical, texts::DEACTIVATED)) (why(problem)) }
        }
    };
    vec![
        exact(outcome.at),
        html! { (outcome.name.as_str()) },
        html! { (outcome.mode.to_string()) },
        html! { (outcome.by.name) },
        result,
    ]
}

fn why(problem: &Problem) -> Markup {
    html! { p class="help" { (problem.detail) " " (parts::code(&problem.code)) } }
}
