//! Destinations of sharing: list, add, test, remove. A webhook's key goes in and never comes out.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::{documents::activation::Secret, names::Label};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Shared,
    answers::{Answer, Nothing, json, shown},
    body::{Json, Named, object},
    openapi::words,
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

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDestination)]
pub(super) struct DestinationBody {
    #[schema(value_type = String)]
    name: Label,
    target: TargetBody,
    #[serde(default, deserialize_with = "object")]
    #[schema(value_type = words::Rule)]
    rule: Rule,
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Target)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum TargetBody {
    Syslog {
        address: String,
        ca_pem: String,
    },
    Webhook {
        url: String,
        ca_pem: String,
        #[schema(value_type = String)]
        key: Secret,
    },
}

/// Every destination, by name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Destinations {
    destinations: Vec<ShownDestination>,
}

/// Where alerts and health events are sent on, and how that goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Destination)]
pub(super) struct ShownDestination {
    id: Uuid,
    #[schema(value_type = String)]
    name: Label,
    kind: String,
    address: String,
    #[schema(value_type = words::Rule)]
    rule: Rule,
    /// `ok` or `failing`.
    state: &'static str,
    /// What is still to be sent.
    backlog: Backlog,
    delivered: u64,
    refused: u64,
    delivered_at: Option<String>,
    last_failure: Option<Failed>,
}

/// What is still to be sent.
#[derive(Debug, Serialize, ToSchema)]
struct Backlog {
    alerts: i64,
    health_events: i64,
}

/// What went wrong last.
#[derive(Debug, Serialize, ToSchema)]
struct Failed {
    at: String,
    why: String,
}

/// A test message came through.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tested {
    delivered: bool,
}

pub(super) async fn list(State(portal): Shared) -> Answer {
    let destinations = portal.store.destinations().await?;
    let newest_health = portal.store.newest_health_event().await?;
    let shown = destinations.iter().map(|(destination, progress)| of(&portal, newest_health, destination, progress));
    Ok(json(StatusCode::OK, &Destinations { destinations: shown.collect() }))
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
    Named(id): Named<Uuid>,
) -> Answer {
    portal.store.remove_destination(DestinationId(id), actor).await?;
    portal.sharing.destinations_changed();
    Ok(json(StatusCode::OK, &Nothing {}))
}

/// Sends a test message now, beside what waits. The answer says how it went.
pub(super) async fn test(State(portal): Shared, Named(id): Named<Uuid>) -> Answer {
    let (destination, _) = portal.store.destination(DestinationId(id)).await?;
    let sent = portal.sharing.test(&destination).await;
    sent.map_err(|failure| Refused::NotShared { why: failure.why })?;
    Ok(json(StatusCode::OK, &Tested { delivered: true }))
}

async fn show(portal: &Portal, id: DestinationId) -> Result<ShownDestination, Refused> {
    let (destination, progress) = portal.store.destination(id).await?;
    Ok(of(portal, portal.store.newest_health_event().await?, &destination, &progress))
}

fn of(portal: &Portal, newest_health: i64, destination: &Destination, progress: &Progress) -> ShownDestination {
    let newest = *portal.alerts.newest().borrow();
    let (alerts, health) = (newest - progress.cursor.alert, newest_health - progress.cursor.health);
    ShownDestination {
        id: destination.id.0,
        name: destination.name.clone(),
        kind: destination.target.kind_name().to_owned(),
        address: destination.target.address().to_string(),
        rule: destination.rule.clone(),
        state: if progress.failing { "failing" } else { "ok" },
        backlog: Backlog { alerts: alerts.max(0), health_events: health.max(0) },
        delivered: progress.delivered,
        refused: progress.refused,
        delivered_at: shown(progress.delivered_at),
        last_failure: progress.failure.as_ref().map(|(at, why)| Failed { at: at.to_string(), why: why.clone() }),
    }
}
