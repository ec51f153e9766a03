//! Speaks to portal, management console and hub: enrol, renew, heartbeat, probe. One request per call.
//!
//! Decides nothing: whom to call, by which certificate and when is the core's. Dropping a call's future closes its
//! connection; [`Upstreams::abort`] closes the one that waits for the next heartbeat.

pub mod dial;
pub mod exchange;
pub mod mqtt;
pub mod tls;
pub mod verdict;

mod est;
#[cfg(test)]
pub(crate) mod test_world;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::Full;
use hyper::{
    Request,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use picket_lifecycle::{
    effect::{Call, Enrol, ProbeHub, Renew},
    event::Failure,
    identity::{Identity, Slot},
    routes::RouteTo,
    stamp::Stamp,
};
use picket_protocol::{
    ids::{SensorId, hex},
    refusal::Refusal,
    wire,
};
use rustls::ClientConfig;

use self::{
    dial::{address, dial},
    exchange::{Answer, Line, NoAnswer},
    tls::{Greeting, TlsSettings},
    verdict::{Speaker, judge},
};
use crate::{
    clock,
    identity::Identities,
    proxy::{Proxy, authority},
    service::HeartbeatReply,
};

/// How long a connection waits for the next heartbeat; servers close at about this age.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Most bytes of an answer that only has to say yes.
const MAX_ACCEPTANCE: usize = 16 * 1024;

/// The calls to upstreams and hubs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Upstreams {
    identities: Identities,
    greeting: Greeting,
    waiting: Arc<Mutex<BTreeMap<Stamp, Waiting>>>,
}

/// A connection that waits for the next heartbeat.
#[derive(Debug)]
struct Waiting {
    way: Way,
    line: Line,
    since: Duration,
}

/// What has to be the same for a connection to serve again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    url: String,
    with: Option<Slot>,
    proxy: Option<Proxy>,
}

/// A request, ready to be built as often as it is sent.
struct Post<'a> {
    path: &'static str,
    media_type: &'static str,
    authorization: Option<HeaderValue>,
    body: &'a [u8],
    limit: usize,
}

impl Upstreams {
    /// Calls with these identities.
    #[must_use]
    pub fn new(identities: Identities, greeting: Greeting) -> Self {
        Self { identities, greeting, waiting: Arc::default() }
    }

