//! An MQTT 5 session over a dialled connection: publishes at QoS 1, and tells what the broker acknowledged.
//!
//! Packets are written and read by rumqttc's codec; sessions, sending again and connecting anew are not its business here,
//! since what is sent again is the core's to say. Dropping a session closes its connection.

use std::{collections::VecDeque, io, time::Duration};

use bytes::{Bytes, BytesMut};
use picket_protocol::{
    endpoint_url::{EndpointUrl, Scheme},
    refusal::Refusal,
    wire,
};
use rumqttc::mqttbytes::{
    self, PacketType, QoS,
    v5::{
        ConnAck, Connect, ConnectAuth, ConnectProperties, ConnectReturnCode, Disconnect, PingReq, PubAck, PubAckReason,
        Publish, PublishProperties,
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split},
    net::TcpStream,
    time::{Instant, sleep_until, timeout},
};
use tokio_rustls::client::TlsStream;

use super::dial::timed_out;
use crate::proxy::authority;

/// Most publications that wait for the broker's word.
pub const MAX_IN_FLIGHT: usize = 4096;
/// For the broker to take the connection, and to say a word while it owes one.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a session may be silent. Half of it later a ping is sent.
const KEEP_ALIVE: u16 = 180;
/// Most bytes of a packet that the broker sends: it only acknowledges.
const MAX_PACKET: u32 = 16 * 1024;
/// Most bytes of packets written ahead of the connection.
const WRITE_AHEAD: usize = 64 * 1024;
/// Room for acknowledgements, a few hundred.
const READ_AHEAD: usize = 4 * 1024;

/// See the module.
#[derive(Debug)]
pub struct Session {
    target: EndpointUrl,
    reader: ReadHalf<TlsStream<TcpStream>>,
    writer: WriteHalf<TlsStream<TcpStream>>,
    came: BytesMut,
    goes: BytesMut,
    flushed: bool,
    limits: BrokerLimits,
    in_flight: VecDeque<u16>,
    last_id: u16,
    ping_at: Instant,
    /// Until when the broker has to say a word.
    owed: Option<Instant>,
}

/// What the broker takes.
#[derive(Debug, Clone, Copy)]
struct BrokerLimits {
    in_flight: usize,
    packet: Option<u32>,
    keep_alive: Duration,
}

/// What the broker said of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// Which.
    pub id: u16,
    /// Whether it was taken.
    pub result: Result<(), Unacknowledged>,
}

/// Why it was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unacknowledged {
    /// The broker will never take it as it is.
    Content(Refusal),
    /// It may take it later.
    Other(Refusal),
}

/// Reads `mqtts://host[:port]`.
///
/// # Errors
/// [`Refusal::Unsupported`] for any other URL.
pub fn address(url: &str) -> Result<EndpointUrl, Refusal> {
    let unsupported = |error| Refusal::Unsupported { what: format!("the address {url}: {error}") };
    EndpointUrl::parse(url, Scheme::Mqtts).map_err(unsupported)
}

impl From<Unacknowledged> for Refusal {
    fn from(why: Unacknowledged) -> Self {
        match why {
            Unacknowledged::Content(why) | Unacknowledged::Other(why) => why,
        }
    }
}

impl Session {
    /// Begins a session, with nothing left of an earlier one.
    ///
    /// # Errors
    /// [`Refusal::Timeout`], [`Refusal::Unreachable`], [`Refusal::TlsFailed`] or [`Refusal::BadAnswer`].
    pub async fn open(stream: TlsStream<TcpStream>, target: &EndpointUrl, client: &str) -> Result<Self, Refusal> {
        let (reader, writer) = split(stream);
        let limits =
            BrokerLimits { in_flight: MAX_IN_FLIGHT, packet: None, keep_alive: Duration::from_secs(KEEP_ALIVE.into()) };
        let mut session = Self {
            target: target.clone(),
            reader,
            writer,
            came: BytesMut::new(),
            goes: BytesMut::new(),
            flushed: true,
            limits,
            in_flight: VecDeque::new(),
            last_id: 0,
            ping_at: Instant::now(),
            owed: None,
        };
        let begun = timeout(PATIENCE, session.begin(client)).await;
        begun.unwrap_or_else(|_| Err(timed_out(&authority(&target.host, target.port), PATIENCE)))?;
        Ok(session)
    }

