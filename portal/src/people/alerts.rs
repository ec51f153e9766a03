//! Alerts: listed a page at a time, and exported as a stream.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::{alerts::Severity, ids::SensorId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    alert_rows::{Format, Rows, Shown},
    answers::{Answer, json},
    body::Asked,
    export::{self, Export},
    openapi::words,
};
use crate::{
    alerts::{AlertStore, Cursor, Filter, Page},
    domain::{access::Caller, refused::Refused},
};

/// Most alerts of one answer.
const MAX_LIMIT: u32 = 1000;

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

/// Everything that is stored when it begins, in the order it came.
pub(super) async fn export(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<ExportQuery>,
) -> Answer {
    let ExportQuery { format, sensor, severity, site, zone, after } = query;
    let rows = Rows::of(&portal.store, sensor, &caller.scope).await?;
    let filter = rows.filter(sensor, severity, site.as_deref(), zone.as_deref());
    let newest = *portal.alerts.newest().borrow();
    let from = Some(Cursor::After(after));
    let alerts = Alerts { store: portal.alerts.clone(), filter, rows, format, newest, head: format.header(), from };
    Ok(export::export(alerts).await?)
}

struct Alerts {
    store: AlertStore,
    filter: Filter,
    rows: Rows,
    format: Format,
    /// Up to this row.
    newest: i64,
    /// What the first piece begins with.
    head: &'static str,
    /// Where the next piece begins, if one follows.
    from: Option<Cursor>,
}

impl Export for Alerts {
    fn media(&self) -> &'static str {
        self.format.media()
    }

    fn file(&self) -> &'static str {
        self.format.file()
    }

    async fn piece(&mut self) -> Result<Option<String>, Refused> {
        let Some(from) = self.from else { return Ok(None) };
        let Page { alerts, next, more } = self.store.page(&self.filter, from, MAX_LIMIT).await?;
        let stored_then = alerts.iter().take_while(|alert| alert.row <= self.newest);
        let mut piece = std::mem::take(&mut self.head).to_owned();
        stored_then.clone().for_each(|alert| self.rows.write(alert, self.format, &mut piece));
        self.from = (more && stored_then.count() == alerts.len()).then_some(next);
        Ok(Some(piece))
    }
}
