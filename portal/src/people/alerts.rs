//! Alerts: listed a page at a time, and exported as a stream.

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse as _,
};
use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;
use picket_protocol::{alerts::Severity, ids::SensorId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    alert_rows::{Format, Rows, Shown},
    answers::{Answer, json},
    body::Asked,
    openapi::words,
};
use crate::{
    alerts::{AlertStore, Cursor, Filter, Page},
    domain::{access::Caller, refused::Refused},
};

/// Most alerts of one answer.
const MAX_LIMIT: u32 = 1000;
/// Chunks of an export that wait for a slow reader.
const WAITING: usize = 2;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    #[param(value_type = Option<String>)]
    sensor: Option<SensorId>,
    /// As grave as this, or graver.
    #[param(value_type = Option<words::Severity>, inline)]
    severity: Option<Severity>,
    site: Option<String>,
    zone: Option<String>,
    /// As they came, after this row.
    after: Option<i64>,
    /// The newest first, before this row.
    before: Option<i64>,
    #[param(value_type = Option<u64>)]
    limit: Option<u32>,
}

pub(super) async fn list(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<ListQuery>,
) -> Answer {
    let ListQuery { sensor, severity, site, zone, after, before, limit } = query;
    let from = match (after, before) {
        (Some(row), None) => Cursor::After(row),
        (None, row) => Cursor::Before(row.unwrap_or(i64::MAX)),
        (Some(_), Some(_)) => return Err(Refused::invalid("either after or before").into()),
    };
    let rows = Rows::of(&portal.store, sensor, &caller.scope).await?;
    let filter = rows.filter(sensor, severity, site.as_deref(), zone.as_deref());
    let page = portal.alerts.page(&filter, from, limit.unwrap_or(100).min(MAX_LIMIT)).await?;
    let next = match page.next {
        Cursor::After(row) => Next { after: Some(row), before: None },
        Cursor::Before(row) => Next { after: None, before: Some(row) },
    };
    let alerts = page.alerts.iter().map(|alert| rows.shown(alert)).collect();
    Ok(json(StatusCode::OK, &Listed { alerts, next, more: page.more }))
}

/// A page of alerts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alerts)]
pub(super) struct Listed<'a> {
    alerts: Vec<Shown<'a>>,
    /// What to ask with for what follows.
    next: Next,
    /// Whether anything follows, as far as it was looked.
    more: bool,
}

/// Where the next page begins: one of the two.
#[derive(Debug, Serialize, ToSchema)]
struct Next {
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportQuery {
    #[param(inline)]
    format: Format,
    #[param(value_type = Option<String>)]
    sensor: Option<SensorId>,
    #[param(value_type = Option<words::Severity>, inline)]
    severity: Option<Severity>,
    site: Option<String>,
    zone: Option<String>,
    #[serde(default)]
    after: i64,
}

/// Everything that is stored when it begins, in the order it came. A failure breaks the answer off, so that half an export
/// is never taken for a whole one.
pub(super) async fn export(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<ExportQuery>,
) -> Answer {
    let ExportQuery { format, sensor, severity, site, zone, after } = query;
    let rows = Rows::of(&portal.store, sensor, &caller.scope).await?;
    let filter = rows.filter(sensor, severity, site.as_deref(), zone.as_deref());
    let (sender, body) = Channel::new(WAITING);
    let newest = *portal.alerts.newest().borrow();
    let export = Export { alerts: portal.alerts.clone(), filter, rows, format, newest };
    tokio::spawn(export.run(after, sender));
    let headers = [
        (header::CONTENT_TYPE, format.media()),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, format.disposition()),
    ];
    Ok((StatusCode::OK, headers, Body::new(body)).into_response())
}

struct Export {
    alerts: AlertStore,
    filter: Filter,
    rows: Rows,
    format: Format,
    /// Up to this row.
    newest: i64,
}

impl Export {
    async fn run(self, after: i64, mut sender: Sender<Bytes, std::io::Error>) {
        let mut from = Cursor::After(after);
        let mut chunk = self.format.header().to_owned();
        loop {
            let page = match self.alerts.page(&self.filter, from, MAX_LIMIT).await {
                Ok(page) => page,
                Err(refused) => return sender.abort(std::io::Error::other(refused.problem().title)),
            };
            let more = self.write(&page, &mut chunk);
            if sender.send_data(std::mem::take(&mut chunk).into()).await.is_err() || !more {
                return; // the reader has gone, or has all
            }
            from = page.next;
        }
    }

    /// Whether there may be more to write.
    fn write(&self, page: &Page, out: &mut String) -> bool {
        for alert in &page.alerts {
            if alert.row > self.newest {
                return false;
            }
            self.rows.write(alert, self.format, out);
        }
        page.more
    }
}
