//! The audit in pages: the oldest first after a number, or the newest first before one, with a text in it.

use std::{collections::VecDeque, sync::Arc};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use picket_protocol::{
    local_api::{AuditRecord, MAX_AUDIT_PAGE},
    refusal::Refusal,
};
use serde::Deserialize;

use super::{
    LocalApi,
    answer::{self, Refused},
    reads::{contains, invalid_query},
};
use crate::service::Command;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default)]
    after: u64,
    before: Option<u64>,
    text: Option<String>,
    #[serde(default = "default_page")]
    limit: u32,
}

const fn default_page() -> u32 {
    100
}

pub(super) async fn list(
    State(api): State<Arc<LocalApi>>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(page) = page.map_err(invalid_query)?;
    let limit = page.limit.min(MAX_AUDIT_PAGE);
    if page.before.is_none() && page.text.is_none() {
        let after = page.after;
        let records = api.service.ask(|reply| Command::Audit { after, limit, reply }).await?;
        return Ok(answer::value(&records));
    }
    Ok(answer::value(&newest_first(&api, &page, limit as usize).await?))
}

/// The store reads forwards. The audit is bounded, so its end is a few pages away.
async fn newest_first(api: &LocalApi, page: &Page, limit: usize) -> Result<Vec<AuditRecord>, Refusal> {
    let before = page.before.unwrap_or(u64::MAX);
    let mut after = page.after;
    let mut found: VecDeque<AuditRecord> = VecDeque::new();
    loop {
        let records = api.service.ask(|reply| Command::Audit { after, limit: MAX_AUDIT_PAGE, reply }).await?;
        let Some(last) = records.last().map(|record| record.number) else { break };
        found.extend(records.into_iter().filter(|record| record.number < before && holds(record, page)));
        found.drain(..found.len().saturating_sub(limit));
        if last >= before {
            break;
        }
        after = last;
    }
    Ok(found.into_iter().rev().collect())
}

fn holds(record: &AuditRecord, page: &Page) -> bool {
    let Some(text) = page.text.as_deref() else { return true };
    let AuditRecord { who, what, before, after, .. } = record;
    let texts = [Some(&who.name), Some(what), before.as_ref(), after.as_ref()];
    texts.into_iter().flatten().any(|found| contains(found, text))
}
