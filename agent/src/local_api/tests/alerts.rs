//! Alerts through the API: what is listed, exported, followed and verified is what the log holds, byte for byte.

use std::sync::Arc;

use axum::{body::Body, http::StatusCode};
use http_body_util::BodyExt as _;
use picket_lifecycle::epochs::{EngineMark, EpochRecord, Routing};
use picket_protocol::{
    alerts::{Severity, UnixMillis},
    ids::{Epoch, Owner, SensorId, SubscriptionId, TrustRootId},
    local_api::{AlertVerification, AlertView, HEALTH_WORDS, routes},
};

use super::world::{CONSOLE, OTHER, World, bytes, code, value};
use crate::alert_log::{AlertLog, NewAlert, NewAlerts};

/// Odd on purpose: nobody may make it tidy.
fn record(number: u64) -> String {
    format!("{{ \"n\":{number}, \"n\" : 1.0e0 }}")
}

pub(super) fn epochs() -> Arc<[EpochRecord]> {
    let owner =
        Owner { trust_root: TrustRootId::from_bytes([1; 32]), subscription: SubscriptionId::from_bytes([2; 16]) };
    let record = |epoch| EpochRecord {
        epoch: Epoch(epoch),
        owner,
        sensor: SensorId::from_bytes([3; 16]),
        routing: Routing::CloudConnected,
        boundary: EngineMark::Unknown,
    };
    [record(1), record(2)].into()
}

/// Logs an alert whose epoch is its number's parity: odd ones are of the first epoch, and grave.
pub(super) async fn log(world: &World, number: u64) {
    let (epoch, severity) = if number % 2 == 1 { (1, Severity::High) } else { (2, Severity::Low) };
    let mut alerts = NewAlerts::default();
    alerts.push(NewAlert { epoch: Epoch(epoch), held: false, severity, at: UnixMillis(1_500) }, &record(number));
    let log: AlertLog = world.api.alerts.log().clone();
    tokio::task::spawn_blocking(move || log.append(alerts.into(), Vec::new(), epochs())).await.unwrap().unwrap();
}

async fn list(world: &World, query: &str) -> Vec<u64> {
    let alerts: Vec<AlertView> =
        value(world.call(OTHER, "GET", &format!("{}?{query}", routes::ALERTS), "").await).await;
    alerts.iter().map(|alert| alert.place).collect()
}

#[tokio::test]
async fn they_are_listed_the_newest_first_or_after_a_place() {
    let world = World::new();
    for number in 1..=4 {
        log(&world, number).await;
    }
    assert_eq!(list(&world, "").await, [4, 3, 2, 1]);
    assert_eq!(list(&world, "limit=1").await, [4]);
    assert_eq!(list(&world, "after=1&limit=2").await, [2, 3]);
    assert_eq!(list(&world, "before=3").await, [2, 1]);
    assert_eq!(list(&world, "severity=high").await, [3, 1]);
    assert_eq!(list(&world, "epoch=2").await, [4, 2]);
}

#[tokio::test]
async fn a_question_that_is_not_understood_is_refused() {
    let world = World::new();
    for path in ["/v1/alerts?severity=grave", "/v1/alerts/export?limit=1", "/v1/alerts/follow?after=-1"] {
        let response = world.call(CONSOLE, "GET", path, "").await;
        assert_eq!(code(response).await, (StatusCode::BAD_REQUEST, "request.invalid".into()), "{path}");
    }
}

#[tokio::test]
async fn all_are_exported_and_their_records_byte_for_byte() {
    let world = World::new();
    for number in 1..=250 {
        log(&world, number).await;
    }
    let text = bytes(world.call(OTHER, "GET", routes::ALERTS_EXPORT, "").await).await;
    let lines: Vec<AlertView> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let exported: Vec<(u64, String)> = lines.iter().map(|line| (line.place, line.record.get().to_owned())).collect();
    assert_eq!(exported, (1..=250).map(|number| (number, record(number))).collect::<Vec<_>>());
}

async fn next(body: &mut Body) -> AlertView {
    serde_json::from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap()).unwrap()
}

#[tokio::test]
async fn a_follower_gets_what_comes_and_what_it_asks_to_go_on_from() {
    let world = World::new();
    log(&world, 1).await;
    let mut from_now = world.call(OTHER, "GET", routes::ALERTS_FOLLOW, "").await.into_body();
    let mut from_start = world.call(OTHER, "GET", "/v1/alerts/follow?after=0", "").await.into_body();
    assert_eq!(next(&mut from_start).await.place, 1);
    log(&world, 2).await;
    assert_eq!((next(&mut from_now).await.place, next(&mut from_start).await.place), (2, 2));
}

#[tokio::test]
async fn a_walk_over_the_log_says_that_nothing_is_missing() {
    let world = World::new();
    for number in 1..=3 {
        log(&world, number).await;
    }
    let found: AlertVerification = value(world.call(OTHER, "GET", routes::ALERTS_VERIFY, "").await).await;
    let heads: Vec<(u64, u64, u64)> =
        found.streams.iter().map(|stream| (stream.epoch.0, stream.head, stream.in_log)).collect();
    assert_eq!((found.complete, heads), (true, vec![(1, 2, 2), (2, 1, 1)]));
}

#[test]
fn each_health_word_is_in_the_docs() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/local-api.md")).unwrap();
    for (word, advice) in HEALTH_WORDS {
        assert!(docs.contains(&format!("\n| `{word}` | {advice} |")), "{word}");
    }
}
