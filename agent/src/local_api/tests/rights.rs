//! Every route asked by every kind of caller: those without the right are told so, and nothing of theirs is read.

use axum::http::StatusCode;
use picket_protocol::local_api::routes;

use super::{
    super::Right,
    world::{AGENT, CONSOLE, OTHER, ROOT, World, code},
};

const CONFIRMATION: &str = r#"{"file":"AA==","characters":"0101010101010101"}"#;
const PROXY: &str = r#"{"url":"http://proxy:3128"}"#;

/// Every route, the right it needs, and a body that it takes.
const ROUTES: [(Right, &str, &str, &str); 31] = [
    (Right::Read, "GET", routes::STATUS, ""),
    (Right::Read, "GET", routes::TRUST, ""),
    (Right::Read, "POST", routes::VERIFY, "file"),
    (Right::Read, "POST", routes::PREVIEW, "file"),
    (Right::Read, "GET", routes::ACTIVATIONS, ""),
    (Right::Read, "GET", routes::PROXY, ""),
    (Right::Read, "GET", routes::AUDIT, ""),
    (Right::Read, "GET", routes::STATUS_FOLLOW, ""),
    (Right::Read, "GET", routes::ALERTS_SEARCH, ""),
    (Right::Read, "GET", routes::ALERTS_SEVERITIES, ""),
    (Right::Read, "GET", routes::CERTIFICATES, ""),
    (Right::Read, "GET", routes::DIAGNOSE, ""),
    (Right::Read, "GET", "/v1/explain/portal.voided", ""),
    (Right::Read, "GET", routes::METRICS, ""),
    (Right::Change, "POST", routes::ACTIVATION, "file"),
    (Right::Change, "POST", routes::CANDIDATE_NOW, ""),
    (Right::Change, "POST", routes::CANDIDATE_KEEP, ""),
    (Right::Change, "POST", routes::CANDIDATE_RETRY, ""),
    (Right::Change, "PUT", routes::NAME, r#"{"name":"pump"}"#),
    (Right::Change, "PUT", routes::PROXY, PROXY),
    (Right::Change, "DELETE", routes::PROXY, ""),
    (Right::Change, "POST", routes::CHECK, ""),
    (Right::Change, "POST", routes::TRUST_CONFIRM, CONFIRMATION),
    (Right::Change, "POST", routes::SETUP_CODE, r#"{"code":"ACDE-FGHJ-KMNP"}"#),
    (Right::Change, "POST", routes::SETUP_DONE, ""),
    (Right::Change, "POST", routes::AUDIT_PEOPLE, r#"{"what":"signed-in","before":null,"after":null}"#),
    (Right::Change, "POST", routes::RECOVERY, ""),
    (Right::Change, "POST", routes::RECOVERY_REDEEM, "document"),
    (Right::Own, "GET", routes::SETUP_CODE, ""),
    (Right::Root, "POST", routes::TRUST, "file"),
    (Right::Root, "POST", routes::RESET, r#"{"erase":true}"#),
];

#[tokio::test]
async fn each_route_serves_those_who_may_and_no_others() {
    for (right, method, path, body) in ROUTES {
        for (caller, may) in [(ROOT, Right::Root), (AGENT, Right::Own), (CONSOLE, Right::Change), (OTHER, Right::Read)]
        {
            let world = World::new();
            let response = world.call(caller, method, path, body).await;
            if right <= may {
                assert!(response.status().is_success(), "uid {caller}: {method} {path}: {}", response.status());
            } else {
                assert_eq!(code(response).await, (StatusCode::FORBIDDEN, "request.forbidden".into()));
                assert_eq!(world.asked(), [""; 0], "uid {caller}: {method} {path} reached the service");
            }
        }
    }
}

#[tokio::test]
async fn a_request_document_is_made_for_those_who_may_change() {
    let world = World::new();
    assert!(world.call(CONSOLE, "POST", routes::REQUEST, "").await.status().is_success());
    assert_eq!(world.call(OTHER, "POST", routes::REQUEST, "").await.status(), StatusCode::FORBIDDEN);
}

#[test]
fn each_route_is_in_the_docs_with_its_right() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/local-api.md");
    let docs = std::fs::read_to_string(path).unwrap();
    for (right, method, path, _) in ROUTES {
        let path = if path.starts_with(routes::EXPLAIN) { "/v1/explain/CODE" } else { path };
        let line = format!("| `{method} {path}` | {} |", format!("{right:?}").to_lowercase());
        assert!(docs.contains(&line), "{line}");
    }
}