    async fn begin(&mut self, client: &str) -> Result<(), Refusal> {
        let properties = ConnectProperties { max_packet_size: Some(MAX_PACKET), ..ConnectProperties::new() };
        let connect = Connect {
            keep_alive: KEEP_ALIVE,
            client_id: client.to_owned(),
            clean_start: true,
            properties: Some(properties),
        };
        let written = connect.write(&None, &ConnectAuth::None, &mut self.goes);
        self.wrote(written)?;
        loop {
            if let Some(packet) = self.turn().await? {
                return match packet {
                    Packet::ConnAck(answer) => self.begun(answer),
                    _ => Err(self.bad("it did not begin with a CONNACK")),
                };
            }
        }
    }

    fn begun(&mut self, answer: ConnAck) -> Result<(), Refusal> {
        if answer.code != ConnectReturnCode::Success {
            return Err(self.bad(&format!("the broker refused the session: {:?}", answer.code)));
        }
        let Some(properties) = answer.properties else { return Ok(()) };
        if properties.max_qos == Some(0) {
            return Err(self.bad("the broker acknowledges nothing (QoS 0 only)"));
        }
        self.limits.in_flight =
            properties.receive_max.map_or(MAX_IN_FLIGHT, |most| usize::from(most).min(MAX_IN_FLIGHT));
        self.limits.packet = properties.max_packet_size;
        if let Some(seconds) = properties.server_keep_alive.filter(|seconds| *seconds > 0) {
            self.limits.keep_alive = Duration::from_secs(seconds.into());
        }
        self.ping_at = Instant::now() + self.limits.keep_alive / 2;
        self.owed = None;
        Ok(())
    }

    /// Whether another publication may be written now.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.in_flight.len() < self.limits.in_flight && self.goes.len() < WRITE_AHEAD
    }

    /// Writes a publication of one CloudEvent in structured mode. Its id, and the bytes of its packet.
    ///
    /// # Errors
    /// [`Refusal::BadAnswer`] when it is larger than the broker takes.
    pub fn publish(&mut self, topic: &Bytes, event: Bytes) -> Result<(u16, usize), Refusal> {
        let id = self.last_id.checked_add(1).unwrap_or(1);
        let properties = PublishProperties {
            payload_format_indicator: Some(1),
            content_type: Some(wire::MEDIA_EVENT.to_owned()),
            ..PublishProperties::default()
        };
        let publish = Publish {
            qos: QoS::AtLeastOnce,
            topic: topic.clone(),
            pkid: id,
            payload: event,
            properties: Some(properties),
            ..Publish::default()
        };
        let bytes = publish.size();
        if self.limits.packet.is_some_and(|most| bytes > most as usize) {
            return Err(self.bad(&format!("the broker takes no packet of {bytes} bytes")));
        }
        let written = publish.write(&mut self.goes);
        self.wrote(written)?;
        self.last_id = id;
        self.in_flight.push_back(id);
        self.owed.get_or_insert_with(|| Instant::now() + PATIENCE);
        Ok((id, bytes))
    }

    /// What the broker acknowledges next; nothing if a part of what is to go went. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Why the session ended.
    pub async fn progress(&mut self) -> Result<Option<Acknowledged>, Refusal> {
        match self.turn().await? {
            Some(Packet::PubAck(acknowledgement)) => Ok(self.acknowledged(&acknowledgement)),
            Some(Packet::Disconnect(goodbye)) => {
                Err(self.bad(&format!("the broker ended the session: {:?}", goodbye.reason_code)))
            }
            Some(_) | None => Ok(None),
        }
    }

    fn acknowledged(&mut self, acknowledgement: &PubAck) -> Option<Acknowledged> {
        let PubAck { pkid: id, reason, .. } = *acknowledgement;
        let position = self.in_flight.iter().position(|in_flight| *in_flight == id)?;
        self.in_flight.remove(position);
        self.owed = (!self.in_flight.is_empty()).then(|| Instant::now() + PATIENCE);
        let refused = || self.bad(&format!("the broker refused an event: {reason:?}"));
        let result = match reason {
            PubAckReason::Success | PubAckReason::NoMatchingSubscribers => Ok(()),
            PubAckReason::PayloadFormatInvalid => Err(Unacknowledged::Content(refused())),
            _ => Err(Unacknowledged::Other(refused())),
        };
        Some(Acknowledged { id, result })
    }

    /// One step: a packet that came, or a piece that went. The connection is read also while it takes nothing.
    async fn turn(&mut self) -> Result<Option<Packet>, Refusal> {
        if let Some(packet) = self.read()? {
            return Ok(Some(packet));
        }
        let owed = self.owed;
        self.came.reserve(READ_AHEAD);
        let step = tokio::select! {
            read = self.reader.read_buf(&mut self.came) => Step::Read(read),
            pushed = push(&mut self.writer, &mut self.goes, &mut self.flushed) => Step::Pushed(pushed),
            () = sleep_until(self.ping_at) => Step::Ping,
            () = sleep_until(owed.unwrap_or(self.ping_at)), if owed.is_some() => Step::Silent,
        };
        match step {
            Step::Read(Ok(0)) => Err(self.unreachable("the broker closed the connection")),
            Step::Read(Ok(_)) => self.read(),
            Step::Pushed(Ok(())) => Ok(None),
            Step::Read(Err(error)) | Step::Pushed(Err(error)) => Err(self.broken(&error)),
            Step::Ping => {
                let written = PingReq::write(&mut self.goes);
                self.wrote(written)?;
                self.owed.get_or_insert_with(|| Instant::now() + PATIENCE);
                Ok(None)
            }
            Step::Silent => Err(timed_out(&authority(&self.target.host, self.target.port), PATIENCE)),
        }
    }

    fn read(&mut self) -> Result<Option<Packet>, Refusal> {
        match Packet::read(&mut self.came) {
            Ok(packet) => {
                if matches!(packet, Packet::PingResp) && self.in_flight.is_empty() {
                    self.owed = None;
                }
                Ok(Some(packet))
            }
            Err(mqttbytes::Error::InsufficientBytes(_)) => Ok(None),
            Err(error) => Err(self.bad(&error.to_string())),
        }
    }

    fn wrote(&mut self, written: Result<usize, mqttbytes::Error>) -> Result<(), Refusal> {
        written.map_err(|error| self.bad(&error.to_string()))?;
        self.ping_at = Instant::now() + self.limits.keep_alive / 2;
        Ok(())
    }

    fn bad(&self, why: &str) -> Refusal {
        Refusal::BadAnswer { host: self.target.host.clone(), why: why.to_owned() }
    }

    fn unreachable(&self, why: &str) -> Refusal {
        Refusal::Unreachable { address: authority(&self.target.host, self.target.port), why: why.to_owned() }
    }

    /// After a TLS 1.3 handshake, the broker's verdict on our certificate comes with the first bytes.
    fn broken(&self, error: &io::Error) -> Refusal {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(alert) => Refusal::TlsFailed { host: self.target.host.clone(), why: alert.to_string() },
            None => self.unreachable(&error.to_string()),
        }
    }
}

