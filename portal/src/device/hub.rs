//! The hub built into the portal: `POST /v1/hub/events`. Takes alerts and skips, and remembers probes; answers once all of
//! a batch is durable.

use std::{sync::LazyLock, thread};

use hyper::{
    HeaderMap,
    body::{Bytes, Incoming},
};
use picket_protocol::{
    alerts::event,
    ids::SensorId,
    refusal::Refusal,
    wire::{MAX_EVENTS, MAX_EVENTS_BODY},
};
use serde_json::json;
use tokio::{sync::Semaphore, task};

use super::{answers, peer::Peer, routes::collect, unpack::unpack};
use crate::{alerts::Delivery, clock, domain::refused::Refused, portal::Portal};

/// Batches that are unpacked and read at once: as many as half the processors. The other half writes, and answers.
static READING: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(thread::available_parallelism().map_or(1, |all| all.get().div_ceil(2))));

pub(super) async fn accept(
    portal: &Portal,
    peer: &Peer,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<answers::Answer, Refused> {
    let certified = peer.current(clock::now())?;
    let body = collect(body, MAX_EVENTS_BODY).await.map_err(|refused| match refused {
        Refused::Protocol(Refusal::TooLarge { .. }) => Refused::BatchTooLarge { limit: MAX_EVENTS_BODY },
        refused => refused,
    })?;
    // Asked with the body at hand: whoever was deleted while it arrived is refused too.
    let sensor = portal.store.admit(&certified).await?.sensor;
    // Had before anything is unpacked: a few packed kilobytes may be megabytes.
    let room = portal.alerts.room(MAX_EVENTS_BODY).await?;
    let batch = Batch::read_apart(sensor, headers.clone(), body).await?;
    if !batch.probes.is_empty() {
        portal.store.remember_probes(sensor, batch.probes).await?;
    }
    if !batch.delivery.is_empty() {
        portal.alerts.take_in(room, batch.delivery).await?;
    }
    Ok(answers::ok("application/json", json!({ "accepted": batch.events }).to_string()))
}

/// A batch, read as a whole: an event that is not kept must not be answered as if it were.
struct Batch {
    events: usize,
    probes: Vec<String>,
    delivery: Delivery,
}

impl Batch {
    /// Unpacks and reads on a thread for it: milliseconds of work, for which heartbeats and people must not wait.
    async fn read_apart(sensor: SensorId, headers: HeaderMap, body: Bytes) -> Result<Self, Refused> {
        let _place = READING.acquire().await.map_err(|_| Refused::TooBusy)?;
        let read = move || Self::read(sensor, &unpack(&headers, body, MAX_EVENTS_BODY)?);
        task::spawn_blocking(read).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a batch could not be read");
            Err(Refused::TooBusy)
        })
    }

    fn read(sensor: SensorId, body: &[u8]) -> Result<Self, Refused> {
        let events = event::read_batch(body).map_err(|error| Refused::invalid(error.to_string()))?;
        if events.len() > MAX_EVENTS {
            return Err(Refused::invalid(format!("at most {MAX_EVENTS} events in a batch")));
        }
        let mut batch = Self { events: events.len(), probes: Vec::new(), delivery: Delivery::of(sensor) };
        for event in events {
            batch.probes.extend(batch.delivery.add(event)?);
        }
        Ok(batch)
    }
}
