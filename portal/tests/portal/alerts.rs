//! Alerts as people get them: listed, exported, and what of a stream came.

use picket_protocol::{
    alerts::{DropReason, Skip, event::write_skip},
    heartbeat::{Standing, StreamTotals},
    ids::StreamId,
};
use serde_json::{Value, json};

use crate::{sensor::Sensor, server::Server};

const STREAM: StreamId = StreamId::from_bytes([5; 16]);

async fn two_sensors(server: &Server) -> (Sensor, Sensor) {
    let north = server.onboard("North 1", &["--site", "North", "--zone", "DMZ"]);
    let mut north = Sensor::for_file(server, &server.activation_file(&north));
    north.enrol(server.sensors()).await.unwrap();
    let south = Sensor::enrolled(server, "South 1").await;
    north.deliver(server.sensors(), STREAM, 1..=6).await.unwrap();
    south.deliver(server.sensors(), STREAM, 1..=3).await.unwrap();
    (north, south)
}

fn listed(server: &Server, more: &[&str]) -> Vec<(String, u64)> {
    let listed = server.json(&[&["alert", "list"], more].concat());
    let alerts = listed["alerts"].as_array().unwrap().iter();
    alerts
        .map(|alert| (alert["sensor_name"].as_str().unwrap().to_owned(), alert["record"]["n"].as_u64().unwrap()))
        .collect()
}

#[tokio::test]
async fn the_newest_come_first_and_filters_let_through_what_they_say() {
    let server = Server::portal();
    let (north, _) = two_sensors(&server).await;
    let all = listed(&server, &[]);
    assert_eq!((all.len(), all[0].clone(), all[8].clone()), (9, ("South 1".into(), 3), ("North 1".into(), 1)));
    let of_north = |numbers: &[u64]| numbers.iter().map(|number| ("North 1".to_owned(), *number)).collect::<Vec<_>>();
    assert_eq!(listed(&server, &["--sensor", &north.id.to_string(), "--limit", "2"]), of_north(&[6, 5]));
    assert_eq!(listed(&server, &["--site", "North", "--severity", "high"]), of_north(&[6, 3]));
    assert_eq!(listed(&server, &["--zone", "DMZ", "--after", "2", "--limit", "2"]), of_north(&[3, 4]));
    assert_eq!(listed(&server, &["--before", "3"]), of_north(&[2, 1]));
    assert_eq!(listed(&server, &["--site", "West"]), []);

    let page = server.json(&["alert", "list", "--limit", "4"]);
    assert_eq!((&page["next"], &page["more"]), (&json!({ "before": 6 }), &json!(true)));
    let first = &page["alerts"][3];
    assert_eq!(
        (&first["id"], &first["severity"], &first["epoch"]),
        (&json!(format!("{STREAM}/6")), &json!("high"), &json!(1))
    );
    assert_eq!(first["detected_at"], "2027-01-15T08:00:00.000Z");
    let said = server.cli(&["alert", "list", "--limit", "4"]);
    assert!(said.contains("No. 3") && said.contains("--before 6"), "{said}");
}

#[tokio::test]
async fn an_export_holds_everything_once_in_the_order_it_came() {
    let server = Server::portal();
    two_sensors(&server).await;
    let lines = server.cli(&["alert", "export"]);
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<_> = rows.iter().map(|row| row["row"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<_>>());
    assert!(lines.contains(r#""record":{"event_type":"alert","n":1,"alert":{"signature":"No. 1"}}}"#), "{lines}");

    let out = server.scratch("alerts.csv");
    let csv = ["alert", "export", "--format", "csv", "--site", "North", "--out", out.to_str().unwrap()];
    assert_eq!(server.cli(&csv), "");
    let csv = std::fs::read_to_string(&out).unwrap();
    assert_eq!((csv.lines().count(), csv.matches("\r\n").count()), (7, 7));
    assert!(csv.lines().nth(1).unwrap().contains("\"North 1\",\"North\",\"DMZ\",\"1\",\"medium\""), "{csv}");
}

#[tokio::test]
async fn thousands_of_alerts_are_exported_through_many_pages() {
    let server = Server::portal();
    let sensor = Sensor::enrolled(&server, "One").await;
    for batch in 0..3 {
        sensor.deliver(server.sensors(), STREAM, batch * 1500 + 1..=batch * 1500 + 1500).await.unwrap();
    }
    let lines = server.cli(&["alert", "export"]);
    let numbers: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["record"]["n"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=4500).collect::<Vec<_>>());
}

#[tokio::test]
async fn of_each_stream_people_see_what_came_what_never_will_and_what_is_lacking() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let id = sensor.id.to_string();
    sensor.deliver(server.sensors(), STREAM, 1..=5).await.unwrap();
    let mut skip = String::new();
    write_skip(&Skip { stream: STREAM, from: 6, to: 9, reason: DropReason::Full }, sensor.id, &mut skip);
    let (status, _) = sensor.packed_events(server.sensors(), None, format!("[{skip}]").into_bytes()).await;
    assert_eq!(status.as_u16(), 200);
    sensor.deliver(server.sensors(), STREAM, 12..=14).await.unwrap();
    let totals =
        StreamTotals { head: 20, delivered: 14, dropped: [("full".to_owned(), 4)].into(), oldest_undelivered: None };
    sensor.streams = [(STREAM, totals)].into();
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();

    let streams = server.json(&["sensor", "streams", &id])["streams"].clone();
    let stream = &streams[0];
    assert_eq!((&stream["stream"], &stream["up_to"], &stream["received"]), (&json!(STREAM), &json!(14), &json!(8)));
    assert_eq!((&stream["dropped"], &stream["lacks"]), (&json!({ "full": 4 }), &json!([{ "from": 10, "to": 11 }])));
    assert_eq!((&stream["complete"], &stream["reported"]["head"]), (&json!(false), &json!(20)));
    assert_eq!(server.sensor(&id)["streams"], streams);
    let said = server.cli(&["sensor", "streams", &id]);
    assert!(said.contains("1-14") && said.contains("4 full") && said.contains("2: 10-11"), "{said}");

    sensor.deliver(server.sensors(), STREAM, 10..=20).await.unwrap();
    let stream = server.json(&["sensor", "streams", &id])["streams"][0].clone();
    assert_eq!((&stream["complete"], &stream["received"]), (&json!(true), &json!(16)));
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let server = Server::portal();
    for wrong in [&["alert", "list", "--severity", "grave"][..], &["alert", "list", "--after", "1", "--before", "2"]] {
        assert_eq!(server.try_cli(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let unknown = ["sensor", "streams", "00000000-0000-4000-8000-000000000000"];
    assert_eq!(server.try_cli(&unknown).status.code(), Some(3));
    let out = server.scratch("nothing.csv");
    server.run(&[
        "alert",
        "export",
        "--out",
        out.to_str().unwrap(),
        "--api",
        "http://127.0.0.1:1",
        "--token-file",
        "/dev/null",
    ]);
    assert!(!out.exists());
}
