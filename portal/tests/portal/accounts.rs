//! People, tokens and the audit's chain, by the command line.

use serde_json::Value;

use crate::server::Server;

#[test]
fn people_come_change_and_go_and_an_owner_stays() {
    let server = Server::portal();
    server.onboard("Pump 1", &[]);
    let code = server.cli(&["user", "add", "mira", "--role", "contributor", "--subscription", "Plant"]);
    assert_eq!(code.len(), 14, "three groups of four: {code}");
    let again = server.try_cli(&["user", "add", "Mira", "--role", "reader"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("portal.name-taken"), "{again:?}");
    let listed = server.json(&["user", "list"])["users"].clone();
    assert_eq!((&listed[0]["name"], &listed[0]["subscriptions"][0]), (&"mira".into(), &"Plant".into()));
    assert_eq!((&listed[1]["name"], &listed[1]["role"]), (&"owner".into(), &"owner".into()));
    assert_eq!(listed[0]["has_password"], false);
    for last in [&["user", "remove", "owner"][..], &["user", "edit", "owner", "--role", "reader"]] {
        let refused = server.try_cli(last);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("portal.last-owner"), "{refused:?}");
    }
    let of_mira = |server: &Server| server.json(&["user", "list"])["users"][0]["subscriptions"].clone();
    server.cli(&["user", "edit", "mira", "--role", "reader"]);
    assert_eq!(of_mira(&server)[0], "Plant", "what is not said stays");
    server.cli(&["user", "edit", "mira", "--role", "owner", "--all-subscriptions"]);
    assert!(of_mira(&server).is_null());
    server.cli(&["user", "remove", "owner"]);
    assert_eq!(server.json(&["user", "list"])["users"].as_array().unwrap().len(), 1);
    assert_ne!(server.cli(&["user", "setup-code", "mira"]), code);
}

#[test]
fn a_token_is_shown_once_says_when_it_was_used_and_ends() {
    let server = Server::portal();
    let token = server.cli(&["token", "add", "backup job", "--role", "reader"]);
    let list = || server.json(&["token", "list"])["tokens"].clone();
    let find = |list: &Value| list.as_array().unwrap().iter().find(|it| it["description"] == "backup job").cloned();
    let listed = find(&list()).unwrap();
    assert!(!list().to_string().contains(&token) && listed["used_at"].is_null() && listed["made_by"] == "admin");
    let file = server.scratch("token");
    std::fs::write(&file, &token).unwrap();
    let api = format!("http://{}", server.people());
    let as_reader = ["sensor", "list", "--api", &api, "--token-file", file.to_str().unwrap()];
    assert!(server.run(&as_reader).status.success());
    assert!(find(&list()).unwrap()["used_at"].is_string());
    server.cli(&["token", "remove", listed["id"].as_str().unwrap()]);
    let refused = server.run(&as_reader);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("portal.unauthorized"), "{refused:?}");
}

#[tokio::test]
async fn the_audit_holds_until_somebody_touches_it() {
    let mut server = Server::portal();
    let id = server.onboard("Pump 1", &[]);
    server.cli(&["sensor", "edit", &id, "--zone", "Boiler house"]);
    let proved = server.json(&["audit", "verify"]);
    assert_eq!(proved["records"], 3);
    let (export, kept) = (server.scratch("audit.ndjson"), proved["digest"].as_str().unwrap().to_owned());
    let file = export.to_str().unwrap();
    server.cli(&["audit", "export", "--out", file]);
    server.cli(&["sensor", "delete", &id, "--reason", "gone"]);
    server.cli(&["audit", "verify", "--digest", &kept]);
    server.cli_elsewhere(&["audit", "verify-file", file, "--digest", &kept]);

    let lines = std::fs::read_to_string(&export).unwrap();
    for (from, to) in
        [("Boiler house", "Boiler hause"), ("sensor-onboarded", "sensor-edited"), ("\n{\"id\":2", "\n{\"id\":3")]
    {
        assert!(lines.contains(from), "{lines}");
        std::fs::write(&export, lines.replacen(from, to, 1)).unwrap();
        assert!(!server.run(&["audit", "verify-file", file]).status.success(), "{from}");
    }

    server.stop();
    server.sql("DELETE FROM audit WHERE action = 'sensor-deleted'").await;
    server.start();
    server.cli(&["audit", "verify", "--digest", &kept]);
    assert_eq!(
        server.json(&["audit", "verify"])["records"],
        3,
        "what was cut off at the end shows by a kept digest alone"
    );
    server.stop();
    server.sql("UPDATE audit SET actor = 'eve' WHERE id = 2").await;
    server.start();
    let broken = server.try_cli(&["audit", "verify"]);
    assert!(String::from_utf8_lossy(&broken.stderr).contains("record 2"), "{broken:?}");
}
