//! The check: lines of JSON as they come, one check at a time. A caller that goes away ends it.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Extension, State},
    response::Response,
};
use hyper::body::Frame;
use picket_protocol::{
    local_api::{CheckLine, MEDIA_LINES},
    refusal::Refusal,
};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{
    LocalApi,
    answer::{self, Refused},
    reads::look,
    serve::Caller,
};

pub(super) async fn check(
    State(api): State<Arc<LocalApi>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refused> {
    let turn = Arc::clone(&api.one_check).acquire_owned().await;
    let turn = turn.map_err(|_| Refusal::InvalidRequest { why: "the agent is stopping".to_owned() })?;
    let snapshot = look(&api).await?;
    // The one thing that sends packets without an activation asking for it, so it is told.
    tracing::info!(uid = %caller.0, endpoints = snapshot.targets.len(), "a caller of the local API checks the endpoints");
    let lines = (api.checker)(&snapshot);
    Ok(answer::content(MEDIA_LINES, Body::new(Lines { lines, _turn: turn })))
}

struct Lines {
    lines: mpsc::Receiver<CheckLine>,
    _turn: OwnedSemaphorePermit,
}

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.lines.poll_recv(context).map(|line| {
            line.map(|line| {
                let mut text = serde_json::to_vec(&line).unwrap_or_default();
                text.push(b'\n');
                Ok(Frame::data(text.into()))
            })
        })
    }
}
