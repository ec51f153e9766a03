//! The hub built into the portal. It takes probes, and remembers their nonces; it does not yet store alerts, and says so.

use std::collections::HashMap;

use hyper::body::Bytes;
use picket_protocol::wire::EVENT_PROBE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answers, peer::Peer};
use crate::{clock, domain::refused::Refused, portal::Portal};

/// Most bytes of a batch.
pub(super) const MAX_BATCH: usize = 1 << 20;
/// Most events in a batch.
const MAX_EVENTS: usize = 1000;
/// Most characters of an event's id.
const MAX_ID: usize = 128;

/// A CloudEvent, as far as the hub looks at it (CloudEvents 1.0 §3).
#[derive(Debug, Deserialize)]
struct Event {
    specversion: String,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    _rest: HashMap<String, Value>,
}

pub(super) async fn accept(portal: &Portal, peer: &Peer, body: Bytes) -> Result<answers::Answer, Refused> {
    let certified = peer.current(clock::now())?;
    let sensor = portal.store.admit(&certified).await?.sensor;
    let events: Vec<Event> = serde_json::from_slice(&body).map_err(|error| Refused::invalid(error.to_string()))?;
    if events.len() > MAX_EVENTS {
        return Err(Refused::invalid(format!("at most {MAX_EVENTS} events in a batch")));
    }
    let source = format!("/sensors/{sensor}");
    for event in &events {
        check(event, &source)?;
    }
    let accepted = events.len();
    portal.store.remember_probes(sensor, events.into_iter().map(|event| event.id).collect()).await?;
    Ok(answers::ok("application/json", json!({ "accepted": accepted }).to_string()))
}

/// All or nothing: an event that is not kept must not be answered as if it were.
fn check(event: &Event, source: &str) -> Result<(), Refused> {
    if event.specversion != "1.0" {
        return Err(Refused::invalid("specversion must be 1.0"));
    }
    if event.source != source {
        return Err(Refused::NotAccepted { why: "the event's source is not the sensor of the certificate" });
    }
    if event.id.is_empty() || event.id.chars().count() > MAX_ID {
        return Err(Refused::invalid(format!("an event id has 1 to {MAX_ID} characters")));
    }
    if event.kind != EVENT_PROBE {
        return Err(Refused::UnsupportedEvent { kind: event.kind.clone() });
    }
    Ok(())
}
