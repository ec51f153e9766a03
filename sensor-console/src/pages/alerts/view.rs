//! What the list shows. Pure.

use maud::{Markup, html};
use picket_look::{Button, Column, Empty, Icon, Table, button_link};
use picket_protocol::{
    alerts::Severity,
    local_api::{AlertPage, AlertView, SensorState},
};

use super::{filter::Filter, line::Line};
use crate::texts::alerts as texts;

const COLUMNS: [Column<'_>; 5] = [
    Column::text(texts::TIME),
    Column::text(texts::SEVERITY),
    Column::wide(texts::SIGNATURE),
    Column::text(texts::FROM),
    Column::text(texts::TO),
];

/// Filters, alerts, pages and exports. Links within it replace it where a script runs.
pub(super) fn list(page: &AlertPage, filter: &Filter, state: &SensorState, may_export: bool) -> Markup {
    html! {
        div id="alerts" hx-boost="true" hx-target="#alerts" hx-swap="outerHTML" hx-push-url="true" {
            (filters(filter))
            (Table {
                caption: texts::LIST,
                columns: &COLUMNS,
                rows: page.alerts.iter().map(row).collect(),
                empty: empty(page, filter, state),
            })
            (pages(page, filter))
            @if may_export && !page.alerts.is_empty() { (exports(filter)) }
        }
    }
}

fn row(alert: &AlertView) -> Vec<Markup> {
    let line = Line::of(alert);
    vec![
        time(&alert.detected_at),
        severity(alert.severity),
        html! { a href={ "/alerts/" (alert.place) } hx-boost="false" { (line.signature().unwrap_or(texts::NO_SIGNATURE)) } },
        html! { code { (line.source()) } },
        html! { code { (line.destination()) } },
    ]
}

/// A severity: its colour, and its word.
pub(super) fn severity(severity: Severity) -> Markup {
    html! {
        span class="severity" {
            svg viewBox="0 0 12 12" aria-hidden="true" {
                circle class={ "s-" (severity.as_str()) } cx="6" cy="6" r="6" {}
            }
            (texts::severity(severity))
        }
    }
}

/// A time that the agent wrote; the script shows it in the viewer's time zone.
pub(super) fn time(rfc3339: &str) -> Markup {
    let utc = rfc3339.replace('T', " ").replace('Z', " UTC");
    html! { time class="exact" datetime=(rfc3339) data-utc=(utc) { (utc) } }
}

fn filters(filter: &Filter) -> Markup {
    let with_severity = |severity: &str| Filter { severity: severity.to_owned(), ..filter.first_page() };
    let within = |within: &str| Filter { within: within.to_owned(), ..filter.first_page() };
    let severities =
        [("", texts::ANY_SEVERITY), ("high", texts::HIGH), ("medium", texts::MEDIUM_UP), ("low", texts::LOW_UP)];
    let times =
        [("", texts::ANY_TIME), ("hour", texts::LAST_HOUR), ("day", texts::LAST_DAY), ("week", texts::LAST_WEEK)];
    html! {
        div class="filters" {
            (choices(texts::SEVERITY, severities.map(|(value, word)| (with_severity(value), word, value == filter.severity))))
            (choices(texts::TIME, times.map(|(value, word)| (within(value), word, value == filter.within))))
            form class="text-search" method="get" action="/alerts" role="search" {
                label class="filter-name" for="text" { (texts::TEXT) }
                div class="search" {
                    input type="search" id="text" name="text" value=(filter.text) maxlength="200";
                    @if !filter.severity.is_empty() { input type="hidden" name="severity" value=(filter.severity); }
                    @if !filter.within.is_empty() { input type="hidden" name="within" value=(filter.within); }
                    button class="button small" type="submit" { (texts::SEARCH) }
                }
            }
        }
    }
}

fn choices<const N: usize>(name: &str, choices: [(Filter, &str, bool); N]) -> Markup {
    html! {
        div {
            p class="filter-name" { (name) }
            ul class="filter" {
                @for (filter, word, chosen) in choices {
                    li { a href={ "/alerts" (filter.query()) } aria-current=[chosen.then_some("true")] { (word) } }
                }
            }
        }
    }
}

fn empty(page: &AlertPage, filter: &Filter, state: &SensorState) -> Empty {
    let clear = html! { a href="/alerts" { (texts::CLEAR) } };
    match (filter.filters(), page.next, state) {
        (true, Some(_), _) => Empty { why: texts::MORE_TO_LOOK.to_owned(), next: clear },
        (true, None, _) => Empty { why: texts::NONE_MATCH.to_owned(), next: clear },
        (false, _, SensorState::Unactivated) => Empty { why: texts::NOT_ACTIVATED.to_owned(), next: html! {} },
        (false, ..) => Empty { why: texts::NONE_YET.to_owned(), next: html! { p { (texts::NONE_YET_NEXT) } } },
    }
}

fn pages(page: &AlertPage, filter: &Filter) -> Markup {
    let first = page.alerts.first().map(|alert| alert.place);
    let searches = filter.text().is_some() || !filter.within.is_empty();
    let inside = filter.before.is_some() || filter.after.is_some();
    html! {
        nav class="pages" aria-label=(texts::TITLE) {
            @if inside { (go(&filter.first_page(), texts::NEWEST)) }
            @if let Some(first) = first.filter(|_| inside && !searches) {
                (go(&Filter { after: Some(first), ..filter.first_page() }, texts::NEWER))
            }
            @if let Some(next) = page.next { (go(&Filter { before: Some(next), ..filter.first_page() }, texts::OLDER)) }
        }
    }
}

fn go(filter: &Filter, word: &str) -> Markup {
    html! { a class="button small" href={ "/alerts" (filter.query()) } { (word) } }
}

fn exports(filter: &Filter) -> Markup {
    let query = filter.first_page().query();
    html! {
        div class="pages" hx-boost="false" {
            (button_link(Button::Secondary, &format!("/alerts/export.csv{query}"), texts::EXPORT_CSV, Some(Icon::Download)))
            (button_link(Button::Secondary, &format!("/alerts/export.ndjson{query}"), texts::EXPORT_NDJSON, Some(Icon::Download)))
        }
    }
}
