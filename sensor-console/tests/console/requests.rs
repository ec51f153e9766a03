//! Requests that no browser sends: paths, hosts, header injection, oversized heads.

use crate::rig::Console;

const SECRETS: [&str; 3] = ["accounts.json", "argon2id", "PRIVATE KEY"];

#[test]
fn path_tricks_lead_nowhere() {
    let console = Console::in_use();
    let host = console.stranger().wire.host();
    for path in [
        "/../../etc/passwd",
        "/assets/../state/accounts.json",
        "/assets/..%2f..%2fstate%2faccounts.json",
        "/assets/%2e%2e/%2e%2e/state/accounts.json",
        "/assets/....//accounts.json",
        "//settings/users",
        "/./settings/users",
        "/sign-in/../settings/users",
        "/sign-in/..;/settings/users",
        "/settings/users%00",
        "/settings/users%20",
        "/settings\\users",
        "/SETTINGS/USERS",
        "/settings/users/",
        "https://evil.example/settings/users",
        "*",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = console.stranger().wire.send(request.as_bytes());
        let Some(answer) = answer else { continue };
        // What is not plain does not even get to the routes, which would say 404 or lead to the sign-in.
        let plain = !path.contains(['%', ';', '\\']) && !path.contains("/.") && !path.contains("//");
        let allowed: &[u16] = if plain || path.starts_with("https:") { &[400, 404, 303] } else { &[400] };
        assert!(allowed.contains(&answer.status), "{path}: {}", answer.head);
        if answer.status == 303 {
            assert_eq!(answer.header("location"), Some("/sign-in"), "{path}");
        }
        assert!(SECRETS.iter().all(|secret| !answer.body.contains(secret)), "{path}");
    }
}

#[test]
fn no_host_and_no_field_of_a_request_gets_into_an_answer() {
    let console = Console::in_use();
    let wire = console.stranger().wire;
    for host in ["evil.example", "evil.example\r\nx-evil: 1", "\"><script>alert(1)</script>", "a b", ""] {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let Some(answer) = wire.send(request.as_bytes()) else { continue };
        assert!(!answer.head.contains("evil") && !answer.body.contains("evil"), "{host}: {}", answer.head);
        assert!(!answer.body.contains("<script>alert"), "{host}");
        // What is no host does not even get to a page.
        let plain = host.starts_with("evil");
        assert!(plain || answer.status == 400, "{host}: {}", answer.head);
    }
    let two = "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n";
    assert_eq!(wire.send(two.as_bytes()).map(|answer| answer.status), Some(400));
}

#[test]
fn what_is_typed_gets_into_no_header() {
    let console = Console::in_use();
    let hostile = "mira\r\nset-cookie: __Host-picket=evil\r\n\r\n<script>alert(1)</script>";
    let answer = console.stranger().post_bare("/sign-in", &[("name", hostile), ("password", "x")], &[]);
    assert_eq!(answer.status, 401);
    assert!(answer.header("set-cookie").is_none() && !answer.body.contains("<script>alert"), "{}", answer.head);
    let mut mira = console.signed_in("mira");
    mira.get("/settings/users");
    // The second one is short enough for a name.
    for name in [hostile, "eve\r\nset-cookie: evil=1", "eve<b>"] {
        let answer = mira.post("/settings/users", &[("name", name), ("role", "viewer")]);
        assert_eq!(answer.status, 400, "{name}");
        assert!(answer.header("set-cookie").is_none() && !answer.body.contains("<script>alert"), "{name}");
    }
}

#[test]
fn a_head_that_is_too_large_is_cut_off() {
    let console = Console::in_use();
    let wire = console.stranger().wire;
    let host = wire.host();
    let long = "a".repeat(40_000);
    let many = "x: y\r\n".repeat(500);
    for request in [
        format!("GET / HTTP/1.1\r\nhost: {host}\r\nx-long: {long}\r\nconnection: close\r\n\r\n"),
        format!("GET /?{long} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: {host}\r\n{many}connection: close\r\n\r\n"),
    ] {
        let status = wire.send(request.as_bytes()).map(|answer| answer.status);
        assert!(matches!(status, None | Some(400 | 414 | 431)), "{status:?}");
    }
}

#[test]
fn every_answer_has_its_security_headers() {
    let console = Console::in_use();
    let mut mira = console.signed_in("mira");
    for path in ["/", "/account", "/nowhere", "/explain/a.b"] {
        let answer = mira.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert!(!answer.body.contains(" style=") && !answer.body.contains("<style"), "{path}");
    }
}
