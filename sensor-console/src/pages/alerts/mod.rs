//! Alerts: the list with its filters, one alert with the untouched record, and both kinds of export.

mod csv;
mod detail;
mod export;
mod filter;
mod line;
mod list;
mod view;

use axum::{Router, routing::get};

use crate::console::Shared;

/// What is under `/alerts`.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/alerts", get(list::list))
        .route("/alerts/{place}", get(detail::detail))
        .route("/alerts/export.csv", get(export::csv))
        .route("/alerts/export.ndjson", get(export::ndjson))
}
