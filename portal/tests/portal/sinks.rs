//! Destinations of sharing: a syslog server and a webhook, over TLS, inside the test.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use picket_portal::authority::certificates::{CertificateAuthority, make_authority};
use picket_protocol::time::UnixSeconds;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::server::Server;

/// Waits until something is so; half a minute at most, or `patience` seconds.
pub(crate) async fn until(what: &str, patience: u64, so: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(patience), async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("not in {patience} s: {what}"));
}

/// Whom a sink is believed by, and where it listens. Stopped and started again, it stays the same.
pub(crate) struct Place {
    pub(crate) ca: PathBuf,
    acceptor: TlsAcceptor,
    listener: Mutex<Option<std::net::TcpListener>>,
    pub(crate) address: SocketAddr,
}

impl Place {
    pub(crate) fn new(server: &Server, name: &str) -> Self {
        let now = UnixSeconds(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap());
        let authority = make_authority(name, now).unwrap();
        let (ca, key) = (server.scratch(&format!("{name}-ca.pem")), server.scratch(&format!("{name}-ca.key")));
        std::fs::write(&ca, authority.certificate).unwrap();
        std::fs::write(&key, authority.key).unwrap();
        let pair = CertificateAuthority::read(&ca, &key).unwrap().server("127.0.0.1", now).unwrap();
        let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        // Bound and not listened on: the port stays ours, and whoever connects is refused.
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        Self { ca, acceptor: TlsAcceptor::from(Arc::new(config)), listener: Mutex::new(Some(socket)), address }
    }

    /// Nobody listens from now on.
    pub(crate) fn close(&self) {
        self.listener.lock().unwrap().take();
    }

    fn listen(&self) -> TcpListener {
        let held = self.listener.lock().unwrap().take();
        let listener = held.unwrap_or_else(|| std::net::TcpListener::bind(self.address).unwrap());
        listener.set_nonblocking(true).unwrap();
        TcpListener::from_std(listener).unwrap()
    }

    /// Serves each connection until it is dropped.
    fn serve<F>(&self, serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static) -> JoinSet<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (listener, acceptor, mut tasks) = (self.listen(), self.acceptor.clone(), JoinSet::new());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if let Ok(stream) = acceptor.accept(stream).await {
                    connections.spawn(serve(stream));
                }
            }
        });
        tasks
    }
}

/// A syslog server over TLS. Dropped, it breaks its connections and listens no more.
pub(crate) struct SyslogSink {
    received: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl SyslogSink {
    pub(crate) fn start(place: &Place) -> Self {
        Self::breaking(place, Vec::new())
    }

    /// Breaks the first connections, each after so many messages: read, and not kept.
    pub(crate) fn breaking(place: &Place, after: Vec<usize>) -> Self {
        let (received, breaks) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(Mutex::new(VecDeque::from(after))));
        let keep = Arc::clone(&received);
        let tasks = place.serve(move |mut stream| {
            let (keep, breaks) = (Arc::clone(&keep), Arc::clone(&breaks));
            async move {
                let after = breaks.lock().unwrap().pop_front();
                let mut read = 0;
                while after.is_none_or(|after| read < after) {
                    let Some(message) = read_frame(&mut stream).await else { return };
                    read += 1;
                    if after.is_none() {
                        keep.lock().unwrap().push(message);
                    }
                }
            }
        });
        Self { received, _tasks: tasks }
    }

    pub(crate) fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

/// RFC 5425 §4.3.
async fn read_frame(stream: &mut TlsStream<TcpStream>) -> Option<String> {
    let mut length = 0;
    loop {
        match stream.read_u8().await.ok()? {
            b' ' => break,
            digit => length = length * 10 + usize::from(digit.checked_sub(b'0').filter(|digit| *digit < 10).unwrap()),
        }
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.ok()?;
    Some(String::from_utf8(message).unwrap())
}

/// What a webhook got.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) path: String,
    pub(crate) signature: String,
    pub(crate) kind: String,
    pub(crate) body: String,
    pub(crate) status: u16,
}

/// An HTTPS webhook that answers each body as it is told.
pub(crate) struct WebhookSink {
    posted: Arc<Mutex<Vec<Posted>>>,
    _tasks: JoinSet<()>,
}

impl WebhookSink {
    pub(crate) fn start(place: &Place) -> Self {
        Self::answering(place, |_| 204)
    }

    pub(crate) fn answering(place: &Place, answer: impl Fn(&str) -> u16 + Clone + Send + Sync + 'static) -> Self {
        let posted = Arc::<Mutex<Vec<Posted>>>::default();
        let keep = Arc::clone(&posted);
        let tasks = place.serve(move |stream| {
            let (keep, answer) = (Arc::clone(&keep), answer.clone());
            async move {
                let service = service_fn(move |request: Request<Incoming>| {
                    let (keep, answer) = (Arc::clone(&keep), answer.clone());
                    async move { Ok::<_, Infallible>(take(request, &keep, answer).await) }
                });
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            }
        });
        Self { posted, _tasks: tasks }
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    /// Events that were acknowledged, in the order in which they came.
    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        let taken = self.posted().into_iter().filter(|posted| posted.status == 204);
        taken.flat_map(|posted| serde_json::from_str::<Vec<serde_json::Value>>(&posted.body).unwrap()).collect()
    }
}

async fn take(
    request: Request<Incoming>,
    keep: &Mutex<Vec<Posted>>,
    answer: impl Fn(&str) -> u16,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let header = |name: &str| parts.headers[name].to_str().unwrap().to_owned();
    let (signature, kind) = (header("picket-signature"), header("content-type"));
    let status = answer(&body);
    keep.lock().unwrap().push(Posted { path: parts.uri.to_string(), signature, kind, body, status });
    Response::builder().status(status).body(Full::default()).unwrap()
}
