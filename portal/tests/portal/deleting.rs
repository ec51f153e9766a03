//! Deleting: only a signed deactivation ends an activation, and the key opens nothing else.

use picket_protocol::{heartbeat::Standing, reading::read_deactivation, trust::TrustStore};
use serde_json::json;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate, parse_x509_pem};

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

#[tokio::test]
async fn brokers_are_told_which_certificates_are_withdrawn() {
    let server = Server::portal();
    let mut kept = Sensor::enrolled(&server, "Kept").await;
    let mut deleted = Sensor::enrolled(&server, "Deleted").await;
    deleted.renew(server.sensors()).await.unwrap();
    for sensor in [&mut kept, &mut deleted] {
        sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    }
    server.cli(&["sensor", "delete", &deleted.id.to_string(), "--reason", "gone"]);
    let mut new = Sensor::for_file(&server, &server.activation_file(&kept.id.to_string()));
    new.enrol(server.sensors()).await.unwrap();
    new.beat(server.sensors(), Standing::Committed).await.unwrap();

    let path = server.data().join("device-ca.crl");
    let published = until(|| {
        let pem = std::fs::read(&path).ok()?;
        let (_, pem) = parse_x509_pem(&pem).unwrap();
        let (_, crl) = CertificateRevocationList::from_der(&pem.contents).unwrap();
        let serials: Vec<Vec<u8>> = crl.iter_revoked_certificates().map(|one| one.raw_serial().to_vec()).collect();
        (serials.len() == 3).then_some(serials) // two of the deleted sensor, one of the superseded key
    })
    .await;
    for (sensor, withdrawn) in [(&kept, true), (&deleted, true), (&new, false)] {
        let (_, certificate) = X509Certificate::from_der(sensor.certificate()).unwrap();
        assert_eq!(published.iter().any(|serial| serial == certificate.raw_serial()), withdrawn);
    }
    let request = hyper::Request::get("/v1/device-ca.crl").body(Default::default()).unwrap();
    let (status, body) = new.send(server.sensors(), request, false).await;
    assert_eq!((status.as_u16(), &body[..]), (200, &std::fs::read(&path).unwrap()[..]));
}

async fn until<T>(mut holds: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(value) = holds() {
            return value;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not in time");
}
