//! Engine input, alert log and delivery in one hand, for the service's effects and the local API. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use picket_protocol::{
    heartbeat::{Component, StreamTotals},
    ids::{Epoch, StreamId},
    local_api::{AlertStatus, StreamStatus},
};
use tokio::sync::watch;

use crate::alert_log::AlertLog;

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Alerts {
    log: AlertLog,
    log_health: watch::Receiver<&'static str>,
    source: String,
}

impl Alerts {
    /// Takes the parts; `source` is where the detection engine's output comes from.
    #[must_use]
    pub fn new(log: AlertLog, source: String) -> Self {
        Self { log_health: log.watch_health(), log, source }
    }

    /// The alert log.
    #[must_use]
    pub const fn log(&self) -> &AlertLog {
        &self.log
    }

    /// Totals by stream, of these epochs alone.
    #[must_use]
    pub fn totals(&self, epochs: &BTreeSet<Epoch>) -> BTreeMap<StreamId, StreamTotals> {
        self.log.totals_of(epochs)
    }

    /// How many alerts of each epoch are not delivered. None, if the log cannot be read: it says so by its health.
    pub async fn undelivered(&self) -> BTreeMap<Epoch, u64> {
        self.log.undelivered().await.unwrap_or_default()
    }

    /// As people see it.
    #[must_use]
    pub fn status(&self) -> AlertStatus {
        let stream = |(stream, totals): (StreamId, StreamTotals)| {
            let StreamTotals { head, delivered, dropped, oldest_undelivered } = totals;
            StreamStatus { stream, head, delivered, dropped, oldest_undelivered }
        };
        AlertStatus {
            source: self.source.clone(),
            streams: self.log.totals().into_iter().map(stream).collect(),
            consumers: Vec::new(),
            counters: self.counters(),
        }
    }

    /// Counters by name.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.log.counters()
    }

    /// `ok`, or a stable word, by component.
    #[must_use]
    pub fn health(&self) -> BTreeMap<Component, &'static str> {
        [(Component::AlertLog, self.log.health())].into()
    }

    /// Waits until [`Self::health`] is another.
    pub async fn health_changed(&mut self) {
        if self.log_health.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Erases every alert.
    pub async fn erase(&self) {
        if let Err(error) = self.log.erase().await {
            tracing::error!(%error, "the alerts could not be erased");
        }
    }
}
