//! What everybody may look at: status, past activations, proxy, explanations.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        Path, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
};
use picket_protocol::{
    local_api::Explanation,
    refusal::{self, Refusal},
};

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

/// Whether a text holds another, whatever the case of its ASCII letters.
pub(super) fn contains(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    wanted.is_empty() || text.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted))
}
