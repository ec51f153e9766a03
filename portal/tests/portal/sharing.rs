//! Sharing, through the whole program: to destinations that listen, that are away, that break off, that refuse.

use aws_lc_rs::hmac;
use picket_protocol::{
    alerts::{AlertId, Severity, UnixMillis, event::AlertEvent},
    heartbeat::Standing,
    ids::{Epoch, StreamId},
};
use serde_json::{Value, json};

use crate::{
    sensor::Sensor,
    server::Server,
    sinks::{Place, SyslogSink, WebhookSink, until},
};

const KEY: &str = "a-key-of-this-webhook-and-no-other";
const STREAM: StreamId = StreamId::from_bytes([9; 16]);

/// Delivers alerts in one batch, each with its number in its signature.
async fn detect(server: &Server, sensor: &Sensor, numbers: std::ops::RangeInclusive<u64>, severity: Severity) {
    let record = |number| json!({ "alert": { "signature": format!("number {number}"), "signature_id": number } });
    let records: Vec<_> = numbers.map(|number| (number, record(number).to_string())).collect();
    deliver(server, sensor, &records, severity).await;
}

async fn deliver(server: &Server, sensor: &Sensor, records: &[(u64, String)], severity: Severity) {
    let mut body = String::from("[");
    for (number, record) in records {
        let id = AlertId { stream: STREAM, number: *number };
        let at = UnixMillis(1_769_846_400_250);
        AlertEvent { id, sensor: sensor.id, epoch: Epoch(1), severity, at, record }.write(&mut body);
        body.push(',');
    }
    let body = format!("{}]", body.trim_end_matches(','));
    let (status, answer) = sensor.packed_events(server.sensors(), None, body.into_bytes()).await;
    assert_eq!(status.as_u16(), 200, "{answer:?}");
}

fn add_syslog(server: &Server, name: &str, place: &Place, more: &[&str]) -> String {
    let (address, ca) = (place.address.to_string(), place.ca.to_str().unwrap());
    server.cli(&[&["share", "add", name, "--syslog", &address, "--ca", ca], more].concat())
}

fn add_webhook(server: &Server, name: &str, place: &Place, more: &[&str]) -> String {
    let key = server.scratch("webhook-key");
    std::fs::write(&key, format!("{KEY}\n")).unwrap();
    let (url, ca) = (format!("https://{}/picket?to=soc", place.address), place.ca.to_str().unwrap());
    let webhook = ["share", "add", name, "--webhook", &url, "--key-file", key.to_str().unwrap(), "--ca", ca];
    server.cli(&[&webhook[..], more].concat())
}

