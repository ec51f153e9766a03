//! Answers that are lines of JSON, sent as they come. A caller that goes away ends what makes them.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use hyper::body::Frame;
use picket_protocol::local_api::MEDIA_LINES;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::answer;

/// The answer; the permit is held until its end.
pub(super) fn answer<T: Serialize + Send + 'static>(lines: mpsc::Receiver<T>, turn: OwnedSemaphorePermit) -> Response {
    answer::content(MEDIA_LINES, Body::new(Lines { lines, _turn: turn }))
}

struct Lines<T> {
    lines: mpsc::Receiver<T>,
    _turn: OwnedSemaphorePermit,
}

impl<T: Serialize + Send> HttpBody for Lines<T> {
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
