//! One connection to an MQTT 5 hub: mutual TLS, a shared subscription, and acknowledgements in the order of the messages,
//! each after its message is durable here.

use std::{io, sync::Arc, time::Duration};

use hyper::body::Bytes;
use picket_protocol::{
    alerts::{MAX_RECORD, event::MAX_ENVELOPE},
    documents::activation::{Hub, HubKind},
    endpoint_url::{EndpointUrl, Scheme},
};
use rumqttc::{
    AckMode, AsyncClient, BrokerSessionResumePolicy, ConnectionError, Event, IncomingPacketSizeLimit, MqttOptions,
    NetworkOptions, Outgoing, Packet, Publish, QoS, SessionMode, SubscribeReasonCode,
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    intake::{self, Message},
    topic::Topics,
};
use crate::{clock, domain::registration::HubId, portal::Portal};

/// Messages that the hub is to hand out before the first of them is acknowledged. Mosquitto 2.0 hands out more when it
/// takes up a session with many messages, so this is no bound to rely on.
const IN_FLIGHT: u16 = 512;
/// Bytes of messages that are here and not stored yet: the bound, many times what well-behaved hubs come to.
const MAX_WAITING_BYTES: usize = 128 * 1024 * 1024;
/// Bytes that a message takes at least, however little it says.
const LEAST_BYTES: usize = 512;
/// Bytes of a packet beside an alert's event: topic, properties.
const MAX_PACKET_EXTRA: usize = 4096;
/// For how long the hub keeps messages for a portal that is away, seconds.
const SESSION_EXPIRY: u32 = 7 * 86_400;
const KEEP_ALIVE_SECONDS: u16 = 30;
/// For a connection and its handshake.
const PATIENCE: Duration = Duration::from_secs(15);
/// Portals that share the reading of a hub share this name.
const GROUP: &str = "picket";

/// Why the connection ended. It always does.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// The hub's registration or our own certificate cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// The connection failed.
    #[error("{0}")]
    Connection(#[from] Box<ConnectionError>),
    /// The hub does not let the portal read.
    #[error("the hub refused the subscription to {filter}: {why}")]
    NotSubscribed { filter: String, why: String },
    /// What came could not be stored; the hub keeps it.
    #[error("what came could not be stored: {0}")]
    NotStored(String),
}

impl From<ConnectionError> for Ended {
    fn from(error: ConnectionError) -> Self {
        Self::Connection(Box::new(error))
    }
}

/// Reads a hub until the connection ends; whether the subscription stood.
pub(super) async fn read(portal: &Arc<Portal>, id: HubId, hub: &Hub, subscribed: &mut bool) -> Ended {
    match run(portal, id, hub, subscribed).await {
        Ok(never) => match never {},
        Err(ended) => ended,
    }
}

async fn run(
    portal: &Arc<Portal>,
    id: HubId,
    hub: &Hub,
    subscribed: &mut bool,
) -> Result<std::convert::Infallible, Ended> {
    let topics = Topics::new(hub.topic_template.as_deref().unwrap_or_default());
    let filter = format!("$share/{GROUP}/{}", topics.filter());
    let options = options(portal, id, hub)?;
    let (client, mut events) = AsyncClient::builder(options).capacity(usize::from(IN_FLIGHT)).build();
    let (arrived, messages) = mpsc::unbounded_channel(); // bounded by the bytes of what is in it
    let room = Arc::new(Semaphore::new(MAX_WAITING_BYTES));
    let mut keeper = JoinSet::new(); // ends with this function
    keeper.spawn(keep(Arc::clone(portal), topics, client.clone(), messages));
    loop {
        let event = tokio::select! {
            kept = keeper.join_next() => return Err(why_ended(kept)),
            event = events.poll() => event?,
        };
        match event {
            Event::Incoming(Packet::ConnAck(_)) => {
                let asked = client.try_subscribe(filter.as_str(), QoS::AtLeastOnce);
                asked.map_err(|error| Ended::Unusable(error.to_string()))?;
            }
            Event::Incoming(Packet::SubAck(answer)) => {
                if let Some(refused) = answer.return_codes.iter().find(|code| !is_granted(code)) {
                    return Err(Ended::NotSubscribed { filter, why: format!("{refused:?}") });
                }
                tracing::info!(hub = %hub.endpoint.url, %filter, "reading the hub");
                *subscribed = true;
                portal.reading.change(|of| _ = of.insert(id, Ok(())));
            }
            Event::Incoming(Packet::Publish(publish)) => {
                let taken = Arrived::take(publish, &room);
                let taken = taken.ok_or_else(|| Ended::Unusable("the hub sends more than it may".to_owned()))?;
                // The keeper's end is told above.
                let _ = arrived.send(taken);
            }
            _ => {}
        }
    }
}

/// Has a hub forget the session that it keeps for us, and with it our place in the shared subscription. What it had handed to
/// that session is not confirmed, and its sensors send it again.
pub(super) async fn leave(portal: &Portal, id: HubId, hub: &Hub) -> Result<(), Ended> {
    let mut options = options(portal, id, hub)?;
    options.set_session_mode(SessionMode::Clean).set_session_expiry_interval(Some(0));
    let (client, mut events) = AsyncClient::builder(options).capacity(1).build();
    loop {
        match events.poll().await? {
            Event::Incoming(Packet::ConnAck(_)) => {
                client.try_disconnect().map_err(|error| Ended::Unusable(error.to_string()))?;
            }
            Event::Outgoing(Outgoing::Disconnect) => return Ok(()),
            _ => {}
        }
    }
}

