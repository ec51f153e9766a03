//! Keys and certificates on disk.

use std::os::unix::fs::PermissionsExt as _;

use picket_protocol::ids::SensorId;

use super::*;
use crate::upstream::test_world::{Ca, certs_only};

fn identities() -> (tempfile::TempDir, Identities) {
    let folder = tempfile::tempdir().unwrap();
    let identities = Identities::in_state_directory(folder.path(), Seal::default());
    (folder, identities)
}

const FIRST: Cti = Cti::from_bytes([1; 16]);
const SECOND: Cti = Cti::from_bytes([2; 16]);

fn issue(ca: &Ca, key: &Key) -> IssuedCertificate {
    let csr = key.signing_request(SensorId::from_bytes([7; 16])).unwrap();
    IssuedCertificate::from_certs_only(&ca.enrol(&csr), key.thumbprint()).unwrap()
}

#[test]
fn a_key_is_private_and_never_overwritten() {
    let (folder, identities) = identities();
    let first = identities.key(FIRST, None).unwrap();
    assert_eq!(identities.key(FIRST, None).unwrap().thumbprint(), first.thumbprint());
    assert_ne!(identities.key(SECOND, None).unwrap().thumbprint(), first.thumbprint());
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("identities"), 0o700);
    assert_eq!(mode(&format!("identities/{FIRST}")), 0o700);
    assert_eq!(mode(&format!("identities/{FIRST}/key.pem")), 0o600);
}

#[test]
fn a_sealed_key_is_read_by_what_sealed_it_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let by = |key: &[u8]| Identities::in_state_directory(folder.path(), Seal::by(key));
    let path = folder.path().join(format!("identities/{FIRST}/key.pem"));
    let sealed = by(&[7; 32]);
    assert_eq!(sealed.kept(FIRST), KeyKept::None);
    let born = sealed.key(FIRST, None).unwrap().thumbprint();
    assert_eq!(sealed.kept(FIRST), KeyKept::Sealed);
    let content = fs::read(&path).unwrap();
    assert!(!content.windows(7).any(|window| window == b"PRIVATE"), "the key lies there as it is");
    assert_eq!(by(&[7; 32]).key(FIRST, None).unwrap().thumbprint(), born);
    // Another TPM, none, or a credential that is no key.
    for other in [&[8; 32][..], b"", b"none"] {
        let other = by(other);
        let refused = other.key(FIRST, None).unwrap_err();
        assert!(refused.to_string().contains("sealed by a TPM"), "{refused}");
        assert_eq!(other.kept(FIRST), KeyKept::Unopened);
        // A new activation has a key of its own all the same.
        assert!(other.key(SECOND, None).is_ok());
        other.keep_only(&BTreeSet::from([FIRST]));
    }
    assert_eq!(fs::read(&path).unwrap(), content, "a key that cannot be opened was touched");
}

#[test]
fn no_damage_to_a_sealed_key_gives_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let identities = Identities::in_state_directory(folder.path(), Seal::by(&[7; 32]));
    identities.key(FIRST, None).unwrap();
    let path = folder.path().join(format!("identities/{FIRST}/key.pem"));
    let content = fs::read(&path).unwrap();
    for place in 0..content.len() {
        let mut damaged = content.clone();
        damaged[place] ^= 1;
        fs::write(&path, &damaged).unwrap();
        assert!(identities.key(FIRST, None).is_err(), "byte {place}");
        fs::write(&path, &content[..place]).unwrap();
        assert!(identities.key(FIRST, None).is_err(), "cut at {place}");
    }
}

#[test]
fn a_key_from_before_the_seal_stays_readable_as_it_is() {
    let (folder, plain) = identities();
    let born = plain.key(FIRST, None).unwrap().thumbprint();
    assert_eq!(plain.kept(FIRST), KeyKept::Plain);
    let sealed = Identities::in_state_directory(folder.path(), Seal::by(&[7; 32]));
    assert_eq!(sealed.key(FIRST, None).unwrap().thumbprint(), born);
    assert_eq!(sealed.kept(FIRST), KeyKept::Plain);
}

#[test]
fn a_damaged_key_is_reported_not_replaced() {
    let (folder, identities) = identities();
    identities.key(FIRST, None).unwrap();
    let path = folder.path().join(format!("identities/{FIRST}/key.pem"));
    fs::write(&path, "damaged").unwrap();
    assert_eq!(identities.key(FIRST, None).unwrap_err().code(), "state.storage-failed");
    assert_eq!(fs::read(&path).unwrap(), b"damaged");
}

