//! What became of a batch of messages: stored, or not worth keeping, both of which may be acknowledged; or not stored, which
//! may not. A message that no sensor of ours can have meant holds up none of the others.

use std::collections::HashMap;

use hyper::body::Bytes;
use picket_protocol::{alerts::event, ids::SensorId};
use tokio::task::JoinSet;

use crate::{
    alerts::{AlertStore, Delivery, Waiting},
    domain::refused::Refused,
    portal::Portal,
};

/// One message: by its topic, whose; and what it carries.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) sensor: Option<SensorId>,
    pub(super) payload: Bytes,
}

/// Keeps what a batch brings, in order per sensor. Once it returns, every message of the batch may be acknowledged.
pub(super) async fn keep(portal: &Portal, messages: impl Iterator<Item = Message>) -> Result<(), Refused> {
    let living = portal.store.living().await?;
    let mut batch = Batch::default();
    for Message { sensor, payload } in messages {
        // A deleted sensor may be connected until the broker reads the withdrawn certificates anew.
        let Some(sensor) = sensor.filter(|sensor| living.contains(sensor)) else { continue };
        if let Err(refused) = batch.add(&portal.alerts, sensor, &payload) {
            tracing::warn!(%sensor, why = refused.problem().detail, "a hub's message is not kept");
        }
    }
    for (sensor, nonces) in batch.probes {
        portal.store.remember_probes(sensor, nonces).await?;
    }
    if !batch.waiting.is_empty() {
        portal.alerts.wait(batch.waiting).await?;
    }
    store(portal, batch.deliveries.into_values()).await
}

/// What a batch brings, by what becomes of it.
#[derive(Default)]
struct Batch {
    deliveries: HashMap<SensorId, Delivery>,
    waiting: Vec<Waiting>,
    probes: HashMap<SensorId, Vec<String>>,
}

impl Batch {
    fn add(&mut self, alerts: &AlertStore, sensor: SensorId, payload: &[u8]) -> Result<(), Refused> {
        let event = event::read_one(payload).map_err(|error| Refused::invalid(error.to_string()))?;
        let mut read = Delivery::of(sensor);
        if let Some(nonce) = read.add(event)? {
            self.probes.entry(sensor).or_default().push(nonce);
        }
        for event in read.into_events() {
            let (stream, last) = (event.stream(), event.last());
            if alerts.reach(sensor, stream, last) {
                self.deliveries.entry(sensor).or_insert_with(|| Delivery::of(sensor)).push(event)?;
            } else {
                let event = String::from_utf8_lossy(payload).into_owned(); // JSON that was read is UTF-8
                self.waiting.push(Waiting { sensor, stream, last, event });
            }
        }
        Ok(())
    }
}

/// All sensors' at once: each waits for the same commit.
async fn store(portal: &Portal, deliveries: impl Iterator<Item = Delivery>) -> Result<(), Refused> {
    let mut taking = JoinSet::new();
    for delivery in deliveries {
        let alerts = portal.alerts.clone();
        taking.spawn(async move { (delivery.sensor, alerts.take(delivery).await) });
    }
    while let Some(taken) = taking.join_next().await {
        match taken {
            Ok((_, Ok(()))) => {}
            Ok((sensor, Err(refused @ Refused::StreamRefused { .. }))) => {
                tracing::warn!(%sensor, why = refused.problem().detail, "a hub's messages are not kept");
            }
            Ok((_, Err(refused))) => return Err(refused),
            Err(_) => return Err(Refused::StorageFailed),
        }
    }
    Ok(())
}
