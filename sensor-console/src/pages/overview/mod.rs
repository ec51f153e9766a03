//! Overview: how the sensor is at this moment, drawn whole, and again part by part while somebody looks.

mod chart;
pub(crate) mod health;
pub(crate) mod view;

use axum::{extract::State, response::Response};
use picket_protocol::local_api::{SeverityHour, routes};

use crate::{
    agent::Agent,
    console::Shared,
    follow::HOURS,
    guard::SignedIn,
    page::{Failed, Page},
    pages::live,
    texts::overview as texts,
};

pub(super) async fn overview(State(console): State<Shared>, by: SignedIn) -> Result<Page, Failed> {
    let status = by.status()?;
    let hours = hours(&console.agent).await;
    Ok(Page::new(texts::TITLE, view::overview(status, hours.as_deref())))
}

pub(super) async fn live(State(console): State<Shared>, by: SignedIn) -> Response {
    live::stream(console, by, |seen, _| Some(view::parts(&seen.now(), seen.hours.as_deref())))
}

/// Counts by hour; none when the agent does not say them.
async fn hours(agent: &Agent) -> Option<Vec<SeverityHour>> {
    agent.get(&format!("{}?hours={HOURS}", routes::ALERTS_SEVERITIES)).await.ok()
}
