//! How this server is set, for those who look: what changes it is its command line, or its data folder.

use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Shared,
    answers::{Answer, json},
};
use crate::{domain::role::Role, portal::Portal};

/// How this server is set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settings {
    pub(crate) role: Role,
    /// Where sensors reach it.
    pub(crate) url: String,
    pub(crate) version: &'static str,
    /// `sqlite` or `postgresql`.
    pub(crate) database: &'static str,
    /// Since when this process listens.
    pub(crate) listening_since: String,
    /// The interval that sensors are asked to keep, seconds; null: their own.
    pub(crate) heartbeat_interval: Option<u32>,
    pub(crate) alerts_days: u32,
    pub(crate) alerts_mebibytes: u64,
    /// For how long changes are gathered before they are shared, seconds.
    pub(crate) gather_seconds: u64,
    /// Handshakes a second that one address may begin; 0: any number.
    pub(crate) handshakes_per_address: u32,
}

pub(super) async fn show(State(portal): Shared) -> Answer {
    Ok(json(StatusCode::OK, &settings(&portal)))
}

pub(crate) fn settings(portal: &Portal) -> Settings {
    let told = &portal.told;
    Settings {
        role: portal.role,
        url: portal.endpoint.url.clone(),
        version: env!("CARGO_PKG_VERSION"),
        database: if portal.store.readers.is_shared() { "postgresql" } else { "sqlite" },
        listening_since: portal.listening_since.to_string(),
        heartbeat_interval: told.interval_seconds,
        alerts_days: told.alert_bounds.days,
        alerts_mebibytes: told.alert_bounds.bytes >> 20,
        gather_seconds: told.gather.as_secs(),
        handshakes_per_address: told.handshakes_per_address.map_or(0, std::num::NonZeroU32::get),
    }
}
