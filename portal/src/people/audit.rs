//! The audit: a page at a time, and as a whole, in lines that hold the chain of digests.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    answers::{Answer, json},
    body::Asked,
    export::{self, Export},
    openapi::words,
};
use crate::{
    domain::{audit_chain::Record, refused::Refused},
    store::Store,
};

/// Most records of one answer.
const MAX_LIMIT: u32 = 1000;

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
    Ok(export::export(Audit { store: portal.store.clone(), after: 0 }).await?)
}

struct Audit {
    store: Store,
    after: i64,
}

impl Export for Audit {
    fn media(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn file(&self) -> &'static str {
        "audit.ndjson"
    }

    async fn piece(&mut self) -> Result<Option<String>, Refused> {
        let records = self.store.audit(self.after, MAX_LIMIT).await?;
        let Some(last) = records.last() else { return Ok(None) };
        self.after = last.id;
        Ok(Some(
            records.iter().filter_map(|record| serde_json::to_string(record).ok()).map(|line| line + "\n").collect(),
        ))
    }
}
