//! The people's API: tokens, problems, closed schemas, secrets.

use std::os::unix::fs::PermissionsExt as _;

use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, body::Bytes};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::server::Server;

pub(crate) async fn ask(server: &Server, method: Method, path: &str, token: Option<&str>, body: &str) -> (u16, Value) {
    ask_under(server, method, path, token, body, None).await
}

/// Under an Idempotency-Key.
async fn ask_under(
    server: &Server,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: &str,
    key: Option<&str>,
) -> (u16, Value) {
    let stream = tokio::net::TcpStream::connect(server.people()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn token(server: &Server) -> String {
    std::fs::read_to_string(server.data().join("api-token")).unwrap()
}

#[tokio::test]
async fn nothing_is_told_without_a_token() {
    let server = Server::portal();
    for path in ["/api/v1/sensors", "/api/v1/about", "/api/v1/trust-root", "/nothing"] {
        for token in [None, Some(""), Some("wrong")] {
            let (status, problem) = ask(&server, Method::GET, path, token, "").await;
            assert_eq!((status, problem["code"].as_str()), (401, Some("portal.unauthorized")), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_not_understood_is_refused_with_a_problem() {
    let server = Server::portal();
    let token = token(&server);
    let ask = async |method, path: &str, body: &str| {
        let (status, problem) = ask(&server, method, path, Some(&token), body).await;
        (status, problem["code"].as_str().unwrap_or_default().to_owned())
    };
    let invalid = (400, "request.invalid".to_owned());
    for body in [
        "",
        "[]",
        r#"{"name":"One"}"#,
        r#"{"name":"One","subscription":"Plant","colour":"red"}"#,
        r#"{"name":"-","subscription":"Plant"}"#,
        r#"{"name":"One","subscription":"Plant","upload_days":366}"#,
        r#"{"name":"One","subscription":"Plant","binding":{"kind":"appliance","value":"0000"}}"#,
        r#"{"name":"One","subscription":"Plant","binding":{"kind":"request","value":"!"}}"#,
        r#"{"name":"One","subscription":"Plant","mode":{"mode":"cloud-connected","console":null}}"#,
        r#"{"name":"One","subscription":"Plant","licence_until":"soon"}"#,
    ] {
        assert_eq!(ask(Method::POST, "/api/v1/sensors", body).await, invalid, "{body}");
    }
    let missing = (404, "request.not-found".to_owned());
    let unknown = "/api/v1/sensors/00000000-0000-4000-8000-000000000000";
    assert_eq!(ask(Method::GET, unknown, "").await, missing);
    assert_eq!(ask(Method::PATCH, unknown, "{}").await, missing);
    assert_eq!(ask(Method::GET, "/api/v1/sensors/1", "").await, missing);
    assert_eq!(ask(Method::GET, "/api/v1/sensors?page=1", "").await, invalid);
    let hub = r#"{"name":"One","subscription":"Plant","mode":{"mode":"cloud-connected","hub":"00000000-0000-4000-8000-000000000000"}}"#;
    assert_eq!(ask(Method::POST, "/api/v1/sensors", hub).await, missing);
    assert_eq!(server.json(&["sensor", "list"])["counts"]["onboarded"], 0);
}

#[test]
fn no_token_is_shown_again_and_secrets_are_private_files() {
    let portal = Server::portal();
    let pairing = "a-pairing-token-of-some-length";
    let (file, ca) = (portal.scratch("t"), portal.data().join("tls-ca.pem"));
    std::fs::write(&file, pairing).unwrap();
    let console =
        ["--console-url", "https://127.0.0.1:1", "--console-ca", ca.to_str().unwrap(), "--pairing-token-file"];
    let more = [&["--mode", "locally-managed"], &console[..], &[file.to_str().unwrap()]].concat();
    let id = portal.onboard("One", &more);
    for shown in [portal.sensor(&id), portal.json(&["sensor", "list"]), portal.json(&["audit"])] {
        assert!(!shown.to_string().contains(pairing), "{shown}");
    }
    let databases: &[&str] =
        if portal.has_files() { &["portal.db", "portal.db-wal", "alerts.db", "alerts.db-wal"] } else { &[] };
    for path in [databases, &["", "api-token", "device-ca.key", "server.key", "root-keys", "keys"]].concat() {
        let mode = std::fs::metadata(portal.data().join(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{path}: {mode:o}");
    }
}

#[test]
fn every_change_is_in_the_audit() {
    let server = Server::portal();
    let id = server.onboard("One", &[]);
    server.cli(&["sensor", "edit", &id, "--name", "Two"]);
    server.activation_file(&id);
    server.cli(&["sensor", "delete", &id, "--reason", "gone"]);
    let records = server.json(&["audit"])["records"].clone();
    let told: Vec<_> = records.as_array().unwrap().iter().map(|record| record["action"].as_str().unwrap()).collect();
    let by_people = ["sensor-onboarded", "sensor-edited", "activation-issued", "sensor-deleted"];
    assert_eq!(told, [&["person-added"], &by_people[..]].concat());
    assert_eq!((&records[2]["before"]["name"], &records[2]["after"]["name"]), (&json!("One"), &json!("Two")));
    assert_eq!((&records[0]["actor"], &records[1]["actor"]), (&json!("init"), &json!("admin")));
}

#[test]
fn a_second_server_on_one_folder_does_not_start() {
    let server = Server::portal();
    let second = server.try_cli(&["serve", "--sensors-listen", "127.0.0.1:0", "--people-listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another server"));
}

#[tokio::test]
async fn a_lost_api_token_is_replaced_while_the_server_is_stopped() {
    let mut server = Server::portal();
    assert!(!server.try_cli(&["api-token"]).status.success(), "the server runs");
    let lost = token(&server);
    server.stop();
    std::fs::remove_file(server.data().join("api-token")).unwrap();
    server.cli(&["api-token"]);
    server.start();
    assert_ne!(token(&server), lost);
    assert_eq!(ask(&server, Method::GET, "/api/v1/about", Some(&token(&server)), "").await.0, 200);
}

#[tokio::test]
async fn onboarding_twice_under_one_key_makes_one_sensor() {
    let server = Server::portal();
    let token = token(&server);
    let body = |name: &str| json!({ "name": name, "subscription": "Plant" }).to_string();
    let onboard = async |name: &str, key| {
        ask_under(&server, Method::POST, "/api/v1/sensors", Some(&token), &body(name), key).await
    };
    let (first, again) = (onboard("One", Some("k1")).await, onboard("One", Some("k1")).await);
    assert_eq!((first.0, again.0, &first.1["id"]), (201, 201, &again.1["id"]));
    assert_eq!(onboard("One", None).await.0, 409, "without the key the name is taken");
    let other = onboard("Two", Some("k1")).await;
    assert_eq!((other.0, other.1["code"].as_str()), (422, Some("portal.key-used")));
    assert_eq!(onboard("Two", Some("k2")).await.0, 201);
    assert_eq!(onboard("Three", Some(&"k".repeat(129))).await.0, 400);
    assert_eq!(server.json(&["sensor", "list"])["counts"]["onboarded"], 2);
}
