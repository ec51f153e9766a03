//! What people do at the console is told to the agent: who, what, before, after.

use serde_json::{Value, json};

use crate::rig::{Console, PASSWORD};

/// By whom, what, before, after.
fn told(console: &Console) -> Vec<(Option<String>, String, Value, Value)> {
    let records = console.agent.records().into_iter();
    records
        .map(|(by, record)| {
            let what = record["what"].as_str().unwrap().to_owned();
            (by, what, record["before"].clone(), record["after"].clone())
        })
        .collect()
}

#[test]
fn people_their_sign_ins_and_their_changes_are_recorded() {
    let console = Console::in_use();
    let mut mira = console.signed_in("mira");
    mira.get("/settings/users");
    assert_eq!(mira.post("/settings/users", &[("name", "eve"), ("role", "viewer")]).status, 200);
    assert_eq!(mira.post("/settings/users/role", &[("name", "eve"), ("role", "analyst")]).status, 303);
    assert_eq!(mira.post("/settings/users/remove", &[("name", "eve")]).status, 303);
    let fields = [("present", PASSWORD), ("password", "four green valves"), ("again", "four green valves")];
    assert_eq!(mira.post("/account/password", &fields).status, 200);
    assert_eq!(mira.post("/sign-out", &[]).status, 303);
    let by_mira = |what: &str, before: Value, after: Value| (Some("mira".to_owned()), what.to_owned(), before, after);
    let expected = [
        by_mira("signed-in", Value::Null, json!("from 127.0.0.1")),
        by_mira("person-added", Value::Null, json!("eve, viewer")),
        by_mira("role-changed", json!("eve, viewer"), json!("eve, analyst")),
        by_mira("person-removed", json!("eve, analyst"), Value::Null),
        by_mira("password-changed", Value::Null, Value::Null),
        by_mira("signed-out", Value::Null, Value::Null),
    ];
    assert_eq!(told(&console), expected);
    let said = format!("{:?}", console.agent.records());
    assert!(!said.contains("valves") && !said.contains("pumps"), "a password is in the audit");
}

#[test]
fn refused_sign_ins_are_one_record_and_name_nobody_who_is_unknown() {
    let console = Console::in_use();
    for _ in 0..5 {
        assert_eq!(console.stranger().sign_in("mira", "a wrong password").status, 401);
    }
    assert_eq!(console.stranger().sign_in("three-grey-pumps", "x").status, 401);
    let refused = (None, "sign-ins-refused".to_owned(), Value::Null, json!("1 from 127.0.0.1, as mira"));
    assert_eq!(told(&console), [refused]);
}

#[test]
fn what_cannot_be_recorded_is_not_changed_and_still_nobody_is_kept_out() {
    let console = Console::in_use();
    let refusal = json!({"type": "urn:picket:refusal:agent.storage-failed", "code": "agent.storage-failed", "status": 500,
        "title": "The disk", "detail": "", "found": [], "next": []});
    console.agent.answers("POST", "/v1/audit/people", 500, refusal);
    let mut mira = console.signed_in("mira");
    mira.get("/settings/users");
    assert_eq!(mira.post("/settings/users", &[("name", "eve"), ("role", "admin")]).status, 500);
    assert_eq!(mira.get("/settings/users").body.matches("<td data-label=\"Role\">").count(), 3);
    // What would be refused anyway is not recorded.
    console.agent.answers("POST", "/v1/audit/people", 200, Value::Null);
    let before = console.agent.records().len();
    assert_eq!(mira.post("/settings/users/remove", &[("name", "mira")]).status, 409);
    assert_eq!(console.agent.records().len(), before);
    // What waited is told with the next one.
    assert_eq!(mira.post("/sign-out", &[]).status, 303);
    let whats: Vec<_> = told(&console).into_iter().skip(before).map(|(_, what, ..)| what).collect();
    assert_eq!(whats, ["signed-in", "signed-out"]);
}
