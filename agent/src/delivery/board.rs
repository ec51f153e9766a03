//! What people and heartbeats see of the deliveries. Shows the last word of each consumer; decides nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use picket_lifecycle::{
    delivery::{Counts, View},
    moment::BootMillis,
};
use picket_protocol::{alerts::UnixMillis, refusal::Refusal, time::UnixSeconds};
use tokio::sync::watch;

use super::kind::ConsumerKind;

/// The health of a hub that takes what it is sent, and of none at all.
const OK: &str = "ok";

/// How the delivery to one consumer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// Which.
    pub kind: ConsumerKind,
    /// Where it is.
    pub url: String,
    /// Alerts acknowledged under this activation since the agent started.
    pub delivered: u64,
    /// Numbers acknowledged and not yet confirmed; nothing where nobody confirms.
    pub unconfirmed: Option<u64>,
    /// Events under way.
    pub in_flight: usize,
    /// When the oldest was detected of what is known to be undelivered.
    pub oldest_undelivered: Option<UnixMillis>,
    /// Why it does not go on, and since when; nothing while it does.
    pub problem: Option<(Refusal, UnixSeconds)>,
    /// When the consumer is tried again.
    pub next_try: Option<BootMillis>,
}

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Board(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shown: Mutex<Shown>,
    health: watch::Sender<&'static str>,
}

#[derive(Debug, Default)]
struct Shown {
    consumers: BTreeMap<ConsumerKind, ConsumerStatus>,
    counters: BTreeMap<&'static str, u64>,
}

impl Board {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner { shown: Mutex::default(), health: watch::Sender::new(OK) }))
    }

    /// How a delivery stands. `before` is what it had counted when it was shown last.
    pub(super) fn show(&self, kind: ConsumerKind, url: &str, view: &View<'_>, before: Counts) {
        let problem = view.last_failure.or(view.log_failure).map(|failed| (failed.why.clone(), failed.at));
        if kind == ConsumerKind::Hub {
            // What is wrong with the log, the log says itself.
            self.set_health(view.last_failure.map_or(OK, |failed| failed.why.code()));
        }
        let mut shown = self.lock();
        for ((name, now), (_, before)) in named(&view.counts).into_iter().zip(named(&before)) {
            *shown.counters.entry(name).or_default() += now.saturating_sub(before);
        }
        let status = ConsumerStatus {
            kind,
            url: url.to_owned(),
            delivered: view.counts.delivered,
            unconfirmed: view.unconfirmed,
            in_flight: view.in_flight,
            oldest_undelivered: view.oldest_undelivered,
            problem,
            next_try: view.next_try,
        };
        shown.consumers.insert(kind, status);
    }

    /// There is no such consumer any more.
    pub(super) fn remove(&self, kind: ConsumerKind) {
        self.lock().consumers.remove(&kind);
        if kind == ConsumerKind::Hub {
            self.set_health(OK);
        }
    }

    pub(super) fn consumers(&self) -> Vec<ConsumerStatus> {
        self.lock().consumers.values().cloned().collect()
    }

    pub(super) fn counters(&self) -> BTreeMap<String, u64> {
        self.lock().counters.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    pub(super) fn health(&self) -> watch::Receiver<&'static str> {
        self.0.health.subscribe()
    }

    fn set_health(&self, code: &'static str) {
        self.0.health.send_if_modified(|known| std::mem::replace(known, code) != code);
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named(counts: &Counts) -> [(&'static str, u64); 7] {
    [
        ("alerts-delivered", counts.delivered),
        ("skips-delivered", counts.skips),
        ("skips-refused", counts.refused_skips),
        ("numbers-sent-again", counts.again),
        ("numbers-unavailable", counts.unavailable),
        ("alerts-set-aside", counts.set_aside),
        ("delivery-failures", counts.failures),
    ]
}
