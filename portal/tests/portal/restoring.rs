//! A portal restored from an older backup: nobody is locked out, and nobody is called a clone.

use std::fs;

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
    let mut renewed = Sensor::enrolled(&server, "Renewed").await;
    renewed.beat(server.sensors(), Standing::Committed).await.unwrap();
    server.back_up();

    // A certificate that is newer than the backup, and heartbeats that it has not heard of.
    renewed.renew(server.sensors()).await.unwrap();
    for _ in 0..5 {
        renewed.beat(server.sensors(), Standing::Committed).await.unwrap();
    }
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
        renewed.beat(server.sensors(), Standing::Committed).await.unwrap();
    }
    last.renew(server.sensors()).await.unwrap();
    renewed.renew(server.sensors()).await.unwrap();
    let alarms = ["portal-behind", "portal-behind", "unknown-registration", "unknown-registration"];
    assert_eq!(server.alarms(), alarms);
    assert_eq!(server.sensor(&renewed.id.to_string())["health"], "ok");
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

#[tokio::test]
async fn a_backup_is_sealed_and_one_that_was_cut_or_is_of_another_passphrase_is_refused() {
    let mut server = Server::portal();
    server.onboard("One", &["--site", "North-of-the-river"]);
    let made = server.back_up();
    assert_eq!((&made["sensors"], &made["alerts"]), (&serde_json::json!(1), &serde_json::json!(0)));
    let file = server.scratch("backup");
    let content = fs::read(&file).unwrap();
    assert!(!content.windows(18).any(|bytes| bytes == b"North-of-the-river"));
    let (cut, copy) = (server.scratch("cut"), server.scratch("copy"));
    fs::write(&cut, &content[..content.len() - 1]).unwrap();
    let wrong = server.scratch("wrong");
    fs::write(&wrong, "another passphrase").unwrap();
    let right = server.passphrase_file();
    let refuses = |from: &std::path::Path, passphrase: &str, to: &std::path::Path, code: &str| {
        let from = ["restore", "--from", from.to_str().unwrap(), "--passphrase-file", passphrase];
        let refused = server.run(&[&from[..], &["--data", to.to_str().unwrap()]].concat());
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(&format!("Code: {code}")), "{said}");
    };
    refuses(&cut, &right, &copy, "backup.damaged");
    refuses(&file, wrong.to_str().unwrap(), &copy, "backup.wrong-passphrase");
    refuses(&file, &right, &server.data(), "backup.not-empty");
    assert!(!copy.exists(), "nothing is written before the file was read to its end");
    server.stop();
    // What a restore makes is what was there: every file but those that the server makes.
    let names = |folder: &std::path::Path| {
        let made = ["lock", "people-address", "device-ca.crl"];
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> =
            names.filter(|name| !made.contains(&name.as_str()) && !name.contains(".db")).collect();
        names.sort();
        names
    };
    let before = names(&server.data());
    server.start();
    server.restore();
    server.stop();
    assert_eq!(names(&server.data()), before);
}
