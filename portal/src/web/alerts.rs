//! Alerts that sensors delivered, the newest first.

use axum::{Extension, extract::State};
use picket_look::{Button, Column, Empty, Icon, Markup, Table, button_link, html, secondary};
use picket_protocol::{alerts::Severity, ids::SensorId};
use serde::Deserialize;
use serde_json::Value;

use super::page::{Page, Shown};
use crate::{
    alerts::{Cursor, StoredAlert},
    domain::access::Caller,
    people::{Shared, alert_rows::Rows, body::Asked},
};

/// Rows of a page.
const ROWS: u32 = 50;

/// What an address may say; empty is not said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Query {
    sensor: String,
    severity: String,
    before: Option<i64>,
}

pub(super) async fn list(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<Query>,
) -> Shown {
    let sensor: Option<SensorId> = query.sensor.parse().ok();
    let severity = Severity::ALL.into_iter().find(|severity| severity.as_str() == query.severity);
    let rows = Rows::of(&portal.store, sensor, &caller.scope).await?;
    let filter = rows.filter(sensor, severity, None, None);
    let page = portal.alerts.page(&filter, Cursor::Before(query.before.unwrap_or(i64::MAX)), ROWS).await?;
    let next = match page.next {
        Cursor::Before(row) if page.more => Some(row),
        _ => None,
    };
    let address = |before: Option<i64>| {
        let before = before.map(|row| format!("&before={row}")).unwrap_or_default();
        format!("/alerts?sensor={}&severity={}{before}", query.sensor, query.severity)
    };
    let body = html! {
        (filters(&query, sensor, severity))
        (table(&page.alerts, &rows))
        nav class="pages" aria-label="Pages" {
            @if query.before.is_some() { (button_link(Button::Secondary, &address(None), "Newest", Some(Icon::Back))) }
            @if let Some(next) = next { (button_link(Button::Secondary, &address(Some(next)), "Older", Some(Icon::Forward))) }
        }
    };
    Ok(Page::new("Alerts", &body))
}

fn filters(query: &Query, sensor: Option<SensorId>, severity: Option<Severity>) -> Markup {
    html! {
        form class="filters" method="get" action="/alerts" role="search" {
            @if let Some(sensor) = sensor {
                input type="hidden" name="sensor" value=(sensor);
                p { "Of one sensor. " a href={ "/alerts?severity=" (query.severity) } { "Of all" } }
            }
            div {
                label class="filter-name" for="severity" { "As grave as this, or graver" }
                select id="severity" name="severity" {
                    option value="" { "All" }
                    @for known in Severity::ALL {
                        option value=(known.as_str()) selected[Some(known) == severity] { (known.as_str()) }
                    }
                }
            }
            div { (secondary("Show")) }
        }
    }
}

fn table(alerts: &[StoredAlert], rows: &Rows) -> Markup {
    const COLUMNS: [Column<'static>; 6] = [
        Column::text("Detected"),
        Column::text("Severity"),
        Column::wide("What"),
        Column::text("Sensor"),
        Column::text("From"),
        Column::text("To"),
    ];
    let row = |alert: &StoredAlert| {
        let record: Value = serde_json::from_str(&alert.record).unwrap_or_default();
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or("–").to_owned();
        let utc = alert.detected_at.replace('T', " ").replace('Z', " UTC");
        vec![
            html! { time class="exact" datetime=(alert.detected_at) data-utc=(utc) { (utc) } },
            html! {
                span class="severity" {
                    svg viewBox="0 0 12 12" aria-hidden="true" { circle class={ "s-" (alert.severity.as_str()) } cx="6" cy="6" r="6" {} }
                    (alert.severity.as_str())
                }
            },
            html! { (text("/alert/signature")) },
            html! { a href={ "/sensors/" (alert.sensor) } { (rows.name(alert.sensor).unwrap_or("unknown")) } },
            html! { code { (text("/src_ip")) } },
            html! { code { (text("/dest_ip")) } },
        ]
    };
    let empty = Empty {
        why: "No alert is here.".to_owned(),
        next: html! { "Alerts come from cloud-connected sensors that deliver to a hub that this portal reads." },
    };
    html! { (Table { caption: "Alerts", columns: &COLUMNS, rows: alerts.iter().map(row).collect(), empty }) }
}
