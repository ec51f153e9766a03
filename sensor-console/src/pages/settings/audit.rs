//! Audit: who changed what, with a filter, page by page, and as a file.

use axum::{
    body::Body,
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use maud::{Markup, Render as _, html};
use picket_look::{Button, Column, Empty, Icon, Table, button_link, exact};
use picket_protocol::local_api::{AuditRecord, MAX_AUDIT_PAGE, routes};
use serde::{Deserialize, Serialize};

use super::page;
use crate::{
    console::Shared,
    guard::SignedIn,
    page::{Failed, Page},
    texts::settings::{self as texts, audit as words},
};

const HERE: &str = "/settings/audit";
/// Records on a page.
const PAGE: usize = 50;

const COLUMNS: [Column<'_>; 6] = [
    Column::number(words::NUMBER),
    Column::text(words::WHEN),
    Column::text(words::WHO),
    Column::text(words::WHAT),
    Column::wide(words::BEFORE),
    Column::wide(words::AFTER),
];

/// Which records, out of the page's address.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::pages) struct Asked {
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
}

impl Asked {
    fn query(&self) -> String {
        serde_urlencoded::to_string(self).unwrap_or_default()
    }
}

pub(in crate::pages) async fn show(
    State(console): State<Shared>,
    Query(asked): Query<Asked>,
    by: SignedIn,
) -> Result<Page, Failed> {
    let before = asked.before.unwrap_or(u64::MAX >> 1);
    let asked = Asked { before: Some(before), ..asked };
    let records: Vec<AuditRecord> =
        console.agent.get(&format!("{}?{}&limit={PAGE}", routes::AUDIT, asked.query())).await?;
    Ok(page(texts::AUDIT, body(&records, &asked.text, by.role.may_export())))
}

/// Every record the agent gives in one answer that matches, the newest first, one a line.
pub(in crate::pages) async fn export(
    State(console): State<Shared>,
    Query(asked): Query<Asked>,
    by: SignedIn,
) -> Result<Response, Failed> {
    by.as_exporter()?;
    let mut text = String::new();
    let mut before = u64::MAX >> 1;
    loop {
        let query = Asked { before: Some(before), text: asked.text.clone() }.query();
        let path = format!("{}?{query}&limit={MAX_AUDIT_PAGE}", routes::AUDIT);
        let records: Vec<AuditRecord> = console.agent.get(&path).await?;
        for record in &records {
            text.push_str(&serde_json::to_string(record).unwrap_or_default());
            text.push('\n');
        }
        match records.last().map(|record| record.number) {
            Some(last) if last < before => before = last,
            _ => break,
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.ndjson\""),
    ];
    Ok((headers, Body::from(text)).into_response())
}

fn body(records: &[AuditRecord], text: &str, may_export: bool) -> Markup {
    let older = records.last().filter(|last| records.len() == PAGE && last.number > 1).map(|last| last.number);
    let link = |before| format!("{HERE}?{}", Asked { text: text.to_owned(), before }.query());
    let export = format!("{HERE}/export.ndjson?{}", Asked { text: text.to_owned(), before: None }.query());
    let clear = html! { a href=(HERE) { (words::CLEAR) } };
    let empty = Empty { why: words::NONE.to_owned(), next: clear };
    html! {
        form class="filters" method="get" action=(HERE) role="search" {
            div {
                label class="filter-name" for="text" { (words::TEXT) }
                div class="search" {
                    input type="search" id="text" name="text" value=(text) maxlength="200";
                    button class="button small" type="submit" { (words::SEARCH) }
                }
            }
        }
        (Table { caption: words::LIST, columns: &COLUMNS, rows: records.iter().map(row).collect(), empty }.render())
        nav class="pages" aria-label=(words::LIST) {
            @if let Some(older) = older { a class="button small" href=(link(Some(older))) { (words::OLDER) } }
            @if may_export && !records.is_empty() {
                (button_link(Button::Secondary, &export, words::EXPORT, Some(Icon::Download)))
            }
        }
    }
}

fn row(record: &AuditRecord) -> Vec<Markup> {
    vec![
        html! { (record.number) },
        exact(record.at),
        html! { (record.who.name) },
        html! { code { (record.what) } },
        html! { (record.before.as_deref().unwrap_or_default()) },
        html! { (record.after.as_deref().unwrap_or_default()) },
    ]
}
