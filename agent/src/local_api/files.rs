//! What comes or goes as a file: verify, preview, activate, and the request to bind a file to.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use picket_protocol::{
    local_api::{MEDIA_REQUEST, Start},
    wire::MAX_ARMOURED,
};
use serde::Deserialize;

use super::{
    LocalApi,
    answer::{self, Refused},
    body,
    reads::invalid_query,
    serve::Caller,
};
use crate::service::Command;

pub(super) async fn verify(State(api): State<Arc<LocalApi>>, body: Body) -> Result<Response, Refused> {
    let file = body::read(body, MAX_ARMOURED).await?;
    Ok(answer::value(&api.service.ask(|reply| Command::Verify { file, reply }).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    #[serde(default)]
    override_window: bool,
}

pub(super) async fn preview(
    State(api): State<Arc<LocalApi>>,
    window: Result<Query<Window>, QueryRejection>,
    body: Body,
) -> Result<Response, Refused> {
    let Query(Window { override_window }) = window.map_err(invalid_query)?;
    let file = body::read(body, MAX_ARMOURED).await?;
    let undelivered = api.alerts.undelivered().await;
    let preview = api.service.ask(|reply| Command::Preview { file, override_window, undelivered, reply }).await?;
    Ok(answer::value(&preview))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    #[serde(default)]
    start: Start,
    #[serde(default)]
    override_window: bool,
}

pub(super) async fn activate(
    State(api): State<Arc<LocalApi>>,
    Extension(caller): Extension<Caller>,
    order: Result<Query<Order>, QueryRejection>,
    body: Body,
) -> Result<Response, Refused> {
    let Query(Order { start, override_window }) = order.map_err(invalid_query)?;
    let file = body::read(body, MAX_ARMOURED).await?;
    let by = caller.actor();
    let answer = api.service.ask(|reply| Command::Activate { file, start, override_window, by, reply }).await?;
    Ok(answer::accepted(&answer))
}

pub(super) async fn request(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    Ok(answer::content(MEDIA_REQUEST, api.service.ask(Command::MakeRequest).await?))
}
