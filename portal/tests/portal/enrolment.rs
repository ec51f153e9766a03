//! Enrolment: one token, one key; what the certificate says is the registration's.

use picket_protocol::heartbeat::Standing;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, SanType};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::{
    sensor::{Sensor, code},
    server::Server,
};

#[tokio::test]
async fn the_certificate_says_what_the_registration_says_whatever_the_request_asks() {
    let server = Server::portal();
    let id = server.onboard("One", &[]);
    let mut sensor = Sensor::for_file(&server, &server.activation_file(&id));
    let mut greedy = CertificateParams::new(vec!["portal.example".to_owned()]).unwrap();
    greedy.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    greedy.distinguished_name.push(DnType::CommonName, "somebody else");
    greedy.subject_alt_names.push(SanType::URI("urn:picket:sensor:another".try_into().unwrap()));
    sensor.enrol_asking(server.sensors(), greedy).await.unwrap();

    let (_, certificate) = X509Certificate::from_der(sensor.certificate()).unwrap();
    assert_eq!(certificate.subject().to_string(), format!("CN={id}"));
    assert!(!certificate.is_ca());
    let usage = certificate.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
    let names = &certificate.subject_alternative_name().unwrap().unwrap().value.general_names;
    let sensor_urn = format!("urn:picket:sensor:{id}");
    let activation_urn = format!("urn:picket:activation:{}", sensor.serial);
    assert_eq!(names, &[GeneralName::URI(&sensor_urn), GeneralName::URI(&activation_urn)]);
    let life = certificate.validity().not_after.timestamp() - certificate.validity().not_before.timestamp();
    assert_eq!(life, 91 * 86_400, "90 days, and one for clocks that differ");
}

#[tokio::test]
async fn the_same_key_may_claim_again_and_another_raises_an_alarm() {
    let server = Server::portal();
    let mut first = Sensor::enrolled(&server, "One").await;
    let mut second = first.same_file_other_key();
    first.enrol(server.sensors()).await.unwrap();
    assert_eq!(server.alarms(), Vec::<String>::new());
    assert_eq!(code(second.enrol(server.sensors()).await), (409, "portal.already-used".to_owned()));
    assert_eq!(server.alarms(), ["file-used-twice"]);
    first.beat(server.sensors(), Standing::Committed).await.unwrap();
}

#[tokio::test]
async fn voided_unknown_and_foreign_tokens_are_refused() {
    let server = Server::portal();
    let id = server.onboard("One", &[]);
    let mut voided = Sensor::for_file(&server, &server.activation_file(&id));
    let mut newest = Sensor::for_file(&server, &server.activation_file(&id));
    assert_eq!(code(voided.enrol(server.sensors()).await), (409, "portal.voided".to_owned()));
    newest.enrol(server.sensors()).await.unwrap();

    let other = server.onboard("Two", &[]);
    let mut foreign = Sensor::for_file(&server, &server.activation_file(&other));
    foreign.id = newest.id;
    assert_eq!(code(foreign.enrol(server.sensors()).await), (403, "portal.rejected".to_owned()));
}

#[tokio::test]
async fn a_claim_outlives_a_portal_that_is_killed_before_its_answer_arrives() {
    let mut server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    server.kill(); // the sensor may or may not have kept its certificate
    server.start();
    sensor.enrol(server.sensors()).await.unwrap();
    let mut other = sensor.same_file_other_key();
    assert_eq!(code(other.enrol(server.sensors()).await), (409, "portal.already-used".to_owned()));
    sensor.beat(server.sensors(), Standing::Candidate).await.unwrap();
}

#[tokio::test]
async fn a_certificate_is_renewed_over_mutual_tls_for_the_same_key_only() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let before = sensor.certificate().clone();
    sensor.renew(server.sensors()).await.unwrap();
    assert_ne!(&before, sensor.certificate());
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();

    let other = Sensor::enrolled(&server, "Two").await;
    let mut stranger = other.same_file_other_key();
    assert_eq!(code(stranger.renew(server.sensors()).await), (403, "portal.rejected".to_owned()));
}

/// Certificates of the portal's own CA with dates of the past, made with its key.
#[tokio::test]
async fn an_expired_certificate_opens_the_renewal_route_only_and_not_for_ever() {
    use picket_portal::authority::{certificates::CertificateAuthority, request};
    use picket_protocol::time::UnixSeconds;

    let server = Server::portal();
    let sensor = Sensor::enrolled(&server, "One").await;
    let data = server.data();
    let authority = CertificateAuthority::read(&data.join("device-ca.pem"), &data.join("device-ca.key")).unwrap();
    let der = CertificateParams::default().serialize_request(sensor.key()).unwrap().der().to_vec();
    let key = request::read(&der).unwrap();
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let made_days_ago = |days: i64| {
        let at = UnixSeconds(now - days * 86_400);
        let certificate = authority.identity(&key, sensor.id, Some(sensor.serial), at).unwrap().certificate;
        sensor.copied_disk().with_certificate(certificate)
    };
    let mut expired = made_days_ago(90 + 179);
    assert_eq!(code(expired.beat(server.sensors(), Standing::Committed).await), (403, "portal.rejected".to_owned()));
    expired.renew(server.sensors()).await.unwrap();
    expired.beat(server.sensors(), Standing::Committed).await.unwrap();
    let mut over = made_days_ago(90 + 181);
    assert_eq!(code(over.renew(server.sensors()).await), (403, "portal.rejected".to_owned()));
}
