//! An engine that writes records with ids of their own and keeps the list of them, and an input that follows it.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use picket_lifecycle::epochs::{EngineMark, EpochRecord, Routing};
use picket_protocol::ids::{Epoch, Owner, SensorId, SubscriptionId, TrustRootId};
use tokio::sync::watch;

use super::super::*;
use crate::alert_log::{AlertLog, Bounds, Entry, ListFilter, LoggedAlert, Place};

const BOUNDS: Bounds = Bounds { max_bytes: 256 << 20, max_age: Duration::from_secs(86_400) };
/// Longer than any of these tests may wait.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) const CLOUD: Routing = Routing::CloudConnected;
pub(super) const LOCAL: Routing = Routing::LocallyManaged { paired: false };

pub(super) struct Rig {
    pub(super) folder: tempfile::TempDir,
    pub(super) path: PathBuf,
    engine: Option<File>,
    pub(super) written: Vec<String>,
    records: Vec<EpochRecord>,
    epochs: watch::Sender<Arc<[EpochRecord]>>,
    pub(super) running: Option<Running>,
    /// Where the log lies, if not beside the engine's file.
    pub(super) log_folder: Option<PathBuf>,
}

pub(super) struct Running {
    pub(super) log: AlertLog,
    pub(super) input: Input,
}

