//! The HTTPS hub: a CloudEvents batch per request, one request after the other on one connection, packed by zstd.

use std::{collections::VecDeque, future::Future, pin::Pin, time::Duration};

use http_body_util::Full;
use hyper::{
    Request,
    body::Bytes,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HOST},
};
use picket_lifecycle::{
    delivery::{BatchId, Item, NotAccepted},
    event::Failure,
};
use picket_protocol::{endpoint_url::EndpointUrl, refusal::Refusal, wire};
use tokio::task::JoinHandle;

use super::{
    body,
    client::{Ended, HubClient},
    record::Record,
    way::Way,
};
use crate::{
    clock,
    proxy::authority,
    upstream::{
        exchange::{ANSWER_TIMEOUT, Answer, Line},
        verdict::{Speaker, judge},
    },
};

/// Most bytes of an answer that only has to say yes.
const MAX_ACCEPTANCE: usize = 16 * 1024;
/// How long a connection waits for the next batch; servers close at about this age.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// The slowest way on which a batch still gets through: 16 kbit/s.
const SLOWEST: u64 = 2_000;
/// Bytes of a request's head, about.
const HEAD: u64 = 250;
/// Bytes of a TLS handshake as the sensor sends them, about.
const HANDSHAKE: u64 = 3_500;

type UnderWay = Pin<Box<dyn Future<Output = (Ended, Option<Idle>)> + Send>>;
type Packed = JoinHandle<Result<Body, Refusal>>;

/// A client of one HTTPS hub.
pub(super) struct HttpsClient {
    way: Way,
    /// Made ready while those before are under way.
    waiting: VecDeque<(BatchId, Packed)>,
    under_way: Option<UnderWay>,
    idle: Option<Idle>,
    /// False once the hub said that it does not unpack.
    packs: bool,
}

/// A connection that may be used again.
#[derive(Debug)]
struct Idle {
    line: Line,
    since: Duration,
}

/// A batch, written.
#[derive(Debug, Clone)]
struct Body {
    bytes: Bytes,
    packed: bool,
}

impl std::fmt::Debug for HttpsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpsClient({}, {} waiting)", self.way.url(), self.waiting.len())
    }
}

impl HttpsClient {
    /// Connects when there is something to send.
    #[must_use]
    pub(super) fn new(way: Way) -> Self {
        Self { way, waiting: VecDeque::new(), under_way: None, idle: None, packs: true }
    }
}

impl HubClient for HttpsClient {
    fn send(&mut self, batch: BatchId, items: &[Item<Record>]) {
        let text = body::batch(items, self.way.sensor());
        let packs = self.packs;
        let packed = tokio::task::spawn_blocking(move || Body::new(text, packs));
        self.waiting.push_back((batch, packed));
    }

    async fn ended(&mut self) -> Ended {
        loop {
            if let Some(under_way) = &mut self.under_way {
                let (ended, idle) = under_way.await;
                self.under_way = None;
                self.idle = idle;
                self.packs &= !says_it_does_not_unpack(&ended);
                return ended;
            }
            let Some((batch, packed)) = self.waiting.pop_front() else { return std::future::pending().await };
            self.under_way = Some(Box::pin(deliver(self.way.clone(), self.idle.take(), batch, packed)));
        }
    }

    fn recall(&mut self) {
        self.under_way = None;
        self.idle = None;
        self.waiting.clear();
    }
}

impl Body {
    fn new(text: String, packs: bool) -> Result<Self, Refusal> {
        if !packs {
            return Ok(Self { bytes: text.into(), packed: false });
        }
        let failed = |error: std::io::Error| Refusal::InvalidRequest { why: error.to_string() };
        Ok(Self { bytes: body::pack(&text).map_err(failed)?.into(), packed: true })
    }

    fn request(&self, target: &EndpointUrl) -> Result<Request<Full<Bytes>>, Refusal> {
        let host = authority(&target.host, target.port);
        let mut request = Request::post(wire::HUB_EVENTS).header(HOST, host).header(CONTENT_TYPE, wire::MEDIA_EVENTS);
        if self.packed {
            request = request.header(CONTENT_ENCODING, "zstd");
        }
        let request = request.body(Full::new(self.bytes.clone()));
        request.map_err(|error| Refusal::InvalidRequest { why: error.to_string() })
    }

    /// How long an answer may take: the body has to get there first.
    fn patience(&self) -> Duration {
        ANSWER_TIMEOUT + Duration::from_secs(self.bytes.len() as u64 / SLOWEST)
    }
}

async fn deliver(way: Way, idle: Option<Idle>, batch: BatchId, packed: Packed) -> (Ended, Option<Idle>) {
    let body = match packed.await {
        Ok(Ok(body)) => body,
        Ok(Err(why)) => return (ended(batch, 0, Err(why.into())), idle),
        Err(error) => {
            let why = Refusal::InvalidRequest { why: error.to_string() };
            return (ended(batch, 0, Err(why.into())), idle);
        }
    };
    let mut wire_bytes = body::on_the_wire(HEAD + body.bytes.len() as u64);
    let dialled = match again(&way, idle, &body).await {
        Some(answered) => Ok(answered),
        None => {
            wire_bytes += body::on_the_wire(HANDSHAKE);
            anew(&way, &body).await
        }
    };
    match dialled {
        Ok((answer, line)) => {
            let idle = line.usable().then(|| Idle { line, since: clock::since_boot() });
            let result = way
                .target()
                .map_err(Failure::from)
                .and_then(|target| judge(answer, Speaker::Hub, &target.host, way.sensor()).map(drop));
            (ended(batch, wire_bytes, result), idle)
        }
        Err(why) => (ended(batch, wire_bytes, Err(why.into())), None),
    }
}

/// Over the connection that waited. Nothing if there is none, or if it had been closed at the other end meanwhile.
async fn again(way: &Way, idle: Option<Idle>, body: &Body) -> Option<(Answer, Line)> {
    let Idle { mut line, since } = idle?;
    if clock::since_boot().saturating_sub(since) > KEEP_ALIVE || !line.usable() {
        return None;
    }
    let request = body.request(&way.target().ok()?).ok()?;
    // Whatever was wrong: a batch may arrive twice, and is stored once.
    let answer = line.exchange_within(request, MAX_ACCEPTANCE, body.patience()).await.ok()?;
    Some((answer, line))
}

async fn anew(way: &Way, body: &Body) -> Result<(Answer, Line), Refusal> {
    let target = way.target()?;
    let mut line = Line::open(way.dial(&[b"http/1.1"]).await?, &target).await?;
    let exchanged = line.exchange_within(body.request(&target)?, MAX_ACCEPTANCE, body.patience()).await;
    Ok((exchanged.map_err(|none| none.refusal)?, line))
}

fn ended(batch: BatchId, wire_bytes: u64, result: Result<(), Failure>) -> Ended {
    Ended::Batch { batch, wire_bytes, result: result.map_err(not_accepted) }
}

/// What these say, they say about the batch; everything else may pass.
fn not_accepted(failure: Failure) -> NotAccepted {
    match failure.refusal {
        Refusal::Http { status: 400 | 413 | 422, .. } => NotAccepted::Refused(failure.refusal),
        _ => NotAccepted::Failed(failure),
    }
}

fn says_it_does_not_unpack(ended: &Ended) -> bool {
    let Ended::Batch { result: Err(NotAccepted::Failed(failure)), .. } = ended else { return false };
    matches!(failure.refusal, Refusal::Http { status: 415, .. })
}
