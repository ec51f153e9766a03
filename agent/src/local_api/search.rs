//! Alerts by time and text, and one alert with where it stands. Looks through a bounded part of the log at a time.

use std::sync::Arc;

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
};
use picket_protocol::{
    alerts::{Severity, UnixMillis},
    ids::Epoch,
    local_api::{AlertDetail, AlertPage, MAX_ALERTS_PAGE},
    refusal::Refusal,
};
use serde::Deserialize;

use super::{
    LocalApi,
    alerts::{failed, turn, view},
    answer::{self, Refused},
    reads::{contains, invalid_query, look},
    standing::standing,
};
use crate::alert_log::{ListFilter, LoggedAlert, Place};

/// Alerts read at a time: bounds the memory of a search.
const READ_AT_ONCE: usize = 200;
/// Alerts looked through for one answer: bounds its time.
const LOOKED_THROUGH: usize = 10_000;

type Api = State<Arc<LocalApi>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    before: Option<u64>,
    #[serde(default = "default_page")]
    limit: usize,
    severity: Option<Severity>,
    epoch: Option<Epoch>,
    /// Unix seconds, the first that is wanted.
    from: Option<i64>,
    /// Unix seconds, the first that is not wanted any more.
    until: Option<i64>,
    text: Option<String>,
}

const fn default_page() -> usize {
    100
}

impl Wanted {
    fn holds(&self, alert: &LoggedAlert) -> bool {
        let UnixMillis(at) = alert.at;
        let seconds = at.div_euclid(1_000);
        self.from.is_none_or(|from| seconds >= from)
            && self.until.is_none_or(|until| seconds < until)
            && self.text.as_deref().is_none_or(|text| contains(&alert.record, text))
    }
}

pub(super) async fn search(
    State(api): Api,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(wanted) = wanted.map_err(invalid_query)?;
    let limit = wanted.limit.clamp(1, MAX_ALERTS_PAGE);
    let _turn = turn(&api).await?;
    let mut filter = ListFilter {
        after: None,
        before: wanted.before.map(Place),
        at_least: wanted.severity,
        epochs: wanted.epoch.map(|epoch| [epoch].into()),
        limit: READ_AT_ONCE,
    };
    let mut page = AlertPage { alerts: Vec::new(), next: None };
    let mut looked_through = 0;
    loop {
        let read = api.alerts.log().list(&filter).await.map_err(failed)?;
        if read.is_empty() {
            page.next = None;
            return Ok(answer::value(&page));
        }
        for alert in &read {
            looked_through += 1;
            filter.before = Some(alert.place);
            page.next = Some(alert.place.0);
            if wanted.holds(alert) {
                page.alerts.push(view(alert));
            }
            if page.alerts.len() >= limit || looked_through >= LOOKED_THROUGH {
                return Ok(answer::value(&page));
            }
        }
    }
}

pub(super) async fn at(State(api): Api, place: Result<Path<u64>, PathRejection>) -> Result<Response, Refused> {
    let Path(place) = place.map_err(|rejection| Refusal::InvalidRequest { why: rejection.body_text() })?;
    let (after, before) = (place.checked_sub(1).map(Place), place.checked_add(1).map(Place));
    let filter = ListFilter { after, before, limit: 1, ..ListFilter::default() };
    let found = api.alerts.log().list(&filter).await.map_err(failed)?;
    let gone = || Refusal::NotFound { what: format!("an alert at place {place}") };
    let alert = found.first().filter(|alert| alert.place.0 == place).ok_or_else(gone)?;
    let standing = standing(&api.alerts, &look(&api).await?.status, alert).await.map_err(failed)?;
    Ok(answer::value(&AlertDetail { alert: view(alert), standing }))
}
