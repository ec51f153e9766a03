//! What a hostile or hung caller can cost: so many bytes, so much time, and never another caller's turn.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{Request, StatusCode},
};
use hyper::body::{Frame, SizeHint};
use picket_protocol::{local_api::routes, wire::MAX_ARMOURED};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    sync::{mpsc, oneshot},
};

use super::{
    super::{bind, serve},
    world::{Kept, ROOT, World, code, local_api},
};

const HUNDRED_MIB: usize = 100 * 1024 * 1024;
const FRAME: usize = 16 * 1024;

/// A body of 100 MiB that counts what is taken from it.
struct Endless {
    taken: Arc<AtomicUsize>,
    announced: Option<u64>,
}

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let before = self.taken.fetch_add(FRAME, Ordering::Relaxed);
        Poll::Ready((before < HUNDRED_MIB).then(|| Ok(Frame::data(Bytes::from_static(&[0; FRAME])))))
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

async fn upload(announced: Option<u64>) -> (StatusCode, String, usize) {
    let world = World::new();
    let taken = Arc::new(AtomicUsize::new(0));
    let body = Body::new(Endless { taken: Arc::clone(&taken), announced });
    let request = Request::post(routes::ACTIVATION).body(body).unwrap();
    let (status, code) = code(world.send(ROOT, request).await).await;
    assert_eq!(world.asked(), [""; 0]);
    (status, code, taken.load(Ordering::Relaxed))
}

#[tokio::test]
async fn upload_that_announces_too_much_is_refused_unread() {
    let (status, code, taken) = upload(Some(HUNDRED_MIB as u64)).await;
    assert_eq!((status, code.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "activation.too-large"));
    assert_eq!(taken, 0);
}

#[tokio::test]
async fn upload_that_announces_nothing_is_refused_at_the_limit() {
    let (status, code, taken) = upload(None).await;
    assert_eq!((status, code.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "activation.too-large"));
    assert!(taken <= MAX_ARMOURED + FRAME, "{taken} bytes were read");
}

#[tokio::test]
async fn every_body_has_its_limit() {
    let routes = [("PUT", routes::NAME), ("PUT", routes::PROXY), ("POST", routes::RESET), ("POST", routes::VERIFY)];
    for (method, path) in routes.into_iter().chain([("POST", routes::TRUST), ("POST", routes::TRUST_CONFIRM)]) {
        let world = World::new();
        let taken = Arc::new(AtomicUsize::new(0));
        let body = Body::new(Endless { taken: Arc::clone(&taken), announced: None });
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        assert_eq!(code(world.send(ROOT, request).await).await.1, "activation.too-large", "{method} {path}");
        assert!(taken.load(Ordering::Relaxed) < 256 * 1024, "{method} {path}");
    }
}

/// A body of which nothing ever comes.
struct Stuck;

impl HttpBody for Stuck {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn body_that_does_not_come_is_not_waited_for() {
    let world = World::new();
    let request = Request::put(routes::NAME).body(Body::new(Stuck)).unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(code(world.send(ROOT, request).await).await.1, "request.invalid");
    assert!(began.elapsed() < Duration::from_secs(25));
}

/// The local API on a real socket, served by a service that answers nothing but keeps its commands.
struct Served {
    folder: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    _kept: Kept,
    _inbox: mpsc::Receiver<crate::service::Command>,
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = bind(&folder.path().join("agent.sock"), None).unwrap();
        let (commands, inbox) = mpsc::channel(8);
        let (stop, stopped) = oneshot::channel::<()>();
        let (api, kept) = local_api(commands);
        tokio::spawn(serve(listener, api, async { drop(stopped.await) }));
        Self { folder, stop, _kept: kept, _inbox: inbox }
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(self.folder.path().join("agent.sock")).await.unwrap()
    }
}

/// Everything that comes. Where the agent left bytes of ours unread, a reset follows its answer.
async fn all(mut stream: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer).await {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn hundred_mebibytes_on_the_socket_are_cut_short() {
    let served = Served::new();
    let (reader, mut writer) = served.connect().await.into_split();
    let sending = tokio::spawn(async move {
        let head = format!("POST {} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", routes::ACTIVATION);
        writer.write_all(head.as_bytes()).await.unwrap();
        let mut chunk = format!("{FRAME:x}\r\n").into_bytes();
        chunk.extend(std::iter::repeat_n(b'x', FRAME));
        chunk.extend(b"\r\n");
        let mut sent = 0;
        while sent < HUNDRED_MIB && writer.write_all(&chunk).await.is_ok() {
            sent += FRAME;
        }
        sent
    });
    let answer = all(reader).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("activation.too-large"), "{answer}");
    // What was sent beyond the limit lay in the socket's buffers.
    let sent = sending.await.unwrap();
    assert!(sent < MAX_ARMOURED + 2 * 1024 * 1024, "{sent} bytes were taken");
}

#[tokio::test(start_paused = true)]
async fn caller_who_sends_no_head_is_let_go() {
    let served = Served::new();
    let mut stream = served.connect().await;
    stream.write_all(b"GET /v1/status HT").await.unwrap();
    let began = tokio::time::Instant::now();
    all(&mut stream).await;
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn hung_callers_shut_others_out_for_a_moment_only() {
    let served = Served::new();
    let mut hung = Vec::new();
    for _ in 0..100 {
        hung.push(served.connect().await);
    }
    let began = tokio::time::Instant::now();
    let mut stream = served.connect().await;
    stream.write_all(b"GET /v1/explain/portal.voided HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(all(stream).await.starts_with("HTTP/1.1 200 "));
    assert!(began.elapsed() < Duration::from_secs(10));
    drop(hung);
}

#[tokio::test]
async fn head_that_is_too_large_is_refused() {
    let served = Served::new();
    let (reader, mut writer) = served.connect().await.into_split();
    tokio::spawn(async move {
        let _ = writer.write_all(format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1024 * 1024)).as_bytes()).await;
    });
    let answer = all(reader).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn a_follower_is_told_the_end_when_the_agent_stops() {
    let Served { folder, stop, _kept, _inbox } = Served::new();
    let mut stream = UnixStream::connect(folder.path().join("agent.sock")).await.unwrap();
    stream.write_all(format!("GET {} HTTP/1.1\r\nhost: a\r\n\r\n", routes::ALERTS_FOLLOW).as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    drop(stop);
    let rest = all(stream).await;
    // Chunked, and whole: nothing was cut off.
    assert!(rest.ends_with("\r\n0\r\n\r\n"), "{rest}");
}
