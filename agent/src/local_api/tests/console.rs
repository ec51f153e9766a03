//! What the sensor console asks: persons named by it, the setup code, recovery, and the status as it changes.

use axum::{
    body::Body,
    http::{Request, Response, StatusCode},
};
use http_body_util::BodyExt as _;
use nix::unistd::Uid;
use picket_protocol::local_api::{HEADER_PERSON, RecoveryGrant, RecoveryStart, SetupCodeView, Status, routes};

use super::{
    super::live::is_news,
    world::{AGENT, CONSOLE, OTHER, ROOT, World, code, snapshot, value},
};

async fn as_person(world: &World, caller: Uid, persons: &[&str], path: &str) -> Response<Body> {
    let mut request = Request::builder().method("POST").uri(path);
    for person in persons {
        request = request.header(HEADER_PERSON, *person);
    }
    world.send(caller, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn console_and_root_say_for_whom_they_ask() {
    for caller in [ROOT, AGENT, CONSOLE] {
        let world = World::new();
        let response = as_person(&world, caller, &["J%C3%BCrgen"], routes::CANDIDATE_KEEP).await;
        assert!(response.status().is_success());
        assert!(world.asked()[0].contains("person: Some(\"J\u{fc}rgen\")"), "{:?}", world.asked());
    }
}

#[tokio::test]
async fn nobody_else_names_a_person_even_where_he_may_read() {
    let world = World::new();
    let request = Request::builder().uri(routes::STATUS).header(HEADER_PERSON, "anna").body(Body::empty()).unwrap();
    let refused = code(world.send(OTHER, request).await).await;
    assert_eq!(refused, (StatusCode::FORBIDDEN, "request.forbidden".into()));
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn a_person_is_one_sound_name() {
    for persons in [&["anna", "root"][..], &["a%0ab"], &[""]] {
        let world = World::new();
        let refused = code(as_person(&world, CONSOLE, persons, routes::CANDIDATE_KEEP).await).await;
        assert_eq!(refused, (StatusCode::BAD_REQUEST, "request.invalid".into()), "{persons:?}");
        assert_eq!(world.asked(), [""; 0]);
    }
}

#[tokio::test]
async fn setup_code_and_recovery_go_through() {
    let world = World::new();
    let shown: SetupCodeView = value(world.call(ROOT, "GET", routes::SETUP_CODE, "").await).await;
    assert_eq!(shown.code.to_string(), "ACDE-FGHJ-KMNP");
    let _: Status = value(world.call(CONSOLE, "POST", routes::SETUP_CODE, r#"{"code":"acdefghjkmnp"}"#).await).await;
    let wrong = code(world.call(CONSOLE, "POST", routes::SETUP_CODE, r#"{"code":"?"}"#).await).await;
    assert_eq!(wrong, (StatusCode::FORBIDDEN, "setup.wrong-code".into()));
    let start: RecoveryStart = value(world.call(CONSOLE, "POST", routes::RECOVERY, "").await).await;
    assert_eq!(start.appliance, snapshot().status.appliance);
    let grant: RecoveryGrant = value(world.call(CONSOLE, "POST", routes::RECOVERY_REDEEM, "document").await).await;
    assert_eq!(grant.decided_by, "m.kovac");
    assert!(!world.asked().iter().any(|asked| asked.contains("ACDE")), "{:?}", world.asked());
}

#[tokio::test]
async fn status_comes_at_once_and_when_an_alert_does() {
    let world = World::new();
    let mut body = world.call(OTHER, "GET", routes::STATUS_FOLLOW, "").await.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let first: Status = serde_json::from_slice(&first).unwrap();
    assert_eq!(first, snapshot().status);
    super::alerts::log(&world, 1).await;
    let second = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(serde_json::from_slice::<Status>(&second).is_ok());
}

#[test]
fn passing_seconds_are_no_news() {
    let last = snapshot().status;
    let mut now = last.clone();
    now.agent.uptime_seconds += 5;
    now.clock.wall = now.clock.wall.plus(5);
    assert!(!is_news(&now, &last));
    now.trusted = !now.trusted;
    assert!(is_news(&now, &last));
}