#[test]
fn a_file_bound_to_a_request_gets_the_requests_key() {
    let (_folder, identities) = identities();
    assert_eq!(identities.request_keys(), vec![]);
    let request = identities.request_key().unwrap().thumbprint();
    assert_eq!(identities.request_keys(), vec![request]);
    assert_eq!(identities.key(FIRST, Some(request)).unwrap().thumbprint(), request);
    let another = Thumbprint::from_bytes([9; 32]);
    assert_eq!(identities.key(SECOND, Some(another)).unwrap_err(), Refusal::WrongKey { bound_to: another });
}

#[test]
fn both_slots_hold_a_certificate_for_the_same_key() {
    let (_folder, identities) = identities();
    let ca = Ca::named("Portal CA");
    let key = identities.key(FIRST, None).unwrap();
    let a = identities.store(FIRST, Slot::A, &issue(&ca, &key)).unwrap();
    let b = identities.store(FIRST, Slot::B, &issue(&ca, &key)).unwrap();
    assert_eq!((a.slot, b.slot, a.thumbprint), (Slot::A, Slot::B, b.thumbprint));
    assert_eq!(a.not_after.to_string(), "2099-01-01T00:00:00Z");
    let (a, b) = (identities.credential(FIRST, Slot::A).unwrap(), identities.credential(FIRST, Slot::B).unwrap());
    assert_eq!(a.key.thumbprint(), key.thumbprint());
    assert_ne!(a.chain, b.chain);
    assert!(identities.credential(SECOND, Slot::A).is_err());
}

#[test]
fn erases_all_but_what_is_kept() {
    let (folder, identities) = identities();
    for cti in [FIRST, SECOND] {
        identities.key(cti, None).unwrap();
    }
    let request = identities.request_key().unwrap().thumbprint();
    identities.keep_only(&BTreeSet::from([SECOND]));
    assert!(!folder.path().join(format!("identities/{FIRST}")).exists());
    assert!(folder.path().join(format!("identities/{SECOND}/key.pem")).exists());
    assert_eq!(identities.request_keys(), vec![request]);
    identities.erase_all();
    assert!(!folder.path().join("identities").exists());
}

#[test]
fn reads_certificates_only_from_a_certs_only_message_of_bounded_size() {
    let (_folder, identities) = identities();
    let ca = Ca::named("Portal CA");
    let key = identities.key(FIRST, None).unwrap();
    let read = |message: &[u8]| IssuedCertificate::from_certs_only(message, key.thumbprint()).unwrap_err();
    let csr = key.signing_request(SensorId::from_bytes([7; 16])).unwrap();
    let message = ca.enrol(&csr);
    for end in 0..message.len() {
        let refused = IssuedCertificate::from_certs_only(&message[..end], key.thumbprint());
        // The signers after the certificates are not looked at.
        assert!(refused.is_err() || end >= message.len() - 2, "{end}");
    }
    assert_eq!(read(b""), WrongCertificate::NotCms);
    assert_eq!(read(&certs_only(&[])), WrongCertificate::Unreadable);
    assert_eq!(read(&certs_only(&[&[0x30, 0x01, 0x00]])), WrongCertificate::Unreadable);
    let (somebody, _) = ca.server(2020, 2099);
    assert_eq!(read(&certs_only(&[&somebody[0]])), WrongCertificate::OtherKey);
    assert_eq!(read(&certs_only(&[&*somebody[0]; 9])), WrongCertificate::Unreadable);
}

#[test]
fn the_issued_certificate_comes_first_whatever_the_order() {
    let (_folder, identities) = identities();
    let ca = Ca::named("Portal CA");
    let key = identities.key(FIRST, None).unwrap();
    let ours = issue(&ca, &key).chain[0].clone();
    let issued = IssuedCertificate::from_certs_only(&certs_only(&[&ca.der, &ours]), key.thumbprint()).unwrap();
    assert_eq!(issued.chain, [ours, ca.der.into()]);
}

#[test]
fn signs_with_es256_as_the_request_document_wants_it() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};
    let (_folder, identities) = identities();
    let key = identities.request_key().unwrap();
    let signature = key.sign(b"message").unwrap();
    let spki = key.public_key();
    let point = SubjectPublicKeyInfo::from_der(&spki).unwrap().1.subject_public_key.data;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).verify(b"message", &signature).unwrap();
}
