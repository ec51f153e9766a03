//! Recovery documents as sensors read them: signed by a key of their own role, for one appliance and nonce, on record.

use picket_protocol::{
    ids::ApplianceId,
    reading::{read_deactivation, read_recovery},
    refusal::Refusal,
    trust::TrustStore,
};

use crate::server::Server;

#[test]
fn a_recovery_document_verifies_for_its_appliance_alone_and_is_on_record() {
    let server = Server::portal();
    let (appliance, other) = (ApplianceId::from_digest(&[7; 32]), ApplianceId::from_digest(&[8; 32]));
    let out = server.scratch("anna.recovery");
    let nonce = ["--nonce", "acde fghj kmnp"];
    let order = ["sensor", "recover", "--appliance", appliance.as_str(), "--out", out.to_str().unwrap()];
    server.cli(&[&order[..], &nonce[..]].concat());
    let document = std::fs::read(&out).unwrap();
    let mut trust = TrustStore::default();
    trust.pin(&std::fs::read(server.data().join("trust.root")).unwrap()).unwrap();
    let recovery = read_recovery(&document, &trust, &appliance).unwrap();
    assert_eq!(recovery.nonce.to_string(), "ACDE-FGHJ-KMNP");
    assert!(!recovery.decided_by.is_empty());
    assert!(matches!(read_recovery(&document, &trust, &other), Err(Refusal::WrongAppliance { .. })));
    assert!(matches!(read_deactivation(&document, &trust), Err(Refusal::WrongDocument { .. })));
    let audit = server.json(&["audit"]);
    let records = audit["records"].as_array().unwrap();
    assert!(records.iter().any(|record| record["action"] == "recovery-issued"), "{audit}");
}