fn destination(server: &Server, name: &str) -> Value {
    let list = server.json(&["share", "list"]);
    list["destinations"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
}

fn signatures(sink: &SyslogSink) -> Vec<String> {
    let name = |message: &String| message.split('|').nth(5).unwrap().to_owned();
    sink.received().iter().map(name).collect()
}

fn names(numbers: impl Iterator<Item = u64>) -> Vec<String> {
    numbers.map(|number| format!("number {number}")).collect()
}

/// The numbers of the alerts that a webhook acknowledged.
fn numbers(sink: &WebhookSink) -> Vec<u64> {
    sink.events().iter().filter_map(|event| event["data"]["alert"]["signature_id"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_shared_from_now_on_as_they_are_and_signed() {
    let server = Server::portal();
    let (siem, soc) = (Place::new(&server, "siem"), Place::new(&server, "soc"));
    let (syslog, webhook) = (SyslogSink::start(&siem), WebhookSink::start(&soc));
    let sensor = Sensor::enrolled(&server, "Pump 1").await;
    detect(&server, &sensor, 1..=3, Severity::High).await;
    add_syslog(&server, "siem", &siem, &[]);
    add_webhook(&server, "soc", &soc, &[]);

    let hostile =
        r#"{"alert":{"signature":"a|b=c\\d\ne","gid":1,"signature_id":4},  "twice":1,"twice":1.50,"x":"\u0000"}"#;
    deliver(&server, &sensor, &[(4, hostile.to_owned())], Severity::Medium).await;
    until("both have the alert", 30, || !syslog.received().is_empty() && !webhook.posted().is_empty()).await;

    let message = &syslog.received()[0];
    assert!(message.starts_with("<132>1 2026-01-31T08:00:00.250Z Pump-1 picket - alert - CEF:0|Picket|"), "{message}");
    assert!(message.contains(r"|1:4|a\|b=c\\d e|5|rt=1769846400250 "), "{message}");
    assert!(message.ends_with(r"msg=a|b\=c\\d\ne"), "{message}");

    let posted = &webhook.posted()[0];
    assert_eq!((&*posted.path, &*posted.kind), ("/picket?to=soc", "application/cloudevents-batch+json"));
    assert!(posted.body.contains(&format!(r#""data":{hostile}}}"#)), "{}", posted.body);
    verify(&posted.signature, &posted.body);
    for name in ["siem", "soc"] {
        let shown = || destination(&server, name);
        until("the cursor has moved", 30, || shown()["delivered"] == 1 && shown()["backlog"]["alerts"] == 0).await;
        assert_eq!(shown()["state"], "ok");
    }
    for shown in [server.json(&["share", "list"]), server.json(&["audit"])] {
        assert!(!shown.to_string().contains(KEY), "{shown}");
    }
    assert!(!server.log().contains(KEY));
}

/// As docs/sharing.md tells a receiver to.
fn verify(header: &str, body: &str) {
    let (time, signature) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    let expected: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(signature, expected);
    let age = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() - time.parse::<u64>().unwrap();
    assert!(age < 60, "{age}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_is_away_holds_up_nobody_and_misses_nothing() {
    let mut server = Server::portal();
    let (siem, soc) = (Place::new(&server, "siem"), Place::new(&server, "soc"));
    siem.close();
    let webhook = WebhookSink::start(&soc);
    let sensor = Sensor::enrolled(&server, "Pump 1").await;
    add_syslog(&server, "siem", &siem, &[]);
    add_webhook(&server, "soc", &soc, &[]);
    detect(&server, &sensor, 1..=20, Severity::Low).await;
    until("the other has all", 30, || numbers(&webhook).len() == 20).await;
    until("its cursor has moved", 30, || destination(&server, "soc")["backlog"]["alerts"] == 0).await;
    until("the failure is shown", 30, || destination(&server, "siem")["state"] == "failing").await;
    let shown = destination(&server, "siem");
    assert_eq!((&shown["backlog"]["alerts"], &shown["delivered"]), (&json!(20), &json!(0)));
    assert!(shown["last_failure"]["why"].as_str().unwrap().starts_with("connect: "), "{shown}");

    server.kill();
    server.start();
    detect(&server, &sensor, 21..=30, Severity::Low).await;
    let syslog = SyslogSink::start(&siem);
    until("it has caught up", 60, || signatures(&syslog).len() >= 30).await;
    assert_eq!(signatures(&syslog), names(1..=30));
    until("the cursor has moved", 30, || destination(&server, "siem")["backlog"]["alerts"] == 0).await;
    assert_eq!(destination(&server, "siem")["state"], "ok");
    until("the other has all", 30, || numbers(&webhook).len() >= 30).await;
    assert_eq!(numbers(&webhook), (1..=30).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_before_it_has_stood_has_taken_nothing() {
    let server = Server::portal();
    let siem = Place::new(&server, "siem");
    siem.close();
    let sensor = Sensor::enrolled(&server, "Pump 1").await;
    add_syslog(&server, "siem", &siem, &[]);
    detect(&server, &sensor, 1..=10, Severity::Low).await;
    let syslog = SyslogSink::breaking(&siem, vec![0, 3, 10]);
    until("all arrive on the fourth connection", 60, || signatures(&syslog).len() >= 10).await;
    assert_eq!(signatures(&syslog), names(1..=10));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_webhook_refuses_for_good_is_passed_over_and_a_webhook_that_refuses_all_waits() {
    let server = Server::portal();
    let (picky, closed) = (Place::new(&server, "picky"), Place::new(&server, "closed"));
    let webhook = WebhookSink::answering(&picky, |body| if body.contains("number 7\"") { 403 } else { 204 });
    let refusing = WebhookSink::answering(&closed, |_| 422);
    let sensor = Sensor::enrolled(&server, "Pump 1").await;
    add_webhook(&server, "picky", &picky, &[]);
    add_webhook(&server, "closed", &closed, &[]);
    detect(&server, &sensor, 1..=12, Severity::Low).await;
    until("all but one arrive", 30, || numbers(&webhook).len() >= 11).await;
    let expected: Vec<u64> = (1..=12).filter(|number| *number != 7).collect();
    assert_eq!(numbers(&webhook), expected);
    until("the one is counted", 30, || destination(&server, "picky")["refused"] == 1).await;
    until("the other is asked", 30, || destination(&server, "closed")["state"] == "failing").await;
    let shown = destination(&server, "closed");
    assert_eq!((&shown["refused"], &shown["backlog"]["alerts"]), (&json!(0), &json!(12)));
    assert_eq!(shown["last_failure"]["why"], "answer: 422 Unprocessable Entity");
    assert!(!refusing.posted().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_chooses_by_severity_site_and_kind() {
    let server = Server::portal();
    let (siem, soc) = (Place::new(&server, "siem"), Place::new(&server, "soc"));
    let (syslog, webhook) = (SyslogSink::start(&siem), WebhookSink::start(&soc));
    let here = Sensor::enrolled(&server, "Here").await;
    let elsewhere = Sensor::enrolled(&server, "Elsewhere").await;
    server.cli(&["sensor", "edit", &here.id.to_string(), "--site", "North", "--zone", "1"]);
    add_syslog(&server, "siem", &siem, &["--severity", "medium", "--site", "North", "--site", "South"]);
    add_webhook(&server, "soc", &soc, &["--severity", "medium"]);
    for sensor in [&here, &elsewhere] {
        detect(&server, sensor, 1..=1, Severity::Low).await;
        detect(&server, sensor, 2..=2, Severity::Medium).await;
    }
    until("three arrive", 30, || numbers(&webhook).len() == 2 && !syslog.received().is_empty()).await;
    until("all are looked at", 30, || destination(&server, "siem")["backlog"]["alerts"] == 0).await;
    assert_eq!(signatures(&syslog), ["number 2"]);
    assert!(syslog.received()[0].contains(" Here picket - alert - "));
    assert!(syslog.received()[0].contains("cs2Label=site cs2=North cs3Label=zone cs3=1"));
    assert_eq!(numbers(&webhook), [2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_says_whether_the_way_is_open_and_system_roots_are_not_believed() {
    let server = Server::portal();
    let (siem, soc, other) = (Place::new(&server, "siem"), Place::new(&server, "soc"), Place::new(&server, "other"));
    let (syslog, webhook) = (SyslogSink::start(&siem), WebhookSink::start(&soc));
    let id = add_syslog(&server, "siem", &siem, &[]);
    add_webhook(&server, "soc", &soc, &[]);
    server.cli(&["share", "test", &id]);
    server.cli(&["share", "test", "soc"]);
    assert!(syslog.received()[0].contains(" picket - test - CEF:0|"), "{:?}", syslog.received());
    assert_eq!(webhook.events()[0]["type"], "io.picket.test");

    let mut strange = Place::new(&server, "strange");
    strange.ca = other.ca;
    let _listening = SyslogSink::start(&strange);
    add_syslog(&server, "strange", &strange, &[]);
    let refused = server.try_cli(&["share", "test", "strange"]);
    assert_eq!(refused.status.code(), Some(3));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("Code: sharing.not-delivered") && said.contains("why: tls: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn destinations_are_refused_removed_and_written_into_the_audit() {
    let server = Server::portal();
    let siem = Place::new(&server, "siem");
    let syslog = SyslogSink::start(&siem);
    let sensor = Sensor::enrolled(&server, "Pump 1").await;
    add_syslog(&server, "siem", &siem, &[]);
    let ca = siem.ca.to_str().unwrap();
    for wrong in [
        &["siem", "--syslog", "127.0.0.1", "--ca", ca][..],
        &["two", "--syslog", "not a host", "--ca", ca],
        &["two", "--syslog", "127.0.0.1", "--ca", ca, "--site", ""],
    ] {
        assert_eq!(server.try_cli(&[&["share", "add"], wrong].concat()).status.code(), Some(3), "{wrong:?}");
    }
    let no_key = ["share", "add", "two", "--webhook", "https://127.0.0.1", "--ca", ca];
    assert_eq!(server.try_cli(&no_key).status.code(), Some(2));
    detect(&server, &sensor, 1..=1, Severity::Low).await;
    until("it arrives", 30, || !syslog.received().is_empty()).await;
    server.cli(&["share", "remove", "siem"]);
    assert_eq!(server.json(&["share", "list"])["destinations"], json!([]));
    let audit = server.json(&["audit"])["records"].clone();
    let told: Vec<_> = audit.as_array().unwrap().iter().filter_map(|record| record["action"].as_str()).collect();
    assert!(told.ends_with(&["destination-added", "destination-removed"]), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_sensors_stand_is_told_within_a_minute_and_not_again_after_a_restart() {
    // Long enough for both sensors to be onboarded in, on a slow machine.
    let mut server = Server::serving(&["--gather-seconds", "5"]);
    let soc = Place::new(&server, "soc");
    let webhook = WebhookSink::start(&soc);
    add_webhook(&server, "soc", &soc, &["--no-alerts"]);
    let health = || webhook.events().into_iter().map(|event| (event["data"]["kind"].clone(), names_in(&event)));
    let soon = in_days(10);
    for name in ["Pump 1", "Pump 2"] {
        server.onboard(name, &["--site", "North", "--licence-until", &soon]);
    }
    until("the licences are told", 60, || health().count() > 0).await;
    assert_eq!(health().collect::<Vec<_>>(), [(json!("licence-expiring"), json!(["Pump 1", "Pump 2"]))]);
    assert_eq!(webhook.events()[0]["picketsite"], "North");
    until("the cursor has moved", 30, || destination(&server, "soc")["backlog"]["health_events"] == 0).await;

    server.kill();
    server.start();
    let mut sensor = Sensor::enrolled(&server, "Pump 3").await;
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    let mut copy = sensor.copied_disk();
    for speaker in [&mut sensor, &mut copy] {
        speaker.beat(server.sensors(), Standing::Committed).await.unwrap();
    }
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(server.alarms(), ["possible-clone"]);
    until("the clone is told", 60, || health().count() > 1).await;
    assert_eq!(health().skip(1).collect::<Vec<_>>(), [(json!("possible-clone"), json!(["Pump 3"]))]);
}

fn names_in(event: &Value) -> Value {
    event["data"]["sensors"].as_array().unwrap().iter().map(|sensor| sensor["name"].clone()).collect()
}

/// A date as the command line takes it.
fn in_days(days: i64) -> String {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    picket_protocol::time::UnixSeconds(now + days * 86_400).to_string()[..10].to_owned()
}

/// Lets no cursor be moved, and then again.
const TRAP: [&str; 2] = [
    "CREATE TRIGGER no BEFORE UPDATE OF alert ON sharing_destinations BEGIN SELECT raise(ABORT, 'disk on fire'); END",
    "DROP TRIGGER no",
];
const SERVER_TRAP: [&str; 2] = [
    "ALTER TABLE sharing_destinations ADD CONSTRAINT no CHECK (alert = 0)",
    "ALTER TABLE sharing_destinations DROP CONSTRAINT no",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_not_sent_again_while_the_cursor_cannot_be_moved() {
    let server = Server::portal();
    let soc = Place::new(&server, "soc");
    let webhook = WebhookSink::start(&soc);
    let sensor = Sensor::enrolled(&server, "Pump 1").await;
    add_webhook(&server, "soc", &soc, &[]);
    let [trap, release] = if server.has_files() { TRAP } else { SERVER_TRAP };
    server.sql(trap).await;
    detect(&server, &sensor, 1..=3, Severity::High).await;
    let failures = || server.log().matches("disk on fire").count() + server.log().matches("constraint \"no\"").count();
    until("the cursor could not be moved again and again", 30, || failures() >= 3).await;
    assert_eq!(numbers(&webhook), [1, 2, 3]);
    server.sql(release).await;
    until("the cursor has moved", 60, || destination(&server, "soc")["delivered"] == 3).await;
    detect(&server, &sensor, 4..=4, Severity::High).await;
    until("it goes on", 30, || numbers(&webhook).len() > 3).await;
    assert_eq!(numbers(&webhook), [1, 2, 3, 4]);
}
