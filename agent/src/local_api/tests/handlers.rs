//! What each handler asks of the service, and what it answers.

use std::time::Duration;

use axum::http::{StatusCode, header};
use picket_protocol::{
    documents::activation::{Certificate, Secret},
    local_api::{ActivationAnswer, CheckLine, Diagnosis, Explanation, Pairing, Progress, ProxyView, Status, routes},
    wire,
};

use super::world::{CONSOLE, OTHER, ROOT, World, bytes, code, snapshot, value};

#[tokio::test]
async fn activation_is_handed_on_with_its_order_and_its_caller() {
    let world = World::new();
    let path = "/v1/activation?start=now&override_window=true";
    let response = world.call(CONSOLE, "POST", path, "the file").await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(value::<ActivationAnswer>(response).await.outcome, Progress::Committed);
    let asked = &world.asked()[0];
    assert!(asked.contains("start: Now, override_window: true"), "{asked}");
    assert!(asked.contains("uid: 111"), "{asked}");
}

#[tokio::test]
async fn activation_waits_for_its_proof_unless_told_otherwise() {
    let world = World::new();
    world.call(CONSOLE, "POST", routes::ACTIVATION, "the file").await;
    assert!(world.asked()[0].contains("start: Proved, override_window: false"));
}

#[tokio::test]
async fn preview_is_by_an_admins_word_only_where_it_is_given() {
    let world = World::new();
    world.call(CONSOLE, "POST", routes::PREVIEW, "the file").await;
    world.call(CONSOLE, "POST", "/v1/preview?override_window=true", "the file").await;
    let asked = world.asked();
    assert!(asked[0].contains("override_window: false") && asked[1].contains("override_window: true"), "{asked:?}");
    let response = world.call(CONSOLE, "POST", "/v1/preview?override_window=perhaps", "the file").await;
    assert_eq!(code(response).await, (StatusCode::BAD_REQUEST, "request.invalid".into()));
}

