//! What everybody may look at: status, past activations, proxy, audit, explanations.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
};
use picket_protocol::{
    local_api::{Explanation, MAX_AUDIT_PAGE},
    refusal::{self, Refusal},
};
use serde::Deserialize;

use super::{
    LocalApi,
    answer::{self, Refused},
};
use crate::service::{Command, Snapshot};

/// A service that writes to a slow disk is not waited for: the last snapshot is still true, only older.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// The sensor as it is now.
pub(super) async fn look(api: &LocalApi) -> Result<Arc<Snapshot>, Refusal> {
    match tokio::time::timeout(LOOK_TIMEOUT, api.service.ask(Command::Look)).await {
        Ok(answer) => answer,
        Err(_) => Ok(api.service.snapshot()),
    }
}

pub(super) async fn status(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    Ok(answer::value(&look(&api).await?.status))
}

pub(super) async fn activations(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    Ok(answer::value(&look(&api).await?.outcomes))
}

pub(super) async fn proxy(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    Ok(answer::value(&look(&api).await?.status.proxy))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditPage {
    #[serde(default)]
    after: u64,
    #[serde(default = "default_page")]
    limit: u32,
}

const fn default_page() -> u32 {
    100
}

pub(super) async fn audit(
    State(api): State<Arc<LocalApi>>,
    page: Result<Query<AuditPage>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(AuditPage { after, limit }) = page.map_err(invalid_query)?;
    let limit = limit.min(MAX_AUDIT_PAGE);
    let records = api.service.ask(|reply| Command::Audit { after, limit, reply }).await?;
    Ok(answer::value(&records))
}

pub(super) async fn explain(code: Result<Path<String>, PathRejection>) -> Result<Response, Refused> {
    let Path(code) = code.map_err(|rejection| Refusal::InvalidRequest { why: rejection.body_text() })?;
    let words = refusal::explain(&code).ok_or_else(|| {
        let code: String = code.chars().take(100).collect();
        Refusal::NotFound { what: format!("code {code}") }
    })?;
    Ok(answer::value(&Explanation::from(words)))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub(super) fn invalid_query(rejection: QueryRejection) -> Refusal {
    Refusal::InvalidRequest { why: rejection.body_text() }
}