/// What a broker sends to a client that only publishes.
enum Packet {
    ConnAck(ConnAck),
    PubAck(PubAck),
    PingResp,
    Disconnect(Disconnect),
}

impl Packet {
    /// Takes the first whole packet out.
    fn read(came: &mut BytesMut) -> Result<Self, mqttbytes::Error> {
        let header = mqttbytes::check(came.iter(), Some(MAX_PACKET))?;
        let packet = came.split_to(frame_length(came)).freeze();
        match header.packet_type()? {
            PacketType::ConnAck => ConnAck::read(header, packet).map(Self::ConnAck),
            PacketType::PubAck => PubAck::read(header, packet).map(Self::PubAck),
            PacketType::PingResp => Ok(Self::PingResp),
            PacketType::Disconnect => Disconnect::read(header, packet).map(Self::Disconnect),
            _ => Err(mqttbytes::Error::ProtocolError),
        }
    }
}

/// The bytes of the packet that begins here: one byte, the remaining length (MQTT 5 §1.5.5), and so many more.
fn frame_length(bytes: &[u8]) -> usize {
    let mut remaining = 0;
    for (position, byte) in bytes.iter().skip(1).take(4).enumerate() {
        remaining |= usize::from(byte & 0x7F) << (7 * position);
        if byte & 0x80 == 0 {
            return (2 + position + remaining).min(bytes.len());
        }
    }
    bytes.len()
}

enum Step {
    Read(io::Result<usize>),
    Pushed(io::Result<()>),
    Ping,
    Silent,
}

/// Writes a piece, or hands the last one on; waits for ever when there is neither.
async fn push(writer: &mut WriteHalf<TlsStream<TcpStream>>, goes: &mut BytesMut, flushed: &mut bool) -> io::Result<()> {
    if !goes.is_empty() {
        writer.write_buf(goes).await?;
        *flushed = false;
    } else if !*flushed {
        writer.flush().await?;
        *flushed = true;
    } else {
        std::future::pending::<()>().await;
    }
    Ok(())
}
