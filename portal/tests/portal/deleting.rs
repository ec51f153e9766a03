//! Deleting: only a signed deactivation ends an activation, and the key opens nothing else.

use picket_protocol::{heartbeat::Standing, reading::read_deactivation, trust::TrustStore};
use serde_json::json;

use crate::{
    sensor::{Sensor, code},
    server::Server,
};

#[tokio::test]
async fn a_deleted_sensors_key_gets_the_signed_deactivation_and_nothing_else() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    let id = sensor.id.to_string();
    server.cli(&["sensor", "delete", &id, "--reason", "scrapped: line 3"]);

    let answer = sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    let again = sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(answer.deactivation, again.deactivation);
    let out = server.scratch("r.root");
    server.cli(&["root", "export", out.to_str().unwrap()]);
    let mut trust = TrustStore::default();
    trust.pin(&std::fs::read(out).unwrap()).unwrap();
    let deactivation = read_deactivation(&answer.deactivation.unwrap(), &trust).unwrap();
    assert_eq!((deactivation.sensor, deactivation.reason.as_str()), (sensor.id, "scrapped: line 3"));
    assert!(deactivation.serial > sensor.serial);

    let events =
        json!([{ "specversion": "1.0", "id": "n", "source": format!("/sensors/{id}"), "type": "io.picket.probe" }]);
    assert_eq!(sensor.hub_events(server.sensors(), &events).await.0.as_u16(), 403);
    assert_eq!(code(sensor.renew(server.sensors()).await), (403, "portal.rejected".to_owned()));
    assert_eq!(code(sensor.enrol(server.sensors()).await), (410, "portal.deleted".to_owned()));

    sensor.beat(server.sensors(), Standing::Deactivated).await.unwrap();
    let shown = server.sensor(&id);
    assert_eq!(shown["health"], "deactivated");
    assert!(shown["deleted"]["acknowledged_at"].is_string());
    assert_eq!(server.json(&["sensor", "list"])["sensors"], json!([]));
}

#[tokio::test]
async fn a_deleted_sensor_stays_deleted_after_a_restart_and_its_name_is_free() {
    let mut server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    server.cli(&["sensor", "delete", &sensor.id.to_string(), "--reason", "gone"]);
    server.stop();
    server.start();
    assert!(sensor.beat(server.sensors(), Standing::Candidate).await.unwrap().deactivation.is_some());
    server.onboard("One", &[]);
    assert!(
        !server.try_cli(&["sensor", "add", "One", "--subscription", "Plant"]).status.success(),
        "the name is taken"
    );
}
