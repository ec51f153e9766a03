//! `picket-portal sensor add --from`: onboards all sensors of a table, or none.

use std::path::Path;

use anyhow::Context as _;
use hyper::Method;
use picket_durable as durable;
use serde_json::{Value, json};

use super::{client::Api, output};

/// Onboards them; with `files`, writes the archive of their activation files there.
pub(super) async fn onboard(api: &Api, table: &Path, files: Option<&Path>) -> anyhow::Result<()> {
    let csv = std::fs::read(table).with_context(|| format!("read {}", table.display()))?;
    let csv = String::from_utf8(csv).with_context(|| format!("{}: save it as CSV in UTF-8", table.display()))?;
    let onboarded = api.post("/api/v1/sensors/table", &json!({ "csv": csv })).await?;
    if api.json {
        output::json(&onboarded);
    } else {
        output::list(&onboarded, "sensors", &[("ROW", "/row"), ("ID", "/id"), ("NAME", "/name")]);
    }
    let Some(out) = files else { return Ok(()) };
    let ids: Vec<&Value> = onboarded["sensors"].as_array().into_iter().flatten().map(|sensor| &sensor["id"]).collect();
    let body = json!({ "sensors": ids });
    let (_, archive) = api.ask(Method::POST, "/api/v1/sensors/activation-files", Some(&body)).await?;
    // It carries tokens: readable by its owner alone.
    durable::replace(out, &archive).with_context(|| format!("write {}", out.display()))
}
