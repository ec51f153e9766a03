//! A local API in front of a service that writes down what it is asked and answers the same always.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Extension,
    body::{Body, Bytes},
    http::{Request, Response, StatusCode},
};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use nix::unistd::Uid;
use picket_lifecycle::{State, moment::BootId};
use picket_protocol::{
    documents::activation::{Binding, Subscription},
    heartbeat::{Component, Health},
    ids::{ApplianceId, Cti, Epoch, Kid, SensorId, Serial, StreamId, SubscriptionId, TrustRootId},
    local_api::{
        ActivationAnswer, ActivationView, Actor, AgentStatus, AlertStatus, AuditRecord, CheckLine, Clock,
        ConsumerStatus, EndpointRole, Manner, ModeView, Preview, Progress, ProxyView, RecoveryGrant, RecoveryStart,
        SensorState, SetupCodeView, SetupState, Status, StreamStatus, TrustRootView, VerifyAnswer,
    },
    refusal::Problem,
    time::UnixSeconds,
    typed_code::TypedCode,
};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};

use super::super::{Grants, LocalApi, routes::router, serve::Caller};
use crate::{
    alerts::Alerts,
    config::{AlertSettings, EngineSource},
    delivery::Credentials,
    identity::{Identities, Seal},
    service::{Command, Feeds, Handle, Snapshot},
    upstream::tls::Greeting,
};

pub(super) const ROOT: Uid = Uid::from_raw(0);
pub(super) const AGENT: Uid = Uid::from_raw(110);
pub(super) const CONSOLE: Uid = Uid::from_raw(111);
pub(super) const OTHER: Uid = Uid::from_raw(1000);

/// What the service was asked, in the words of `Debug`, replies left out.
pub(super) type Asked = Arc<Mutex<Vec<String>>>;

pub(super) struct World {
    pub(super) api: Arc<LocalApi>,
    pub(super) asked: Asked,
    _kept: Kept,
}

