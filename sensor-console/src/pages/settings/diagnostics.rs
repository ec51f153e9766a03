//! Diagnostics: each component's verdict, whether every alert is accounted for, and a bundle for whoever helps.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use maud::{Markup, Render as _, html};
use picket_look::{Button, Column, Empty, Icon, Table, Tone, badge, button_link, chart::number, message, when};
use picket_protocol::local_api::{AlertVerification, Diagnosis, Status, health_advice, routes};

use super::page;
use crate::{
    console::Shared,
    guard::SignedIn,
    page::{Failed, Page},
    pages::overview::{health, view::now},
    texts::{
        overview,
        settings::{self as texts, diagnostics as words},
    },
};

const HERE: &str = "/settings/diagnostics";

const VERDICTS: [Column<'_>; 4] =
    [Column::text(words::CHECK), Column::text(words::VERDICT), Column::text(words::SINCE), Column::wide(words::DO)];

const STREAMS: [Column<'_>; 6] = [
    Column::wide(words::STREAM),
    Column::number(words::HEAD),
    Column::number(words::IN_LOG),
    Column::number(words::LET_GO),
    Column::number(words::DROPPED),
    Column::number(words::MISSING),
];

pub(in crate::pages) async fn show(by: SignedIn) -> Result<Page, Failed> {
    Ok(page(texts::DIAGNOSTICS, body(by.status()?, by.role.may_export())))
}

/// Walks over the alert log; changes nothing.
pub(in crate::pages) async fn verify(State(console): State<Shared>, _by: SignedIn) -> Result<Page, Failed> {
    let verification: AlertVerification = console.agent.get(routes::ALERTS_VERIFY).await?;
    Ok(Page::new(words::LOG, verified(&verification)).under(HERE, texts::DIAGNOSTICS.0))
}

/// The agent redacts: what it answers has no secret in it.
pub(in crate::pages) async fn bundle(State(console): State<Shared>, by: SignedIn) -> Result<Response, Failed> {
    by.as_exporter()?;
    let diagnosis: Diagnosis = console.agent.get(routes::DIAGNOSE).await?;
    let text = serde_json::to_string_pretty(&diagnosis).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"picket-diagnosis.json\""),
    ];
    Ok((headers, text).into_response())
}

fn body(status: &Status, may_export: bool) -> Markup {
    let empty = Empty { why: words::NONE.to_owned(), next: html! {} };
    html! {
        div class="stack" {
            h2 { (words::CHECKS) }
            (Table { caption: words::CHECKS, columns: &VERDICTS, rows: verdicts(status), empty }.render())
            div class="panels" {
                section class="panel" {
                    h2 { (words::LOG) }
                    p class="help" { (words::LOG_HELP) }
                    div class="buttons" { (button_link(Button::Secondary, "/settings/diagnostics/alert-log", words::VERIFY, None)) }
                }
                @if may_export {
                    section class="panel" {
                        h2 { (words::BUNDLE) }
                        p class="help" { (words::BUNDLE_HELP) }
                        div class="buttons" {
                            (button_link(Button::Secondary, "/settings/diagnostics/bundle.json", words::DOWNLOAD, Some(Icon::Download)))
                        }
                    }
                }
            }
        }
    }
}

fn verdicts(status: &Status) -> Vec<Vec<Markup>> {
    let row = |(component, found): (&_, &picket_protocol::heartbeat::Health)| {
        let tone = health::tone(&found.code);
        let word = if tone == Tone::Ok { overview::OK } else { &found.code };
        let advice = html! {
            @match (tone, health_advice(&found.code)) {
                (Tone::Ok, _) => span class="muted" { (words::NOTHING_TO_DO) },
                (_, Some(advice)) => (advice),
                (_, None) => a href={ "/explain/" (found.code) } { (words::SEE_CODE) },
            }
        };
        vec![html! { (health::component(*component)) }, badge(tone, word), when(found.since, now(status)), advice]
    };
    status.health.iter().map(row).collect()
}

fn verified(verification: &AlertVerification) -> Markup {
    let (tone, verdict) = match verification.complete {
        true => (Tone::Ok, words::COMPLETE),
        false => (Tone::Critical, words::INCOMPLETE),
    };
    let rows = verification.streams.iter().map(|stream| {
        vec![
            html! { code { (stream.stream.to_string()) } },
            html! { (number(stream.head)) },
            html! { (number(stream.in_log)) },
            html! { (number(stream.let_go)) },
            html! { (number(stream.dropped.values().sum())) },
            html! { @if let Some(missing) = stream.first_missing { (missing) } },
        ]
    });
    let empty = Empty { why: words::NO_STREAM.to_owned(), next: html! {} };
    html! {
        div class="stack" {
            (message(tone, verdict, ""))
            (Table { caption: words::LOG, columns: &STREAMS, rows: rows.collect(), empty }.render())
        }
    }
}
