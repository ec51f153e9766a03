//! Destinations of sharing: list, add, test, remove. A webhook's key goes in and never comes out.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::{documents::activation::Secret, names::Label};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    answers::{Answer, json, shown},
    body::{Json, Named},
};
use crate::{
    domain::refused::Refused,
    entropy,
    portal::Portal,
    sharing::{
        destination::{Destination, DestinationId, Progress, Target},
        rules::Rule,
    },
    store::Actor,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DestinationBody {
    name: Label,
    target: TargetBody,
    #[serde(default)]
    rule: Rule,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum TargetBody {
    Syslog { address: String, ca_pem: String },
    Webhook { url: String, ca_pem: String, key: Secret },
}

pub(super) async fn list(State(portal): Shared) -> Answer {
    let destinations = portal.store.destinations().await?;
    let newest_health = portal.store.newest_health_event().await?;
    let shown = destinations.iter().map(|(destination, progress)| of(&portal, newest_health, destination, progress));
    Ok(json(StatusCode::OK, &json!({ "destinations": shown.collect::<Vec<_>>() })))
}

/// It gets what comes from now on: sharing is not retroactive.
pub(super) async fn add(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(body): Json<DestinationBody>,
) -> Answer {
    if body.rule.sites.len().max(body.rule.zones.len()) > Rule::MAX_LABELS {
        return Err(Refused::invalid(format!("rule: at most {} sites and zones", Rule::MAX_LABELS)).into());
    }
    let target = match body.target {
        TargetBody::Syslog { address, ca_pem } => Target::syslog(&address, &ca_pem),
        TargetBody::Webhook { url, ca_pem, key } => Target::webhook(&url, key, &ca_pem),
    };
    let id = DestinationId(entropy::uuid());
    let destination = Destination { id, name: body.name, target: target.map_err(Refused::invalid)?, rule: body.rule };
    let newest = *portal.alerts.newest().borrow();
    portal.store.add_destination(destination, newest, actor).await?;
    portal.sharing.destinations_changed();
    Ok(json(StatusCode::CREATED, &show(&portal, id).await?))
}

pub(super) async fn remove(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<uuid::Uuid>,
) -> Answer {
    portal.store.remove_destination(DestinationId(id), actor).await?;
    portal.sharing.destinations_changed();
    Ok(json(StatusCode::OK, &json!({})))
}

/// Sends a test message now, beside what waits. The answer says how it went.
pub(super) async fn test(State(portal): Shared, Named(id): Named<uuid::Uuid>) -> Answer {
    let (destination, _) = portal.store.destination(DestinationId(id)).await?;
    let sent = portal.sharing.test(&destination).await;
    sent.map_err(|failure| Refused::NotShared { why: failure.why })?;
    Ok(json(StatusCode::OK, &json!({ "delivered": true })))
}

async fn show(portal: &Portal, id: DestinationId) -> Result<Value, Refused> {
    let (destination, progress) = portal.store.destination(id).await?;
    Ok(of(portal, portal.store.newest_health_event().await?, &destination, &progress))
}

fn of(portal: &Portal, newest_health: i64, destination: &Destination, progress: &Progress) -> Value {
    let newest = *portal.alerts.newest().borrow();
    let (alerts, health) = (newest - progress.cursor.alert, newest_health - progress.cursor.health);
    json!({
        "id": destination.id,
        "name": destination.name,
        "kind": destination.target.kind_name(),
        "address": destination.target.address(),
        "rule": destination.rule,
        "state": if progress.failing { "failing" } else { "ok" },
        "backlog": { "alerts": alerts.max(0), "health_events": health.max(0) },
        "delivered": progress.delivered,
        "refused": progress.refused,
        "delivered_at": shown(progress.delivered_at),
        "last_failure": progress.failure.as_ref().map(|(at, why)| json!({ "at": at.to_string(), "why": why })),
    })
}
