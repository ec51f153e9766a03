//! Decisions of people without a file: about a candidate, the name, the management console, the proxy, and
//! the reset. Each answers with what is so afterwards.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use picket_lifecycle::proxy::ProxyChoice;
use picket_protocol::{
    documents::activation::ManagementConsole,
    local_api::{MAX_BODY, MAX_PAIRING, parse_name, parse_pairing, parse_proxy, parse_reset},
    refusal::Refusal,
};

use super::{
    LocalApi,
    answer::{self, Refused},
    body,
    reads::look,
    serve::Caller,
};
use crate::{proxy::Proxy, service::Command, upstream::tls};

type Api = State<Arc<LocalApi>>;
type Who = Extension<Caller>;

pub(super) async fn candidate_now(State(api): Api, Extension(caller): Who) -> Result<Response, Refused> {
    let by = caller.actor();
    api.service.ask(|reply| Command::CandidateNow { by, reply }).await?;
    status(&api).await
}

pub(super) async fn candidate_keep(State(api): Api, Extension(caller): Who) -> Result<Response, Refused> {
    let by = caller.actor();
    api.service.ask(|reply| Command::CandidateKeep { by, reply }).await?;
    status(&api).await
}

pub(super) async fn candidate_retry(State(api): Api, Extension(caller): Who) -> Result<Response, Refused> {
    let by = caller.actor();
    api.service.ask(|reply| Command::CandidateRetry { by, reply }).await?;
    status(&api).await
}

pub(super) async fn name(State(api): Api, Extension(caller): Who, body: Body) -> Result<Response, Refused> {
    let change = parse_name(&body::read(body, MAX_BODY).await?)?;
    let by = caller.actor();
    api.service.ask(|reply| Command::Rename { change, by, reply }).await?;
    status(&api).await
}

pub(super) async fn connect_console(State(api): Api, Extension(caller): Who, body: Body) -> Result<Response, Refused> {
    let pairing = parse_pairing(&body::read(body, MAX_PAIRING).await?)?;
    if !pairing.ca_certificates.iter().all(|certificate| tls::is_certificate(&certificate.0)) {
        return Err(Refused(Refusal::InvalidRequest { why: "CA certificates: not a certificate".to_owned() }));
    }
    choose_console(&api, caller, Some(pairing.into())).await
}

pub(super) async fn disconnect_console(State(api): Api, Extension(caller): Who) -> Result<Response, Refused> {
    choose_console(&api, caller, None).await
}

async fn choose_console(
    api: &LocalApi,
    caller: Caller,
    console: Option<ManagementConsole>,
) -> Result<Response, Refused> {
    let by = caller.actor();
    api.service.ask(|reply| Command::ChooseConsole { console, by, reply }).await?;
    status(api).await
}

pub(super) async fn set_proxy(State(api): Api, Extension(caller): Who, body: Body) -> Result<Response, Refused> {
    let settings = parse_proxy(&body::read(body, MAX_BODY).await?)?;
    Proxy::try_from(&settings).map_err(|why| Refusal::InvalidRequest { why: why.to_string() })?;
    choose_proxy(&api, caller, ProxyChoice::Through(settings)).await
}

pub(super) async fn clear_proxy(State(api): Api, Extension(caller): Who) -> Result<Response, Refused> {
    choose_proxy(&api, caller, ProxyChoice::Direct).await
}

async fn choose_proxy(api: &LocalApi, caller: Caller, choice: ProxyChoice) -> Result<Response, Refused> {
    let by = caller.actor();
    api.service.ask(|reply| Command::ChooseProxy { choice, by, reply }).await?;
    Ok(answer::value(&look(api).await?.status.proxy))
}

pub(super) async fn reset(State(api): Api, Extension(caller): Who, body: Body) -> Result<Response, Refused> {
    parse_reset(&body::read(body, MAX_BODY).await?)?;
    let by = caller.actor();
    api.service.ask(|reply| Command::Reset { by, reply }).await?;
    status(&api).await
}

pub(super) async fn status(api: &LocalApi) -> Result<Response, Refused> {
    Ok(answer::value(&look(api).await?.status))
}
