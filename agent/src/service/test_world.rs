//! A world for the tests of the service: a portal's keys and files, and effects that keep a diary.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use picket_lifecycle::{
    effect::{Call, Durability, Enrol, ProbeHub, Renew},
    epochs::EngineMark,
    event::Failure,
    identity::{Identity, Slot},
    settings::Settings,
    stamp::Stamp,
};
use picket_protocol::{
    documents::{
        activation::{
            Activation, Binding, Certificate, CloudConnected, Endpoint, Hub, HubKind, LocallyManaged, ModeSettings,
            Secret, Subscription,
        },
        deactivation::Deactivation,
        trust_root::{Role, RoleKey, TrustRoot},
    },
    heartbeat::{Answer, Component, Heartbeat, StreamTotals, Versions},
    ids::{ApplianceId, Cti, Epoch, SensorId, Serial, StreamId, SubscriptionId, Thumbprint, TrustRootId},
    issue::{activation_file, sign_activation, sign_deactivation, sign_root},
    keys::SigningKey,
    local_api::{AlertStatus, AuditRecord, KeyKept},
    refusal::Refusal,
    time::UnixSeconds,
    trust::{TrustStore, encode_roots},
    typed_code::TypedCode,
};

use tokio::sync::Notify;

use super::{AlertFeeds, Effects, Feeds, HeartbeatReply, Record, Startup, load};
use crate::{clock, watchdog::Watchdog};

/// Who issues the tests' files.
pub(super) struct Issuer {
    key: SigningKey,
    roots: Vec<Vec<u8>>,
    id: TrustRootId,
}

impl Issuer {
    pub(super) fn new() -> Self {
        let (root, key) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let content = TrustRoot {
            version: 1,
            threshold: 1,
            root_keys: vec![root.public()],
            keys: vec![RoleKey { key: key.public(), roles: [Role::Activation].into() }],
            withdrawn: BTreeSet::new(),
        };
        let roots = vec![sign_root(&content, &[&root])];
        let id = TrustStore::default().pin(&encode_roots(&roots)).unwrap();
        Self { key, roots, id }
    }

    pub(super) fn root_file(&self) -> Vec<u8> {
        encode_roots(&self.roots)
    }

    pub(super) fn file(&self, serial: u64, mode: ModeSettings) -> Vec<u8> {
        let now = clock::wall();
        let activation = Activation {
            issuer: self.id,
            sensor: SensorId::from_bytes([1; 16]),
            issued_at: now,
            not_before: now,
            upload_until: now.plus(86_400),
            cti: Cti::from_bytes(u128::from(serial).to_be_bytes()),
            serial: Serial(serial),
            name: format!("sensor {serial}").parse().unwrap(),
            subscription: Subscription { id: SubscriptionId::from_bytes([9; 16]), name: "plant".parse().unwrap() },
            site: None,
            zone: None,
            tags: BTreeMap::new(),
            binding: Binding::None,
            licence_until: None,
            mode,
        };
        activation_file(&self.roots, &sign_activation(&activation, &self.key))
    }

    pub(super) fn deactivation(&self, serial: u64) -> Vec<u8> {
        let deactivation = Deactivation {
            issuer: self.id,
            sensor: SensorId::from_bytes([1; 16]),
            issued_at: clock::wall(),
            cti: Cti::from_bytes([7; 16]),
            serial: Serial(serial),
            reason: "scrapped".into(),
            decided_by: "ada".into(),
        };
        sign_deactivation(&deactivation, &self.key)
    }
}

pub(super) fn local() -> ModeSettings {
    ModeSettings::LocallyManaged(LocallyManaged { management_console: None })
}

pub(super) fn cloud() -> ModeSettings {
    let endpoint =
        |host: &str| Endpoint { url: format!("https://{host}"), ca_certificates: vec![Certificate(vec![0x30, 0x00])] };
    ModeSettings::CloudConnected(CloudConnected {
        portal: endpoint("portal.example"),
        enrolment_token: Secret::new("t".repeat(32)).unwrap(),
        hub: Hub {
            kind: HubKind::Https,
            endpoint: endpoint("hub.example"),
            topic_template: None,
            portal_confirms: false,
        },
        automatic_ti: false,
    })
}

/// What happened in the world, and what is to happen in it.
#[derive(Default)]
pub(super) struct World {
    pub(super) diary: Vec<String>,
    pub(super) stored: Option<Vec<u8>>,
    pub(super) audit: Vec<picket_lifecycle::audit::AuditRecord>,
    pub(super) heartbeats: Vec<Heartbeat>,
    /// Answers to the next heartbeats; then empty ones.
    pub(super) answers: VecDeque<Answer>,
    /// Enrolments never end.
    pub(super) portal_hangs: bool,
    pub(super) disk_full: bool,
    /// The last start's.
    pub(super) alerts: Option<AlertFeeds>,
    /// Whether alerts had a way to the hub, at each store.
    pub(super) hub_routed: Vec<bool>,
    /// What ails the engine.
    pub(super) engine: Option<&'static str>,
    pub(super) health_changed: Arc<Notify>,
    pub(super) mark: EngineMark,
    /// Whether the engine's output stands still.
    pub(super) engine_held: bool,
    /// How many epochs had been told when it went on.
    pub(super) epochs_at_release: usize,
    pub(super) totals: BTreeMap<Epoch, BTreeMap<StreamId, StreamTotals>>,
}

/// Effects that only write the diary.
#[derive(Clone, Default)]
pub(super) struct Diary(pub(super) Arc<Mutex<World>>);

