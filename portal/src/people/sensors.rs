//! Sensors: list, onboard, show, edit, reissue, delete.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::{
    ids::{Cti, SensorId, SubscriptionId},
    names::Label,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared, activation_files,
    answers::{Answer, json},
    body::{Asked, Json, Keyed, Said, object},
    fleet_query::{FleetQuery, cursor},
    reached::Reached,
    sensor_body::{ModeBody, SensorBody},
    sensor_view::{Detail, Shown},
    streams::streams,
};
use crate::{
    clock,
    domain::{access::Caller, refused::Refused, registration::may_be_pushed, role::Role},
    entropy,
    portal::Portal,
    store::{Actor, OnboardingKey, fleet::Counts},
};

/// Most sensors of one answer.
const MAX_LIMIT: usize = 1000;

/// A page of sensors, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sensors {
    counts: Counts,
    sensors: Vec<Shown>,
    /// What `after` asks with for the next page, if there is one.
    next: Option<String>,
}

pub(crate) async fn list(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Said(query): Said<FleetQuery>,
) -> Answer {
    let page = query.page(&portal, &caller.scope, MAX_LIMIT).await?;
    let now = clock::now();
    let counts = portal.store.counts(&caller.scope, portal.viewpoint(), now).await?;
    let sensors = page.sensors.into_iter().map(|view| Shown::of(view, now)).collect();
    Ok(json(StatusCode::OK, &Sensors { counts, sensors, next: page.next.as_ref().map(cursor) }))
}

pub(crate) async fn onboard(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Extension(caller): Extension<Caller>,
    Keyed { body, key }: Keyed<SensorBody>,
) -> Answer {
    let id = register(&portal, caller, actor, body, key).await?;
    Ok(json(StatusCode::CREATED, &shown(&portal, id).await?))
}

/// Onboards a sensor; its id.
pub(crate) async fn register(
    portal: &Portal,
    caller: Caller,
    actor: Actor,
    body: SensorBody,
    key: Option<OnboardingKey>,
) -> Result<SensorId, Refused> {
    portal_only(portal)?;
    let filed = body.filed(new_subscription())?;
    portal.store.onboard(SensorId::from(entropy::uuid()), filed, caller.scope, key, actor).await
}

pub(crate) async fn show(State(portal): Shared, Reached(id): Reached) -> Answer {
    let view = portal.store.sensor(id, portal.viewpoint()).await?;
    let activations = portal.store.activations_of(id).await?;
    let identities = portal.store.identities_of(id).await?;
    let streams = streams(&portal, &view).await?;
    Ok(json(StatusCode::OK, &Detail::of(view, &activations, &identities, streams, clock::now())))
}

/// Name, site, zone, tags, TI and such travel with heartbeat answers. Mode, hub and console need a signed activation.
pub(crate) async fn edit(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Extension(caller): Extension<Caller>,
    Reached(id): Reached,
    Json(body): Json<SensorBody>,
) -> Answer {
    change(&portal, caller, actor, id, body).await?;
    Ok(json(StatusCode::OK, &shown(&portal, id).await?))
}

/// Changes what travels with heartbeats.
pub(crate) async fn change(
    portal: &Portal,
    caller: Caller,
    actor: Actor,
    id: SensorId,
    body: SensorBody,
) -> Result<(), Refused> {
    portal_only(portal)?;
    if body.mode.is_some() {
        return Err(Refused::invalid("mode, hub and management console change by a reissue"));
    }
    let edit = Box::new(move |filed| body.apply(filed, new_subscription()));
    portal.store.edit(id, edit, caller.scope, actor).await?;
    Ok(())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reissue)]
pub(crate) struct ReissueBody {
    #[serde(default, deserialize_with = "object")]
    pub(crate) changes: SensorBody,
    /// Hand the new file to the sensor with its next heartbeat's answer.
    #[serde(default)]
    pub(crate) push: bool,
}

/// Changes what the next file says. Pushed, it is issued at once; else the next download issues it.
pub(crate) async fn reissue(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Extension(caller): Extension<Caller>,
    Reached(id): Reached,
    Json(body): Json<ReissueBody>,
) -> Answer {
    change_mode(&portal, caller, actor, id, body).await?;
    Ok(json(StatusCode::OK, &shown(&portal, id).await?))
}

/// Changes what the next file says, and hands it to the sensor if that is asked for.
pub(crate) async fn change_mode(
    portal: &Portal,
    caller: Caller,
    actor: Actor,
    id: SensorId,
    body: ReissueBody,
) -> Result<(), Refused> {
    portal_only(portal)?;
    let changes = body.changes;
    if body.push {
        // Before anything is changed: what is refused leaves the sensor as it is.
        let view = portal.store.sensor(id, portal.viewpoint()).await?;
        may_be_pushed(changes.mode.as_ref().map_or(view.facts.mode, ModeBody::mode))?;
        activation_files::can_sign(portal)?;
    }
    let edit = Box::new(move |filed| changes.apply(filed, new_subscription()));
    portal.store.edit(id, edit, caller.scope, actor.clone()).await?;
    if body.push {
        activation_files::issue(portal, id, true, actor).await?;
    }
    Ok(())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteQuery {
    #[param(value_type = String)]
    reason: Label,
}

pub(crate) async fn delete(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Reached(id): Reached,
    Asked(query): Asked<DeleteQuery>,
) -> Answer {
    remove(&portal, actor, id, query.reason).await?;
    Ok(json(StatusCode::OK, &shown(&portal, id).await?))
}

/// Deletes a sensor.
pub(crate) async fn remove(portal: &Portal, actor: Actor, id: SensorId, reason: Label) -> Result<(), Refused> {
    portal_only(portal)?;
    portal.store.delete(id, Cti::from(entropy::uuid()), reason, actor).await?;
    Ok(())
}

pub(super) fn portal_only(portal: &Portal) -> Result<(), Refused> {
    if portal.role == Role::Portal { Ok(()) } else { Err(Refused::NotAPortal) }
}

fn new_subscription() -> SubscriptionId {
    SubscriptionId::from(entropy::uuid())
}

async fn shown(portal: &Portal, id: SensorId) -> Result<Shown, Refused> {
    Ok(Shown::of(portal.store.sensor(id, portal.viewpoint()).await?, clock::now()))
}
