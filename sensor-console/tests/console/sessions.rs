//! Sessions: fixation, cookies after signing out, attributes.

use crate::rig::{Console, PASSWORD};

#[test]
fn a_cookie_that_was_planted_before_the_sign_in_is_worth_nothing_after_it() {
    let console = Console::in_use();
    let planted = "__Host-picket=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut victim = console.stranger();
    victim.cookie = Some(planted.to_owned());
    assert_eq!(victim.sign_in("mira", PASSWORD).status, 303);
    assert_ne!(victim.cookie.as_deref(), Some(planted));
    assert_eq!(victim.get("/account").status, 200);
    let mut attacker = console.stranger();
    attacker.cookie = Some(planted.to_owned());
    assert_eq!(attacker.get("/account").header("location"), Some("/sign-in"));
    // Neither is the victim's own session of before: each sign-in makes another.
    let before = victim.cookie.clone();
    assert_eq!(victim.sign_in("mira", PASSWORD).status, 303);
    assert_ne!(victim.cookie, before);
}

#[test]
fn a_cookie_is_worth_nothing_after_signing_out() {
    let console = Console::in_use();
    let mut browser = console.signed_in("mira");
    let mut thief = browser.clone();
    assert_eq!(thief.get("/account").status, 200);
    assert_eq!(browser.post("/sign-out", &[]).header("location"), Some("/sign-in"));
    assert_eq!(thief.get("/account").header("location"), Some("/sign-in"));
}

#[test]
fn a_new_password_ends_the_other_sessions() {
    let console = Console::in_use();
    let (mut browser, mut other) = (console.signed_in("mira"), console.signed_in("mira"));
    let fields = |present| [("present", present), ("password", "four green valves"), ("again", "four green valves")];
    assert_eq!(browser.post("/account/password", &fields("wrong")).status, 403);
    assert_eq!(other.get("/account").status, 200);
    assert_eq!(browser.post("/account/password", &fields(PASSWORD)).status, 200);
    assert_eq!(other.get("/account").header("location"), Some("/sign-in"));
    assert_eq!(browser.get("/account").status, 200);
    assert_eq!(console.stranger().sign_in("mira", PASSWORD).status, 401);
    assert_eq!(console.stranger().sign_in("mira", "four green valves").status, 303);
}

#[test]
fn the_cookie_is_for_this_host_this_path_tls_and_no_script() {
    let console = Console::in_use();
    let answer = console.stranger().post_bare("/sign-in", &[("name", "mira"), ("password", PASSWORD)], &[]);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-picket="), "{cookie}");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.split("; ").any(|found| found == attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[test]
fn a_new_certificate_is_shown_at_once_and_signs_nobody_out() {
    let console = Console::in_use();
    let mut browser = console.signed_in("mira");
    let before = browser.wire.certificate();
    browser.get("/settings/certificate");
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["sensor.example".to_owned()]).unwrap();
    parameters.not_after = rcgen::date_time_ymd(2090, 1, 1);
    let pem = format!("{}{}", parameters.self_signed(&key).unwrap().pem(), key.serialize_pem());
    let wrong = browser.upload("/settings/certificate", pem.as_bytes(), &[("host", "other.example")]);
    assert!(wrong.body.contains("data-refusal=\"certificate.name-mismatch\""), "{}", wrong.body);
    assert_eq!(browser.wire.certificate(), before);
    assert_eq!(browser.upload("/settings/certificate", pem.as_bytes(), &[("host", "sensor.example")]).status, 303);
    // Also by a browser that knows the console from before.
    assert_ne!(browser.wire.certificate(), before);
    assert_eq!(browser.get("/settings/certificate").status, 200);
}