impl World {
    pub(super) fn hub_routed_now(&self) -> bool {
        self.alerts.as_ref().is_some_and(|alerts| alerts.routes.borrow().hub.is_some())
    }
}

/// Writes to the diary that a call's future was dropped before it ended.
struct Dropped(Option<Diary>);

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Some(diary) = self.0.take() {
            diary.write("dropped enrol");
        }
    }
}

impl Diary {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    fn write(&self, line: &str) {
        self.world().diary.push(line.to_owned());
    }

    pub(super) fn startup(&self, issuer: &Issuer) -> Startup {
        let state = load(self.world().stored.as_deref()).unwrap();
        let (feeds, alerts) = Feeds::of(&state);
        self.world().alerts = Some(alerts);
        Startup {
            state,
            feeds,
            appliance: ApplianceId::from_digest(&[3; 32]),
            settings: Settings { heartbeat_interval: Duration::from_millis(50), ..Settings::default() },
            trust_files: vec![("root".into(), issuer.root_file())],
            watchdog: Watchdog::default(),
            seal: crate::sandbox::NetworkSeal::new(false),
        }
    }
}

impl Effects for Diary {
    fn enrol(&self, _: Enrol) -> impl Future<Output = Result<Identity, Failure>> + Send + 'static {
        let diary = self.clone();
        async move {
            diary.write("enrol");
            if diary.world().portal_hangs {
                let _dropped = Dropped(Some(diary));
                std::future::pending::<()>().await;
            }
            let (not_before, thumbprint) = (clock::wall(), Thumbprint::from_bytes([5; 32]));
            Ok(Identity { slot: Slot::A, thumbprint, not_before, not_after: not_before.plus(90 * 86_400) })
        }
    }

    fn renew(&self, _: Renew) -> impl Future<Output = Result<Identity, Failure>> + Send + 'static {
        std::future::ready(Err(Refusal::NotFound { what: "renewal".into() }.into()))
    }

    fn heartbeat(
        &self,
        _: Call,
        _: Slot,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<HeartbeatReply, Failure>> + Send + 'static {
        let mut world = self.world();
        world.diary.push("heartbeat".into());
        world.heartbeats.push(Heartbeat::decode(&bytes).unwrap());
        let empty = Answer { time: clock::wall(), ..Answer::default() };
        let bytes = world.answers.pop_front().unwrap_or(empty).encode();
        std::future::ready(Ok(HeartbeatReply { bytes, server_not_after: None }))
    }

    fn probe(&self, _: ProbeHub) -> impl Future<Output = Result<(), Failure>> + Send + 'static {
        self.write("probe");
        std::future::ready(Ok(()))
    }

    async fn abort(&self, _: Stamp) {
        self.write("abort");
    }

    async fn persist(&mut self, record: Record) -> Result<(), Refusal> {
        let mut world = self.world();
        let hub_routed = world.hub_routed_now();
        world.hub_routed.push(hub_routed);
        if world.disk_full {
            return Err(Refusal::StorageFailed { path: "disk".into(), why: "full".into() });
        }
        if record.durability == Durability::Required {
            world.diary.push("persist".into());
        }
        world.stored = Some(record.state);
        world.audit.extend(record.audit);
        Ok(())
    }

    async fn settle(&mut self) {}

    fn health(&self) -> BTreeMap<Component, &'static str> {
        let world = self.world();
        let store = if world.disk_full { "state.storage-failed" } else { "ok" };
        [(Component::ControlState, store), (Component::Engine, world.engine.unwrap_or("ok"))].into()
    }

    async fn health_changed(&mut self) {
        let changed = Arc::clone(&self.world().health_changed);
        changed.notified().await;
    }

    fn engine_mark(&self) -> EngineMark {
        let mut world = self.world();
        assert!(!world.engine_held, "held twice");
        world.engine_held = true;
        world.mark
    }

    fn engine_release(&self) {
        let mut world = self.world();
        let told = world.alerts.as_ref().map(|alerts| alerts.epochs.borrow().clone());
        world.epochs_at_release = told.map_or(0, |epochs| epochs.len());
        world.engine_held = false;
    }

    fn alert_totals(&self, epochs: &BTreeSet<Epoch>) -> BTreeMap<StreamId, StreamTotals> {
        epochs.last().and_then(|newest| self.world().totals.get(newest).cloned()).unwrap_or_default()
    }

    fn alert_status(&self) -> AlertStatus {
        AlertStatus::default()
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        [("alerts".to_owned(), 3)].into()
    }

    async fn keep_identities(&mut self, _: &BTreeSet<Cti>) {
        self.write("keep identities");
    }

    async fn erase_all(&mut self) {
        self.write("erase all");
    }

    fn key_kept(&self, _: Cti) -> KeyKept {
        KeyKept::None
    }

    fn request_keys(&self) -> Vec<Thumbprint> {
        Vec::new()
    }

    fn make_request(&mut self, _: &ApplianceId, _: UnixSeconds) -> Result<Vec<u8>, Refusal> {
        Ok(vec![1])
    }

    fn audit(&self, _: u64, _: u32) -> Result<Vec<AuditRecord>, Refusal> {
        Ok(Vec::new())
    }

    fn show_setup_code(&mut self, _code: Option<&TypedCode>) {}

    fn versions(&self) -> Versions {
        Versions { agent: "0".into(), engine: None }
    }

    fn addresses(&self) -> Vec<String> {
        vec!["192.0.2.1".into()]
    }
}
