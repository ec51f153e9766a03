//! The check: lines as they come, one check at a time, each on record. A caller that goes away ends it.

use std::sync::Arc;

use axum::{
    extract::{Extension, State},
    response::Response,
};
use picket_protocol::refusal::Refusal;

use super::{LocalApi, answer::Refused, lines, reads::look, serve::Caller};
use crate::service::Command;

pub(super) async fn check(
    State(api): State<Arc<LocalApi>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refused> {
    let turn = Arc::clone(&api.one_check).acquire_owned().await;
    let turn = turn.map_err(|_| Refusal::InvalidRequest { why: "the agent is stopping".to_owned() })?;
    let snapshot = look(&api).await?;
    // The one thing that sends packets without an activation asking for it, so it is on record first.
    let by = caller.actor();
    api.service.ask(|reply| Command::NoteCheck { by, reply }).await?;
    Ok(lines::answer((api.checker)(&snapshot), turn))
}
