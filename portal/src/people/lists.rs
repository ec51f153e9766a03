//! Hubs, pairing tokens, alarms.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::{
    documents::activation::{Hub, HubKind, Secret},
    endpoint_url::Scheme,
    ids::SensorId,
    names::Label,
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Shared,
    answers::{Answer, Nothing, json, shown},
    body::{Asked, Json, Named},
    openapi::words,
    reached::{Reached, reach},
    sensor_body::endpoint,
};
use crate::{
    domain::{access::Caller, alarm::Alarm, refused::Refused, registration::HubId, role::Role},
    entropy,
    portal::Portal,
    store::Actor,
};

/// Most rows of one answer.
const MAX_LIMIT: u32 = 1000;
/// Most pairing tokens made at once.
const MAX_TOKENS: usize = 1000;

/// What this server is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct About {
    role: Role,
    /// Where sensors reach it.
    url: String,
    version: &'static str,
}

/// Whether a probe came.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Seen {
    seen: bool,
}

/// Every hub.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Hubs {
    hubs: Vec<ShownHub>,
}

/// A hub beside the one built in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hub)]
struct ShownHub {
    id: Uuid,
    #[schema(value_type = String)]
    name: Label,
    #[schema(value_type = words::HubKind)]
    kind: HubKind,
    url: String,
    topic_template: Option<String>,
    portal_confirms: bool,
    /// How the portal gets on with reading it: `ok`, or why not; null where this process does not read it.
    reading: Option<String>,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Made {
    id: Uuid,
}

/// Pairing tokens, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PairingTokens<'a> {
    tokens: Vec<&'a str>,
}

/// Alarms, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alarms {
    alarms: Vec<ShownAlarm>,
}

/// What somebody should look into.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alarm)]
struct ShownAlarm {
    id: i64,
    at: String,
    #[schema(value_type = String)]
    sensor: SensorId,
    kind: String,
    /// What was found, by kind.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// What to do.
    #[schema(value_type = String)]
    next: &'static str,
    /// Whether it is only for the record.
    note: bool,
    cleared_at: Option<String>,
    cleared_by: Option<String>,
}

pub(crate) async fn about(State(portal): Shared) -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    Ok(json(StatusCode::OK, &About { role: portal.role, url: portal.endpoint.url.clone(), version }))
}

pub(crate) async fn probe(
    State(portal): Shared,
    Reached(id): Reached,
    Named((_, nonce)): Named<(SensorId, String)>,
) -> Answer {
    let seen = portal.store.saw_probe(id, &nonce).await?;
    Ok(json(StatusCode::OK, &Seen { seen }))
}

pub(crate) async fn hubs(State(portal): Shared) -> Answer {
    let hubs = portal.store.hubs().await?;
    let hubs = hubs.iter().map(|row| ShownHub {
        id: row.id.0,
        name: row.name.clone(),
        kind: row.hub.kind,
        url: row.hub.endpoint.url.clone(),
        topic_template: row.hub.topic_template.clone(),
        portal_confirms: row.hub.portal_confirms,
        reading: portal.reading.of(row.id).map(|how| how.map_or_else(|why| why, |()| "ok".to_owned())),
    });
    Ok(json(StatusCode::OK, &Hubs { hubs: hubs.collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHub)]
pub(crate) struct HubBody {
    #[schema(value_type = String)]
    name: Label,
    url: String,
    ca_pem: String,
    #[serde(default = "https")]
    #[schema(value_type = words::HubKind)]
    kind: HubKind,
    #[serde(default)]
    topic_template: Option<String>,
    #[serde(default)]
    portal_confirms: bool,
}

const fn https() -> HubKind {
    HubKind::Https
}

/// The same hub again is the same hub.
pub(crate) async fn add_hub(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(body): Json<HubBody>,
) -> Answer {
    let id = keep_hub(&portal, actor, body).await?;
    Ok(json(StatusCode::CREATED, &Made { id: id.0 }))
}

/// Checks a hub and keeps it; its id.
pub(crate) async fn keep_hub(portal: &Portal, actor: Actor, body: HubBody) -> Result<HubId, Refused> {
    let scheme = match body.kind {
        HubKind::Https => Scheme::Https,
        HubKind::Mqtt => Scheme::Mqtts,
    };
    if body.kind == HubKind::Https && body.portal_confirms {
        return Err(Refused::invalid("only the hub built in and MQTT hubs are read by the portal"));
    }
    let hub = Hub {
        kind: body.kind,
        endpoint: endpoint(body.url, &body.ca_pem, scheme)?,
        topic_template: body.topic_template,
        portal_confirms: body.portal_confirms,
    };
    portal.store.add_hub(HubId(entropy::uuid()), body.name, hub, actor).await
}

pub(crate) async fn remove_hub(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<Uuid>,
) -> Answer {
    portal.store.remove_hub(HubId(id), actor).await?;
    Ok(json(StatusCode::OK, &Nothing {}))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPairingTokens)]
pub(crate) struct PairingBody {
    sensors: usize,
}

/// One token per sensor, shown this once.
pub(crate) async fn add_pairing_tokens(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(body): Json<PairingBody>,
) -> Answer {
    if portal.role != Role::ManagementConsole {
        return Err(Refused::NotAConsole.into());
    }
    if !(1..=MAX_TOKENS).contains(&body.sensors) {
        return Err(Refused::invalid(format!("1 to {MAX_TOKENS} sensors")).into());
    }
    let tokens: Vec<Secret> = (0..body.sensors).map(|_| entropy::token()).collect();
    portal.store.add_pairing_tokens(&tokens, actor).await?;
    let tokens: Vec<&str> = tokens.iter().map(Secret::expose).collect();
    Ok(json(StatusCode::CREATED, &PairingTokens { tokens }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmQuery {
    #[serde(default)]
    open: bool,
    #[serde(default = "hundred")]
    #[param(value_type = u64)]
    limit: u32,
}

pub(crate) async fn alarms(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<AlarmQuery>,
) -> Answer {
    let alarms = portal.store.alarms(query.open, &caller.scope, query.limit.min(MAX_LIMIT)).await?;
    let alarms = alarms.iter().map(|alarm| ShownAlarm {
        id: alarm.id,
        at: alarm.at.to_string(),
        sensor: alarm.sensor,
        kind: alarm.kind.clone(),
        detail: alarm.detail.clone(),
        next: Alarm::next(&alarm.kind),
        note: Alarm::is_note(&alarm.kind),
        cleared_at: shown(alarm.cleared.as_ref().map(|(at, _)| *at)),
        cleared_by: alarm.cleared.as_ref().map(|(_, by)| by.clone()),
    });
    Ok(json(StatusCode::OK, &Alarms { alarms: alarms.collect() }))
}

pub(crate) async fn clear_alarm(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<i64>,
) -> Answer {
    let sensor = portal.store.sensor_of_alarm(id).await?;
    // Whoever may not see the sensor does not learn of it here either.
    let unseen = |_| Refused::Protocol(Refusal::NotFound { what: format!("alarm {id}") });
    reach(&portal, &caller, sensor).await.map_err(unseen)?;
    portal.store.clear_alarm(id, actor).await?;
    Ok(json(StatusCode::OK, &Nothing {}))
}

const fn hundred() -> u32 {
    100
}
