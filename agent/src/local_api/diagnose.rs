//! The diagnosis: everything that helps from afar. It is made of what is shown elsewhere, so it holds no secret either.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use picket_protocol::{
    local_api::{AuditRecord, Diagnosis, MAX_AUDIT_PAGE},
    refusal::Refusal,
};

use super::{
    LocalApi,
    answer::{self, Refused},
    reads::look,
};
use crate::{clock, service::Command};

/// Audit records in a diagnosis.
const LAST_RECORDS: usize = 100;

pub(super) async fn diagnose(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    let snapshot = look(&api).await?;
    Ok(answer::value(&Diagnosis {
        made_at: clock::wall(),
        status: snapshot.status.clone(),
        trust: snapshot.trust.clone(),
        activations: snapshot.outcomes.clone(),
        // A diagnosis of a store that cannot be read is needed most.
        audit: last_records(&api).await.unwrap_or_default(),
        settings: api.settings.clone(),
    }))
}

/// The audit is read forwards; it is bounded, so its end is a few pages away.
async fn last_records(api: &LocalApi) -> Result<Vec<AuditRecord>, Refusal> {
    let mut last: Vec<AuditRecord> = Vec::new();
    loop {
        let after = last.last().map_or(0, |record| record.number);
        let page = api.service.ask(|reply| Command::Audit { after, limit: MAX_AUDIT_PAGE, reply }).await?;
        if page.is_empty() {
            return Ok(last);
        }
        last.extend(page);
        let surplus = last.len().saturating_sub(LAST_RECORDS);
        last.drain(..surplus);
    }
}
