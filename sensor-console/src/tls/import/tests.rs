use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use time::OffsetDateTime;

use super::*;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const HOST: &str = "sensor.plant.example";

struct Pair {
    certificate: String,
    key: KeyPair,
}

impl Pair {
    fn file(&self, issuers: &[&str]) -> String {
        format!("{}{}{}", self.certificate, issuers.concat(), self.key.serialize_pem())
    }
}

fn parameters(name: &str, days: i64) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.subject_alt_names = vec![
        SanType::DnsName(HOST.try_into().unwrap()),
        SanType::DnsName("*.wild.example".try_into().unwrap()),
        SanType::IpAddress([10, 0, 0, 7].into()),
    ];
    parameters.not_before = OffsetDateTime::from_unix_timestamp(NOW.0 - 86_400).unwrap();
    parameters.not_after = OffsetDateTime::from_unix_timestamp(NOW.0 + days * 86_400).unwrap();
    parameters
}

fn authority() -> (String, Issuer<'static, KeyPair>) {
    let mut parameters = parameters("Plant CA", 30);
    parameters.subject_alt_names.clear();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap().pem();
    (certificate, Issuer::new(parameters, key))
}

fn issued(days: i64, by: &Issuer<'static, KeyPair>) -> Pair {
    let key = KeyPair::generate().unwrap();
    Pair { certificate: parameters("sensor", days).signed_by(&key, by).unwrap().pem(), key }
}

fn judged(file: &str, passphrase: &str, host: &str) -> &'static str {
    judge(file.as_bytes(), passphrase, host, NOW).map_or_else(|refused| refused.code(), |_| "taken")
}

#[test]
fn takes_a_chain_with_its_key_in_any_order_and_puts_it_in_order() {
    let (root, issuer) = authority();
    let pair = issued(30, &issuer);
    let mixed = format!("{}{}{}", pair.key.serialize_pem(), root, pair.certificate);
    let kept = judge(mixed.as_bytes(), "", HOST, NOW).unwrap();
    assert!(kept.replace('\r', "").starts_with(&pair.certificate.replace('\r', "")[..200]));
    assert_eq!(kept.matches("BEGIN CERTIFICATE").count(), 2);
    for host in ["10.0.0.7", "a.wild.example", "SENSOR.plant.example"] {
        assert_eq!(judged(&mixed, "", host), "taken", "{host}");
    }
}

#[test]
fn each_fault_has_its_own_refusal() {
    let (root, issuer) = authority();
    let (other_root, _) = authority();
    let pair = issued(30, &issuer);
    let stranger = KeyPair::generate().unwrap().serialize_pem();
    let good = pair.file(&[&root]);
    let ended = issued(0, &issuer);
    for (file, host, code) in [
        ("hello".to_owned(), HOST, "certificate.not-pem"),
        (pair.key.serialize_pem(), HOST, "certificate.not-pem"),
        (pair.certificate.clone(), HOST, "certificate.key-mismatch"),
        (format!("{}{stranger}", pair.certificate), HOST, "certificate.key-mismatch"),
        (pair.file(&[&other_root]), HOST, "certificate.chain"),
        (pair.file(&[&root, &issued(30, &issuer).certificate]), HOST, "certificate.chain"),
        (good.clone(), "other.example", "certificate.name-mismatch"),
        (good.clone(), "a.b.wild.example", "certificate.name-mismatch"),
        (good, "10.0.0.8", "certificate.name-mismatch"),
    ] {
        assert_eq!(judged(&file, "", host), code, "{host}");
    }
    let later = UnixSeconds(NOW.0 + 1);
    let expired =
        judge(ended.file(&[&root]).as_bytes(), "", HOST, later).map_or_else(|refused| refused.code(), |_| "taken");
    assert_eq!(expired, "certificate.expired");
}

/// `openssl req -x509 -newkey rsa:1024 …`, `openssl pkcs8 -topk8`: what other programs make.
#[test]
fn reads_keys_and_weaknesses_as_openssl_makes_them() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &str| {
        let done =
            std::process::Command::new("openssl").args(arguments.split(' ')).current_dir(&folder).output().unwrap();
        assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let request = "req -x509 -nodes -days 30000 -subj /CN=x -addext subjectAltName=DNS:sensor.plant.example";
    openssl(&format!("{request} -newkey rsa:2048 -keyout rsa.key -out rsa.crt"));
    openssl("pkcs8 -topk8 -in rsa.key -out locked.key -passout pass:three-grey-pumps");
    openssl("rsa -in rsa.key -out old.key -aes128 -passout pass:three-grey-pumps -traditional");
    openssl(&format!("{request} -newkey rsa:1024 -keyout weak.key -out weak.crt"));
    openssl(&format!("{request} -sha1 -newkey rsa:2048 -keyout sha1.key -out sha1.crt"));
    let with_key = |certificate: &str, key: &str| format!("{}{}", read(certificate), read(key));
    assert_eq!(judged(&with_key("rsa.crt", "rsa.key"), "", HOST), "taken");
    assert_eq!(judged(&with_key("rsa.crt", "locked.key"), "three-grey-pumps", HOST), "taken");
    for passphrase in ["", "wrong"] {
        assert_eq!(judged(&with_key("rsa.crt", "locked.key"), passphrase, HOST), "certificate.passphrase");
    }
    assert_eq!(judged(&with_key("rsa.crt", "old.key"), "three-grey-pumps", HOST), "certificate.passphrase");
    assert_eq!(judged(&with_key("weak.crt", "weak.key"), "", HOST), "certificate.weak-key");
    assert_eq!(judged(&with_key("sha1.crt", "sha1.key"), "", HOST), "certificate.weak-key");
}
