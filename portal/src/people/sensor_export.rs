//! The list of sensors to take away: as CSV that no spreadsheet takes for formulas, or as JSON.

use std::sync::Arc;

use axum::{Extension, extract::State};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Shared,
    answers::Answer,
    body::Said,
    csv::write_line,
    export::{self, Export},
    fleet_query::FleetQuery,
    sensor_view::Shown,
};
use crate::{
    clock,
    domain::{
        access::{Caller, Scope},
        refused::Refused,
    },
    portal::Portal,
    store::fleet::FleetPage,
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

impl Format {
    const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Csv => "sensors.csv",
            Self::Json => "sensors.json",
        }
    }
}

pub(crate) async fn export(
    State(portal): Shared,
    Extension(caller): Extension<Caller>,
    Said(query): Said<FleetQuery>,
) -> Answer {
    let format = query.format.unwrap_or(Format::Json);
    let query = FleetQuery { after: None, ..query };
    Ok(export::export(Sensors { portal, scope: caller.scope, query, format, at: At::Begin }).await?)
}

struct Sensors {
    portal: Arc<Portal>,
    scope: Scope,
    /// What the next piece is asked for with.
    query: FleetQuery,
    format: Format,
    at: At,
}

/// How far it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Begin,
    Middle,
    End,
}

impl Export for Sensors {
    fn media(&self) -> &'static str {
        self.format.media()
    }

    fn file(&self) -> &'static str {
        self.format.file()
    }

    async fn piece(&mut self) -> Result<Option<String>, Refused> {
        if self.at == At::End {
            return Ok(None);
        }
        let FleetPage { sensors, next, .. } = self.query.page(&self.portal, &self.scope, CHUNK).await?;
        let now = clock::now();
        let rows: Vec<Value> =
            sensors.into_iter().filter_map(|view| serde_json::to_value(Shown::of(view, now)).ok()).collect();
        let piece = match self.format {
            Format::Csv => csv(&rows, self.at),
            Format::Json => json(&rows, self.at, next.is_none()),
        };
        self.at = if next.is_some() { At::Middle } else { At::End };
        self.query.after = next.as_ref().map(super::fleet_query::cursor);
        Ok(Some(piece))
    }
}

/// These elements of one array.
fn json(rows: &[Value], at: At, last: bool) -> String {
    let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    let before = match at {
        At::Begin => "[",
        _ if rows.is_empty() => "",
        _ => ",",
    };
    [before, &rows.join(","), if last { "]" } else { "" }].concat()
}

fn csv(rows: &[Value], at: At) -> String {
    let mut out = String::new();
    if at == At::Begin {
        write_line(COLUMNS.map(|(title, _)| title), &mut out);
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;

    #[test]
    fn pieces_make_one_array_however_many_there_are() {
        let [a, b, c] = ["a", "b", "c"].map(|name| value!({ "name": name }));
        let one = json(&[a.clone(), b.clone(), c.clone()], At::Begin, true);
        let two = [json(&[a.clone(), b.clone()], At::Begin, false), json(std::slice::from_ref(&c), At::Middle, true)]
            .concat();
        // The last sensors may be gone when the piece that they were to be in is read.
        let three = [json(&[a, b], At::Begin, false), json(&[c], At::Middle, false)].concat();
        let three = three + &json(&[], At::Middle, true);
        for text in [&one, &two, &three] {
            assert_eq!(
                serde_json::from_str::<Value>(text).unwrap(),
                value!([{ "name": "a" }, { "name": "b" }, { "name": "c" }])
            );
        }
        assert_eq!(json(&[], At::Begin, true), "[]");
    }

    #[test]
    fn the_columns_are_named_once() {
        let row = value!({ "id": "7", "name": "=Pump", "subscription": { "name": "Plant" } });
        let text = [csv(std::slice::from_ref(&row), At::Begin), csv(&[row], At::Middle)].concat();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("\"id\",\"name\","), "{text}");
        assert_eq!((lines.len(), lines[1]), (3, lines[2]));
        assert!(lines[1].starts_with("\"7\",\"'=Pump\",\"\",\"Plant\","), "{text}");
    }
}