impl Rig {
    /// Unactivated, nothing written, not started.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let epochs = watch::Sender::new(Vec::new().into());
        Self {
            folder,
            path,
            engine: None,
            written: Vec::new(),
            records: Vec::new(),
            epochs,
            running: None,
            log_folder: None,
        }
    }

    /// Cloud-connected since before the engine's first record, and running.
    pub(super) async fn activated() -> Self {
        let mut rig = Self::new();
        rig.write(0);
        rig.start();
        rig.commit(CLOUD, 1);
        rig.begun().await;
        rig
    }

    /// Waits until the input follows the file.
    pub(super) async fn begun(&self) {
        self.counted("lines", 0).await;
    }

    pub(super) fn start(&mut self) {
        self.start_with(EngineSource::File(self.path.clone()));
    }

    pub(super) fn start_socket(&mut self) {
        self.start_with(EngineSource::Socket(self.socket()));
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("eve.sock")
    }

    fn start_with(&mut self, source: EngineSource) {
        let log = AlertLog::open(self.log_folder.as_deref().unwrap_or(self.folder.path()), BOUNDS);
        let settings = InputSettings { source, anomalies: false };
        let input = Input::start(settings, log.clone(), self.epochs.subscribe());
        self.running = Some(Running { log, input });
    }

    /// An orderly stop.
    pub(super) fn stop(&mut self) {
        self.running = None;
    }

    /// What a kill leaves: the log's files as they are at this instant.
    pub(super) fn kill(&mut self) {
        let kept = tempfile::tempdir().unwrap();
        let is_log = |name: &str| name.starts_with("alerts.db") && !name.ends_with("-shm");
        let copy = |from: &std::path::Path, to: &std::path::Path| {
            for entry in fs::read_dir(from).unwrap().flatten() {
                if is_log(&entry.file_name().to_string_lossy()) {
                    fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
                }
            }
        };
        copy(self.folder.path(), kept.path());
        self.running = None;
        for entry in fs::read_dir(self.folder.path()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("alerts.db") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        copy(kept.path(), self.folder.path());
    }

    pub(super) fn log(&self) -> &AlertLog {
        &self.running.as_ref().unwrap().log
    }

    pub(super) fn input(&self) -> &Input {
        &self.running.as_ref().unwrap().input
    }

    /// As the service commits: measured, stored, published, let go.
    pub(super) fn commit(&mut self, routing: Routing, owner: u8) {
        let boundary = self.input().mark();
        self.publish(routing, owner, boundary);
        self.input().release();
    }

    pub(super) fn publish(&mut self, routing: Routing, owner: u8, boundary: EngineMark) {
        let epoch = Epoch(self.records.last().map_or(1, |record| record.epoch.0 + 1));
        let owner = Owner {
            trust_root: TrustRootId::from_bytes([owner; 32]),
            subscription: SubscriptionId::from_bytes([owner; 16]),
        };
        let sensor = SensorId::from_bytes([1; 16]);
        self.records.push(EpochRecord { epoch, owner, sensor, routing, boundary });
        self.epochs.send_replace(self.records.clone().into());
    }

    pub(super) fn erase(&mut self) {
        self.records.clear();
        self.epochs.send_replace(Vec::new().into());
    }

    /// The engine writes so many alerts.
    pub(super) fn write(&mut self, count: usize) {
        let mut text = String::new();
        for _ in 0..count {
            text.push_str(&self.next());
            text.push('\n');
        }
        self.write_raw(text.as_bytes());
    }

    /// A record that the list knows, without its line feed.
    pub(super) fn next(&mut self) -> String {
        let id = format!("id-{:06}", self.written.len());
        let filler = "x".repeat(self.written.len() * 37 % 300);
        self.written.push(id.clone());
        format!(
            r#"{{"timestamp":"2026-01-31T08:00:00.5+0000","event_type":"alert","id":"{id}","alert":{{"severity":2}},"f":"{filler}"}}"#
        )
    }

    pub(super) fn write_raw(&mut self, bytes: &[u8]) {
        let open = || OpenOptions::new().create(true).append(true).open(&self.path).unwrap();
        self.engine.get_or_insert_with(open).write_all(bytes).unwrap();
    }

    /// Renamed; the engine opens a new file at its next record.
    pub(super) fn rotate(&mut self) {
        for number in (1..9).rev() {
            let _ = fs::rename(self.rotated(number), self.rotated(number + 1));
        }
        fs::rename(&self.path, self.rotated(1)).unwrap();
        self.engine = None;
    }

    /// Copied and cut off; the engine goes on in the same file.
    pub(super) fn copy_and_truncate(&mut self) {
        for number in (1..9).rev() {
            let _ = fs::rename(self.rotated(number), self.rotated(number + 1));
        }
        fs::copy(&self.path, self.rotated(1)).unwrap();
        self.truncate();
    }

    pub(super) fn truncate(&self) {
        OpenOptions::new().write(true).open(&self.path).unwrap().set_len(0).unwrap();
    }

    pub(super) fn close_engine(&mut self) {
        self.engine = None;
    }

    pub(super) fn rotated(&self, number: u32) -> PathBuf {
        self.folder.path().join(format!("eve.json.{number}"))
    }

    /// Waits until so many alerts were ever logged.
    pub(super) async fn logged(&self, count: usize) {
        let mut head = self.log().head();
        let place = Place(count.try_into().unwrap());
        let reached = tokio::time::timeout(PATIENCE, head.wait_for(|head| *head >= place)).await;
        if reached.is_err() {
            panic!("{count} alerts expected, {:?} there: {:?}", self.log().head().borrow(), self.input().counters());
        }
    }

    /// Waits until a counter is at least this much.
    pub(super) async fn counted(&self, name: &str, least: u64) {
        let reached = async {
            while self.input().counters().get(name).is_none_or(|count| *count < least) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, reached).await.is_err() {
            panic!("{name} is not {least}: {:?}", self.input().counters());
        }
    }

    pub(super) async fn all(&self) -> Vec<LoggedAlert> {
        let (mut all, mut after) = (Vec::new(), Place(0));
        loop {
            let filter = ListFilter { after: Some(after), limit: 1000, ..ListFilter::default() };
            let page = self.log().list(&filter).await.unwrap();
            let Some(last) = page.last() else { return all };
            after = last.place;
            all.extend(page);
        }
    }

    /// Everything that was written is in the log, once and in order.
    pub(super) async fn everything_is_there(&self) {
        self.logged(self.written.len()).await;
        let all = self.all().await;
        assert_eq!(all.iter().map(id).collect::<Vec<_>>(), self.written);
        assert!(self.log().verify().await.unwrap().complete());
    }

    /// The ids by the epoch that they were logged under, and "held" for those that nobody gets.
    pub(super) async fn by_epoch(&self) -> BTreeMap<String, Vec<String>> {
        let mut by_epoch: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for alert in self.all().await {
            let range = self.log().range(alert.id.stream, alert.id.number, alert.id.number, 1 << 20).await.unwrap();
            let name = if matches!(range[0], Entry::Skip { .. }) { "held".into() } else { alert.epoch.to_string() };
            by_epoch.entry(name).or_default().push(id(&alert));
        }
        by_epoch
    }

    pub(super) fn ids(&self, range: std::ops::Range<usize>) -> Vec<String> {
        self.written[range].to_vec()
    }
}

pub(super) fn id(alert: &LoggedAlert) -> String {
    let start = alert.record.find("id-").unwrap();
    alert.record[start..start + 9].to_owned()
}