/// What must live as long as the local API does: who publishes snapshots and feeds, and the folder, gone at last.
pub(super) struct Kept {
    _publisher: watch::Sender<Arc<Snapshot>>,
    _feeds: Feeds,
    _folder: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let (commands, inbox) = mpsc::channel(8);
        let asked = Asked::default();
        tokio::spawn(answer_all(inbox, Arc::clone(&asked)));
        Self::asking(commands, asked)
    }

    /// A service that takes commands and answers none.
    pub(super) fn silent() -> (Self, mpsc::Receiver<Command>) {
        let (commands, inbox) = mpsc::channel(8);
        (Self::asking(commands, Asked::default()), inbox)
    }

    fn asking(commands: mpsc::Sender<Command>, asked: Asked) -> Self {
        let (api, kept) = local_api(commands);
        Self { api: Arc::new(api), asked, _kept: kept }
    }

    pub(super) async fn call(&self, caller: Uid, method: &str, path: &str, body: impl Into<Body>) -> Response<Body> {
        let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
        self.send(caller, request).await
    }

    pub(super) async fn send(&self, caller: Uid, request: Request<Body>) -> Response<Body> {
        let router = router(Arc::clone(&self.api)).layer(Extension(Caller { uid: caller, person: None }));
        TowerToHyperService::new(router).call(request).await.unwrap()
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

pub(super) fn local_api(commands: mpsc::Sender<Command>) -> (LocalApi, Kept) {
    let (publisher, snapshots) = watch::channel(Arc::new(snapshot()));
    let folder = tempfile::tempdir().unwrap();
    let (alerts, feeds) = alerts(folder.path());
    let checker = Arc::new(|_: &Snapshot| {
        let (lines, receiver) = mpsc::channel(4);
        tokio::spawn(async move {
            let _ = lines.send(CheckLine::Done { endpoints: 2, failed: 1 }).await;
        });
        receiver
    });
    let settings = BTreeMap::from([("post_quantum".to_owned(), "true".to_owned())]);
    let grants = Grants { agent: AGENT, console: Some(CONSOLE) };
    let api = LocalApi::new(Handle::new(commands, snapshots), grants, checker, settings, alerts);
    (api, Kept { _publisher: publisher, _feeds: feeds, _folder: folder })
}

/// Parts of its own in this folder, an engine that writes nothing, and nobody to deliver to.
fn alerts(folder: &Path) -> (Alerts, Feeds) {
    let settings = AlertSettings {
        source: EngineSource::File(folder.join("eve.json")),
        anomalies: false,
        max_bytes: 64 << 20,
        max_age: Duration::from_secs(3_600),
        kilobits_per_second: None,
    };
    let identities = Identities::in_state_directory(folder, Seal::default());
    let credentials = Credentials { identities, greeting: Greeting::Classical };
    let (feeds, alert_feeds) = Feeds::of(&State::default());
    (Alerts::start(&settings, folder, credentials, BootId::default(), alert_feeds), feeds)
}

pub(super) async fn value<T: DeserializeOwned>(response: Response<Body>) -> T {
    let status = response.status();
    let body = bytes(response).await;
    serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{status} {error}: {}", String::from_utf8_lossy(&body)))
}

pub(super) async fn bytes(response: Response<Body>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

pub(super) async fn code(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    (status, value::<Problem>(response).await.code)
}

async fn answer_all(mut inbox: mpsc::Receiver<Command>, asked: Asked) {
    while let Some(command) = inbox.recv().await {
        let words = format!("{command:?}");
        let words = words.split(", reply:").next().unwrap_or_default().to_owned();
        asked.lock().unwrap().push(words);
        // Nobody may wait any more: a caller that went away is no failure.
        match command {
            Command::Look(reply) => drop(reply.send(Ok(Arc::new(snapshot())))),
            Command::Verify { reply, .. } => drop(reply.send(Ok(verified()))),
            Command::Preview { reply, .. } => drop(reply.send(Ok(preview()))),
            Command::Activate { reply, .. } => drop(reply.send(Ok(accepted()))),
            Command::CandidateNow { reply, .. }
            | Command::CandidateKeep { reply, .. }
            | Command::CandidateRetry { reply, .. }
            | Command::Rename { reply, .. }
            | Command::ChooseConsole { reply, .. }
            | Command::ChooseProxy { reply, .. }
            | Command::NoteCheck { reply, .. }
            | Command::NotePeople { reply, .. }
            | Command::TrySetupCode { reply, .. }
            | Command::SetupDone { reply, .. }
            | Command::Reset { reply, .. } => drop(reply.send(Ok(()))),
            Command::SetupCode(reply) => drop(reply.send(Ok(SetupCodeView { code: code_of_12() }))),
            Command::StartRecovery { reply, .. } => {
                let appliance = ApplianceId::from_digest(&[6; 32]);
                drop(reply.send(Ok(RecoveryStart { appliance, nonce: code_of_12() })));
            }
            Command::RedeemRecovery { reply, .. } => {
                drop(reply.send(Ok(RecoveryGrant { decided_by: "m.kovac".into() })));
            }
            Command::AddTrust { reply, .. } | Command::ConfirmTrust { reply, .. } => drop(reply.send(Ok(root()))),
            Command::MakeRequest(reply) => drop(reply.send(Ok(vec![0xD2, 0x84]))),
            Command::Audit { after, limit, reply } => drop(reply.send(Ok(records(after, limit)))),
            #[cfg(debug_assertions)]
            Command::HangCore(reply) => drop(reply.send(Ok(()))),
        }
    }
}

fn code_of_12() -> TypedCode {
    "ACDE-FGHJ-KMNP".parse().unwrap()
}

/// The audit has 250 records.
fn records(after: u64, limit: u32) -> Vec<AuditRecord> {
    let record = |number| AuditRecord {
        number,
        at: UnixSeconds(0),
        who: Actor { uid: Some(0), name: "root".into() },
        what: "named".into(),
        before: None,
        after: None,
    };
    (after + 1..=250).take(limit as usize).map(record).collect()
}

fn activation() -> ActivationView {
    ActivationView {
        issuer: TrustRootId::from_bytes([1; 32]),
        sensor: SensorId::from_bytes([2; 16]),
        serial: Serial(7),
        cti: Cti::from_bytes([3; 16]),
        issued_at: UnixSeconds(1),
        name: "pump".parse().unwrap(),
        subscription: Subscription { id: SubscriptionId::from_bytes([4; 16]), name: "works".parse().unwrap() },
        site: None,
        zone: None,
        tags: BTreeMap::new(),
        licence_until: None,
        mode: ModeView::LocallyManaged { management_console: None },
    }
}

fn accepted() -> ActivationAnswer {
    let cti = Cti::from_bytes([3; 16]);
    ActivationAnswer { outcome: Progress::Committed, serial: Serial(7), cti, epoch: Epoch(1) }
}

fn verified() -> VerifyAnswer {
    VerifyAnswer {
        activation: activation(),
        trust_root: TrustRootId::from_bytes([1; 32]),
        signer: Kid::from_bytes([5; 32]),
        upload_until: UnixSeconds(2),
        binding: Binding::None,
        already_active: false,
    }
}

fn preview() -> Preview {
    Preview {
        sentence: "This sensor will become pump.".into(),
        manner: Manner::AtOnce,
        activation: activation(),
        signer: Kid::from_bytes([5; 32]),
        upload_until: UnixSeconds(2),
        changes: vec![],
        stays: vec![],
        stops: vec![],
        firewall: vec![],
        warnings: vec![],
    }
}

fn root() -> TrustRootView {
    TrustRootView {
        id: TrustRootId::from_bytes([1; 32]),
        confirmation: "0101010101010101".into(),
        version: 1,
        threshold: 1,
        root_keys: vec![],
        keys: vec![],
        withdrawn: [].into(),
    }
}

fn alert_status() -> AlertStatus {
    let stream = StreamStatus {
        stream: StreamId::from_bytes([7; 16]),
        head: 9,
        delivered: 5,
        dropped: [("full".into(), 2)].into(),
        oldest_undelivered: None,
    };
    let hub = ConsumerStatus { role: EndpointRole::Hub, delivered: 5, backlog: 4, unconfirmed: Some(1), problem: None };
    AlertStatus {
        source: "/var/log/suricata/eve.json".into(),
        streams: vec![stream],
        consumers: vec![hub],
        counters: [("missed".into(), 3)].into(),
    }
}

pub(super) fn snapshot() -> Snapshot {
    Snapshot {
        status: Status {
            appliance: ApplianceId::from_digest(&[6; 32]),
            epoch: Epoch(3),
            state: SensorState::Unactivated,
            candidate: None,
            retry: None,
            proxy: Some(ProxyView { url: "http://proxy:3128".into(), user: None, password_set: true }),
            trusted: true,
            agent: AgentStatus {
                version: "0.1.0".into(),
                uptime_seconds: 12,
                network: Default::default(),
                key: Default::default(),
            },
            clock: Clock { wall: UnixSeconds(100), floor: UnixSeconds(200), drift_seconds: None },
            upstream: None,
            hub: None,
            alerts: alert_status(),
            setup: SetupState::Done,
            addresses: vec![],
            health: [(Component::Clock, Health { code: "below-floor".into(), since: UnixSeconds(200) })].into(),
        },
        trust: vec![root()],
        outcomes: vec![],
        targets: vec![],
        proxy: None,
    }
}
