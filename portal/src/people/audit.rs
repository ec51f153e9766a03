//! The audit: a page at a time, and as a whole, in lines that hold the chain of digests.

use axum::{
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse as _,
};
use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    answers::{Answer, json},
    body::Asked,
    openapi::words,
};
use crate::{domain::audit_chain::Record, store::Store};

/// Most records of one answer.
const MAX_LIMIT: u32 = 1000;
/// Chunks of an export that wait for a slow reader.
const WAITING: usize = 2;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    #[serde(default)]
    after: i64,
    #[serde(default = "hundred")]
    #[param(value_type = u64)]
    limit: u32,
}

const fn hundred() -> u32 {
    100
}

/// Records of the audit, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Records {
    #[schema(value_type = Vec<words::AuditRecord>)]
    records: Vec<Record>,
}

pub(crate) async fn list(State(portal): Shared, Asked(query): Asked<AuditQuery>) -> Answer {
    let records = portal.store.audit(query.after, query.limit.min(MAX_LIMIT)).await?;
    Ok(json(StatusCode::OK, &Records { records }))
}

/// Every record as a line of JSON, from the first on: what `audit verify` reads.
pub(crate) async fn export(State(portal): Shared) -> Answer {
    Ok(exported(portal.store.clone()).into_response())
}

/// A failure breaks the answer off, so that half an export is never taken for a whole one.
pub(crate) fn exported(store: Store) -> impl axum::response::IntoResponse {
    let (sender, body) = Channel::new(WAITING);
    tokio::spawn(write(store, sender));
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.ndjson\""),
    ];
    (StatusCode::OK, headers, Body::new(body))
}

async fn write(store: Store, mut sender: Sender<Bytes, std::io::Error>) {
    let mut after = 0;
    loop {
        let records = match store.audit(after, MAX_LIMIT).await {
            Ok(records) => records,
            Err(refused) => return sender.abort(std::io::Error::other(refused.problem().title)),
        };
        let Some(last) = records.last() else { return };
        after = last.id;
        let lines: String =
            records.iter().filter_map(|record| serde_json::to_string(record).ok()).map(|line| line + "\n").collect();
        if sender.send_data(lines.into()).await.is_err() {
            return; // the reader has gone
        }
    }
}
