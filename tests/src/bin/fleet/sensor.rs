//! A sensor: the agent's own service with its own core, and its own upstream client. What it leaves out is the disk of its
//! state, the alerts and the local API: nothing that the portal sees.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result, anyhow};
use picket_agent::{
    sandbox::NetworkSeal,
    service::{Command, Effects, Feeds, Handle, HeartbeatReply, Record, Service, Startup},
    upstream::Upstreams,
    watchdog::Watchdog,
};
use picket_lifecycle::{
    State,
    audit::Actor,
    effect::{Call, Enrol, ProbeHub, Renew},
    epochs::EngineMark,
    event::Failure,
    identity::{Identity, Slot},
    settings::Settings,
    stamp::Stamp,
};
use picket_protocol::{
    heartbeat::{Component, StreamTotals, Versions},
    ids::{ApplianceId, Cti, Epoch, StreamId, Thumbprint},
    local_api::{AlertStatus, AuditRecord, KeyKept, Start},
    refusal::Refusal,
    time::UnixSeconds,
    typed_code::TypedCode,
};
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, spawn_local},
    time::{Duration, sleep},
};

use super::meter::Meter;

/// Sensors that are activated at once: people carry files one by one.
const AT_ONCE: usize = 32;
/// How often it is looked whether a sensor has come that far.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A sensor that runs.
pub(crate) struct Sensor {
    pub(crate) handle: Handle,
    pub(crate) service: JoinHandle<()>,
}

/// Starts and activates one sensor for each file; comes when each has had a heartbeat answered and a probe accepted.
pub(crate) async fn start(
    files: Vec<Vec<u8>>,
    upstreams: &Upstreams,
    meter: &Arc<Meter>,
    root: &Rc<[u8]>,
) -> Result<Vec<Sensor>> {
    let (begun, room, count) = (Instant::now(), Rc::new(Semaphore::new(AT_ONCE)), files.len());
    let tasks: Vec<_> = files
        .into_iter()
        .enumerate()
        .map(|(number, file)| {
            let effects = Reporting { upstreams: upstreams.clone(), meter: Arc::clone(meter), number };
            let (room, root, meter) = (Rc::clone(&room), Rc::clone(root), Arc::clone(meter));
            spawn_local(async move {
                let _place = room.acquire().await?;
                let sensor = Sensor::run(effects, &root);
                sensor.activate(file).await?;
                while !meter.has_answered(number) {
                    sleep(LOOK_EVERY).await;
                }
                anyhow::Ok(sensor)
            })
        })
        .collect();
    let mut sensors = Vec::with_capacity(count);
    for task in tasks {
        sensors.push(task.await??);
    }
    while meter.probed() < count {
        sleep(LOOK_EVERY).await;
    }
    let took = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "some thousand sensors")]
    let rate = count as f64 / took;
    println!("activated, enrolled and proved in {took:.1} s: {rate:.0} sensors /s, {AT_ONCE} at once");
    Ok(sensors)
}

impl Sensor {
    fn run(effects: Reporting, root: &[u8]) -> Self {
        let state = State::default();
        let (feeds, _) = Feeds::of(&state);
        let mut hardware = [0; 32];
        hardware[..8].copy_from_slice(&effects.number.to_be_bytes());
        let startup = Startup {
            state,
            feeds,
            appliance: ApplianceId::from_digest(&hardware),
            settings: Settings::default(),
            trust_files: vec![("portal.root".into(), root.to_vec())],
            watchdog: Watchdog::default(),
            seal: NetworkSeal::new(false),
        };
        let (service, handle) = Service::new(effects, startup);
        Self { handle, service: spawn_local(service.run(|| {}, std::future::pending())) }
    }

    async fn activate(&self, file: Vec<u8>) -> Result<()> {
        let by = Actor::Caller { uid: 0, person: None };
        let (start, override_window) = (Start::Proved, false);
        let taken = self.handle.ask(|reply| Command::Activate { file, start, override_window, by, reply }).await;
        taken.map(drop).map_err(|refusal| anyhow!("{refusal}"))
    }

    /// On whose behalf it speaks to the portal, and where that is.
    pub(crate) fn target(&self) -> Result<picket_agent::service::Target> {
        self.handle.snapshot().targets.first().cloned().context("it has nobody to speak to")
    }
}

/// The effects of one sensor: the network is the agent's own; nothing is kept.
struct Reporting {
    upstreams: Upstreams,
    meter: Arc<Meter>,
    number: usize,
}

impl Effects for Reporting {
    fn enrol(&self, order: Enrol) -> impl Future<Output = Result<Identity, Failure>> + Send + 'static {
        self.upstreams.clone().enrol(order)
    }

    fn renew(&self, order: Renew) -> impl Future<Output = Result<Identity, Failure>> + Send + 'static {
        self.upstreams.clone().renew(order)
    }

    fn heartbeat(
        &self,
        call: Call,
        with: Slot,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<HeartbeatReply, Failure>> + Send + 'static {
        let (upstreams, meter, number) = (self.upstreams.clone(), Arc::clone(&self.meter), self.number);
        async move {
            let start = Instant::now();
            let answered = upstreams.heartbeat(call, with, bytes).await;
            meter.heartbeat(number, start.elapsed(), answered.is_ok());
            answered
        }
    }

    fn probe(&self, order: ProbeHub) -> impl Future<Output = Result<(), Failure>> + Send + 'static {
        let (upstreams, meter) = (self.upstreams.clone(), Arc::clone(&self.meter));
        async move {
            let accepted = upstreams.probe(order).await;
            if accepted.is_ok() {
                meter.probe_accepted();
            }
            accepted
        }
    }

    async fn abort(&self, stamp: Stamp) {
        self.upstreams.abort(stamp);
    }

    async fn persist(&mut self, _: Record) -> Result<(), Refusal> {
        Ok(())
    }

    async fn settle(&mut self) {}

    fn health(&self) -> BTreeMap<Component, &'static str> {
        Component::ALL.into_iter().map(|component| (component, "ok")).collect()
    }

    async fn health_changed(&mut self) {
        std::future::pending::<()>().await;
    }

    fn engine_mark(&self) -> EngineMark {
        EngineMark::Unknown
    }

    fn engine_release(&self) {}

    fn alert_totals(&self, _: &BTreeSet<Epoch>) -> BTreeMap<StreamId, StreamTotals> {
        BTreeMap::new()
    }

    fn alert_status(&self) -> AlertStatus {
        AlertStatus::default()
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }

    /// All sensors' identities lie in one folder: none may tidy it.
    async fn keep_identities(&mut self, _: &BTreeSet<Cti>) {}

    async fn erase_all(&mut self) {}

    fn request_keys(&self) -> Vec<Thumbprint> {
        Vec::new()
    }

    fn make_request(&mut self, _: &ApplianceId, _: UnixSeconds) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::NotFound { what: "requests".to_owned() })
    }

    fn audit(&self, _: u64, _: u32) -> Result<Vec<AuditRecord>, Refusal> {
        Ok(Vec::new())
    }

    fn show_setup_code(&mut self, _: Option<&TypedCode>) {}

    fn key_kept(&self, _: Cti) -> KeyKept {
        KeyKept::Plain
    }

    fn versions(&self) -> Versions {
        Versions { agent: env!("CARGO_PKG_VERSION").to_owned(), engine: None }
    }

    fn addresses(&self) -> Vec<String> {
        vec!["192.0.2.7".to_owned(), "2001:db8::7".to_owned()]
    }
}
