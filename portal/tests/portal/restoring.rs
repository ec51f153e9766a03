//! A portal restored from an older backup: nobody is locked out, and nobody is called a clone.

use picket_protocol::heartbeat::Standing;

use crate::{
    sensor::{Sensor, code},
    server::Server,
};

#[tokio::test]
async fn a_backup_from_before_three_activations_locks_nobody_out() {
    let mut server = Server::portal();
    let mut first = Sensor::enrolled(&server, "One").await;
    first.beat(server.sensors(), Standing::Committed).await.unwrap();
    server.back_up();

    // Three activations of the same sensor, and two sensors that the backup never heard of.
    let id = first.id.to_string();
    let mut last = first.copied_disk();
    for _ in 0..3 {
        last = Sensor::for_file(&server, &server.activation_file(&id));
        last.enrol(server.sensors()).await.unwrap();
        last.beat(server.sensors(), Standing::Committed).await.unwrap();
    }
    let mut unknown = Sensor::enrolled(&server, "Two").await;
    unknown.beat(server.sensors(), Standing::Committed).await.unwrap();
    let mut candidate = Sensor::enrolled(&server, "Three").await;

    server.restore();

    for _ in 0..3 {
        last.beat(server.sensors(), Standing::Committed).await.unwrap();
        unknown.beat(server.sensors(), Standing::Committed).await.unwrap();
        candidate.beat(server.sensors(), Standing::Candidate).await.unwrap();
    }
    last.renew(server.sensors()).await.unwrap();
    assert_eq!(server.alarms(), ["portal-behind", "unknown-registration", "unknown-registration"]);
    assert_eq!(server.sensor(&id)["health"], "ok");
    assert_eq!(server.sensor(&id)["serial_in_force"], serde_json::json!(last.serial));

    // What it issues now is above everything it forgot.
    let next = Sensor::for_file(&server, &server.activation_file(&id));
    assert!(next.serial > last.serial && next.serial > candidate.serial);

    // A person takes the unknown one over; from then on it is filed like any other.
    let adopted = unknown.id.to_string();
    assert_eq!(server.sensor(&adopted)["name"], "Named on the sensor");
    server.cli(&["sensor", "edit", &adopted, "--name", "Two", "--subscription", "Plant"]);
    let answer = unknown.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(answer.desired.name.unwrap().as_str(), "Two");
    server.activation_file(&adopted);
}

#[tokio::test]
async fn a_sensor_deleted_before_the_backup_stays_deleted_with_a_key_from_after_it() {
    let mut server = Server::portal();
    let first = Sensor::enrolled(&server, "One").await;
    let id = first.id.to_string();
    let mut later = Sensor::for_file(&server, &server.activation_file(&id));
    server.back_up();
    later.enrol(server.sensors()).await.unwrap();
    server.restore();
    later.beat(server.sensors(), Standing::Candidate).await.unwrap();
    let mut other = later.same_file_other_key();
    let refused = other.enrol(server.sensors()).await;
    assert_eq!(code(refused), (409, "portal.already-used".to_owned()), "the forgotten claim counts");
    server.cli(&["sensor", "delete", &id, "--reason", "gone"]);
    assert!(later.beat(server.sensors(), Standing::Committed).await.unwrap().deactivation.is_some());
}
