//! Takes what the detection engine writes (EVE JSON, from a file or a Unix socket) to the alert log.
//!
//! Every alert gets the epoch that its position in the input says, and the position is durable with the alerts. Decides
//! nothing about where alerts go.

mod assign;
mod batch;
mod fence;
mod follow;
mod health;
mod intake;
mod lines;
mod position;
mod samples;
mod socket;
mod source;
mod stats;
#[cfg(test)]
mod tests;
mod wake;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use picket_lifecycle::epochs::{EngineMark, EpochRecord};
use tokio::sync::watch;

use self::{
    batch::Batches,
    fence::Fence,
    intake::Intake,
    socket::SocketIntake,
    wake::{Wake, Waker},
};
use crate::{alert_log::AlertLog, config::EngineSource};

/// What the input reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSettings {
    /// From where.
    pub source: EngineSource,
    /// Whether `anomaly` records become alerts too.
    pub anomalies: bool,
}

/// A handle of the engine's input. The last one that is dropped stops it.
#[derive(Debug, Clone)]
pub struct Input(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: EngineSource,
    shared: Arc<Shared>,
    waker: Option<Waker>,
    running: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread and the handles share.
#[derive(Debug)]
struct Shared {
    fence: Fence,
    stop: AtomicBool,
    health: watch::Sender<&'static str>,
    counters: Mutex<BTreeMap<String, u64>>,
}

impl Shared {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn tell(&self, health: &'static str, counters: BTreeMap<String, u64>) {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner) = counters;
        let changed = self.health.send_if_modified(|told| std::mem::replace(told, health) != health);
        if changed {
            tracing::info!(health, "the detection engine's output");
        }
    }
}

impl Input {
    /// Starts the thread, in a tokio runtime. Nothing is taken while `epochs` is empty: the sensor is unactivated.
    #[must_use]
    pub fn start(settings: InputSettings, log: AlertLog, epochs: watch::Receiver<Arc<[EpochRecord]>>) -> Self {
        let shared = Arc::new(Shared {
            fence: Fence::default(),
            stop: AtomicBool::new(false),
            health: watch::Sender::new("ok"),
            counters: Mutex::default(),
        });
        let source = settings.source;
        let mut inner = Inner { source, shared, waker: None, running: Mutex::default() };
        let (wake, waker) = match Wake::new() {
            Ok(made) => made,
            Err(error) => {
                tracing::error!(%error, "the detection engine's output cannot be read");
                inner.shared.tell("eve-unreadable", BTreeMap::new());
                inner.shared.fence.give_up();
                return Self(Arc::new(inner));
            }
        };
        tokio::spawn(call(epochs.clone(), waker.clone()));
        let batches = Batches::new(log, settings.anomalies);
        let shared = Arc::clone(&inner.shared);
        let run: Box<dyn FnOnce() + Send> = match &inner.source {
            EngineSource::File(path) => {
                let intake = Intake::new(path, epochs, shared, wake, batches);
                Box::new(move || intake.run())
            }
            EngineSource::Socket(path) => {
                let intake = SocketIntake::new(path, epochs, shared, wake, batches);
                Box::new(move || intake.run())
            }
        };
        let running = thread::Builder::new().name("engine-input".into()).spawn(run);
        inner.running = Mutex::new(running.inspect_err(|error| tracing::error!(%error, "no thread")).ok());
        if inner.running.get_mut().is_ok_and(|running| running.is_none()) {
            inner.shared.fence.give_up();
        }
        inner.waker = Some(waker);
        Self(Arc::new(inner))
    }

    /// Measures where the engine's output stands, and holds the input there until [`Self::release`]: a commit may take
    /// this measure, and what is detected after it must not be taken under the epoch before. Blocks while the input is at a
    /// commit; where its file hangs, two seconds, and then no more: the mark is unknown.
    #[must_use]
    pub fn mark(&self) -> EngineMark {
        match &self.0.source {
            EngineSource::File(_) => self.0.shared.fence.hold(|| self.0.wake()),
            EngineSource::Socket(_) => self.0.shared.fence.hold_socket(),
        }
    }

    /// Lets the input go on: the epochs of what was committed since [`Self::mark`] are published.
    pub fn release(&self) {
        if self.0.shared.fence.release() {
            self.0.wake();
        }
    }

    /// `ok`, `eve-missing`, `eve-unreadable`, `engine-silent` or `engine-drops`, as it changes.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<&'static str> {
        self.0.shared.health.subscribe()
    }

    /// Lines by what became of them, since the log began; what the engine says it dropped, since the agent started.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.0.shared.counters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Saves the position and ends the thread. Blocks for about a commit.
    pub fn stop(&self) {
        self.0.stop();
    }
}

impl Inner {
    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake();
        }
    }

    fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.wake();
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            // A panic of the thread was told by itself.
            let _ = running.join();
            self.shared.fence.give_up();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Wakes the thread when epochs change; ends with the service that tells them.
async fn call(mut epochs: watch::Receiver<Arc<[EpochRecord]>>, waker: Waker) {
    while epochs.changed().await.is_ok() {
        waker.wake();
    }
}
