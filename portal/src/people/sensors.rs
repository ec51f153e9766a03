//! Sensors: list, onboard, show, edit, reissue, delete.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::{
    documents::activation::Mode,
    ids::{Cti, SensorId, SubscriptionId},
    names::Label,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared, activation_files,
    answers::{Answer, json},
    body::{Asked, Json, Named},
    sensor_body::SensorBody,
    sensor_view::{Shown, detail},
    streams::streams,
};
use crate::{
    clock,
    domain::{connection::Connection, refused::Refused, role::Role},
    entropy,
    portal::Portal,
    store::Actor,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    #[serde(default)]
    deleted: bool,
}

pub(super) async fn list(State(portal): Shared, Asked(query): Asked<ListQuery>) -> Answer {
    let views = portal.store.sensors(query.deleted, portal.viewpoint()).await?;
    let now = clock::now();
    let living = || views.iter().filter(|view| !view.facts.deleted);
    let of_mode = |mode: Mode| living().filter(|view| view.facts.mode == mode).count();
    let silent = living().filter(|view| view.facts.connection(now) == Connection::Disconnected).count();
    let counts = json!({
        "onboarded": living().count(),
        "cloud_connected": of_mode(Mode::CloudConnected),
        "locally_managed": of_mode(Mode::LocallyManaged),
        "disconnected": silent,
    });
    let sensors: Vec<Shown> = views.into_iter().map(|view| Shown::of(view, now)).collect();
    Ok(json(StatusCode::OK, &json!({ "counts": counts, "sensors": sensors })))
}

pub(super) async fn onboard(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(body): Json<SensorBody>,
) -> Answer {
    portal_only(&portal)?;
    let filed = body.filed(new_subscription())?;
    let registration = portal.store.onboard(SensorId::from(entropy::uuid()), filed, actor).await?;
    Ok(json(StatusCode::CREATED, &shown(&portal, registration.id).await?))
}

pub(super) async fn show(State(portal): Shared, Named(id): Named<SensorId>) -> Answer {
    let view = portal.store.sensor(id, portal.viewpoint()).await?;
    let activations = portal.store.activations_of(id).await?;
    let identities = portal.store.identities_of(id).await?;
    let mut detail = detail(&view, &activations, &identities);
    detail["streams"] = streams(&portal, &view).into();
    let mut value = serde_json::to_value(Shown::of(view, clock::now())).unwrap_or_default();
    if let (Some(value), Value::Object(detail)) = (value.as_object_mut(), detail) {
        value.extend(detail);
    }
    Ok(json(StatusCode::OK, &value))
}

/// Name, site, zone, tags, TI and such travel with heartbeat answers. Mode, hub and console need a signed activation.
pub(super) async fn edit(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<SensorId>,
    Json(body): Json<SensorBody>,
) -> Answer {
    portal_only(&portal)?;
    if body.mode.is_some() {
        return Err(Refused::invalid("mode, hub and management console change by a reissue").into());
    }
    portal.store.edit(id, Box::new(move |filed| body.apply(filed, new_subscription())), actor).await?;
    Ok(json(StatusCode::OK, &shown(&portal, id).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReissueBody {
    #[serde(default)]
    changes: SensorBody,
    /// Hand the new file to the sensor with its next heartbeat's answer.
    #[serde(default)]
    push: bool,
}

/// Changes what the next file says. Pushed, it is issued at once; else the next download issues it.
pub(super) async fn reissue(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<SensorId>,
    Json(body): Json<ReissueBody>,
) -> Answer {
    portal_only(&portal)?;
    let changes = body.changes;
    portal.store.edit(id, Box::new(move |filed| changes.apply(filed, new_subscription())), actor.clone()).await?;
    if body.push {
        activation_files::issue(&portal, id, true, actor).await?;
    }
    Ok(json(StatusCode::OK, &shown(&portal, id).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteQuery {
    reason: Label,
}

pub(super) async fn delete(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<SensorId>,
    Asked(query): Asked<DeleteQuery>,
) -> Answer {
    portal_only(&portal)?;
    portal.store.delete(id, Cti::from(entropy::uuid()), query.reason, actor).await?;
    Ok(json(StatusCode::OK, &shown(&portal, id).await?))
}

fn portal_only(portal: &Portal) -> Result<(), Refused> {
    if portal.role == Role::Portal { Ok(()) } else { Err(Refused::NotAPortal) }
}

fn new_subscription() -> SubscriptionId {
    SubscriptionId::from(entropy::uuid())
}

async fn shown(portal: &Portal, id: SensorId) -> Result<Shown, Refused> {
    Ok(Shown::of(portal.store.sensor(id, portal.viewpoint()).await?, clock::now()))
}
