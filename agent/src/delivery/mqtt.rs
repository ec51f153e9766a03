//! The MQTT hub: one event per message, many under way on one session, each acknowledged by itself.

use std::{collections::VecDeque, future::Future, pin::Pin};

use bytes::Bytes;
use picket_lifecycle::{
    delivery::{BatchId, Item, NotAccepted},
    event::Failure,
};
use picket_protocol::refusal::Refusal;

use super::{
    body,
    client::{Ended, HubClient},
    record::Record,
    way::Way,
};
use crate::upstream::mqtt::{Acknowledged, Session, Unacknowledged};

type Opening = Pin<Box<dyn Future<Output = Result<Session, Refusal>> + Send>>;

/// A client of one MQTT hub.
pub(super) struct MqttClient {
    way: Way,
    topic: Bytes,
    line: Line,
    waiting: VecDeque<(BatchId, Bytes)>,
    in_flight: VecDeque<InFlight>,
}

enum Line {
    Closed,
    Opening(Opening),
    Open(Box<Session>),
}

/// A message that the broker has to acknowledge.
#[derive(Debug)]
struct InFlight {
    id: u16,
    batch: BatchId,
    wire_bytes: u64,
}

impl std::fmt::Debug for MqttClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MqttClient({}, {} in flight)", self.way.url(), self.in_flight.len())
    }
}

impl MqttClient {
    /// Connects when there is something to send.
    #[must_use]
    pub(super) fn new(way: Way, topic: &str) -> Self {
        let topic = Bytes::copy_from_slice(topic.as_bytes());
        Self { way, topic, line: Line::Closed, waiting: VecDeque::new(), in_flight: VecDeque::new() }
    }

    /// Publishes what fits. Something if a message cannot be published at all.
    fn publish(&mut self) -> Option<Ended> {
        let Line::Open(session) = &mut self.line else { return None };
        while session.has_room() {
            let (batch, event) = self.waiting.pop_front()?;
            match session.publish(&self.topic, event) {
                Ok((id, bytes)) => {
                    let wire_bytes = body::on_the_wire(bytes as u64);
                    self.in_flight.push_back(InFlight { id, batch, wire_bytes });
                }
                Err(why) => {
                    return Some(Ended::Batch { batch, wire_bytes: 0, result: Err(NotAccepted::Refused(why)) });
                }
            }
        }
        None
    }

    fn acknowledged(&mut self, acknowledged: Acknowledged) -> Option<Ended> {
        let position = self.in_flight.iter().position(|in_flight| in_flight.id == acknowledged.id)?;
        let InFlight { batch, wire_bytes, .. } = self.in_flight.remove(position)?;
        let result = acknowledged.result.map_err(|why| match why {
            Unacknowledged::Content(why) => NotAccepted::Refused(why),
            Unacknowledged::Other(why) => NotAccepted::Failed(why.into()),
        });
        Some(Ended::Batch { batch, wire_bytes, result })
    }

    fn broke(&mut self, why: Refusal) -> Ended {
        self.recall();
        Ended::Line(Failure::from(why))
    }
}

impl HubClient for MqttClient {
    fn send(&mut self, batch: BatchId, items: &[Item<Record>]) {
        // One item makes a batch here: see the limits of MQTT.
        let mut event = String::new();
        items.iter().for_each(|item| body::write_event(item, self.way.sensor(), &mut event));
        self.waiting.push_back((batch, event.into()));
    }

    async fn ended(&mut self) -> Ended {
        loop {
            if let Some(ended) = self.publish() {
                return ended;
            }
            match &mut self.line {
                Line::Closed if self.waiting.is_empty() => std::future::pending().await,
                Line::Closed => self.line = Line::Opening(Box::pin(open(self.way.clone()))),
                Line::Opening(opening) => match opening.await {
                    Ok(session) => self.line = Line::Open(Box::new(session)),
                    Err(why) => return self.broke(why),
                },
                Line::Open(session) => match session.progress().await {
                    Ok(None) => {}
                    Ok(Some(acknowledged)) => {
                        if let Some(ended) = self.acknowledged(acknowledged) {
                            return ended;
                        }
                    }
                    Err(why) => return self.broke(why),
                },
            }
        }
    }

    fn recall(&mut self) {
        self.line = Line::Closed;
        self.waiting.clear();
        self.in_flight.clear();
    }
}

/// The sensor's id names the session: a second one of the same sensor takes its place.
async fn open(way: Way) -> Result<Session, Refusal> {
    let target = way.target()?;
    Session::open(way.dial(&[]).await?, &target, &way.sensor().to_string()).await
}
