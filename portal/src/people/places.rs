//! Subscriptions, sites and zones: listed with what is in them, added, renamed.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::{ids::SubscriptionId, names::Label};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Shared,
    answers::{Answer, Nothing, json, shown},
    body::{Json, Named},
};
use crate::{
    domain::access::Caller,
    entropy,
    store::{
        Actor,
        places::{Place, PlaceKind, SubscriptionRow},
    },
};

/// Those that the caller sees, by name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Subscriptions {
    subscriptions: Vec<ShownSubscription>,
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountedSubscription)]
struct ShownSubscription {
    #[schema(value_type = String)]
    id: SubscriptionId,
    name: String,
    sensors: i64,
    /// When the first licence of its sensors ends.
    licence_until: Option<String>,
}

/// What a subscription is called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubscriptionName)]
pub(crate) struct NameBody {
    #[schema(value_type = String)]
    name: Label,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewSubscription {
    #[schema(value_type = String)]
    id: SubscriptionId,
}

/// The sites and zones of the sensors that the caller sees.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Places {
    sites: Vec<ShownPlace>,
    zones: Vec<ShownPlace>,
}

/// A site or a zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Place)]
struct ShownPlace {
    name: String,
    sensors: i64,
}

/// Another name for a site or zone, at all sensors that the caller sees.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlaceChange)]
pub(crate) struct RenameBody {
    kind: PlaceKind,
    #[schema(value_type = String)]
    from: Label,
    #[schema(value_type = String)]
    to: Label,
}

/// How many sensors were filed anew.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Renamed {
    sensors: usize,
}

pub(super) async fn subscriptions(State(portal): Shared, Extension(caller): Extension<Caller>) -> Answer {
    let rows = portal.store.counted_subscriptions(&caller.scope).await?;
    let shown = rows.into_iter().map(|SubscriptionRow { id, name, sensors, licence_until }| ShownSubscription {
        id,
        name,
        sensors,
        licence_until: shown(licence_until),
    });
    Ok(json(StatusCode::OK, &Subscriptions { subscriptions: shown.collect() }))
}

pub(super) async fn add(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(body): Json<NameBody>,
) -> Answer {
    let id = SubscriptionId::from(entropy::uuid());
    portal.store.add_subscription(id, body.name, actor).await?;
    Ok(json(StatusCode::CREATED, &NewSubscription { id }))
}

pub(super) async fn rename(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<Uuid>,
    Json(body): Json<NameBody>,
) -> Answer {
    portal.store.rename_subscription(SubscriptionId::from(id), body.name, actor).await?;
    Ok(json(StatusCode::OK, &Nothing {}))
}

pub(super) async fn places(State(portal): Shared, Extension(caller): Extension<Caller>) -> Answer {
    let shown =
        |places: Vec<Place>| places.into_iter().map(|Place { name, sensors }| ShownPlace { name, sensors }).collect();
    let sites = shown(portal.store.places(PlaceKind::Site, &caller.scope).await?);
    let zones = shown(portal.store.places(PlaceKind::Zone, &caller.scope).await?);
    Ok(json(StatusCode::OK, &Places { sites, zones }))
}

pub(super) async fn rename_place(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<RenameBody>,
) -> Answer {
    let sensors = portal.store.rename_place(body.kind, body.from, body.to, caller.scope, actor).await?;
    Ok(json(StatusCode::OK, &Renamed { sensors }))
}
