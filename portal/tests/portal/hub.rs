//! The built-in hub: what it takes, from whom, and that it keeps what it answered.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http_body_util::Full;
use hyper::{Request, StatusCode};
use picket_protocol::{
    heartbeat::{Confirmation, Standing, StreamTotals},
    ids::StreamId,
    wire::{HUB_EVENTS, MAX_EVENTS_BODY},
};
use serde_json::{Value, json};

use crate::{
    sensor::{Sensor, code},
    server::Server,
};

const STREAM: StreamId = StreamId::from_bytes([5; 16]);

fn event(kind: &str, source: &str) -> Value {
    json!([{ "specversion": "1.0", "id": "nonce-1", "source": source, "type": kind, "time": "2026-01-01T00:00:00Z" }])
}

fn refusal(body: &[u8]) -> String {
    serde_json::from_slice::<Value>(body).unwrap()["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn probes_and_alerts_are_taken_from_their_own_sensor_alone() {
    let server = Server::portal();
    let (sensor, other) = (Sensor::enrolled(&server, "One").await, Sensor::enrolled(&server, "Two").await);
    let own = format!("/sensors/{}", sensor.id);
    let (status, body) = sensor.hub_events(server.sensors(), &event("io.picket.probe", &own)).await;
    assert_eq!((status.as_u16(), &body[..]), (200, &b"{\"accepted\":1}"[..]));
    let (status, _) = sensor.hub_events(server.sensors(), &event("io.picket.probe", "/sensors/another")).await;
    assert_eq!(status.as_u16(), 403);
    let (status, body) = sensor.hub_events(server.sensors(), &event("com.example.other", &own)).await;
    assert_eq!((status.as_u16(), refusal(&body)), (422, "hub.unsupported-event".to_owned()));

    sensor.deliver(server.sensors(), STREAM, 1..=3).await.unwrap();
    let stolen = sensor.alerts(STREAM, 4..=5);
    let (status, body) = other.packed_events(server.sensors(), None, stolen).await;
    assert_eq!((status.as_u16(), refusal(&body)), (403, "portal.rejected".to_owned()));
    other.deliver(server.sensors(), STREAM, 1..=2).await.unwrap();
    assert_eq!(numbers(&server, &sensor), [3, 2, 1]);
    assert_eq!(numbers(&server, &other), [2, 1]);
}

#[tokio::test]
async fn a_batch_is_taken_whole_or_not_at_all() {
    let server = Server::portal();
    let sensor = Sensor::enrolled(&server, "One").await;
    let good = String::from_utf8(sensor.alerts(STREAM, 1..=2)).unwrap();
    for (from, to) in
        [("/2\"", "/0\""), ("2027-01-15T08:00:00.000Z", "yesterday"), ("io.picket.alert", "io.picket.alarm")]
    {
        let at = good.rfind(from).unwrap();
        let bad = format!("{}{to}{}", &good[..at], &good[at + from.len()..]);
        let (status, _) = sensor.packed_events(server.sensors(), None, bad.into_bytes()).await;
        assert!([400, 422].contains(&status.as_u16()), "{to}: {status}");
    }
    let beyond = good.replace("/2\"", &format!("/{}\"", u64::MAX));
    assert_eq!(sensor.packed_events(server.sensors(), None, beyond.into_bytes()).await.0.as_u16(), 400);
    assert_eq!(numbers(&server, &sensor), [0; 0]);
    assert_eq!(sensor.packed_events(server.sensors(), None, good.into_bytes()).await.0.as_u16(), 200);
    assert_eq!(numbers(&server, &sensor), [2, 1]);
}

#[tokio::test]
async fn a_packed_batch_is_unpacked_within_bounds() {
    let server = Server::portal();
    let sensor = Sensor::enrolled(&server, "One").await;
    let packed = zstd::encode_all(&sensor.alerts(STREAM, 1..=100)[..], 3).unwrap();
    assert_eq!(sensor.packed_events(server.sensors(), Some("zstd"), packed).await.0.as_u16(), 200);
    assert_eq!(numbers(&server, &sensor).len(), 100);

    let bomb = zstd::encode_all(&vec![b' '; 500 << 20][..], 3).unwrap();
    assert!(bomb.len() < MAX_EVENTS_BODY / 10);
    let (status, body) = sensor.packed_events(server.sensors(), Some("zstd"), bomb).await;
    assert_eq!((status.as_u16(), refusal(&body)), (413, "hub.batch-too-large".to_owned()));
    let (status, body) = sensor.packed_events(server.sensors(), None, vec![b' '; MAX_EVENTS_BODY + 1]).await;
    assert_eq!((status.as_u16(), refusal(&body)), (413, "hub.batch-too-large".to_owned()));
    let (status, body) = sensor.packed_events(server.sensors(), Some("br"), vec![1]).await;
    assert_eq!((status.as_u16(), refusal(&body)), (415, "hub.unsupported-encoding".to_owned()));
    sensor.deliver(server.sensors(), STREAM, [101]).await.unwrap();
}

#[tokio::test]
async fn what_was_answered_outlives_a_kill_and_comes_no_second_time() {
    let mut server = Server::portal();
    let sensor = Sensor::enrolled(&server, "One").await;
    for batch in 0..5 {
        sensor.deliver(server.sensors(), STREAM, batch * 10 + 1..=batch * 10 + 10).await.unwrap();
    }
    server.kill();
    server.start();
    sensor.deliver(server.sensors(), STREAM, 41..=52).await.unwrap();
    assert_eq!(numbers(&server, &sensor), (1..=52).rev().collect::<Vec<_>>());
}

/// Delivers until the portal is gone; the last number that was acknowledged.
async fn deliver_until_killed(sensor: Sensor, portal: SocketAddr, from: u64, acknowledged: Arc<AtomicU64>) {
    for first in (from..).step_by(20) {
        let body = Full::new(sensor.alerts(STREAM, first..first + 20).into());
        let sent = sensor.try_send(portal, Request::post(HUB_EVENTS).body(body).unwrap(), true).await;
        let Ok((StatusCode::OK, _)) = sent else { return };
        acknowledged.store(first + 19, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn killed_at_any_moment_the_portal_has_what_it_acknowledged_and_has_it_once() {
    let mut server = Server::portal();
    let sensor = Sensor::enrolled(&server, "One").await;
    let acknowledged = Arc::new(AtomicU64::new(0));
    for round in 1..=8 {
        let from = acknowledged.load(Ordering::SeqCst) + 1;
        let copy = sensor.copied_disk();
        let delivering = tokio::spawn(deliver_until_killed(copy, server.sensors(), from, Arc::clone(&acknowledged)));
        while acknowledged.load(Ordering::SeqCst) < from + round * 20 {
            tokio::task::yield_now().await;
        }
        server.kill();
        delivering.await.unwrap();
        server.start();
        let stored: Vec<u64> = server.cli(&["alert", "export"]).lines().map(number).collect();
        let last = stored.last().copied().unwrap_or(0);
        assert_eq!(stored, (1..=last).collect::<Vec<_>>(), "round {round}");
        assert!(last >= acknowledged.load(Ordering::SeqCst), "round {round}");
    }
}

#[tokio::test]
async fn a_deleted_sensor_is_refused_at_once_and_its_alerts_stay() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    sensor.deliver(server.sensors(), STREAM, 1..=3).await.unwrap();
    server.cli(&["sensor", "delete", &sensor.id.to_string(), "--reason", "gone"]);
    let refused = sensor.deliver(server.sensors(), STREAM, 4..=5).await;
    assert_eq!(code(refused), (403, "portal.rejected".to_owned()));
    assert_eq!(numbers(&server, &sensor), [3, 2, 1]);
}

#[tokio::test]
async fn heartbeats_are_answered_with_what_is_stored_of_the_streams_they_name() {
    let server = Server::portal();
    let (mut sensor, other) = (Sensor::enrolled(&server, "One").await, Sensor::enrolled(&server, "Two").await);
    let unknown = StreamId::from_bytes([6; 16]);
    for numbers in [1..=5, 9..=12] {
        sensor.deliver(server.sensors(), STREAM, numbers).await.unwrap();
    }
    other.deliver(server.sensors(), unknown, 1..=7).await.unwrap();
    assert_eq!(sensor.beat(server.sensors(), Standing::Committed).await.unwrap().confirmations, BTreeMap::new());

    let totals = StreamTotals { head: 14, delivered: 12, dropped: BTreeMap::new(), oldest_undelivered: None };
    sensor.streams = BTreeMap::from([(STREAM, totals.clone()), (unknown, totals)]);
    let told = sensor.beat(server.sensors(), Standing::Committed).await.unwrap().confirmations;
    let nothing = Confirmation { up_to: 0, lacks: vec![] };
    let expected = BTreeMap::from([(STREAM, Confirmation { up_to: 12, lacks: vec![(6, 8)] }), (unknown, nothing)]);
    assert_eq!(told, expected);

    sensor.deliver(server.sensors(), STREAM, 5..=14).await.unwrap();
    let told = sensor.beat(server.sensors(), Standing::Committed).await.unwrap().confirmations;
    assert_eq!(told[&STREAM], Confirmation { up_to: 14, lacks: vec![] });
}

#[tokio::test]
async fn a_portal_restored_from_a_backup_confirms_what_it_has() {
    let mut server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    sensor.streams = BTreeMap::from([(
        STREAM,
        StreamTotals { head: 9, delivered: 9, dropped: BTreeMap::new(), oldest_undelivered: None },
    )]);
    sensor.deliver(server.sensors(), STREAM, 1..=4).await.unwrap();
    server.back_up();
    sensor.deliver(server.sensors(), STREAM, 5..=9).await.unwrap();
    let told = sensor.beat(server.sensors(), Standing::Committed).await.unwrap().confirmations;
    assert_eq!(told[&STREAM].up_to, 9);

    server.restore();
    let told = sensor.beat(server.sensors(), Standing::Committed).await.unwrap().confirmations;
    assert_eq!(told[&STREAM].up_to, 4);
    sensor.deliver(server.sensors(), STREAM, 5..=9).await.unwrap();
    assert_eq!(numbers(&server, &sensor), (1..=9).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_sensor_that_floods_the_hub_with_probes_fills_nothing() {
    let server = Server::portal();
    let sensor = Sensor::enrolled(&server, "One").await;
    let source = format!("/sensors/{}", sensor.id);
    for batch in 0..2 {
        let event = |number| json!({ "specversion": "1.0", "id": format!("{batch}-{number}"), "source": source, "type": "io.picket.probe" });
        let events = (0..1000).map(event).collect::<Vec<_>>();
        let (status, _) = sensor.hub_events(server.sensors(), &json!(events)).await;
        assert_eq!(status.as_u16(), 200);
    }
    assert_eq!(server.sql("SELECT count(*) FROM hub_probes").await, Some(1000));
}

fn number(line: &str) -> u64 {
    serde_json::from_str::<Value>(line).unwrap()["record"]["n"].as_u64().unwrap()
}

/// The numbers of a sensor's alerts, the newest first.
fn numbers(server: &Server, sensor: &Sensor) -> Vec<u64> {
    let listed = server.json(&["alert", "list", "--limit", "1000", "--sensor", &sensor.id.to_string()]);
    listed["alerts"].as_array().unwrap().iter().map(|alert| alert["record"]["n"].as_u64().unwrap()).collect()
}
