//! Who changed what, the newest first.

use axum::extract::State;
use picket_look::{Button, Column, Empty, Icon, Table, button_link, html};
use serde::Deserialize;

use super::page::{Page, Shown};
use crate::{
    domain::audit_chain::Record,
    people::{Shared, body::Asked},
};

/// Rows of a page.
const ROWS: u32 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Query {
    before: Option<i64>,
}

pub(super) async fn list(State(portal): Shared, Asked(query): Asked<Query>) -> Shown {
    const COLUMNS: [Column<'static>; 6] = [
        Column::number("Record"),
        Column::text("When"),
        Column::text("Who"),
        Column::text("What"),
        Column::text("Sensor"),
        Column::wide("Before and after"),
    ];
    let records = portal.store.audit_back(None, query.before.unwrap_or(i64::MAX), ROWS).await?;
    let change = |record: &Record| {
        let json = [("Before", &record.before), ("After", &record.after)];
        let said: Vec<(&str, &str)> =
            json.into_iter().filter_map(|(word, json)| Some((word, json.as_ref()?.get()))).collect();
        html! {
            @if !said.is_empty() {
                details { summary { "Show" } @for (word, json) in &said { p { (word) ": " code { (json) } } } }
            }
        }
    };
    let rows = records.iter().map(|record| {
        let sensor = html! {
            @match &record.sensor {
                Some(id) => a href={ "/sensors/" (id) } { (id.split('-').next().unwrap_or_default()) },
                None => "–",
            }
        };
        vec![
            html! { (record.id) },
            html! { (record.at) },
            html! { (record.actor) },
            html! { (record.action) },
            sensor,
            change(record),
        ]
    });
    let next = records.last().map(|last| last.id).filter(|id| *id > 1);
    let empty = Empty { why: "Nothing is on record.".to_owned(), next: html! {} };
    let body = html! {
        p {
            "Each record holds a digest of itself and of all before it. "
            code { "picket-portal audit verify" } " proves that none was changed, removed or put in."
        }
        (Table { caption: "Audit", columns: &COLUMNS, rows: rows.collect(), empty })
        nav class="pages" aria-label="Pages" {
            @if query.before.is_some() { (button_link(Button::Secondary, "/audit", "Newest", Some(Icon::Back))) }
            @if let Some(next) = next { (button_link(Button::Secondary, &format!("/audit?before={next}"), "Older", Some(Icon::Forward))) }
            (button_link(Button::Secondary, "/audit/export", "Export", Some(Icon::Download)))
        }
    };
    Ok(Page::new("Audit", &body))
}
