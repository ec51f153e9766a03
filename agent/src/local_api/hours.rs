//! Alerts by hour and severity, for a chart. Only counts are read, whatever the log holds.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use picket_protocol::{alerts::UnixMillis, local_api::SeverityHour, time::UnixSeconds};
use serde::Deserialize;

use super::{
    LocalApi,
    alerts::failed,
    answer::{self, Refused},
    reads::invalid_query,
};
use crate::clock;

/// As far back as the log counts: 31 days.
const MAX_HOURS: u32 = 31 * 24;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    #[serde(default = "a_day")]
    hours: u32,
}

const fn a_day() -> u32 {
    24
}

pub(super) async fn severities(
    State(api): State<Arc<LocalApi>>,
    span: Result<Query<Span>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(Span { hours }) = span.map_err(invalid_query)?;
    let from = clock::wall().plus(-3_600 * i64::from(hours.clamp(1, MAX_HOURS)));
    let counts = api.alerts.log().hours(UnixMillis(from.0.saturating_mul(1_000))).await.map_err(failed)?;
    let mut found: BTreeMap<i64, SeverityHour> = BTreeMap::new();
    for count in counts {
        let hour = found
            .entry(count.begins)
            .or_insert_with(|| SeverityHour { begins: UnixSeconds(count.begins), counts: BTreeMap::new() });
        hour.counts.insert(count.severity, count.alerts);
    }
    Ok(answer::value(&found.into_values().collect::<Vec<_>>()))
}
