//! The command line's exit codes, and what it says when it fails.

use serde_json::Value;

use crate::server::Server;

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

#[test]
fn a_refusal_says_what_was_found_what_to_do_and_its_code() {
    let server = Server::portal();
    let refused = server.try_cli(&["sensor", "show", UNKNOWN]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(refused.stdout.is_empty());
    let said = String::from_utf8(refused.stderr).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("picket-portal: "), "{said}");
    assert!(lines[1].contains(UNKNOWN), "{said}");
    assert!(lines[2].starts_with("  - "), "{said}");
    assert_eq!(lines.last(), Some(&"Code: request.not-found"));
}

#[test]
fn with_json_a_refusal_is_the_answer() {
    let server = Server::portal();
    let refused = server.try_cli(&["sensor", "show", UNKNOWN, "--json"]);
    assert_eq!(refused.status.code(), Some(3));
    let problem: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&"request.not-found".into(), &404.into()));
}

#[test]
fn no_server_differs_from_a_refusal_and_from_a_wrong_command_line() {
    let mut server = Server::portal();
    assert_eq!(server.try_cli(&["sensor", "show", "not-an-id"]).status.code(), Some(2));
    let address = server.people().to_string();
    server.stop();
    let none = server.try_cli(&["sensor", "list"]);
    assert_eq!(none.status.code(), Some(4), "{none:?}");
    assert!(String::from_utf8_lossy(&none.stderr).contains("picket-portal serve --data"), "{none:?}");
    // As after a power cut: the address is there, the server is not.
    std::fs::write(server.data().join("people-address"), address).unwrap();
    assert_eq!(server.try_cli(&["sensor", "list"]).status.code(), Some(4));
    std::fs::remove_file(server.data().join("api-token")).unwrap();
    assert_eq!(server.try_cli(&["sensor", "list"]).status.code(), Some(1));
}

#[test]
fn a_root_command_that_sensors_would_refuse_is_a_refusal() {
    let server = Server::portal();
    let keys: Vec<_> = std::fs::read_dir(server.data().join("keys")).unwrap().collect();
    let no_root_key = keys[0].as_ref().unwrap().path();
    let add = ["root", "add-key", "--role", "activation", "--root-key", no_root_key.to_str().unwrap()];
    let refused = server.try_cli(&add);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Code: activation.root-chain-broken"), "{refused:?}");
    assert_eq!(server.json(&["root", "show"])["version"], 1);
}