    /// Enrols (RFC 7030 §4.2.1). The key is durable before the first packet, the certificate before this returns.
    ///
    /// # Errors
    /// The refusal of the stage that failed, or the upstream's.
    pub async fn enrol(self, order: Enrol) -> Result<Identity, Failure> {
        let Enrol { call, token, key } = order;
        let key = self.identities.key(call.stamp.cti, key)?;
        let body = est::body(&key, call.sensor)?;
        let pair = STANDARD.encode(format!("{}:{}", call.sensor, token.expose()));
        let mut authorization = HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| unusable_token())?;
        authorization.set_sensitive(true);
        let post = Post {
            path: wire::EST_ENROL,
            media_type: wire::MEDIA_CSR,
            authorization: Some(authorization),
            body: body.as_bytes(),
            limit: est::MAX_ANSWER,
        };
        let (answer, line) = self.send(&call, None, &post).await?;
        drop(line);
        let host = address(&call.endpoint.url)?.host;
        let answer = judge(answer, Speaker::Upstream, &host, call.sensor)?;
        let issued = est::certificate(&answer, &key, &host)?;
        Ok(self.identities.store(call.stamp.cti, Slot::A, &issued)?)
    }

    /// Renews (RFC 7030 §4.2.2) for the same key, into the other slot.
    ///
    /// # Errors
    /// The refusal of the stage that failed, or the upstream's.
    pub async fn renew(self, order: Renew) -> Result<Identity, Failure> {
        let Renew { call, with, into } = order;
        let key = self.identities.credential(call.stamp.cti, with)?.key;
        let body = est::body(&key, call.sensor)?;
        let post = Post {
            path: wire::EST_RENEW,
            media_type: wire::MEDIA_CSR,
            authorization: None,
            body: body.as_bytes(),
            limit: est::MAX_ANSWER,
        };
        let (answer, line) = self.send(&call, Some(with), &post).await?;
        drop(line);
        let host = address(&call.endpoint.url)?.host;
        let answer = judge(answer, Speaker::Upstream, &host, call.sensor)?;
        let issued = est::certificate(&answer, &key, &host)?;
        Ok(self.identities.store(call.stamp.cti, into, &issued)?)
    }

    /// Posts a heartbeat. The connection may wait for the next one.
    ///
    /// # Errors
    /// The refusal of the stage that failed, or the upstream's.
    pub async fn heartbeat(self, call: Call, with: Slot, bytes: Vec<u8>) -> Result<HeartbeatReply, Failure> {
        let post = Post {
            path: wire::HEARTBEAT,
            media_type: wire::MEDIA_HEARTBEAT,
            authorization: None,
            body: &bytes,
            limit: wire::MAX_ANSWER,
        };
        let way = Self::way(&call, Some(with))?;
        let again = match self.take_waiting(call.stamp, &way) {
            // It may have been closed at the other end while it waited: then the heartbeat was not read.
            Some(mut line) => match line.exchange(post.request(&call)?, post.limit).await {
                Err(NoAnswer { nothing_came: true, .. }) => None,
                Err(NoAnswer { refusal, .. }) => return Err(refusal.into()),
                Ok(answer) => Some((answer, line)),
            },
            None => None,
        };
        let (answer, line) = match again {
            Some(answered) => answered,
            None => self.send(&call, Some(with), &post).await?,
        };
        let server_not_after = line.server_not_after();
        let host = address(&call.endpoint.url)?.host;
        let bytes = judge(answer, Speaker::Upstream, &host, call.sensor)?;
        if line.usable() {
            self.keep_waiting(call.stamp, Waiting { way, line, since: clock::since_boot() });
        }
        Ok(HeartbeatReply { bytes, server_not_after })
    }

    /// Sends a probe to the hub, the way that alerts go.
    ///
    /// # Errors
    /// The refusal of the stage that failed, or the hub's status.
    pub async fn probe(self, order: ProbeHub) -> Result<(), Failure> {
        let ProbeHub { call, to, with, nonce } = order;
        let event = probe_event(call.sensor, &nonce, &call);
        match to {
            RouteTo::Https => self.post_probe(&call, with, &event).await,
            RouteTo::Mqtt { topic } => Ok(self.publish_probe(&call, with, topic, event).await?),
        }
    }

    /// As a CloudEvents batch of one.
    async fn post_probe(&self, call: &Call, with: Slot, event: &str) -> Result<(), Failure> {
        let body = format!("[{event}]");
        let post = Post {
            path: wire::HUB_EVENTS,
            media_type: wire::MEDIA_EVENTS,
            authorization: None,
            body: body.as_bytes(),
            limit: MAX_ACCEPTANCE,
        };
        let (answer, line) = self.send(call, Some(with), &post).await?;
        drop(line);
        let host = address(&call.endpoint.url)?.host;
        judge(answer, Speaker::Hub, &host, call.sensor)?;
        Ok(())
    }

    /// In a session of its own: in the name of the sensor's it would end the one that delivers.
    async fn publish_probe(&self, call: &Call, with: Slot, topic: String, event: String) -> Result<(), Refusal> {
        let target = mqtt::address(&call.endpoint.url)?;
        let mut config = self.config(call, Some(with), &target.host)?;
        config.alpn_protocols.clear();
        let stream = dial(&target, Self::proxy(call)?.as_ref(), config).await?;
        let mut session = mqtt::Session::open(stream, &target, &format!("{}-probe", call.sensor)).await?;
        session.publish(&topic.into(), event.into())?;
        loop {
            if let Some(acknowledged) = session.progress().await? {
                return acknowledged.result.map_err(Refusal::from);
            }
        }
    }

    /// Closes the connection that waits under this stamp.
    pub fn abort(&self, stamp: Stamp) {
        drop(self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&stamp));
    }

    async fn send(&self, call: &Call, with: Option<Slot>, post: &Post<'_>) -> Result<(Answer, Line), Failure> {
        let target = address(&call.endpoint.url)?;
        let config = self.config(call, with, &target.host)?;
        let proxy = Self::proxy(call)?;
        let stream = dial(&target, proxy.as_ref(), config).await?;
        let mut line = Line::open(stream, &target).await?;
        let answer = line.exchange(post.request(call)?, post.limit).await.map_err(|none| none.refusal)?;
        Ok((answer, line))
    }

    fn config(&self, call: &Call, with: Option<Slot>, host: &str) -> Result<ClientConfig, Refusal> {
        let settings = TlsSettings {
            ca_certificates: &call.endpoint.ca_certificates,
            time: call.tls_time,
            greeting: self.greeting,
            credential: with.map(|slot| self.identities.credential(call.stamp.cti, slot)).transpose()?,
        };
        settings.config(host)
    }

    fn proxy(call: &Call) -> Result<Option<Proxy>, Refusal> {
        let proxy = call.proxy.as_ref().map(Proxy::try_from).transpose();
        proxy.map_err(|error| Refusal::InvalidRequest { why: error.to_string() })
    }

    fn way(call: &Call, with: Option<Slot>) -> Result<Way, Refusal> {
        Ok(Way { url: call.endpoint.url.clone(), with, proxy: Self::proxy(call)? })
    }

    fn take_waiting(&self, stamp: Stamp, way: &Way) -> Option<Line> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&stamp)?;
        let fresh = clock::since_boot().saturating_sub(waiting.since) < KEEP_ALIVE;
        (fresh && waiting.way == *way && waiting.line.usable()).then_some(waiting.line)
    }

    fn keep_waiting(&self, stamp: Stamp, waiting: Waiting) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(stamp, waiting);
    }
}

impl Post<'_> {
    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Refusal> {
        let target = address(&call.endpoint.url)?;
        let authority = authority(&target.host, target.port);
        let mut request = Request::post(self.path).header(HOST, authority).header(CONTENT_TYPE, self.media_type);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let body = Full::new(Bytes::copy_from_slice(self.body));
        request.body(body).map_err(|error| Refusal::InvalidRequest { why: error.to_string() })
    }
}

/// CloudEvents 1.0, JSON. The id is the nonce.
fn probe_event(sensor: SensorId, nonce: &[u8], call: &Call) -> String {
    serde_json::json!({
        "specversion": "1.0",
        "id": hex(nonce),
        "source": format!("/sensors/{sensor}"),
        "type": wire::EVENT_PROBE,
        "time": call.tls_time.at.to_string(),
    })
    .to_string()
}

fn unusable_token() -> Refusal {
    Refusal::Malformed { at: "the enrolment token".into() }
}
