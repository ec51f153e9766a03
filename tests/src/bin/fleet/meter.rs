//! What is measured of heartbeats, as the sensors see them.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Shared by all sensors.
#[derive(Debug)]
pub(crate) struct Meter {
    began: Instant,
    /// When each sensor's last heartbeat was answered, milliseconds since the beginning; 0 before the first.
    answered: Vec<AtomicU64>,
    probed: AtomicUsize,
    failed: AtomicUsize,
    latencies: Mutex<Vec<f64>>,
}

impl Meter {
    pub(crate) fn of(sensors: usize) -> Self {
        Self {
            began: Instant::now(),
            answered: (0..sensors).map(|_| AtomicU64::new(0)).collect(),
            probed: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
            latencies: Mutex::default(),
        }
    }

    /// A heartbeat of a sensor ended.
    pub(crate) fn heartbeat(&self, sensor: usize, took: Duration, answered: bool) {
        if !answered {
            self.failed.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.answered[sensor].store(self.now().max(1), Ordering::Relaxed);
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).push(took.as_secs_f64() * 1000.0);
    }

    pub(crate) fn probe_accepted(&self) {
        self.probed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn probed(&self) -> usize {
        self.probed.load(Ordering::Relaxed)
    }

    /// Milliseconds since the beginning.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn has_answered(&self, sensor: usize) -> bool {
        self.answered[sensor].load(Ordering::Relaxed) > 0
    }

    /// How many sensors were answered since.
    pub(crate) fn answered_since(&self, since: u64) -> usize {
        self.answered.iter().filter(|last| last.load(Ordering::Relaxed) > since).count()
    }

    /// Milliseconds of each answer since the last time this was asked, and how many heartbeats failed since.
    pub(crate) fn take(&self) -> (Vec<f64>, usize) {
        let latencies = std::mem::take(&mut *self.latencies.lock().unwrap_or_else(PoisonError::into_inner));
        (latencies, self.failed.swap(0, Ordering::Relaxed))
    }
}
