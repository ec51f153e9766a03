//! Files as sensors read them: each download new, verified by the protocol's own reader.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use picket_protocol::{
    documents::{
        activation::{Binding, HubKind, ModeSettings},
        request::Request,
    },
    ids::{ApplianceId, Cti},
    issue::request_to_be_signed,
    keys::thumbprint,
    reading::inspect,
    time::UnixSeconds,
};
use rcgen::PublicKeyData as _;

use crate::{sensor::read_file, server::Server};

#[test]
fn a_downloaded_file_says_what_the_form_said_and_verifies() {
    let server = Server::portal();
    let appliance = ApplianceId::from_digest(&[7; 32]);
    let more = ["--site", "North", "--zone", "DMZ", "--tag", "line=3", "--bind-appliance", appliance.as_str()];
    let id = server
        .onboard("Pump 10.0.0.4", &[&more[..], &["--licence-until", "2030-01-31", "--upload-days", "7"]].concat());
    let activation = read_file(&server, &server.activation_file(&id));
    assert_eq!(activation.sensor.to_string(), id);
    assert_eq!(activation.name.as_str(), "Pump 10.0.0.4");
    assert_eq!(activation.subscription.name.as_str(), "Plant");
    assert_eq!(activation.site.unwrap().as_str(), "North");
    assert_eq!(activation.tags.len(), 1);
    assert_eq!(activation.binding, Binding::Appliance(appliance));
    assert_eq!(activation.licence_until.unwrap().to_string(), "2030-01-31T00:00:00Z");
    assert_eq!(activation.upload_until.since(activation.issued_at), 7 * 86_400);
    let ModeSettings::CloudConnected(cloud) = activation.mode else { panic!("not cloud-connected") };
    assert_eq!((cloud.portal.url.as_str(), cloud.hub.kind), ("https://127.0.0.1:8443", HubKind::Https));
    assert_eq!(cloud.hub.endpoint, cloud.portal, "the built-in hub is the portal's own port");
}

#[test]
fn each_download_has_its_own_serial_cti_and_token() {
    let server = Server::portal();
    let id = server.onboard("One", &[]);
    let (first, second) =
        (read_file(&server, &server.activation_file(&id)), read_file(&server, &server.activation_file(&id)));
    assert!(second.serial > first.serial);
    assert_ne!(first.cti, second.cti);
    let files = server.sensor(&id)["activations"].clone();
    assert_eq!((files[0]["voided_at"].is_null(), files[1]["voided_at"].is_null()), (true, false));
}

#[test]
fn an_armoured_file_reads_the_same() {
    let server = Server::portal();
    let id = server.onboard("One", &[]);
    let out = server.scratch("file.txt");
    server.cli(&["sensor", "activation-file", &id, "--armour", "--out", out.to_str().unwrap()]);
    let text = std::fs::read(out).unwrap();
    assert!(text.starts_with(b"-----BEGIN PICKET ACTIVATION-----"));
    assert_eq!(read_file(&server, &text).sensor.to_string(), id);
}

#[test]
fn a_reissue_moves_a_sensor_to_another_mode_and_hub_on_the_same_id() {
    let server = Server::portal();
    let id = server.onboard("One", &[]);
    let ca = server.data().join("tls-ca.pem");
    let hub = ["--hub-url", "https://hub.example:8443", "--hub-ca", ca.to_str().unwrap()];
    server.cli(&[&["sensor", "reissue", &id], &hub[..]].concat());
    let moved = read_file(&server, &server.activation_file(&id));
    let ModeSettings::CloudConnected(cloud) = moved.mode else { panic!("not cloud-connected") };
    assert_eq!(cloud.hub.endpoint.url, "https://hub.example:8443");

    server.cli(&["sensor", "reissue", &id, "--mode", "locally-managed"]);
    let local = read_file(&server, &server.activation_file(&id));
    assert_eq!(local.sensor, moved.sensor);
    let ModeSettings::LocallyManaged(local) = local.mode else { panic!("not locally managed") };
    assert!(local.management_console.is_none());
}

#[test]
fn what_a_reissue_does_not_say_stays_while_the_mode_stays() {
    let server = Server::portal();
    let ca = server.data().join("tls-ca.pem");
    let hub = ["--hub-url", "https://hub.example:8443", "--hub-ca", ca.to_str().unwrap()];
    let id = server.onboard("One", &[&["--automatic-ti", "true"], &hub[..]].concat());
    let first = server.sensor(&id)["mode"].clone();
    assert_eq!(first["automatic_ti"], true);
    server.cli(&["sensor", "reissue", &id, "--mode", "cloud-connected", "--zone", "DMZ"]);
    assert_eq!(server.sensor(&id)["mode"], first);
    server.cli(&["sensor", "reissue", &id, "--hub", "built-in"]);
    let moved = server.sensor(&id)["mode"].clone();
    assert!(moved["hub"].is_null());
    assert_eq!(moved["automatic_ti"], true);
    server.cli(&["sensor", "reissue", &id, "--mode", "locally-managed"]);
    server.cli(&["sensor", "reissue", &id, "--mode", "cloud-connected"]);
    let back = server.sensor(&id)["mode"].clone();
    assert_eq!((&back["hub"], &back["automatic_ti"]), (&serde_json::Value::Null, &false.into()));
}

#[test]
fn a_file_is_bound_to_the_key_of_a_request_that_is_signed_by_it() {
    let server = Server::portal();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let signer = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.serialize_der()).unwrap();
    let request = Request {
        appliance: ApplianceId::from_digest(&[7; 32]),
        public_key: key.subject_public_key_info(),
        issued_at: UnixSeconds(1_800_000_000),
        cti: Cti::from_bytes([5; 16]),
    };
    let unsigned = request_to_be_signed(&request);
    let signature = signer.sign(&aws_lc_rs::rand::SystemRandom::new(), unsigned.to_be_signed()).unwrap();
    let mut signed = unsigned.finish(signature.as_ref().try_into().unwrap());
    let path = server.scratch("a.request");
    std::fs::write(&path, &signed).unwrap();
    let bind = ["--bind-request", path.to_str().unwrap()];
    let id = server.onboard("One", &bind);
    let bound = server.sensor(&id)["binding"].clone();
    let expected = Binding::Key(thumbprint(&request.public_key));
    assert_eq!(bound, serde_json::to_value(expected).unwrap());
    assert!(inspect(&server.activation_file(&id)).is_ok());

    *signed.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &signed).unwrap();
    let refused = server.try_cli(&[&["sensor", "add", "Two", "--subscription", "Plant"], &bind[..]].concat());
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("activation.bad-signature"), "{refused:?}");
}
