//! The description of the API: checked in, of every route, closed, and served.

use std::path::Path;

use hyper::Method;
use picket_portal::people::{listed, openapi::document};
use serde_json::Value;

use crate::{people::ask, server::Server};

#[test]
fn the_description_that_is_checked_in_is_that_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let kept: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(kept == document(), "stale: picket-portal openapi > docs/openapi.json");
}

#[test]
fn every_route_is_described_with_what_it_gives() {
    let document = document();
    for route in listed() {
        let method = route.method.as_str().to_lowercase();
        let operation = &document["paths"][route.path][&method];
        let answers = operation["responses"].as_object().unwrap_or_else(|| panic!("{route:?} is not described"));
        assert!(answers.keys().any(|status| status.starts_with('2')) && answers.contains_key("default"), "{route:?}");
        assert_eq!(operation.get("requestBody").is_some(), takes_a_body(&route.method, route.path), "{route:?}");
    }
}

fn takes_a_body(method: &Method, path: &str) -> bool {
    let without = ["/activation-file", "/clear", "/test", "/setup-code"];
    [Method::POST, Method::PATCH].contains(method) && !without.iter().any(|end| path.ends_with(end))
}

#[test]
fn every_object_with_fields_is_closed() {
    fn look(value: &Value, place: &str) {
        match value {
            Value::Object(fields) => {
                let open = fields.contains_key("properties")
                    && fields.get("additionalProperties") != Some(&Value::Bool(false));
                assert!(!open || place.ends_with("properties"), "{place} is open");
                fields.iter().for_each(|(name, value)| look(value, &format!("{place}/{name}")));
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, place)),
            _ => {}
        }
    }
    look(&document()["components"]["schemas"], "");
}

#[tokio::test]
async fn a_running_portal_serves_it_to_whoever_has_a_token() {
    let server = Server::portal();
    let address = format!("http://{}/api/v1/openapi.json", server.people());
    let token = std::fs::read_to_string(server.data().join("api-token")).unwrap();
    let ask = |header: String| {
        std::process::Command::new("curl").args(["--silent", "--header", &header, &address]).output().unwrap().stdout
    };
    let served: Value = serde_json::from_slice(&ask(format!("Authorization: Bearer {}", token.trim()))).unwrap();
    assert_eq!(served, document());
    let refused: Value = serde_json::from_slice(&ask("Authorization: Bearer none".to_owned())).unwrap();
    assert_eq!(refused["status"], 401);
}

#[tokio::test]
async fn an_array_of_fields_in_their_order_is_no_body() {
    let server = Server::portal();
    let id = server.onboard("Pump 1", &[]);
    let token = std::fs::read_to_string(server.data().join("api-token")).unwrap();
    for (method, path, body) in [
        (Method::PATCH, format!("/api/v1/sensors/{id}"), "[null, null]"),
        (Method::POST, format!("/api/v1/sensors/{id}/reissue"), r#"{"changes": [null, null]}"#),
    ] {
        let (status, _) = ask(&server, method, &path, Some(token.trim()), body).await;
        assert_eq!(status, 400, "{path}");
    }
}