/// A message that is not stored yet, and the room that it takes.
struct Arrived {
    publish: Publish,
    _room: OwnedSemaphorePermit,
}

impl Arrived {
    /// None if there is no room for it.
    fn take(mut publish: Publish, room: &Arc<Semaphore>) -> Option<Self> {
        if publish.properties.take().is_some() {
            // Nobody reads them, and they share memory with what is read: thousands of times as much, if a sender wants.
            publish.topic = Bytes::copy_from_slice(&publish.topic);
            publish.payload = Bytes::copy_from_slice(&publish.payload);
        }
        let bytes = (publish.topic.len() + publish.payload.len()).max(LEAST_BYTES);
        let room = Arc::clone(room).try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()?;
        Some(Self { publish, _room: room })
    }
}

fn is_granted(code: &SubscribeReasonCode) -> bool {
    matches!(code, SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce))
}

fn why_ended(kept: Option<Result<String, tokio::task::JoinError>>) -> Ended {
    match kept {
        Some(Ok(why)) => Ended::NotStored(why),
        Some(Err(error)) => Ended::NotStored(error.to_string()),
        None => Ended::NotStored("nobody stores".to_owned()),
    }
}

/// Stores messages, many at once, and acknowledges them in their order; ends, with the reason, when it cannot.
async fn keep(
    portal: Arc<Portal>,
    topics: Topics,
    client: AsyncClient,
    mut messages: mpsc::UnboundedReceiver<Arrived>,
) -> String {
    let mut batch = Vec::new();
    while messages.recv_many(&mut batch, usize::from(IN_FLIGHT)).await > 0 {
        let read = batch.iter().map(|Arrived { publish, .. }| Message {
            sensor: std::str::from_utf8(&publish.topic).ok().and_then(|topic| topics.sensor(topic)),
            payload: publish.payload.clone(),
        });
        if let Err(refused) = intake::keep(&portal, read).await {
            return refused.problem().title;
        }
        for Arrived { publish, .. } in batch.drain(..) {
            if let Err(error) = client.ack(&publish).await {
                return error.to_string();
            }
        }
    }
    "the connection ended".to_owned()
}

fn options(portal: &Portal, id: HubId, hub: &Hub) -> Result<MqttOptions, Ended> {
    debug_assert_eq!(hub.kind, HubKind::Mqtt);
    let address = EndpointUrl::parse(&hub.endpoint.url, Scheme::Mqtts);
    let address = address.map_err(|error| Ended::Unusable(error.to_string()))?;
    let tls = Arc::new(tls(portal, hub).map_err(Ended::Unusable)?);
    let mut options = MqttOptions::new(format!("picket-portal-{}", id.0), (address.host.clone(), address.port));
    options
        .set_keep_alive(KEEP_ALIVE_SECONDS)
        .set_ack_mode(AckMode::Manual)
        .set_session_mode(SessionMode::Persistent)
        .set_broker_session_resume_policy(BrokerSessionResumePolicy::AllowBrokerOnly)
        .set_session_expiry_interval(Some(SESSION_EXPIRY))
        .set_receive_maximum(Some(IN_FLIGHT));
    let most = u32::try_from(MAX_RECORD + MAX_ENVELOPE + MAX_PACKET_EXTRA).unwrap_or(u32::MAX);
    options.set_incoming_packet_size_limit(IncomingPacketSizeLimit::Bytes(most)).set_max_packet_size(Some(most));
    // TLS is ours: the library's own would bring the system's roots along.
    options.set_socket_connector(move |_, _: NetworkOptions| connect(address.clone(), Arc::clone(&tls)));
    Ok(options)
}

async fn connect(address: EndpointUrl, tls: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
    let connected = timeout(PATIENCE, async {
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        stream.set_nodelay(true)?;
        TlsConnector::from(tls).connect(name, stream).await
    });
    connected.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// The hub is believed by the CAs it was registered with; it believes the portal by a certificate of the sensors' CA.
fn tls(portal: &Portal, hub: &Hub) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for authority in &hub.endpoint.ca_certificates {
        roots.add(CertificateDer::from(authority.0.clone())).map_err(|error| error.to_string())?;
    }
    let (certificate, key) = portal.device_ca.reader(clock::now()).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::Pkcs8(key);
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_root_certificates(roots).with_client_auth_cert(vec![certificate], key))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use rumqttc::PublishProperties;

    use super::*;

    #[test]
    fn a_message_keeps_no_memory_but_what_it_is_charged_for() {
        let packet = Bytes::from(vec![b'x'; 100_000]); // as it was read: topic, properties and payload in one piece
        let user = vec![("x".repeat(1000), "y".repeat(1000)); 40];
        let properties = Some(PublishProperties { user_properties: user, ..PublishProperties::default() });
        let publish =
            Publish { topic: packet.slice(..20), payload: packet.slice(99_900..), properties, ..Publish::default() };
        let room = Arc::new(Semaphore::new(1000));
        let taken = Arrived::take(publish.clone(), &room).unwrap();
        assert_eq!((taken.publish.topic.len(), taken.publish.payload.len()), (20, 100));
        assert!(taken.publish.properties.is_none() && !packet.as_ptr_range().contains(&taken.publish.payload.as_ptr()));
        drop(publish);
        assert!(packet.is_unique(), "nothing of the packet is kept");

        assert_eq!(room.available_permits(), 1000 - LEAST_BYTES);
        assert!(Arrived::take(Publish::default(), &room).is_none(), "an empty one takes room, too");
        drop(taken);
        assert!(Arrived::take(Publish::default(), &room).is_some());
    }
}
