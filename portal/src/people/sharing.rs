//! Destinations of sharing: list, add, change, test, remove. A webhook's key goes in and never comes out.

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
        destination::{Cursor, Destination, DestinationId, Progress, Target},
        rules::Rule,
    },
    store::Actor,
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDestination)]
pub(crate) struct DestinationBody {
    #[schema(value_type = String)]
    name: Label,
    target: TargetBody,
    #[serde(default, deserialize_with = "object")]
    #[schema(value_type = words::Rule)]
    rule: Rule,
}

/// What changes of a destination; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DestinationChange)]
pub(crate) struct ChangeBody {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Option<Label>,
    #[serde(default)]
    #[schema(value_type = Option<words::Rule>)]
    rule: Option<Rule>,
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

/// Every destination, and what there is to be sent.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) destinations: Vec<(Destination, Progress)>,
    newest: Cursor,
}

impl Standing {
    pub(crate) async fn of(portal: &Portal) -> Result<Self, Refused> {
        let destinations = portal.store.destinations().await?;
        Ok(Self { destinations, newest: newest(portal).await? })
    }

    /// Alerts and health events after the cursor.
    pub(crate) fn waiting(&self, progress: &Progress) -> i64 {
        let backlog = backlog(self.newest, progress);
        backlog.alerts + backlog.health_events
    }
}

pub(super) async fn list(State(portal): Shared) -> Answer {
    let Standing { destinations, newest } = Standing::of(&portal).await?;
    let shown = destinations.iter().map(|(destination, progress)| of(newest, destination, progress));
    Ok(json(StatusCode::OK, &Destinations { destinations: shown.collect() }))
}

pub(super) async fn add(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(body): Json<DestinationBody>,
) -> Answer {
    let id = keep(&portal, actor, body).await?;
    Ok(json(StatusCode::CREATED, &show(&portal, id).await?))
}

/// Adds a destination. It gets what comes from now on: sharing is not retroactive.
pub(crate) async fn keep(portal: &Portal, actor: Actor, body: DestinationBody) -> Result<DestinationId, Refused> {
    check(&body.rule)?;
    let target = match body.target {
        TargetBody::Syslog { address, ca_pem } => Target::syslog(&address, &ca_pem),
        TargetBody::Webhook { url, ca_pem, key } => Target::webhook(&url, key, &ca_pem),
    };
    let id = DestinationId(entropy::uuid());
    let destination = Destination { id, name: body.name, target: target.map_err(Refused::invalid)?, rule: body.rule };
    let newest = *portal.alerts.newest().borrow();
    portal.store.add_destination(destination, newest, actor).await?;
    portal.sharing.destinations_changed();
    Ok(id)
}

fn check(rule: &Rule) -> Result<(), Refused> {
    if rule.sites.len().max(rule.zones.len()) > Rule::MAX_LABELS {
        return Err(Refused::invalid(format!("rule: at most {} sites and zones", Rule::MAX_LABELS)));
    }
    Ok(())
}

pub(super) async fn edit(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<Uuid>,
    Json(body): Json<ChangeBody>,
) -> Answer {
    change(&portal, actor, DestinationId(id), body).await?;
    Ok(json(StatusCode::OK, &show(&portal, DestinationId(id)).await?))
}

/// Changes name and rule: for what is still to be sent.
pub(crate) async fn change(portal: &Portal, actor: Actor, id: DestinationId, body: ChangeBody) -> Result<(), Refused> {
    body.rule.as_ref().map_or(Ok(()), check)?;
    portal.store.change_destination(id, body.name, body.rule, actor).await?;
    portal.sharing.destinations_changed();
    Ok(())
}

pub(super) async fn remove(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<Uuid>,
) -> Answer {
    take_away(&portal, actor, DestinationId(id)).await?;
    Ok(json(StatusCode::OK, &Nothing {}))
}

pub(crate) async fn take_away(portal: &Portal, actor: Actor, id: DestinationId) -> Result<(), Refused> {
    portal.store.remove_destination(id, actor).await?;
    portal.sharing.destinations_changed();
    Ok(())
}

pub(super) async fn test(State(portal): Shared, Named(id): Named<Uuid>) -> Answer {
    send_test(&portal, DestinationId(id)).await?;
    Ok(json(StatusCode::OK, &Tested { delivered: true }))
}

/// Sends a test message now, beside what waits; how it went is the answer.
pub(crate) async fn send_test(portal: &Portal, id: DestinationId) -> Result<(), Refused> {
    let (destination, _) = portal.store.destination(id).await?;
    portal.sharing.test(&destination).await.map_err(|failure| Refused::NotShared { why: failure.why })
}

async fn newest(portal: &Portal) -> Result<Cursor, Refused> {
    let alert = *portal.alerts.newest().borrow();
    Ok(Cursor { alert, health: portal.store.newest_health_event().await? })
}

fn backlog(newest: Cursor, progress: &Progress) -> Backlog {
    let (alerts, health) = (newest.alert - progress.cursor.alert, newest.health - progress.cursor.health);
    Backlog { alerts: alerts.max(0), health_events: health.max(0) }
}

async fn show(portal: &Portal, id: DestinationId) -> Result<ShownDestination, Refused> {
    let (destination, progress) = portal.store.destination(id).await?;
    Ok(of(newest(portal).await?, &destination, &progress))
}

fn of(newest: Cursor, destination: &Destination, progress: &Progress) -> ShownDestination {
    ShownDestination {
        id: destination.id.0,
        name: destination.name.clone(),
        kind: destination.target.kind_name().to_owned(),
        address: destination.target.address().to_string(),
        rule: destination.rule.clone(),
        state: if progress.failing { "failing" } else { "ok" },
        backlog: backlog(newest, progress),
        delivered: progress.delivered,
        refused: progress.refused,
        delivered_at: shown(progress.delivered_at),
        last_failure: progress.failure.as_ref().map(|(at, why)| Failed { at: at.to_string(), why: why.clone() }),
    }
}
