//! The management console: the same program in its other role.

use picket_protocol::{
    heartbeat::{Standing, StreamTotals},
    ids::StreamId,
};

use crate::{
    sensor::{Sensor, code},
    server::Server,
};

fn paired(portal: &Server, console: &Server, name: &str) -> (String, Sensor) {
    let token = console.cli(&["pairing-token", "add"]);
    let token_file = portal.scratch("pairing-token");
    std::fs::write(&token_file, token).unwrap();
    let ca = console.data().join("tls-ca.pem");
    let url = "https://127.0.0.1:8443";
    let console = ["--console-url", url, "--console-ca", ca.to_str().unwrap(), "--pairing-token-file"];
    let more = [&["--mode", "locally-managed"], &console[..], &[token_file.to_str().unwrap()]].concat();
    let id = portal.onboard(name, &more);
    let sensor = Sensor::for_file(portal, &portal.activation_file(&id));
    (id, sensor)
}

#[tokio::test]
async fn a_locally_managed_sensor_pairs_and_is_heard() {
    let (portal, console) = (Server::portal(), Server::management_console());
    let (id, mut sensor) = paired(&portal, &console, "Pump 1");
    sensor.enrol(console.sensors()).await.unwrap();
    let answer = sensor.beat(console.sensors(), Standing::Committed).await.unwrap();
    assert_eq!((answer.desired.name, answer.desired.interval_seconds), (None, Some(10)));
    let shown = console.sensor(&id);
    assert_eq!(
        (shown["name"].as_str(), shown["connection"].as_str()),
        (Some("Named on the sensor"), Some("connected"))
    );
    sensor.renew(console.sensors()).await.unwrap();
    sensor.beat(console.sensors(), Standing::Committed).await.unwrap();

    let at_portal = portal.sensor(&id);
    assert_eq!(
        (at_portal["connection"].as_str(), at_portal["health"].as_str()),
        (Some("does-not-report"), Some("not-reported"))
    );
    let mut other = sensor.same_file_other_key();
    assert_eq!(code(other.enrol(console.sensors()).await), (409, "portal.already-used".to_owned()));
    assert_eq!(console.alarms(), ["pairing-token-used-twice"]);
}

#[tokio::test]
async fn alerts_of_a_locally_managed_sensor_are_at_the_console_alone() {
    let (portal, console) = (Server::portal(), Server::management_console());
    let (id, mut sensor) = paired(&portal, &console, "Pump 1");
    sensor.enrol(console.sensors()).await.unwrap();
    let stream = StreamId::from_bytes([5; 16]);
    let totals = StreamTotals { head: 3, delivered: 3, dropped: [].into(), oldest_undelivered: None };
    sensor.streams = [(stream, totals)].into();
    sensor.deliver(console.sensors(), stream, 1..=3).await.unwrap();
    let answer = sensor.beat(console.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(answer.confirmations[&stream].up_to, 3);
    let listed = console.json(&["alert", "list", "--sensor", &id]);
    assert_eq!(listed["alerts"][0]["sensor_name"], "Named on the sensor");
    assert_eq!(console.json(&["sensor", "streams", &id])["streams"][0]["complete"], true);
    assert_eq!(portal.json(&["alert", "list"])["alerts"], serde_json::json!([]));
}

#[tokio::test]
async fn a_console_takes_no_cloud_connected_sensor_and_issues_nothing() {
    let (portal, console) = (Server::portal(), Server::management_console());
    let (_, mut sensor) = paired(&portal, &console, "Pump 1");
    sensor.enrol(console.sensors()).await.unwrap();
    let candidate = sensor.speak(Standing::Candidate);
    let refused = sensor.send_heartbeat(console.sensors(), &candidate).await;
    assert_eq!(code(refused), (403, "portal.not-locally-managed".to_owned()));
    assert!(!console.try_cli(&["sensor", "add", "One", "--subscription", "Plant"]).status.success());
    assert!(!portal.try_cli(&["pairing-token", "add"]).status.success());
}

#[tokio::test]
async fn a_console_restored_from_before_a_pairing_still_hears_the_sensor() {
    let (portal, mut console) = (Server::portal(), Server::management_console());
    let (id, mut sensor) = paired(&portal, &console, "Pump 1");
    console.back_up();
    sensor.enrol(console.sensors()).await.unwrap();
    sensor.beat(console.sensors(), Standing::Committed).await.unwrap();
    console.restore();
    sensor.beat(console.sensors(), Standing::Committed).await.unwrap();
    sensor.renew(console.sensors()).await.unwrap();
    assert_eq!(console.sensor(&id)["health"], "ok");
    assert_eq!(console.alarms(), ["portal-behind"]);
}
