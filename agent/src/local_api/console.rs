//! What the sensor console alone needs: the setup code of its first sign-in, the recovery of its admin's password, and
//! records of what people do there.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use picket_protocol::{
    local_api::{MAX_BODY, parse_people_record, parse_setup_code},
    wire::MAX_RECOVERY,
};

use super::{
    LocalApi,
    answer::{self, Refused},
    body, changes,
    serve::Caller,
};
use crate::service::Command;

type Api = State<Arc<LocalApi>>;
type Who = Extension<Caller>;

pub(super) async fn setup_code(State(api): Api) -> Result<Response, Refused> {
    Ok(answer::value(&api.service.ask(Command::SetupCode).await?))
}

pub(super) async fn try_setup_code(State(api): Api, Extension(caller): Who, body: Body) -> Result<Response, Refused> {
    let code = parse_setup_code(&body::read(body, MAX_BODY).await?)?;
    let by = caller.actor();
    api.service.ask(|reply| Command::TrySetupCode { code, by, reply }).await?;
    changes::status(&api).await
}

pub(super) async fn setup_done(State(api): Api, Extension(caller): Who) -> Result<Response, Refused> {
    let by = caller.actor();
    api.service.ask(|reply| Command::SetupDone { by, reply }).await?;
    changes::status(&api).await
}

/// Answered when it is durable: the console goes on then.
pub(super) async fn note_people(State(api): Api, Extension(caller): Who, body: Body) -> Result<Response, Refused> {
    let record = parse_people_record(&body::read(body, MAX_BODY).await?)?;
    let by = caller.actor();
    api.service.ask(|reply| Command::NotePeople { record, by, reply }).await?;
    Ok(answer::value(&()))
}

pub(super) async fn start_recovery(State(api): Api, Extension(caller): Who) -> Result<Response, Refused> {
    let by = caller.actor();
    Ok(answer::value(&api.service.ask(|reply| Command::StartRecovery { by, reply }).await?))
}

pub(super) async fn redeem(State(api): Api, Extension(caller): Who, body: Body) -> Result<Response, Refused> {
    let document = body::read(body, MAX_RECOVERY).await?;
    let by = caller.actor();
    Ok(answer::value(&api.service.ask(|reply| Command::RedeemRecovery { document, by, reply }).await?))
}
