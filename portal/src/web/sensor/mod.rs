//! One sensor: how it stands, and everything that is on record of it.

pub(super) mod delete;
pub(super) mod edit;
pub(super) mod file;
pub(super) mod reissue;
mod view;

use axum::{extract::State, response::Redirect};
use picket_protocol::ids::SensorId;
use serde::Deserialize;

use super::{
    forms::Form,
    gate::SignedIn,
    page::{Done, Page, Shown},
};
use crate::{
    clock,
    domain::{access::Right, refused::Refused, role::Role},
    people::{Shared, reached::Reached, streams::streams},
    portal::Portal,
    store::views::SensorView,
};

/// Days of connection history.
const HISTORY_DAYS: i64 = 7;
/// Records of audit and alarms shown.
const MOST: u32 = 20;

pub(super) async fn page(State(portal): Shared, by: SignedIn, Reached(id): Reached) -> Shown {
    let now = clock::now();
    let view = portal.store.sensor(id, portal.viewpoint()).await?;
    let identities = portal.store.identities_of(id).await?;
    let first_heard = identities.iter().map(|identity| identity.enrolled_at).min();
    let outages = portal.store.outages(id, now.plus(-30 * 86_400)).await?;
    let record = view::Record {
        streams: streams(&portal, &view).await?,
        activations: portal.store.activations_of(id).await?,
        certificates: portal.store.certificates_of(id).await?,
        alarms: portal.store.alarms_of(id, MOST).await?,
        audit: portal.store.audit_back(Some(id), i64::MAX, MOST).await?,
        hours: first_heard.map(|first| outages.hours(HISTORY_DAYS * 24, first, now)).unwrap_or_default(),
        identities,
        view,
        now,
    };
    let may = by.caller().may(Right::Manage).is_ok() && portal.role == Role::Portal;
    let name = record.view.registration.filed.name.to_string();
    Ok(Page::new(name, &view::page(&record, may, by.csrf())).under("/sensors", "Sites and Sensors"))
}

#[derive(Debug, Deserialize)]
pub(super) struct Clear {
    alarm: i64,
}

/// Clears an alarm that was looked into.
pub(super) async fn clear(State(portal): Shared, Reached(id): Reached, Form { by, form }: Form<Clear>) -> Done {
    if portal.store.sensor_of_alarm(form.alarm).await? != id {
        return Err(Refused::no_sensor(id).into());
    }
    portal.store.clear_alarm(form.alarm, by.actor()).await?;
    Ok(Redirect::to(&address(id)))
}

fn address(id: SensorId) -> String {
    format!("/sensors/{id}")
}

/// The sensor, for pages that change it: not a deleted one.
async fn living(portal: &Portal, id: SensorId) -> Result<SensorView, Refused> {
    let view = portal.store.sensor(id, portal.viewpoint()).await?;
    if view.facts.deleted {
        return Err(Refused::Protocol(picket_protocol::refusal::Refusal::Deleted { sensor: id }));
    }
    Ok(view)
}

fn under(page: Page, view: &SensorView) -> Page {
    page.under(address(view.registration.id), view.registration.filed.name.as_str())
}
