//! Shares alerts and health events onward: syslog over TLS with CEF, webhooks with CloudEvents.
//!
//! Pure: [`event`], [`rules`], [`health`], [`cef`], [`syslog`], [`cloudevents`], [`signature`], [`backoff`],
//! [`destination`]. Effects: [`link`] connects, a sender per destination sends, a lookout notices how sensors stand; `kept`
//! is what the portal's database keeps of all that.

pub mod backoff;
pub mod cef;
pub mod cloudevents;
pub mod destination;
pub mod event;
pub mod health;
mod kept;
pub mod link;
mod lookout;
pub mod rules;
mod sender;
mod senders;
pub mod signature;
pub mod syslog;

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};

use crate::{alerts::AlertStore, domain::role::Role, store::Store};
use destination::Destination;
use link::Failure;
use picket_protocol::time::UnixSeconds;
use sender::Sources;

/// Tells the senders that destinations came, changed or went.
#[derive(Debug, Clone)]
pub struct Sharing {
    gather: Duration,
    destinations_changed: Arc<Notify>,
}

impl Sharing {
    /// Changes of how sensors stand are gathered for so long before they are told: a switch that fails takes many sensors
    /// with it, and they are missed one after the other.
    #[must_use]
    pub fn gathering(gather: Duration) -> Self {
        Self { gather, destinations_changed: Arc::default() }
    }

    /// Destinations were added, changed or removed.
    pub fn destinations_changed(&self) {
        self.destinations_changed.notify_one();
    }

    /// Sends a test message on a connection of its own.
    ///
    /// # Errors
    /// When the destination did not take it.
    pub async fn test(&self, destination: &Destination) -> Result<(), Failure> {
        sender::test(destination).await
    }

    /// Shares until `stop` changes; holds no store after.
    pub async fn run(
        self,
        store: Store,
        alerts: AlertStore,
        role: Role,
        listening_since: UnixSeconds,
        mut stop: watch::Receiver<bool>,
    ) {
        let (told, newest_health) = watch::channel(0);
        let lookout = lookout::Lookout::new(store.clone(), role, listening_since, told, self.gather);
        let senders = senders::Senders::new(Sources { store, alerts, newest_health });
        tokio::select! {
            _ = stop.changed() => {}
            () = lookout.run() => {}
            () = senders.run(&self.destinations_changed) => {}
        }
    }
}
