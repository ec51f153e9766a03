//! Which route does what, and what bounds a request. Few routes, so a match: it is the hot path.

use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::{
    Method, Request,
    body::{Bytes, Incoming},
};
use picket_protocol::{
    refusal::Refusal,
    wire::{EST_CACERTS, EST_ENROL, EST_RENEW, HEARTBEAT, HUB_EVENTS, MAX_HEARTBEAT},
};

use super::{answers, enrolment, heartbeat, hub, peer::Peer};
use crate::{domain::refused::Refused, portal::Portal};

/// Which certificates of sensors are withdrawn, for brokers; public, as the CAs are.
const CRL: &str = "/v1/device-ca.crl";
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers a request, whatever it is.
pub(super) async fn answer(portal: &Portal, peer: &Peer, request: Request<Incoming>) -> answers::Answer {
    match route(portal, peer, request).await {
        Ok(answer) => answer,
        Err(refused) => answers::problem(&refused),
    }
}

async fn route(portal: &Portal, peer: &Peer, request: Request<Incoming>) -> Result<answers::Answer, Refused> {
    let (parts, body) = request.into_parts();
    match (&parts.method, parts.uri.path()) {
        (&Method::POST, HEARTBEAT) => heartbeat::hear(portal, peer, collect(body, MAX_HEARTBEAT).await?).await,
        (&Method::POST, HUB_EVENTS) => hub::accept(portal, peer, &parts.headers, body).await,
        (&Method::POST, EST_ENROL) => {
            enrolment::enrol(portal, &parts.headers, collect(body, enrolment::MAX_BODY).await?).await
        }
        (&Method::POST, EST_RENEW) => enrolment::renew(portal, peer, collect(body, enrolment::MAX_BODY).await?).await,
        (&Method::GET, EST_CACERTS) => enrolment::authorities(portal),
        (&Method::GET, CRL) => Ok(answers::ok("application/x-pem-file", portal.crl.borrow().clone())),
        (method, path) => Err(Refusal::NotFound { what: format!("{method} {path}") }.into()),
    }
}

pub(super) async fn collect(body: Incoming, limit: usize) -> Result<Bytes, Refused> {
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect());
    match collected.await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            let limit = u64::try_from(limit).unwrap_or(u64::MAX);
            Err(Refusal::TooLarge { found: limit.saturating_add(1), limit }.into())
        }
        Ok(Err(_)) => Err(Refused::invalid("the body broke off")),
        Err(_) => Err(Refused::invalid("the body did not arrive in time")),
    }
}
