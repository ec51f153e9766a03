//! Deliveries from a real alert log to a hub on loopback, over mutual TLS.

mod mosquitto;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use picket_lifecycle::{
    effect::{Call, Confirmed, Enrol, ProbeHub, TlsTime},
    epochs::{EngineMark, EpochRecord, Routing},
    identity::Slot,
    moment::BootId,
    routes::{Route, RouteTo, Routes},
    stamp::{Stamp, Ticket},
};
use picket_protocol::{
    alerts::{
        DropReason, Severity, UnixMillis,
        event::{Content, read_batch},
    },
    documents::activation::{Endpoint, Secret},
    heartbeat::Confirmation,
    ids::{Cti, Epoch, Owner, SensorId, StreamId, SubscriptionId, TrustRootId},
    time::UnixSeconds,
    wire,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use super::*;
use crate::{
    alert_log::{AlertLog, Bounds, NewAlert, NewAlerts},
    identity::{Identities, Seal},
    upstream::{
        Upstreams,
        test_world::{Asked, Ca, Server, serve},
        tls::Greeting,
    },
};

const SENSOR: SensorId = SensorId::from_bytes([7; 16]);
const CTI: Cti = Cti::from_bytes([1; 16]);
const STAMP: Stamp = Stamp { epoch: Epoch(3), cti: CTI };
/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a hub got, and how it answers: by a status for each batch.
#[derive(Default)]
struct Hub {
    got: Mutex<Vec<String>>,
    batches: Mutex<usize>,
}

type Answer = fn(&[String]) -> u16;

impl Hub {
    /// Each alert by its record, each skip by its reason; refused ones are not noted.
    fn take(&self, asked: &Asked, answer: Answer) -> u16 {
        assert!(asked.with_certificate);
        let body = zstd::decode_all(&*asked.body).unwrap();
        let events = read_batch(&body).unwrap();
        let named = events.iter().map(|event| match &event.content {
            Content::Alert { record, .. } => (*record).to_owned(),
            Content::Skip(skip) => skip.reason.to_string(),
            other => panic!("{other:?}"),
        });
        let named: Vec<String> = named.collect();
        *self.batches.lock().unwrap() += 1;
        let status = answer(&named);
        if status == 200 {
            self.got.lock().unwrap().extend(named);
        }
        status
    }

    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

struct World {
    folder: tempfile::TempDir,
    log: AlertLog,
    hub: Arc<Hub>,
    server: Server,
    endpoint: Endpoint,
    identities: Identities,
    routes: watch::Sender<Routes>,
    confirm: mpsc::Sender<Confirmed>,
    deliveries: Deliveries,
}

async fn world(answer: Answer) -> World {
    world_of(Box::leak(Box::new(Ca::named("Portal CA"))), answer).await
}

async fn world_of(ca: &'static Ca, answer: Answer) -> World {
    let hub = Arc::new(Hub::default());
    let taking = hub.clone();
    let server = serve(ca, ca.server(2020, 2099), move |asked| match asked.path.as_str() {
        wire::HUB_EVENTS => (taking.take(&asked, answer), vec![], vec![]),
        _ => (200, vec![], STANDARD.encode(ca.enrol(&STANDARD.decode(asked.body).unwrap())).into()),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let credentials = Credentials {
        identities: Identities::in_state_directory(folder.path(), Seal::default()),
        greeting: Greeting::PostQuantum,
    };
    let endpoint = server.endpoint(ca);
    enrol(&credentials, endpoint.clone()).await;
    let identities = credentials.identities.clone();
    let log = AlertLog::open(folder.path(), Bounds { max_bytes: 64 << 20, max_age: Duration::from_secs(86_400) });
    let (routes, of_routes) = watch::channel(Routes::default());
    let (confirm, confirmed) = mpsc::channel(4);
    let deliveries = Deliveries::start(Parts {
        log: log.clone(),
        routes: of_routes,
        confirmed,
        credentials,
        boot: BootId([1; 16]),
        kilobits_per_second: None,
    });
    World { folder, log, hub, server, endpoint, identities, routes, confirm, deliveries }
}

fn call(endpoint: Endpoint) -> Call {
    let tls_time = TlsTime { at: UnixSeconds(1_767_225_600), enforce_not_before: true };
    Call { stamp: STAMP, ticket: Ticket(1), sensor: SENSOR, endpoint, tls_time, proxy: None }
}

async fn enrol(credentials: &Credentials, endpoint: Endpoint) {
    let token = Secret::new("dG9rZW4tdG9rZW4tdG9rZW4".into()).unwrap();
    let upstreams = Upstreams::new(credentials.identities.clone(), credentials.greeting);
    upstreams.enrol(Enrol { call: call(endpoint), token, key: None }).await.unwrap();
}

fn owner() -> Owner {
    Owner { trust_root: TrustRootId::from_bytes([1; 32]), subscription: SubscriptionId::from_bytes([1; 16]) }
}

fn epochs() -> Arc<[EpochRecord]> {
    let record = |epoch, routing| EpochRecord {
        epoch: Epoch(epoch),
        owner: owner(),
        sensor: SENSOR,
        routing,
        boundary: EngineMark::Unknown,
    };
    let local = Routing::LocallyManaged { paired: false };
    [record(1, Routing::CloudConnected), record(2, local), record(3, Routing::CloudConnected)].into()
}

impl World {
    fn route(&self) -> Route {
        Route {
            stamp: STAMP,
            sensor: SENSOR,
            owner: owner(),
            to: RouteTo::Https,
            endpoint: self.endpoint.clone(),
            with: Slot::A,
            proxy: None,
            confirms: true,
            epochs: BTreeSet::from([Epoch(1), Epoch(3)]),
            tls_floor: UnixSeconds(0),
        }
    }

    fn open(&self) {
        self.routes.send_replace(Routes { hub: Some(self.route()), console: None });
    }

    fn close(&self) {
        self.routes.send_replace(Routes::default());
    }

    async fn detect(&self, epoch: u64, names: impl IntoIterator<Item = u32>) {
        let alert = NewAlert { epoch: Epoch(epoch), held: false, severity: Severity::Low, at: UnixMillis(1_000) };
        let mut alerts = NewAlerts::default();
        names.into_iter().for_each(|name| alerts.push(alert, &record(name)));
        let log = self.log.clone();
        let appended = tokio::task::spawn_blocking(move || log.append(alerts.into(), vec![], epochs()));
        appended.await.unwrap().unwrap();
    }

    /// Waits until the hub has all of these and nothing else.
    async fn hub_has(&self, names: impl IntoIterator<Item = u32>) {
        let wanted: Vec<String> = names.into_iter().map(record).collect();
        self.until(|| self.hub.got().len() >= wanted.len()).await;
        assert_eq!(self.hub.got(), wanted);
    }

    async fn until(&self, condition: impl Fn() -> bool) {
        let waited = timeout(PATIENCE, async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(waited.await.is_ok(), "{:?} {:?}", self.deliveries.status(), self.hub.got());
    }

    fn shows(&self, what: impl Fn(&ConsumerStatus) -> bool) -> bool {
        self.deliveries.status().iter().any(what)
    }

    async fn delivered(&self) -> u64 {
        self.log.consumer(&crate::alert_log::hub_consumer(&owner())).await.unwrap().delivered.0
    }
}

fn record(name: u32) -> String {
    format!("{{\"name\":{name}}}")
}

#[tokio::test]
async fn delivers_what_may_go_there_in_order_and_nothing_else() {
    let world = world(|_| 200).await;
    world.detect(1, 0..100).await;
    world.detect(2, 100..200).await;
    world.open();
    world.detect(3, 200..300).await;
    world.hub_has((0..100).chain(200..300)).await;
    world.until(|| world.shows(|hub| hub.delivered == 200 && hub.in_flight == 0)).await;
    assert_eq!(world.deliveries.counters()["alerts-delivered"], 200);
    assert_eq!(*world.deliveries.health().borrow(), "ok");
    world.deliveries.stop().await;
    let kept = world.log.consumer(&crate::alert_log::hub_consumer(&owner())).await.unwrap();
    assert_eq!(kept.delivered.0, 300);
    assert_eq!(kept.unconfirmed.iter().map(|range| range.to - range.from + 1).sum::<u64>(), 200);
}

#[tokio::test]
async fn goes_on_where_it_was_after_a_restart() {
    let world = world(|_| 200).await;
    world.open();
    world.detect(1, 0..10).await;
    world.until(|| world.shows(|hub| hub.delivered == 10)).await;
    world.close();
    world.deliveries.abort(STAMP).await;
    assert_eq!(world.delivered().await, 10);
    world.detect(1, 10..20).await;
    world.open();
    world.hub_has(0..20).await;
}

#[tokio::test]
async fn an_aborted_stamp_has_no_connection_and_gets_none() {
    let world = world(|_| 200).await;
    world.open();
    world.detect(1, 0..10).await;
    world.hub_has(0..10).await;
    let connections = world.server.connections.load(Ordering::SeqCst);
    world.close();
    world.deliveries.abort(STAMP).await;
    world.detect(1, 10..20).await;
    assert!(world.deliveries.status().is_empty());
    assert_eq!(world.server.connections.load(Ordering::SeqCst), connections);
    assert_eq!(world.hub.got().len(), 10);
}

#[tokio::test]
async fn a_time_floor_that_moves_closes_no_connection() {
    let world = world(|_| 200).await;
    world.open();
    world.detect(1, 0..10).await;
    world.hub_has(0..10).await;
    let connections = world.server.connections.load(Ordering::SeqCst);
    let later = Route { tls_floor: UnixSeconds(1_800_000_000), ..world.route() };
    world.routes.send_replace(Routes { hub: Some(later), console: None });
    world.detect(1, 10..20).await;
    world.hub_has(0..20).await;
    assert_eq!(world.server.connections.load(Ordering::SeqCst), connections);
}

#[tokio::test]
async fn a_hub_that_fails_is_shown_and_tried_again() {
    static TRIES: Mutex<u32> = Mutex::new(0);
    let world = world(|_| {
        let mut tries = TRIES.lock().unwrap();
        *tries += 1;
        if *tries < 3 { 503 } else { 200 }
    })
    .await;
    let mut health = world.deliveries.health();
    world.open();
    world.detect(1, 0..10).await;
    timeout(PATIENCE, health.wait_for(|code| *code == "endpoint.http")).await.unwrap().unwrap();
    world.hub_has(0..10).await;
    timeout(PATIENCE, health.wait_for(|code| *code == "ok")).await.unwrap().unwrap();
    assert_eq!(world.deliveries.counters()["delivery-failures"], 2);
}

#[tokio::test]
async fn a_record_that_the_hub_never_takes_goes_aside() {
    let world = world(|events| if events.contains(&record(5)) { 422 } else { 200 }).await;
    world.detect(1, 0..10).await;
    world.open();
    world.until(|| world.hub.got().len() >= 10).await;
    let poison = DropReason::Poison.to_string();
    let got = world.hub.got();
    let got: Vec<&String> = got.iter().filter(|event| **event != poison).collect();
    let unique: BTreeSet<&String> = got.iter().copied().collect();
    assert_eq!(unique.len(), 9);
    assert!(!unique.contains(&record(5)));
    world.until(|| world.deliveries.counters().get("alerts-set-aside") == Some(&1)).await;
}

#[tokio::test]
async fn confirmed_numbers_are_awaited_no_more() {
    let world = world(|_| 200).await;
    world.open();
    world.detect(1, 0..10).await;
    world.hub_has(0..10).await;
    world.until(|| world.shows(|hub| hub.unconfirmed == Some(10))).await;
    let stream = *world.log.totals().keys().next().unwrap();
    let confirm = |stamp, up_to| {
        let confirmations = [(stream, Confirmation { up_to, lacks: vec![] })].into();
        world.confirm.send(Confirmed { stamp, confirmations })
    };
    confirm(Stamp { epoch: Epoch(2), ..STAMP }, 10).await.unwrap();
    confirm(STAMP, 7).await.unwrap();
    world.until(|| world.shows(|hub| hub.unconfirmed == Some(3))).await;
}

#[tokio::test]
async fn a_stream_of_which_the_portal_knows_more_is_left() {
    let world = world(|_| 200).await;
    world.open();
    world.detect(1, 0..10).await;
    world.hub_has(0..10).await;
    let before: BTreeSet<StreamId> = world.log.totals().into_keys().collect();
    let confirmations =
        before.iter().map(|stream| (*stream, Confirmation { up_to: u64::MAX, lacks: vec![] })).collect();
    world.confirm.send(Confirmed { stamp: STAMP, confirmations }).await.unwrap();
    // Whether the next alert is the first of the new stream shows when it is there.
    let mut next = 10;
    while world.log.totals().keys().all(|stream| before.contains(stream)) {
        world.detect(1, [next]).await;
        next += 1;
        assert!(next < 1_000, "no new stream");
    }
    world.until(|| world.hub.got().contains(&record(next - 1))).await;
}
