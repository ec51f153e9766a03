//! A log in a folder of its own, and alerts to put into it.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use picket_lifecycle::epochs::{EngineMark, EpochRecord, Routing};
use picket_protocol::{
    alerts::{Severity, UnixMillis},
    ids::{Epoch, Owner, SensorId, SubscriptionId, TrustRootId},
};

use super::super::*;

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const BOUNDS: Bounds = Bounds { max_bytes: 64 << 20, max_age: DAY };

pub(super) struct Lab {
    pub(super) folder: tempfile::TempDir,
}

impl Lab {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn open(&self) -> AlertLog {
        AlertLog::open(self.folder.path(), BOUNDS)
    }

    pub(super) fn database(&self) -> PathBuf {
        schema::database_in(self.folder.path())
    }

    /// The files as a kill leaves them: taken elsewhere while the log is open.
    pub(super) fn killed(&self) -> Self {
        let copy = Self::new();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            // The index of the journal does not survive its processes.
            if !path.to_string_lossy().ends_with("-shm") {
                std::fs::copy(&path, copy.folder.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        copy
    }
}

pub(super) fn owner(number: u8) -> Owner {
    Owner { trust_root: TrustRootId::from_bytes([number; 32]), subscription: SubscriptionId::from_bytes([number; 16]) }
}

pub(super) fn record(epoch: u64, routing: Routing) -> EpochRecord {
    EpochRecord {
        epoch: Epoch(epoch),
        owner: owner(1),
        sensor: SensorId::from_bytes([7; 16]),
        routing,
        boundary: EngineMark::Unknown,
    }
}

/// 1 and 3 are cloud-connected, 2 is locally managed.
pub(super) fn epochs() -> Arc<[EpochRecord]> {
    let local = Routing::LocallyManaged { paired: false };
    [record(1, Routing::CloudConnected), record(2, local), record(3, Routing::CloudConnected)].into()
}

pub(super) fn hub() -> String {
    hub_consumer(&owner(1))
}

/// An alert with its record.
#[derive(Debug, Clone)]
pub(super) struct Alert {
    pub(super) epoch: Epoch,
    pub(super) held: bool,
    pub(super) severity: Severity,
    pub(super) at: UnixMillis,
    pub(super) record: String,
}

pub(super) fn alert(epoch: u64, text: &str) -> Alert {
    Alert {
        epoch: Epoch(epoch),
        held: false,
        severity: Severity::Low,
        at: UnixMillis(1_000),
        record: format!("{{\"id\":\"{text}\"}}"),
    }
}

/// `count` alerts of a severity, of about `bytes` each, which hardly shrink: what a log of so many bytes holds can be
/// reckoned.
pub(super) fn alerts(epoch: u64, severity: Severity, count: usize, bytes: usize) -> Vec<Alert> {
    // No two calls give the same.
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let mut state = CALLS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut letter = move || {
        // Xorshift, after Marsaglia.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state % 94) as u8)
    };
    let mut record = || (0..bytes).map(|_| letter()).collect();
    (0..count).map(|_| Alert { severity, record: record(), ..alert(epoch, "") }).collect()
}

pub(super) fn gathered(alerts: Vec<Alert>) -> Arc<NewAlerts> {
    let mut gathered = NewAlerts::default();
    for Alert { epoch, held, severity, at, record } in alerts {
        gathered.push(NewAlert { epoch, held, severity, at }, &record);
    }
    gathered.into()
}

pub(super) fn append(log: &AlertLog, alerts: Vec<Alert>) {
    log.append(gathered(alerts), b"position".to_vec(), epochs()).unwrap();
}

pub(super) fn wanted(epochs: &[u64]) -> BTreeSet<Epoch> {
    epochs.iter().copied().map(Epoch).collect()
}

/// Everything of these epochs, in many small reads, so that each seam is met.
pub(super) async fn read_all(log: &AlertLog, epochs: &[u64], max_count: usize) -> Vec<Entry> {
    let (mut entries, mut after) = (Vec::new(), Place(0));
    loop {
        let chunk = log.read("nobody", &wanted(epochs), after, 1 << 20, max_count).await.unwrap();
        assert!(chunk.examined > after || !chunk.more, "no way forward at {after:?}");
        entries.extend(chunk.entries);
        after = chunk.examined;
        if !chunk.more {
            return entries;
        }
    }
}

pub(super) fn words(entries: &[Entry]) -> Vec<String> {
    let word = |entry: &Entry| match entry {
        Entry::Alert(alert) => format!("{} {}", alert.id.number, alert.record),
        Entry::Skip { skip, .. } => format!("{}-{} {}", skip.from, skip.to, skip.reason),
    };
    entries.iter().map(word).collect()
}

pub(super) async fn verified(log: &AlertLog) -> Vec<VerifiedStream> {
    let verification = log.verify().await.unwrap();
    assert!(verification.complete(), "{verification:?}");
    for stream in &verification.streams {
        let dropped: u64 = stream.dropped.values().sum();
        assert!(stream.in_log + stream.let_go + dropped >= stream.head, "{stream:?}");
    }
    verification.streams
}
