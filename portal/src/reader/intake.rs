//! What became of a batch of messages: stored, or not worth keeping, both of which may be acknowledged; or not stored, which
//! may not. A message that no sensor of ours can have meant holds up none of the others.

use std::collections::HashMap;

use hyper::body::Bytes;
use picket_protocol::{alerts::event, ids::SensorId};
use tokio::task::JoinSet;

use crate::{alerts::Delivery, domain::refused::Refused, portal::Portal};

/// One message: by its topic, whose; and what it carries.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) sensor: Option<SensorId>,
    pub(super) payload: Bytes,
}

/// Keeps what a batch brings, in order per sensor. Once it returns, every message of the batch may be acknowledged.
pub(super) async fn keep(portal: &Portal, messages: impl Iterator<Item = Message>) -> Result<(), Refused> {
    let living = portal.store.living().await?;
    let mut deliveries: HashMap<SensorId, Delivery> = HashMap::new();
    let mut probes: HashMap<SensorId, Vec<String>> = HashMap::new();
    for Message { sensor, payload } in messages {
        // A deleted sensor may be connected until the broker reads the withdrawn certificates anew.
        let Some(sensor) = sensor.filter(|sensor| living.contains(sensor)) else { continue };
        let delivery = deliveries.entry(sensor).or_insert_with(|| Delivery::of(sensor));
        let read = event::read_one(&payload).map_err(|error| Refused::invalid(error.to_string()));
        match read.and_then(|event| delivery.add(event)) {
            Ok(nonce) => probes.entry(sensor).or_default().extend(nonce),
            Err(refused) => tracing::warn!(%sensor, why = refused.problem().detail, "a hub's message is not kept"),
        }
    }
    for (sensor, nonces) in probes.into_iter().filter(|(_, nonces)| !nonces.is_empty()) {
        portal.store.remember_probes(sensor, nonces).await?;
    }
    store(portal, deliveries.into_values().filter(|delivery| !delivery.is_empty())).await
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
