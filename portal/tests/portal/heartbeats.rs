//! Heartbeats: who is heard, what they are answered, what people then see.

use picket_protocol::heartbeat::Standing;
use rcgen::{CertificateParams, DnType, SanType};
use serde_json::json;

use crate::{
    sensor::{Sensor, code},
    server::Server,
};

#[tokio::test]
async fn a_heartbeat_shows_at_the_portal_and_brings_the_desired_state() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "Pump 1").await;
    let id = sensor.id.to_string();
    assert_eq!(server.sensor(&id)["health"], "pending-activation");
    let answer = sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(answer.desired.name.unwrap().as_str(), "Pump 1");
    assert_eq!(answer.desired.interval_seconds, Some(10));
    let shown = server.sensor(&id);
    assert_eq!((shown["connection"].as_str(), shown["health"].as_str()), (Some("connected"), Some("ok")));
    assert_eq!(shown["version"], "0.1.0");
    assert_eq!(shown["serial_in_force"], json!(sensor.serial));

    server.cli(&["sensor", "edit", &id, "--name", "Pump 2", "--zone", "DMZ"]);
    let answer = sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(answer.desired.name.unwrap().as_str(), "Pump 2");
    assert_eq!(answer.desired.zone.unwrap().as_str(), "DMZ");
    let counts = &server.json(&["sensor", "list"])["counts"];
    assert_eq!(counts, &json!({ "onboarded": 1, "cloud_connected": 1, "locally_managed": 0, "disconnected": 0 }));
}

#[tokio::test]
async fn an_answered_heartbeat_outlives_a_kill() {
    let mut server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    for _ in 0..5 {
        sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    }
    server.kill();
    server.start();
    let id = sensor.id.to_string();
    assert_eq!(server.sensor(&id)["last_heartbeat"]["chain"]["counter"], 5);
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(server.alarms(), Vec::<String>::new());
}

#[tokio::test]
async fn both_identities_are_valid_until_the_new_serial_is_committed() {
    let server = Server::portal();
    let mut old = Sensor::enrolled(&server, "One").await;
    old.beat(server.sensors(), Standing::Committed).await.unwrap();
    let id = old.id.to_string();
    let mut new = Sensor::for_file(&server, &server.activation_file(&id));
    assert_eq!(server.sensor(&id)["health"], "pending-reactivation");
    new.enrol(server.sensors()).await.unwrap();
    new.beat(server.sensors(), Standing::Candidate).await.unwrap();
    old.beat(server.sensors(), Standing::Committed).await.unwrap();
    new.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(code(old.beat(server.sensors(), Standing::Committed).await), (403, "portal.rejected".to_owned()));
    assert_eq!(code(old.renew(server.sensors()).await), (403, "portal.rejected".to_owned()));
    assert_eq!(server.sensor(&id)["health"], "ok");
}

#[tokio::test]
async fn strangers_are_told_that_they_are_rejected() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let heartbeat = sensor.speak(Standing::Committed);

    let mut self_made = CertificateParams::default();
    self_made.distinguished_name.push(DnType::CommonName, sensor.id.to_string());
    self_made.subject_alt_names.push(SanType::URI(format!("urn:picket:sensor:{}", sensor.id).try_into().unwrap()));
    let forged = self_made.self_signed(sensor.key()).unwrap().der().clone();
    let forger = sensor.copied_disk().with_certificate(forged);
    assert_eq!(code(forger.send_heartbeat(server.sensors(), &heartbeat).await), (403, "portal.rejected".to_owned()));

    let anonymous = sensor.same_file_other_key();
    assert_eq!(code(anonymous.send_heartbeat(server.sensors(), &heartbeat).await), (403, "portal.rejected".to_owned()));
    assert_eq!(server.sensor(&sensor.id.to_string())["last_seen"], json!(null));
}

#[tokio::test]
async fn a_heartbeat_that_is_none_is_refused_and_changes_nothing() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let good = sensor.speak(Standing::Committed);
    for bad in [&good[..good.len() - 1], b"", b"\xff\xff", &[&good[..], b"\x00"].concat()] {
        let (status, problem) = sensor.send_heartbeat(server.sensors(), bad).await.unwrap_err();
        assert!(status.is_client_error(), "{problem:?}");
    }
    let large = vec![0; 70_000];
    assert_eq!(sensor.send_heartbeat(server.sensors(), &large).await.unwrap_err().0.as_u16(), 413);
    sensor.send_heartbeat(server.sensors(), &good).await.unwrap();
}

#[tokio::test]
async fn a_pushed_reissue_goes_with_the_answer_until_it_is_claimed() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    let id = sensor.id.to_string();
    server.cli(&["sensor", "reissue", &id, "--push"]);
    let first = sensor.beat(server.sensors(), Standing::Committed).await.unwrap().reissue.unwrap();
    let again = sensor.beat(server.sensors(), Standing::Committed).await.unwrap().reissue.unwrap();
    assert_eq!(first, again);
    let mut candidate = Sensor::for_file(&server, &first);
    assert!(candidate.serial > sensor.serial);
    candidate.enrol(server.sensors()).await.unwrap();
    assert_eq!(sensor.beat(server.sensors(), Standing::Committed).await.unwrap().reissue, None);
    let refused = server.try_cli(&["sensor", "reissue", &id, "--mode", "locally-managed", "--push"]);
    assert!(!refused.status.success());
    assert_eq!(server.sensor(&id)["mode"]["mode"], "cloud-connected", "what is refused changes nothing");
}

#[tokio::test]
async fn a_character_that_one_database_does_not_take_keeps_nobody_out() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let mut bytes = sensor.speak(Standing::Committed);
    let version = bytes.windows(5).position(|text| text == b"0.1.0").unwrap();
    bytes[version + 4] = 0;
    sensor.send_heartbeat(server.sensors(), &bytes).await.unwrap();
    let shown = server.sensor(&sensor.id.to_string());
    assert!(shown["version"].as_str().unwrap().starts_with("0.1."), "{shown}");
}

#[tokio::test]
async fn silent_connections_leave_files_for_everything_else() {
    let mut server = Server::portal();
    server.kill();
    // Did the server not raise the limit, or give all of it to connections, then these would take more than there is.
    server.start_with_open_files(64, 320);
    let sensors = server.sensors();
    let mut callers: tokio::task::JoinSet<_> = (0..340).map(|_| tokio::net::TcpStream::connect(sensors)).collect();
    let mut silent = Vec::new();
    // Those that there is room for, and some that the kernel keeps waiting.
    while silent.len() < 150 {
        silent.push(callers.join_next().await.unwrap().unwrap().unwrap());
    }
    assert_eq!(server.json(&["sensor", "list"])["counts"]["onboarded"], 0);
    drop((silent, callers));
    Sensor::enrolled(&server, "One").await;
    assert!(!server.log().contains("Too many open files"), "{}", server.log());
}
