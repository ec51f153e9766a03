//! Exports: every alert that the filter lets through, the oldest first, as it comes from the agent; no copy in memory.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use http_body_util::{
    BodyExt as _,
    channel::{Channel, Sender},
};
use hyper::body::Incoming;
use picket_protocol::{
    local_api::{AlertView, routes},
    time::UnixSeconds,
};

use super::{csv as table, filter::Filter};
use crate::{console::Shared, guard::SignedIn, page::Failed, pages::overview::view::now};

/// Most bytes of a line from the agent: a record and what is around it.
const MAX_LINE: usize = 4 * 1024 * 1024;

/// How an alert is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Csv,
    Ndjson,
}

pub(super) async fn csv(
    State(console): State<Shared>,
    Query(filter): Query<Filter>,
    by: SignedIn,
) -> Result<Response, Failed> {
    export(&console, &filter, &by, Form::Csv).await
}

pub(super) async fn ndjson(
    State(console): State<Shared>,
    Query(filter): Query<Filter>,
    by: SignedIn,
) -> Result<Response, Failed> {
    export(&console, &filter, &by, Form::Ndjson).await
}

async fn export(console: &Shared, filter: &Filter, by: &SignedIn, form: Form) -> Result<Response, Failed> {
    by.as_exporter()?;
    let wanted = Wanted { since: filter.since(now(by.status()?)), text: filter.text().map(|text| text.to_lowercase()) };
    let severity = filter.at_least().map(|severity| format!("?severity={}", severity.as_str())).unwrap_or_default();
    let lines = console.agent.stream(&format!("{}{severity}", routes::ALERTS_EXPORT)).await?;
    let (sender, body) = Channel::<Bytes, io::Error>::new(4);
    tokio::spawn(copy(lines, sender, wanted, form));
    let (media, file) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"alerts.csv\""),
        Form::Ndjson => ("application/x-ndjson", "attachment; filename=\"alerts.ndjson\""),
    };
    let headers = [(header::CONTENT_TYPE, media), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, Body::new(body)).into_response())
}

/// What the agent's export does not filter.
#[derive(Debug)]
struct Wanted {
    since: Option<UnixSeconds>,
    text: Option<String>,
}

impl Wanted {
    /// RFC 3339 in UTC: times compare as texts do.
    fn lets_through(&self, alert: &AlertView) -> bool {
        let since = self.since.is_none_or(|since| alert.detected_at >= since.to_string());
        since && self.text.as_ref().is_none_or(|text| alert.record.get().to_lowercase().contains(text))
    }
}

/// Ends when either side does. What broke off at the agent's side breaks off here, too: half an export must not look whole.
async fn copy(mut lines: Incoming, mut sender: Sender<Bytes, io::Error>, wanted: Wanted, form: Form) {
    if matches!(form, Form::Csv) && sender.send_data(Bytes::from_static(table::HEADER.as_bytes())).await.is_err() {
        return;
    }
    let mut pending = Vec::new();
    while let Some(frame) = lines.frame().await {
        let Ok(frame) = frame else { return sender.abort(io::Error::other("the agent's answer broke off")) };
        let Ok(data) = frame.into_data() else { continue };
        pending.extend_from_slice(&data);
        let Some(end) = pending.iter().rposition(|byte| *byte == b'\n') else {
            if pending.len() > MAX_LINE {
                return sender.abort(io::Error::other("the agent's line is too long"));
            }
            continue;
        };
        let rest = pending.split_off(end + 1);
        let written: String = std::mem::replace(&mut pending, rest)
            .split(|byte| *byte == b'\n')
            .filter_map(|line| write(line, &wanted, form))
            .collect();
        if !written.is_empty() && sender.send_data(written.into()).await.is_err() {
            return;
        }
    }
    if let Some(last) = write(&pending, &wanted, form) {
        // Whoever reads may have gone; there is nothing after it.
        let _ = sender.send_data(last.into()).await;
    }
}

fn write(line: &[u8], wanted: &Wanted, form: Form) -> Option<String> {
    let alert: AlertView = serde_json::from_slice(line).ok()?;
    if !wanted.lets_through(&alert) {
        return None;
    }
    match form {
        Form::Csv => Some(table::line(&alert)),
        // The agent's own line: the record in it is the engine's, byte for byte.
        Form::Ndjson => std::str::from_utf8(line).ok().map(|line| format!("{line}\n")),
    }
}