#[tokio::test]
async fn orders_that_are_not_understood_are_refused_before_the_file_counts() {
    let world = World::new();
    for query in ["start=soon", "override_window=perhaps", "force=true"] {
        let response = world.call(ROOT, "POST", &format!("/v1/activation?{query}"), "the file").await;
        assert_eq!(code(response).await, (StatusCode::BAD_REQUEST, "request.invalid".into()), "{query}");
    }
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn proxy_that_could_not_be_used_is_refused() {
    let world = World::new();
    for url in ["proxy:3128", "ftp://proxy:3128", "http://user:word@proxy:3128"] {
        let response = world.call(ROOT, "PUT", routes::PROXY, format!(r#"{{"url":"{url}"}}"#)).await;
        assert_eq!(code(response).await, (StatusCode::BAD_REQUEST, "request.invalid".into()), "{url}");
    }
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn proxy_is_answered_without_its_password() {
    let world = World::new();
    let body = r#"{"url":"http://proxy:3128","user":"ot","password":"geheim"}"#;
    let answer = bytes(world.call(ROOT, "PUT", routes::PROXY, body).await).await;
    assert!(!String::from_utf8_lossy(&answer).contains("geheim"));
    assert!(serde_json::from_slice::<ProxyView>(&answer).unwrap().password_set);
    assert!(world.asked()[0].starts_with("ChooseProxy"), "{:?}", world.asked());
}

#[tokio::test]
async fn a_management_console_is_handed_on_and_its_token_is_in_no_answer() {
    let world = World::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    let pairing = Pairing {
        url: "https://console.plant:8443".into(),
        ca_certificates: vec![Certificate(certificate.der().to_vec())],
        pairing_token: Secret::new("a-pairing-token-of-22-or-more".into()).unwrap(),
    };
    let body = |pairing: &Pairing| serde_json::to_vec(pairing).unwrap();
    let answer = bytes(world.call(CONSOLE, "PUT", routes::MANAGEMENT_CONSOLE, body(&pairing)).await).await;
    assert!(!String::from_utf8_lossy(&answer).contains("a-pairing-token"));
    let asked = world.asked().remove(0);
    assert!(asked.starts_with("ChooseConsole { console: Some") && asked.contains("uid: 111"), "{asked}");
    assert!(asked.contains("Secret(…)"), "{asked}");

    let broken = Pairing { ca_certificates: vec![Certificate(b"no certificate".to_vec())], ..pairing };
    let refused = world.call(CONSOLE, "PUT", routes::MANAGEMENT_CONSOLE, body(&broken)).await;
    assert_eq!(code(refused).await, (StatusCode::BAD_REQUEST, "request.invalid".into()));
    world.call(CONSOLE, "DELETE", routes::MANAGEMENT_CONSOLE, "").await;
    assert!(world.asked().iter().any(|asked| asked.starts_with("ChooseConsole { console: None")));
}

#[tokio::test]
async fn decisions_answer_with_what_is_so_afterwards() {
    let world = World::new();
    for path in [routes::CANDIDATE_NOW, routes::CANDIDATE_KEEP, routes::CANDIDATE_RETRY] {
        let status: Status = value(world.call(ROOT, "POST", path, "").await).await;
        assert_eq!(status, snapshot().status);
    }
    let asked = world.asked();
    let decided: Vec<&str> =
        asked.iter().filter_map(|words| words.split(' ').next()).filter(|w| w.starts_with('C')).collect();
    assert_eq!(decided, ["CandidateNow", "CandidateKeep", "CandidateRetry"]);
}

#[tokio::test]
async fn reset_needs_the_word_erase() {
    let world = World::new();
    for body in ["", "{}", r#"{"erase":false}"#] {
        let response = world.call(ROOT, "POST", routes::RESET, body).await;
        assert_eq!(code(response).await.1, "request.invalid", "{body}");
    }
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn check_ends_with_its_count() {
    let world = World::new();
    let response = world.call(ROOT, "POST", routes::CHECK, "").await;
    assert!(world.asked().last().unwrap().starts_with("NoteCheck"), "it begins before it is on record");
    let body = bytes(response).await;
    let line: CheckLine = serde_json::from_slice(body.strip_suffix(b"\n").unwrap()).unwrap();
    assert_eq!(line, CheckLine::Done { endpoints: 2, failed: 1 });
}

#[tokio::test]
async fn diagnosis_holds_the_last_records_of_the_audit() {
    let diagnosis: Diagnosis = value(World::new().call(OTHER, "GET", routes::DIAGNOSE, "").await).await;
    let numbers: Vec<u64> = diagnosis.audit.iter().map(|record| record.number).collect();
    assert_eq!(numbers, (151..=250).collect::<Vec<u64>>());
    assert_eq!(diagnosis.settings["post_quantum"], "true");
}

#[tokio::test]
async fn audit_is_paged_and_its_pages_are_bounded() {
    let world = World::new();
    world.call(OTHER, "GET", "/v1/audit?after=5&limit=4000000000", "").await;
    assert!(world.asked()[0].starts_with("Audit { after: 5, limit: 1000"), "{:?}", world.asked());
}

#[tokio::test]
async fn codes_are_explained() {
    let world = World::new();
    let explanation: Explanation = value(world.call(OTHER, "GET", "/v1/explain/portal.voided", "").await).await;
    assert_eq!(explanation.code, "portal.voided");
    let response = world.call(OTHER, "GET", "/v1/explain/portal.nonsense", "").await;
    assert_eq!(code(response).await, (StatusCode::NOT_FOUND, "request.not-found".into()));
    let response = world.call(OTHER, "GET", "/v1/explain/%ff", "").await;
    assert_eq!(code(response).await, (StatusCode::BAD_REQUEST, "request.invalid".into()));
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_not_there() {
    let world = World::new();
    for (method, path) in [("GET", "/"), ("GET", "/v2/status"), ("DELETE", routes::STATUS), ("GET", routes::ACTIVATION)]
    {
        let response = world.call(ROOT, method, path, "").await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], wire::MEDIA_PROBLEM);
        assert_eq!(code(response).await, (StatusCode::NOT_FOUND, "request.not-found".into()), "{method} {path}");
    }
}

#[tokio::test]
async fn metrics_are_openmetrics_text() {
    let response = World::new().call(OTHER, "GET", routes::METRICS, "").await;
    let text = String::from_utf8(bytes(response).await.to_vec()).unwrap();
    for line in [
        "picket_agent_info{version=\"0.1.0\"} 1",
        "picket_epoch 3",
        "picket_activated 0",
        "picket_clock_below_floor 1",
        "picket_heartbeats_answered_total 0",
        "picket_health{component=\"clock\",code=\"below-floor\"} 0",
        "picket_stream_head{stream=\"07070707-0707-0707-0707-070707070707\"} 9",
        "picket_alerts_dropped_total{stream=\"07070707-0707-0707-0707-070707070707\",reason=\"full\"} 2",
        "picket_backlog{consumer=\"IoT hub\"} 4",
        "picket_counted_total{what=\"missed\"} 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in:\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test(start_paused = true)]
async fn status_is_the_last_known_one_while_the_service_is_busy() {
    let (world, _inbox) = World::silent();
    let asked = tokio::time::Instant::now();
    let status: Status = value(world.call(OTHER, "GET", routes::STATUS, "").await).await;
    assert_eq!(status, snapshot().status);
    assert!(asked.elapsed() <= Duration::from_secs(3));
}

#[tokio::test]
async fn agent_that_stops_says_so() {
    let (world, inbox) = World::silent();
    drop(inbox);
    let response = world.call(ROOT, "POST", routes::CANDIDATE_NOW, "").await;
    assert_eq!(code(response).await.1, "state.storage-failed");
}
