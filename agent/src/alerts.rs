//! Engine input, alert log and delivery in one hand: started together, asked by the service's effects and the local API,
//! stopped in the order in which alerts flow. Decides nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use picket_lifecycle::{
    epochs::{EngineMark, EpochRecord},
    moment::BootId,
    routes::Routes,
    stamp::Stamp,
};
use picket_protocol::{
    heartbeat::{Component, StreamTotals},
    ids::{Epoch, StreamId},
    local_api::{AlertStatus, ConsumerStatus, EndpointRole, StreamStatus},
};
use tokio::sync::watch;

use crate::{
    alert_log::{AlertLog, Bounds},
    config::{AlertSettings, EngineSource},
    delivery::{self, ConsumerKind, Credentials, Deliveries},
    engine::{Input, InputSettings},
    service::AlertFeeds,
};

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Alerts {
    log: AlertLog,
    input: Input,
    deliveries: Arc<Deliveries>,
    routes: watch::Receiver<Routes>,
    epochs: watch::Receiver<Arc<[EpochRecord]>>,
    health: [(Component, watch::Receiver<&'static str>); 3],
    source: String,
}

impl Alerts {
    /// Starts all three, in a tokio runtime. A log that is corrupt and an output that is not there keep nothing from
    /// starting: their health says so.
    #[must_use]
    pub fn start(
        settings: &AlertSettings,
        state_directory: &Path,
        credentials: Credentials,
        boot: BootId,
        feeds: AlertFeeds,
    ) -> Self {
        let AlertSettings { source, anomalies, max_bytes, max_age, kilobits_per_second } = settings.clone();
        let AlertFeeds { epochs, routes, confirmed } = feeds;
        let (EngineSource::File(path) | EngineSource::Socket(path)) = &source;
        let shown = path.display().to_string();
        let log = AlertLog::open(state_directory, Bounds { max_bytes, max_age });
        let input = Input::start(InputSettings { source, anomalies }, log.clone(), epochs.clone());
        let deliveries = Deliveries::start(delivery::Parts {
            log: log.clone(),
            routes: routes.clone(),
            confirmed,
            credentials,
            boot,
            kilobits_per_second,
        });
        let health = [
            (Component::Engine, input.health()),
            (Component::AlertLog, log.watch_health()),
            (Component::Hub, deliveries.health()),
        ];
        Self { log, input, deliveries: Arc::new(deliveries), routes, epochs, health, source: shown }
    }

    /// Ends them: nothing is delivered any more, then nothing is read any more. What is acknowledged and what is read is
    /// kept; and if another handle is left, the same happens at the next start as after a kill.
    pub async fn stop(self) {
        let Self { input, deliveries, .. } = self;
        if let Some(deliveries) = Arc::into_inner(deliveries) {
            deliveries.stop().await;
        }
        // An error means that it panicked, which its own thread has told.
        let _ = tokio::task::spawn_blocking(move || input.stop()).await;
    }

    /// The alert log.
    #[must_use]
    pub const fn log(&self) -> &AlertLog {
        &self.log
    }

    /// Where the engine's output stands. It is not read beyond that until [`Self::release`].
    #[must_use]
    pub fn mark(&self) -> EngineMark {
        self.input.mark()
    }

    /// The engine's output is read on.
    pub fn release(&self) {
        self.input.release();
    }

    /// Ends every connection of this stamp.
    pub async fn abort(&self, stamp: Stamp) {
        self.deliveries.abort(stamp).await;
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

    /// Where alerts go at present.
    #[must_use]
    pub fn routes(&self) -> Routes {
        self.routes.borrow().clone()
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
            consumers: self.deliveries.status().into_iter().map(|consumer| self.consumer(consumer)).collect(),
            counters: self.counters_here(),
        }
    }

    /// For this sensor's own eyes: what is of nobody's epoch is nobody's to know.
    fn counters_here(&self) -> BTreeMap<String, u64> {
        let known: BTreeSet<Epoch> = self.epochs.borrow().iter().map(|record| record.epoch).collect();
        let mut counters = self.counters();
        counters.insert(AlertStatus::OF_FORGOTTEN_EPOCHS.to_owned(), self.log.undelivered_but(&known));
        counters
    }

    fn consumer(&self, consumer: delivery::ConsumerStatus) -> ConsumerStatus {
        let delivery::ConsumerStatus { kind, delivered, unconfirmed, problem, .. } = consumer;
        let epochs = kind.route(&self.routes.borrow()).map(|route| route.epochs.clone()).unwrap_or_default();
        let waiting = |totals: &StreamTotals| totals.head.saturating_sub(totals.delivered);
        ConsumerStatus {
            role: match kind {
                ConsumerKind::Hub => EndpointRole::Hub,
                ConsumerKind::Console => EndpointRole::ManagementConsole,
            },
            delivered,
            backlog: self.log.totals_of(&epochs).values().map(waiting).sum(),
            unconfirmed,
            problem: problem.map(|(why, _)| why.problem()),
        }
    }

    /// Counters of all three by name.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let mut counters = self.log.counters();
        counters.extend(self.input.counters());
        counters.extend(self.deliveries.counters());
        counters
    }

    /// `ok`, or a stable word, by component. The hub's is what keeps alerts from it.
    #[must_use]
    pub fn health(&self) -> BTreeMap<Component, &'static str> {
        self.health.iter().map(|(component, health)| (*component, *health.borrow())).collect()
    }

    /// Waits until [`Self::health`] is another.
    pub async fn health_changed(&mut self) {
        let [(_, engine), (_, log), (_, hub)] = &mut self.health;
        tokio::select! {
            Ok(()) = engine.changed() => {}
            Ok(()) = log.changed() => {}
            Ok(()) = hub.changed() => {}
            // All of them have ended.
            else => std::future::pending().await,
        }
    }

    /// Erases every alert.
    pub async fn erase(&self) {
        if let Err(error) = self.log.erase().await {
            tracing::error!(%error, "the alerts could not be erased");
        }
    }
}
