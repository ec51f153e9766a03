//! Certificates and keys: each with the days it has left; warned of at 90, 30 and 7.

use axum::extract::State;
use maud::{Markup, Render as _, html};
use picket_look::{Column, Empty, Table, Tone, badge, exact, identifier};
use picket_protocol::local_api::{CertificateView, routes};

use super::page;
use crate::{
    console::Shared,
    guard::SignedIn,
    page::{Failed, Page},
    texts::settings::{self as texts, certificates as words},
};

const COLUMNS: [Column<'_>; 5] = [
    Column::wide(words::WHAT),
    Column::wide(words::SUBJECT),
    Column::text(words::UNTIL),
    Column::number(words::LEFT),
    Column::wide(words::ID),
];

pub(in crate::pages) async fn show(State(console): State<Shared>, _by: SignedIn) -> Result<Page, Failed> {
    let all: Vec<CertificateView> = console.agent.get(routes::CERTIFICATES).await?;
    Ok(page(texts::CERTIFICATES, body(&all)))
}

fn body(all: &[CertificateView]) -> Markup {
    let empty = Empty { why: words::NONE.to_owned(), next: html! {} };
    Table { caption: words::LIST, columns: &COLUMNS, rows: all.iter().map(row).collect(), empty }.render()
}

fn row(one: &CertificateView) -> Vec<Markup> {
    vec![
        html! { (one.what) },
        html! { (one.subject.as_deref().unwrap_or_default()) },
        html! { @match one.not_after { Some(at) => (exact(at)), None => span class="muted" { (words::NO_END) } } },
        html! { @if let Some(days) = one.days_left { (left(days)) } },
        html! { @if let Some(id) = &one.id { (identifier(id)) } },
    ]
}

fn left(days: i64) -> Markup {
    match tone(days) {
        Tone::Critical if days < 0 => badge(Tone::Critical, words::EXPIRED),
        tone => badge(tone, &days.to_string()),
    }
}

const fn tone(days: i64) -> Tone {
    match days {
        ..=7 => Tone::Critical,
        8..=30 => Tone::Warning,
        31..=90 => Tone::Notice,
        _ => Tone::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warns_at_90_30_and_7_days() {
        assert_eq!(
            [91, 90, 30, 7, -1].map(tone),
            [Tone::Ok, Tone::Notice, Tone::Warning, Tone::Critical, Tone::Critical]
        );
    }
}
