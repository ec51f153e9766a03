//! The list of sensors to take away: as CSV that no spreadsheet takes for formulas, or as JSON.

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Shared, answers::Answer, body::Said, csv::write_line, fleet_query::FleetQuery, sensor_view::Shown};
use crate::{
    clock,
    domain::{
        access::{Caller, Scope},
        refused::Refused,
    },
    portal::Portal,
};

/// Sensors read in one go.
const CHUNK: usize = 500;
/// The columns of the CSV, and where their values stand in the JSON.
const COLUMNS: [(&str, &str); 17] = [
    ("id", "/id"),
    ("name", "/name"),
    ("connection_type", "/connection_type"),
    ("subscription", "/subscription/name"),
    ("site", "/site"),
    ("zone", "/zone"),
    ("tags", "/tags"),
    ("version", "/version"),
    ("connection", "/connection"),
    ("health", "/health"),
    ("last_seen", "/last_seen"),
    ("ti_version", "/ti/version"),
    ("ti_automatic", "/ti/automatic"),
    ("ti_status", "/ti/status"),
    ("licence_until", "/licence_until"),
    ("created_at", "/created_at"),
    ("deleted_at", "/deleted/at"),
];

/// How the list is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SensorExportFormat)]
pub(crate) enum Format {
    /// RFC 4180, UTF-8.
    Csv,
    /// One array.
    Json,
}

pub(crate) async fn export(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Said(query): Said<FleetQuery>,
) -> Answer {
    let format = query.format.unwrap_or(Format::Json);
    Ok(exported(&portal, &caller.scope, FleetQuery { after: None, ..query }, format).await?)
}

async fn exported(portal: &Portal, scope: &Scope, mut query: FleetQuery, format: Format) -> Result<Response, Refused> {
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let page = query.page(portal, scope, CHUNK).await?;
        let now = clock::now();
        rows.extend(page.sensors.into_iter().filter_map(|view| serde_json::to_value(Shown::of(view, now)).ok()));
        let Some(next) = page.next else { break };
        query.after = Some(super::fleet_query::cursor(&next));
    }
    let (media, name, body) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "sensors.csv", csv(&rows)),
        Format::Json => ("application/json", "sensors.json", serde_json::to_string(&rows).unwrap_or_default()),
    };
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((StatusCode::OK, headers, body).into_response())
}

fn csv(rows: &[Value]) -> String {
    let mut out = String::new();
    write_line(COLUMNS.map(|(title, _)| title), &mut out);
    for row in rows {
        let cells = COLUMNS.map(|(_, pointer)| match row.pointer(pointer) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        write_line(cells.iter().map(String::as_str), &mut out);
    }
    out
}
