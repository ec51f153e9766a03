//! The list: asks for one page of alerts, and keeps its place while more arrive.

use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::{Html, IntoResponse as _, Response},
};
use picket_protocol::{
    local_api::{AlertPage, AlertView, routes},
    time::UnixSeconds,
};
use serde::Serialize;

use super::{filter::Filter, view};
use crate::{
    agent::Agent,
    console::Shared,
    guard::SignedIn,
    page::{Failed, Page},
    pages::overview::view::now,
    texts::alerts as texts,
};

/// Alerts on a page.
const PAGE: usize = 50;

pub(super) async fn list(
    State(console): State<Shared>,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
    by: SignedIn,
) -> Result<Response, Failed> {
    let status = by.status()?;
    let page = ask(&console.agent, &filter, now(status)).await?;
    let body = view::list(&page, &filter, &status.state, by.role.may_export());
    if is_fragment(&headers) {
        return Ok(Html(body.into_string()).into_response());
    }
    Ok(Page::new(texts::TITLE, body).into_response())
}

/// Whether htmx asks, which replaces a part of the page it is on.
fn is_fragment(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request") && !headers.contains_key("hx-history-restore-request")
}

/// What the agent is asked.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// A search where time or text is asked for, else the list: it goes both ways and needs no walk over the log.
async fn ask(agent: &Agent, filter: &Filter, now: UnixSeconds) -> Result<AlertPage, Failed> {
    let since = filter.since(now);
    let searches = since.is_some() || filter.text().is_some();
    let asked = Asked {
        before: filter.before,
        after: filter.after.filter(|_| !searches),
        limit: PAGE,
        severity: filter.at_least().map(|severity| severity.as_str()),
        from: since.map(|since| since.0),
        text: filter.text(),
    };
    let query = serde_urlencoded::to_string(&asked).unwrap_or_default();
    if searches {
        return Ok(agent.get(&format!("{}?{query}", routes::ALERTS_SEARCH)).await?);
    }
    let mut alerts: Vec<AlertView> = agent.get(&format!("{}?{query}", routes::ALERTS)).await?;
    if asked.after.is_some() {
        alerts.reverse();
    }
    let next = alerts.last().map(|alert| alert.place).filter(|place| alerts.len() == PAGE && *place > 1);
    Ok(AlertPage { alerts, next })
}
