//! Hubs, pairing tokens, alarms.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::{
    documents::activation::{Hub, HubKind, Secret},
    endpoint_url::Scheme,
    ids::SensorId,
    names::Label,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Shared,
    answers::{Answer, json, shown},
    body::{Asked, Json, Named},
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

pub(crate) async fn about(State(portal): Shared) -> Answer {
    let value = json!({ "role": portal.role, "url": portal.endpoint.url, "version": env!("CARGO_PKG_VERSION") });
    Ok(json(StatusCode::OK, &value))
}

pub(crate) async fn probe(
    State(portal): Shared,
    Reached(id): Reached,
    Named((_, nonce)): Named<(SensorId, String)>,
) -> Answer {
    let seen = portal.store.saw_probe(id, &nonce).await?;
    Ok(json(StatusCode::OK, &json!({ "seen": seen })))
}

pub(crate) async fn hubs(State(portal): Shared) -> Answer {
    let hubs = portal.store.hubs().await?;
    let hubs = hubs.iter().map(|row| {
        json!({
            "id": row.id,
            "name": row.name,
            "kind": row.hub.kind,
            "url": row.hub.endpoint.url,
            "topic_template": row.hub.topic_template,
            "portal_confirms": row.hub.portal_confirms,
            "reading": portal.reading.of(row.id).map(|how| how.map_or_else(|why| why, |()| "ok".to_owned())),
        })
    });
    Ok(json(StatusCode::OK, &json!({ "hubs": hubs.collect::<Vec<_>>() })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HubBody {
    name: Label,
    url: String,
    ca_pem: String,
    #[serde(default = "https")]
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
    Ok(json(StatusCode::CREATED, &json!({ "id": id })))
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
    Ok(json(StatusCode::OK, &json!({})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
    Ok(json(StatusCode::CREATED, &json!({ "tokens": tokens })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmQuery {
    #[serde(default)]
    open: bool,
    #[serde(default = "hundred")]
    limit: u32,
}

pub(crate) async fn alarms(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<AlarmQuery>,
) -> Answer {
    let alarms = portal.store.alarms(query.open, &caller.scope, query.limit.min(MAX_LIMIT)).await?;
    let alarms = alarms.iter().map(|alarm| {
        json!({
            "id": alarm.id,
            "at": alarm.at.to_string(),
            "sensor": alarm.sensor,
            "kind": alarm.kind,
            "detail": alarm.detail,
            "next": Alarm::next(&alarm.kind),
            "note": Alarm::is_note(&alarm.kind),
            "cleared_at": shown(alarm.cleared.as_ref().map(|(at, _)| *at)),
            "cleared_by": alarm.cleared.as_ref().map(|(_, by)| by),
        })
    });
    Ok(json(StatusCode::OK, &json!({ "alarms": alarms.collect::<Vec<_>>() })))
}

pub(crate) async fn clear_alarm(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<i64>,
) -> Answer {
    reach(&portal, &caller, portal.store.sensor_of_alarm(id).await?).await?;
    portal.store.clear_alarm(id, actor).await?;
    Ok(json(StatusCode::OK, &json!({})))
}

const fn hundred() -> u32 {
    100
}
