//! Markup in every field that comes from a file, an alert, a name: it is shown as text.

use serde_json::{Value, json};

use crate::rig::{Browser, Console, local_activation, preview};

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&";

fn assert_harmless(answer: &crate::rig::Answer) {
    for harm in ["<script>alert", "<img src=x", "onerror=alert(2)>'"] {
        assert!(!answer.body.contains(harm), "{harm}: {}", answer.body);
    }
    assert!(answer.body.contains("&lt;script&gt;alert(1)"), "it is not shown at all: {}", answer.body);
}

fn hostile_activation() -> Value {
    let mut activation = local_activation();
    activation["subscription"]["name"] = json!(HOSTILE);
    activation["site"] = json!(HOSTILE);
    activation["zone"] = json!(HOSTILE);
    activation["tags"] = json!({ HOSTILE: HOSTILE });
    activation["management_console"] = json!(HOSTILE);
    activation
}

#[test]
fn fields_of_an_activation_file_are_text() {
    let console = Console::new_sensor();
    let mut browser = console.admin_of_new_sensor();
    let hostile = json!([{"what": HOSTILE, "now": HOSTILE, "then": HOSTILE}]);
    let mut shown = preview();
    shown["activation"] = hostile_activation();
    shown["sentence"] = json!(HOSTILE);
    shown["changes"] = hostile;
    for list in ["stays", "stops", "warnings"] {
        shown[list] = json!([HOSTILE]);
    }
    shown["firewall"] = json!([{"host": HOSTILE, "port": 443, "why": HOSTILE}]);
    console.agent.answers("POST", "/v1/preview", 200, shown);
    assert_eq!(browser.upload("/first-sign-in/activation", b"file", &[]).status, 303);
    assert_harmless(&browser.get("/first-sign-in/activation/preview"));
}

#[test]
fn fields_of_a_refusal_are_text() {
    let console = Console::new_sensor();
    let mut browser = console.admin_of_new_sensor();
    let refusal = json!({
        "type": HOSTILE, "code": HOSTILE, "title": HOSTILE, "status": 422, "detail": HOSTILE,
        "found": [{"label": HOSTILE, "value": HOSTILE}], "next": [HOSTILE],
    });
    console.agent.answers("POST", "/v1/preview", 422, refusal);
    let answer = browser.upload("/first-sign-in/activation", b"file", &[]);
    assert_eq!(answer.status, 422);
    assert_harmless(&answer);
}

#[test]
fn the_vendors_terms_are_text() {
    let console = Console::new_sensor();
    let mut browser = console.admin_of_new_sensor();
    console.agent.answers("POST", "/v1/preview", 200, preview());
    browser.upload("/first-sign-in/activation", b"file", &[]);
    let page = browser.get("/first-sign-in/activation/preview");
    assert!(!page.body.contains("name=\"terms\""), "terms without a file");
    std::fs::write(console.folder.path().join("terms.txt"), HOSTILE).unwrap();
    let config = format!("terms_file = {:?}", console.folder.path().join("terms.txt"));
    std::fs::write(console.folder.path().join("console.toml"), config).unwrap();
    let mut console = console;
    console.kill_and_restart();
    let mut browser = console.signed_in("mira");
    browser.upload("/first-sign-in/activation", b"file", &[]);
    let page = browser.get("/first-sign-in/activation/preview");
    assert_harmless(&page);
    let digest = Browser::hidden(&page, "digest");
    let answer = browser.post("/first-sign-in/activation/activate", &[("digest", &digest)]);
    assert!(answer.body.contains("data-refusal=\"console.terms-not-accepted\""));
}

#[test]
fn names_and_fields_of_the_status_are_text() {
    let console = Console::in_use();
    let proved = json!({"step": "proved"});
    console.agent.set(json!({"active": {
        "activation": hostile_activation(), "committed_at": 1_700_000_100, "signer": "05".repeat(32),
        "signer_withdrawn": false, "proof": {"identity": proved, "heartbeat": proved, "hub": proved},
    }}));
    assert_harmless(&console.signed_in("mira").get("/"));
    // What was typed into the form of a refused sign-in stands in it again.
    let answer = console.stranger().post_bare("/sign-in", &[("name", HOSTILE), ("password", "x")], &[]);
    assert_harmless(&answer);
}

#[test]
fn fields_of_an_alert_are_text() {
    let console = Console::in_use();
    let record = json!({
        "event_type": "alert", "src_ip": HOSTILE, "dest_ip": HOSTILE, "proto": HOSTILE, "app_proto": HOSTILE,
        "alert": {"signature": HOSTILE, "category": HOSTILE},
    });
    let alert = json!({
        "place": 1, "id": HOSTILE, "epoch": 1, "severity": "high", "detected_at": HOSTILE, "record": record,
    });
    console.agent.answers("GET", "/v1/alerts/search", 200, json!({"alerts": [alert], "next": null}));
    console.agent.answers("GET", "/v1/alerts", 200, json!([alert]));
    let detail = json!({"alert": alert, "standing": {"standing": "kept", "why": HOSTILE}});
    console.agent.answers("GET", "/v1/alerts/at/1", 200, detail);
    let mut browser = console.signed_in("vic");
    assert_harmless(&browser.get("/alerts"));
    assert_harmless(&browser.get("/alerts/1"));
    // A search is in the page again.
    let query = serde_urlencoded::to_string([("text", HOSTILE)]).unwrap();
    assert_harmless(&browser.get(&format!("/alerts?{query}")));
}
