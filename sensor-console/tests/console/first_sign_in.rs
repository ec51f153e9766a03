//! The first sign-in, from the setup code to Overview, with kills in between.

use serde_json::json;

use crate::rig::{Browser, Console, local_activation, preview};

const FINGERPRINT: &str = "0123456789abcdef0123456789abcdef0123456789abcdeffedcba9876543210";

fn no_trust_root() -> serde_json::Value {
    json!({
        "type": "urn:picket:refusal:activation.no-trust-root", "code": "activation.no-trust-root", "status": 422,
        "title": "No trust root", "detail": "", "next": [],
        "found": [{"label": "trust root fingerprint", "value": FINGERPRINT}],
    })
}

fn become_admin(console: &Console, browser: &mut Browser) {
    console.agent.answers("POST", "/v1/setup-code", 200, json!({}));
    console.agent.answers("POST", "/v1/setup-code/done", 200, json!({}));
    console.agent.set(json!({"setup": "granted"}));
    let password = "three grey pumps hum";
    let fields = [("code", "ACDE-FGHJ-KMNP"), ("name", "Mira"), ("password", password), ("again", password)];
    let answer = browser.post_bare("/first-sign-in", &fields, &[]);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.body);
    console.agent.set(json!({"setup": "done"}));
    browser.get("/account");
}

#[test]
fn goes_from_the_setup_code_to_overview_and_survives_kills() {
    let mut console = Console::new_sensor();
    let mut browser = console.stranger();
    assert_eq!(browser.get("/").header("location"), Some("/sign-in"));
    assert_eq!(browser.get("/sign-in").header("location"), Some("/first-sign-in"));
    become_admin(&console, &mut browser);
    assert!(console.agent.changes().iter().any(|asked| asked.path == "/v1/setup-code/done"));

    // Trust: the end of the fingerprint is not on the page.
    assert_eq!(browser.get("/alerts").header("location"), Some("/first-sign-in/trust"));
    console.agent.answers("POST", "/v1/verify", 422, no_trust_root());
    assert_eq!(browser.upload("/first-sign-in/trust", b"the file", &[]).status, 303);
    let page = browser.get("/first-sign-in/trust");
    assert!(page.body.contains("data-step=\"trust\"") && page.body.contains(&FINGERPRINT[..48]), "{}", page.body);
    assert!(!page.body.contains(&FINGERPRINT[48..]));
    let digest = Browser::hidden(&page, "digest");
    console.agent.answers("POST", "/v1/trust/confirm", 200, json!({}));
    let typed = [("digest", digest.as_str()), ("characters", "fedc-ba98-7654-3210")];
    let answer = browser.post("/first-sign-in/trust/confirm", &typed);
    assert_eq!(answer.header("location"), Some("/first-sign-in/activation/preview"), "{}", answer.body);
    console.agent.set(json!({"trusted": true}));

    // A kill: the person signs in again, and is where they were.
    console.kill_and_restart();
    let mut browser = console.signed_in("mira");
    assert_eq!(browser.get("/").header("location"), Some("/first-sign-in/activation"));
    console.agent.answers("POST", "/v1/preview", 200, preview());
    assert_eq!(browser.upload("/first-sign-in/activation", b"the file", &[]).status, 303);
    let page = browser.get("/first-sign-in/activation/preview");
    for shown in ["data-step=\"preview\"", "Pump house 3", "Waterworks", "Nord", "sends not one packet"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let digest = Browser::hidden(&page, "digest");
    let answer = json!({"outcome": "committed", "serial": 7, "cti": local_activation()["cti"], "epoch": 1});
    console.agent.answers("POST", "/v1/activation", 202, answer);
    assert_eq!(browser.post("/first-sign-in/activation/activate", &[("digest", &digest)]).status, 303);
    let activated = console.agent.changes().into_iter().find(|asked| asked.path == "/v1/activation").unwrap();
    assert_eq!((activated.body.as_slice(), activated.person.as_deref()), (&b"the file"[..], Some("mira")));
    let proved = json!({"step": "proved"});
    console.agent.set(json!({"state": "active", "active": {
        "activation": local_activation(), "committed_at": 1_700_000_100, "signer": "05".repeat(32),
        "signer_withdrawn": false, "proof": {"identity": proved, "heartbeat": proved, "hub": proved},
    }}));
    assert!(browser.get("/first-sign-in/activation/progress").body.contains("data-state=\"proved\""));

    // The certificate, before and after a kill; then Overview.
    console.kill_and_restart();
    let mut browser = console.signed_in("mira");
    assert_eq!(browser.get("/").header("location"), Some("/first-sign-in/certificate"));
    assert_eq!(browser.post("/first-sign-in/certificate/keep", &[]).status, 303);
    assert_eq!(browser.get("/").status, 200);
    console.kill_and_restart();
    assert_eq!(console.signed_in("mira").get("/").status, 200);
}

#[test]
fn refuses_weak_passwords_before_it_spends_the_code() {
    let console = Console::new_sensor();
    for (password, again) in [("short", "short"), ("Password1234!", "Password1234!"), ("three grey pumps hum", "x")] {
        let fields = [("code", "ACDE-FGHJ-KMNP"), ("name", "mira"), ("password", password), ("again", again)];
        let answer = console.stranger().post_bare("/first-sign-in", &fields, &[]);
        assert!(answer.body.contains("data-refusal=\"console.weak-password\""), "{password}");
    }
    assert!(console.agent.changes().is_empty());
}

#[test]
fn nobody_becomes_admin_by_a_second_first_sign_in() {
    let console = Console::in_use();
    console.agent.answers("POST", "/v1/setup-code", 200, json!({}));
    let password = "another good password";
    let fields = [("code", "ACDE-FGHJ-KMNP"), ("name", "eve"), ("password", password), ("again", password)];
    assert_eq!(console.stranger().post_bare("/first-sign-in", &fields, &[]).header("location"), Some("/sign-in"));
    assert_eq!(console.stranger().sign_in("eve", password).status, 401);
    assert!(console.agent.changes().is_empty());
}
