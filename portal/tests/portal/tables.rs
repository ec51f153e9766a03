//! Many sensors from a table: all or none, by page, API and command line; their files in one archive.

use hyper::Method;
use serde_json::json;

use crate::{
    browser::{Answer, Browser},
    people::ask,
    sensor::read_file,
    server::Server,
};

const TABLE: &str = "name,subscription,mode,site,tags,licence_until,upload_days\n\
    Pump 10.4.1.17,Plant,cloud-connected,North,line=3; owner=ops,2031-01-31,7\n\
    \"Pump 2\",Plant,locally-managed,\"Hall \"\"B\"\", left\",,,\n";

/// What is in an archive of stored files: names and content, by its directory.
fn unpacked(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let number =
        |at: usize, bytes: usize| (0..bytes).rev().fold(0, |sum, place| sum << 8 | usize::from(zip[at + place]));
    let end = zip.len() - 22;
    assert_eq!(&zip[end..end + 4], b"PK\x05\x06");
    let (files, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut all = Vec::new();
    for _ in 0..files {
        let (length, name, offset) = (number(at + 24, 4), number(at + 28, 2), number(at + 42, 4));
        let name = String::from_utf8(zip[at + 46..at + 46 + name].to_vec()).unwrap();
        let start = offset + 30 + name.len();
        at += 46 + name.len();
        all.push((name, zip[start..start + length].to_vec()));
    }
    all
}

async fn upload(browser: &mut Browser, field: &str, table: &str) -> Answer {
    let csrf = browser.csrf.clone();
    browser.upload("/onboard/many", &[("csrf", &csrf), (field, table)]).await
}

#[tokio::test]
async fn a_table_is_onboarded_by_page_and_all_files_come_in_one_archive() {
    let server = Server::portal();
    let mut owner = Browser::of_the_owner(&server).await;
    let page = owner.get("/onboard/many").await.body;
    assert!(page.contains("multipart/form-data") && page.contains("licence_until"), "{page}");
    let done = upload(&mut owner, "file", TABLE).await;
    assert!(done.status == 200 && done.body.contains("2 sensors onboarded"), "{}", done.body);
    let ids: Vec<&str> = done.body.split("name=\"sensor\" value=\"").skip(1).map(|rest| &rest[..36]).collect();
    let chosen: Vec<(&str, &str)> = ids.iter().map(|id| ("sensor", *id)).collect();
    let archive = owner.post("/sensors/files", &chosen).await;
    assert_eq!(archive.header("content-type"), "application/zip");
    let mut files = unpacked(&archive.bytes);
    files.sort();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Pump-10.4.1.17.activation", "Pump-2.activation"]);
    let first = read_file(&server, &files[0].1);
    assert_eq!((first.name.as_str(), first.tags.len()), ("Pump 10.4.1.17", 2));
    assert_eq!(first.upload_until.since(first.issued_at), 7 * 86_400);
    let second = server.json(&["sensor", "list"])["sensors"][1].clone();
    assert_eq!((&second["site"], &second["connection_type"]), (&"Hall \"B\", left".into(), &"locally-managed".into()));
    assert_eq!(owner.post("/sensors/files", &[]).await.status, 400);
}

#[tokio::test]
async fn a_table_with_anything_wrong_leaves_nothing_behind() {
    let server = Server::portal();
    server.onboard("Pump 2", &[]);
    let mut owner = Browser::of_the_owner(&server).await;
    owner.get("/onboard/many").await;
    let wrong = format!("{TABLE}Pump 3,New plant,,,,31.1.2031,\n=cmd,Plant,,,,,\n");
    let refused = upload(&mut owner, "text", &wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    for said in ["portal.table-refused", "row 4, licence_until", "row 5, name", "csv.invalid", "Hall &quot;&quot;B"] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
    // Each cell is in order: what only the whole shows comes next.
    let twice = "name,subscription\nPump 1,New plant\nPump 2,Plant\nPump 1,New plant\n";
    let refused = upload(&mut owner, "text", twice).await;
    for said in ["row 3, name", "row 4, name", "portal.name-taken"] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
    assert_eq!(server.json(&["sensor", "list"])["counts"]["onboarded"], 1);
    let subscriptions = owner.get("/sensors").await.body;
    assert!(!subscriptions.contains("New plant"), "{subscriptions}");
    let audit = server.cli(&["audit", "--json"]);
    assert!(!audit.contains("Pump 1"), "{audit}");
    // Without the session's token nothing is read.
    assert_eq!(owner.upload("/onboard/many", &[("file", TABLE)]).await.status, 403);
    let large = "x".repeat(300 * 1024);
    assert_eq!(upload(&mut owner, "file", &large).await.status, 400);
}

#[tokio::test]
async fn a_table_is_onboarded_by_api_and_command_line() {
    let server = Server::portal();
    let (table, zip) = (server.scratch("sensors.csv"), server.scratch("files.zip"));
    std::fs::write(&table, TABLE).unwrap();
    let arguments = ["sensor", "add", "--from", table.to_str().unwrap(), "--files", zip.to_str().unwrap()];
    let said = server.cli(&arguments);
    assert!(said.contains("Pump 10.4.1.17") && said.lines().count() == 3, "{said}");
    assert_eq!(unpacked(&std::fs::read(&zip).unwrap()).len(), 2);
    let again = server.try_cli(&arguments);
    assert_eq!(again.status.code(), Some(3));
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("row 2, name: portal.name-taken") && said.contains("row 3, name"), "{said}");
    assert_eq!(server.try_cli(&["sensor", "add", "Pump", "--from", "x"]).status.code(), Some(2));
    assert_eq!(server.try_cli(&["sensor", "add", "--from", "x", "--site", "North"]).status.code(), Some(2));

    // Confined to a subscription: not a row of another, not a file of another.
    server.cli(&["sensor", "add", "Elsewhere", "--subscription", "Other"]);
    let token = server.cli(&["token", "add", "robot", "--role", "contributor", "--subscription", "Other"]);
    let body = json!({ "csv": "name,subscription\nA,Other\nB,Plant\nC,New\n" }).to_string();
    let (status, problem) = ask(&server, Method::POST, "/api/v1/sensors/table", Some(&token), &body).await;
    assert_eq!((status, problem["found"].as_array().unwrap().len()), (422, 2), "{problem}");
    let all = server.json(&["sensor", "list"]);
    let ids: Vec<_> = all["sensors"].as_array().unwrap().iter().map(|sensor| &sensor["id"]).collect();
    let body = json!({ "sensors": ids }).to_string();
    let path = "/api/v1/sensors/activation-files";
    assert_eq!(ask(&server, Method::POST, path, Some(&token), &body).await.0, 404);
    let issued = |server: &Server| server.cli(&["audit", "--json"]).matches("activation-issued").count();
    assert_eq!(issued(&server), 2);
    let owner = std::fs::read_to_string(server.data().join("api-token")).unwrap();
    // One that is deleted: no file of the others is voided for an archive that never comes.
    server.cli(&["sensor", "delete", ids[0].as_str().unwrap(), "--reason", "scrapped"]);
    assert_eq!(ask(&server, Method::POST, path, Some(&owner), &body).await.0, 410);
    assert_eq!(issued(&server), 2);
}
