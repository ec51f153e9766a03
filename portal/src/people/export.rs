//! What is taken away as a file, however much there is: piece by piece, no faster than its reader takes it.

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;

use crate::domain::refused::Refused;

/// Pieces that wait for a slow reader.
const WAITING: usize = 2;

/// Something that is taken away as a file.
pub(super) trait Export: Send + 'static {
    /// Its media type.
    fn media(&self) -> &'static str;

    /// The file's name.
    fn file(&self) -> &'static str;

    /// What comes next; nothing once all is written.
    fn piece(&mut self) -> impl Future<Output = Result<Option<String>, Refused>> + Send;
}

/// The answer that carries it. What is refused before its first piece is an answer of its own; a failure after that breaks
/// the answer off, so that half a file is never taken for a whole one.
pub(super) async fn export(mut export: impl Export) -> Result<Response, Refused> {
    let headers = [
        (header::CONTENT_TYPE, export.media().to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", export.file())),
    ];
    let first = export.piece().await?;
    let (sender, body) = Channel::new(WAITING);
    tokio::spawn(write(first, export, sender));
    Ok((StatusCode::OK, headers, Body::new(body)).into_response())
}

async fn write(mut piece: Option<String>, mut export: impl Export, mut sender: Sender<Bytes, std::io::Error>) {
    while let Some(text) = piece {
        if sender.send_data(text.into()).await.is_err() {
            return; // the reader has gone
        }
        piece = match export.piece().await {
            Ok(next) => next,
            Err(refused) => return sender.abort(std::io::Error::other(refused.problem().title)),
        };
    }
}
