//! An agent that answers each path with a fixed value, one request a connection, as the real one does.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

/// The answers by path, without query.
pub(crate) type Answers = BTreeMap<&'static str, Value>;

/// Answers until the runtime ends.
pub(crate) fn play(socket: &Path, answers: Answers) {
    let listener = UnixListener::bind(socket).unwrap();
    let answers = Arc::new(answers);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&answers)));
        }
    });
}

async fn answer(mut stream: UnixStream, answers: Arc<Answers>) {
    let mut head = vec![0; 16 * 1024];
    let length = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..length]);
    let target = head.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let (status, body) = match answers.get(path) {
        // With a line end: what is followed comes in lines.
        Some(value) => ("200 OK", format!("{value}\n")),
        None => ("404 Not Found", "{}".to_owned()),
    };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
}
