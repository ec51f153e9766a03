//! What is brought to connect the sensor to a management console: the agent gets what it needs, and pages give nothing away.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::rig::{Browser, Console};

const PAGE: &str = "/settings/management-console";
const TOKEN: &str = "a-pairing-token-of-22-or-more";
const HOSTILE: &str = "\"><script>alert(1)</script>";

fn certificate() -> (rcgen::Certificate, rcgen::KeyPair) {
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["console.plant".to_owned()]).unwrap();
    (parameters.self_signed(&key).unwrap(), key)
}

fn connect(browser: &mut Browser, pem: &str, url: &str, token: &str) -> crate::rig::Answer {
    browser.get(PAGE);
    browser.upload(PAGE, pem.as_bytes(), &[("url", url), ("token", token)])
}

#[test]
fn the_agent_gets_the_certificates_and_no_key_that_lies_beside_them() {
    let console = Console::in_use();
    console.agent.answers("PUT", "/v1/management-console", 200, json!({}));
    let (certificate, key) = certificate();
    let pem = format!("{}{}", key.serialize_pem(), certificate.pem());
    let answer = connect(&mut console.signed_in("mira"), &pem, " https://console.plant:8443 ", TOKEN);
    assert_eq!((answer.status, answer.header("location")), (303, Some(PAGE)), "{}", answer.body);
    let asked = console.agent.changes().pop().unwrap();
    assert_eq!(asked.person.as_deref(), Some("mira"));
    let sent: Value = serde_json::from_slice(&asked.body).unwrap();
    let certificate = STANDARD.encode(certificate.der());
    let expected =
        json!({"url": "https://console.plant:8443", "ca_certificates": [certificate], "pairing_token": TOKEN});
    assert_eq!(sent, expected);
}

#[test]
fn what_is_no_certificate_or_no_token_does_not_reach_the_agent_and_is_not_repeated() {
    let console = Console::in_use();
    let mut mira = console.signed_in("mira");
    let (certificate, key) = certificate();
    let long = "t".repeat(129);
    for (pem, token, code) in [
        (String::new(), TOKEN, "console.no-ca-certificate"),
        (key.serialize_pem(), TOKEN, "console.no-ca-certificate"),
        ("-----BEGIN CERTIFICATE-----\n".repeat(4_000), TOKEN, "console.no-ca-certificate"),
        (certificate.pem(), "", "console.no-pairing-token"),
        (certificate.pem(), "three grey pumps hum in the hall", "console.no-pairing-token"),
        (certificate.pem(), long.as_str(), "console.no-pairing-token"),
        (certificate.pem(), "päirings-token-of-22-or-more", "console.no-pairing-token"),
    ] {
        let answer = connect(&mut mira, &pem, HOSTILE, token);
        assert_eq!(answer.status, 400, "{code}: {}", answer.head);
        assert!(answer.body.contains(&format!("data-refusal=\"{code}\"")), "{code}: {}", answer.body);
        assert!(!answer.body.contains("<script>alert"), "{code}: {}", answer.body);
        assert!(token.is_empty() || !answer.body.contains(token), "{code} repeats the token");
    }
    assert!(console.agent.changes().is_empty());
}

#[test]
fn more_certificates_than_are_taken_are_not_all_handed_on() {
    let console = Console::in_use();
    let (certificate, _) = certificate();
    connect(&mut console.signed_in("mira"), &certificate.pem().repeat(200), "https://console.plant", TOKEN);
    let sent: Value = serde_json::from_slice(&console.agent.changes().pop().unwrap().body).unwrap();
    assert_eq!(sent["ca_certificates"].as_array().unwrap().len(), 9, "so that the agent says that they are too many");
}
