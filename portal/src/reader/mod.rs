//! Reads the MQTT hubs that the portal confirms: one connection to each, for as long as it is registered. What a hub holds
//! is stored here and only then acknowledged; a hub that is away holds up nothing else.

mod intake;
mod session;
mod topic;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use picket_protocol::documents::activation::{Hub, HubKind};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{interval, sleep, timeout},
};

use crate::{
    domain::{registration::HubId, role::Role},
    portal::Portal,
};

/// How often it is looked for hubs that were added or removed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Before a hub is tried again: doubled with each failure.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// For taking leave of a hub that was removed: the others wait meanwhile.
const FAREWELL: Duration = Duration::from_secs(5);

/// How the reading of each hub goes.
#[derive(Debug, Clone, Default)]
pub struct Reading(Arc<RwLock<HashMap<HubId, Result<(), String>>>>);

impl Reading {
    /// Well, or why not; none of a hub that is not read.
    #[must_use]
    pub fn of(&self, hub: HubId) -> Option<Result<(), String>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&hub).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<HubId, Result<(), String>>)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Reads every hub that is to be read, until `stop` changes.
pub async fn run(portal: Arc<Portal>, mut stop: watch::Receiver<bool>) {
    if portal.role != Role::Portal {
        return; // a management console has no hubs
    }
    let mut readers: HashMap<HubId, (Hub, JoinHandle<()>)> = HashMap::new();
    let mut look = interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            _ = look.tick() => {}
        }
        let Ok(hubs) = portal.store.hubs().await else { continue };
        let wanted: HashMap<HubId, Hub> =
            hubs.into_iter().filter(|row| is_read(&row.hub)).map(|row| (row.id, row.hub)).collect();
        let ended: Vec<HubId> = readers.keys().filter(|id| !wanted.contains_key(id)).copied().collect();
        for id in ended {
            if let Some((hub, reader)) = readers.remove(&id) {
                end(reader).await;
                leave(&portal, id, &hub).await;
            }
            portal.reading.change(|of| _ = of.remove(&id));
        }
        for (id, hub) in wanted {
            readers.entry(id).or_insert_with(|| {
                let reader = tokio::spawn(keep_reading(Arc::clone(&portal), id, hub.clone()));
                (hub, reader)
            });
        }
    }
    for (_, reader) in readers.into_values() {
        end(reader).await;
    }
}

/// Whether the portal confirms what this hub took, which it can only by reading it.
fn is_read(hub: &Hub) -> bool {
    hub.kind == HubKind::Mqtt && hub.portal_confirms
}

/// What was not acknowledged the hub hands out again.
async fn end(reader: JoinHandle<()>) {
    reader.abort();
    let _ = reader.await; // cancelled, as asked
}

/// Of a hub that is read no more. Its broker may be another hub's, too, and would go on to hand our share of the messages to
/// the one that nobody reads.
async fn leave(portal: &Portal, id: HubId, hub: &Hub) {
    let why = match timeout(FAREWELL, session::leave(portal, id, hub)).await {
        Ok(Ok(())) => return,
        Ok(Err(ended)) => ended.to_string(),
        Err(_) => format!("nothing for {} s", FAREWELL.as_secs()),
    };
    tracing::warn!(hub = %hub.endpoint.url, %why, "a hub that was removed keeps messages for the portal for up to 7 days");
}

async fn keep_reading(portal: Arc<Portal>, id: HubId, hub: Hub) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let mut subscribed = false;
        let ended = session::read(&portal, id, &hub, &mut subscribed).await;
        if subscribed {
            pause = SHORTEST_PAUSE;
        }
        let why = ended.to_string();
        tracing::warn!(hub = %hub.endpoint.url, %why, seconds = pause.as_secs(), "the hub cannot be read; trying again");
        portal.reading.change(|of| _ = of.insert(id, Err(why)));
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
