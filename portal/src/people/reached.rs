//! The sensor that a path names, if it is in the caller's scope. Else it is not there, for them.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use picket_protocol::{ids::SensorId, refusal::Refusal};

use super::problem::Problem;
use crate::{
    domain::{access::Caller, refused::Refused},
    portal::Portal,
};

/// A sensor of the caller's.
#[derive(Debug)]
pub(crate) struct Reached(pub(crate) SensorId);

impl FromRequestParts<Arc<Portal>> for Reached {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Problem> {
        let not_found = || Refused::Protocol(Refusal::NotFound { what: parts.uri.path().to_owned() });
        let Extension(caller) =
            parts.extensions.get::<Caller>().cloned().map(Extension).ok_or(Refused::Unauthorized)?;
        let named = RawPathParams::from_request_parts(&mut parts.clone(), &()).await.map_err(|_| not_found())?;
        let id = named.iter().find(|(key, _)| *key == "id").and_then(|(_, value)| value.parse().ok());
        let id: SensorId = id.ok_or_else(not_found)?;
        reach(portal, &caller, id).await?;
        Ok(Self(id))
    }
}

/// Refuses a sensor out of the caller's scope as if it did not exist.
pub(crate) async fn reach(portal: &Portal, caller: &Caller, sensor: SensorId) -> Result<(), Refused> {
    let subscription = portal.store.subscription_of(sensor).await?;
    if caller.scope.covers(subscription) { Ok(()) } else { Err(Refused::no_sensor(sensor)) }
}
