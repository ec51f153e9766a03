//! Trust roots: list them; root pins any; the console pins the first by its typed fingerprint.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use picket_protocol::{
    local_api::{MAX_BODY_WITH_FILE, parse_trust_confirmation},
    wire::MAX_ACTIVATION_FILE,
};

use super::{
    LocalApi,
    answer::{self, Refused},
    body,
    reads::look,
    serve::Caller,
};
use crate::service::Command;

pub(super) async fn list(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    Ok(answer::value(&look(&api).await?.trust))
}

pub(super) async fn add(
    State(api): State<Arc<LocalApi>>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Refused> {
    let file = body::read(body, MAX_ACTIVATION_FILE).await?;
    let by = caller.actor();
    Ok(answer::value(&api.service.ask(|reply| Command::AddTrust { file, by, reply }).await?))
}

pub(super) async fn confirm(
    State(api): State<Arc<LocalApi>>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Refused> {
    let confirmation = parse_trust_confirmation(&body::read(body, MAX_BODY_WITH_FILE).await?)?;
    let by = caller.actor();
    Ok(answer::value(&api.service.ask(|reply| Command::ConfirmTrust { confirmation, by, reply }).await?))
}
