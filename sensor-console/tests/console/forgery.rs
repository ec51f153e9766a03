//! Forms that are not from a page of the session (CSRF), and roles.

use crate::rig::Console;

/// Everything that changes something, for an admin; each with fields that would do.
const CHANGES: [(&str, &[(&str, &str)]); 12] = [
    ("/settings/users", &[("name", "eve"), ("role", "admin")]),
    ("/settings/users/role", &[("name", "vic"), ("role", "admin")]),
    ("/settings/users/remove", &[("name", "vic")]),
    ("/first-sign-in/trust/confirm", &[("digest", ""), ("characters", "")]),
    ("/first-sign-in/activation/activate", &[("digest", "")]),
    ("/first-sign-in/certificate/keep", &[]),
    ("/first-sign-in/activation/let-pass", &[("digest", ""), ("let-pass", "yes")]),
    ("/settings/reactivation/let-pass", &[("digest", ""), ("let-pass", "yes")]),
    ("/settings/management-console/disconnect", &[]),
    ("/account/password", &[("present", "three grey pumps hum"), ("password", "x"), ("again", "x")]),
    ("/account/sessions/end", &[("session", "0000000000000000")]),
    ("/sign-out", &[]),
];
/// So many of them are an admin's; the rest are everybody's own.
const ADMINS: usize = 9;
const UPLOADS: [&str; 6] = [
    "/first-sign-in/trust",
    "/first-sign-in/activation",
    "/first-sign-in/certificate",
    "/settings/certificate",
    "/settings/management-console",
    "/settings/reactivation",
];
const EXPORTS: [&str; 4] = [
    "/alerts/export.csv",
    "/alerts/export.ndjson",
    "/settings/audit/export.ndjson",
    "/settings/diagnostics/bundle.json",
];

#[test]
fn a_form_without_the_sessions_token_changes_nothing() {
    let console = Console::in_use();
    let mut browser = console.signed_in("mira");
    let mut other = console.signed_in("mira");
    other.get("/account");
    for (path, fields) in CHANGES {
        for token in [None, Some(""), Some("guess"), Some(other.csrf.as_str())] {
            let mut fields = fields.to_vec();
            fields.extend(token.map(|token| ("csrf", token)));
            let answer = browser.post_bare(path, &fields, &[]);
            assert_eq!(answer.status, 403, "{path} {token:?}: {}", answer.head);
            assert!(answer.body.contains("data-refusal=\"console.form-expired\""), "{path}");
        }
    }
    for path in UPLOADS {
        let request = browser.upload_request(path, b"x", &[("csrf", "guess")]);
        assert_eq!(browser.send(&request).status, 403, "{path}");
    }
    assert!(console.agent.changes().is_empty());
    assert_eq!(browser.get("/settings/users").body.matches("<td data-label=\"Role\">").count(), 3);
}

#[test]
fn a_form_of_another_site_changes_nothing_even_with_the_token() {
    let console = Console::in_use();
    let mut browser = console.signed_in("mira");
    browser.get("/settings/users");
    let token = browser.csrf.clone();
    for header in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let fields = [("csrf", token.as_str()), ("name", "eve"), ("role", "admin")];
        assert_eq!(browser.post_bare("/settings/users", &fields, &[header]).status, 403, "{header:?}");
        let credentials = [("name", "mira"), ("password", crate::rig::PASSWORD)];
        let answer = console.stranger().post_bare("/sign-in", &credentials, &[header]);
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "another site signs people in");
    }
}

#[test]
fn analysts_and_viewers_change_nothing_but_what_is_their_own() {
    let console = Console::in_use();
    for name in ["ana", "vic"] {
        let mut browser = console.signed_in(name);
        for (path, fields) in &CHANGES[..ADMINS] {
            assert_eq!(browser.post(path, fields).status, 403, "{name} {path}");
        }
        for path in UPLOADS {
            assert_eq!(browser.upload(path, b"x", &[]).status, 403, "{name} {path}");
        }
        assert_eq!(browser.get("/settings/users").status, 403);
    }
    assert!(console.agent.changes().is_empty());
    assert_eq!(console.signed_in("mira").get("/settings/users").status, 200);
}

#[test]
fn viewers_take_nothing_away() {
    let console = Console::in_use();
    for (name, may) in [("vic", false), ("ana", true), ("mira", true)] {
        let mut browser = console.signed_in(name);
        for path in EXPORTS {
            let answer = browser.get(path);
            let refused = answer.body.contains("data-refusal=\"console.may-not-export\"");
            assert_eq!((answer.status == 403, refused), (!may, !may), "{name} {path}: {}", answer.head);
        }
    }
}

#[test]
fn a_role_that_is_taken_away_is_gone_at_once() {
    let console = Console::in_use();
    let mut mira = console.signed_in("mira");
    mira.get("/settings/users");
    assert_eq!(mira.post("/settings/users/role", &[("name", "vic"), ("role", "admin")]).status, 303);
    let mut vic = console.signed_in("vic");
    assert_eq!(vic.get("/settings/users").status, 200);
    assert_eq!(mira.post("/settings/users/role", &[("name", "vic"), ("role", "viewer")]).status, 303);
    assert_eq!(vic.get("/settings/users").status, 403);
    assert_eq!(mira.post("/settings/users/remove", &[("name", "vic")]).status, 303);
    assert_eq!(vic.get("/account").header("location"), Some("/sign-in"));
}
