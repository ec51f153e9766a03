//! Sites and Sensors: several at once by their check boxes, and the columns that a person wants; without a script.

use crate::{browser::Browser, server::Server};

const TAGS: [&str; 4] = ["--tag", "line=3", "--tag", "owner=ops"];

#[tokio::test]
async fn several_are_edited_and_each_keeps_what_is_not_filled_in() {
    let server = Server::portal();
    let first = server.onboard("Pump 1", &[&TAGS[..], &["--site", "North", "--zone", "A"]].concat());
    let second = server.onboard("Pump 2", &["--mode", "locally-managed", "--site", "South"]);
    let third = server.onboard("Pump 3", &["--site", "East"]);
    let mut owner = Browser::of_the_owner(&server).await;
    let list = owner.get("/sensors").await.body;
    for said in
        [format!("name=\"sensor\" value=\"{first}\""), "value=\"delete\"".to_owned(), "Choose Pump 1".to_owned()]
    {
        assert!(list.contains(&said), "{said}: {list}");
    }
    let page = owner.post("/sensors/chosen", &[("sensor", &first), ("sensor", &second), ("deed", "edit")]).await.body;
    assert!(page.contains("Edit 2 sensors") && page.contains("Pump 2") && !page.contains("Pump 3"), "{page}");
    let changes = [
        ("sensor", first.as_str()),
        ("sensor", &second),
        ("zone", "B"),
        ("no_site", "yes"),
        ("tags", "line: 4\nowner:\nshift: night"),
    ];
    let done = owner.post("/sensors/chosen/edit", &changes).await;
    assert!(done.status == 200 && done.body.contains("2 sensors changed"), "{}", done.body);
    let seen = server.sensor(&first);
    assert_eq!((&seen["zone"], &seen["site"]), (&"B".into(), &().into()));
    assert_eq!(seen["tags"], serde_json::json!({ "line": "4", "shift": "night" }));
    assert_eq!(server.sensor(&third)["site"], "East");

    // What one of them cannot take is said of it, and the other is done.
    let wish = [("sensor", first.as_str()), ("sensor", &second), ("automatic_ti", "yes")];
    let done = owner.post("/sensors/chosen/edit", &wish).await.body;
    assert!(done.contains("1 sensor changed") && done.contains("1 sensor could not be changed"), "{done}");
    assert_eq!(server.sensor(&first)["mode"]["automatic_ti"], true);
    for fields in [&[("deed", "edit")][..], &[("sensor", "x"), ("deed", "edit")], &[("sensor", &first), ("deed", "x")]]
    {
        assert_eq!(owner.post("/sensors/chosen", fields).await.status, 400, "{fields:?}");
    }
    assert_eq!(owner.post("/sensors/chosen/edit", &[("sensor", &first)]).await.status, 400, "nothing is filled in");
}

#[tokio::test]
async fn several_are_deleted_once_somebody_says_why_and_is_sure() {
    let server = Server::portal();
    let (first, second) = (server.onboard("Pump 1", &[]), server.onboard("Pump 2", &[]));
    let mut owner = Browser::of_the_owner(&server).await;
    owner.get("/sensors").await;
    let both = [("sensor", first.as_str()), ("sensor", second.as_str())];
    let page = owner.post("/sensors/chosen", &[&both[..], &[("deed", "delete")]].concat()).await.body;
    assert!(page.contains("Delete 2 sensors?") && page.contains("Keep the sensors"), "{page}");
    for missing in [&[("reason", "scrapped")][..], &[("sure", "yes"), ("reason", "")]] {
        let answer = owner.post("/sensors/chosen/delete", &[&both[..], missing].concat()).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(answer.body.contains("Delete 2 sensors?"), "{}", answer.body);
    }
    assert_eq!(server.json(&["sensor", "list"])["counts"]["onboarded"], 2);
    let said = [&both[..], &[("sure", "yes"), ("reason", "scrapped")]].concat();
    assert!(owner.post("/sensors/chosen/delete", &said).await.body.contains("2 sensors deleted"));
    assert_eq!(server.sensor(&second)["deleted"]["reason"], "scrapped");
    let again = owner.post("/sensors/chosen", &[&both[..], &[("deed", "files")]].concat()).await;
    assert_eq!(again.status, 400, "they are deleted");
}

#[tokio::test]
async fn several_are_reissued_and_those_that_cannot_be_handed_a_file_come_as_an_archive() {
    let server = Server::portal();
    let first = server.onboard("Pump 1", &[]);
    let second = server.onboard("Pump 2", &["--mode", "locally-managed"]);
    let mut owner = Browser::of_the_owner(&server).await;
    owner.get("/sensors").await;
    let both = [("sensor", first.as_str()), ("sensor", second.as_str())];
    let page = owner.post("/sensors/chosen", &[&both[..], &[("deed", "reissue")]].concat()).await.body;
    assert!(page.contains("Reissue 2 sensors") && page.contains("name=\"cloud\""), "{page}");
    let wish = [&both[..], &[("cloud", "yes"), ("hub", "built-in"), ("push", "yes")]].concat();
    let done = owner.post("/sensors/chosen/reissue", &wish).await.body;
    assert!(done.contains("2 sensors reissued") && done.contains("Left to do at 1 sensor:"), "{done}");
    assert!(done.contains(&format!("value=\"{second}\"")) && !done.contains(&format!("value=\"{first}\"")), "{done}");
    for id in [&first, &second] {
        assert_eq!(server.sensor(id)["mode"]["mode"], "cloud-connected");
    }
    let nonsense = [&both[..], &[("hub", "built-in"), ("automatic_ti", "yes")]].concat();
    let refused = owner.post("/sensors/chosen/reissue", &nonsense).await;
    assert!(refused.status == 400 && refused.body.contains("Reissue 2 sensors"), "{}", refused.body);
    let token = [("console_url", "https://10.0.0.2"), ("console_ca", "x"), ("pairing_token", "PKT-1")];
    let refused = owner.post("/sensors/chosen/reissue", &[&both[..], &token].concat()).await;
    assert!(refused.status == 400 && refused.body.contains("serves one sensor"), "{}", refused.body);
    assert_eq!(server.sensor(&first)["mode"]["mode"], "cloud-connected");
    let local = owner.post("/sensors/chosen/reissue", &both).await.body;
    assert!(local.contains("2 sensors reissued") && local.contains("Left to do at 2 sensors:"), "{local}");
    assert_eq!(server.sensor(&first)["mode"]["mode"], "locally-managed");
}

#[tokio::test]
async fn whoever_is_confined_reaches_none_of_others_in_a_crowd() {
    let server = Server::portal();
    let theirs = server.cli(&["sensor", "add", "Elsewhere", "--subscription", "Other"]);
    let ours = server.onboard("Pump 1", &[]);
    server.cli(&["user", "add", "mira", "--role", "contributor", "--subscription", "Plant"]);
    let mut mira = Browser::of(&server, "mira").await;
    mira.get("/sensors").await;
    let both = [("sensor", ours.as_str()), ("sensor", theirs.as_str())];
    for (path, more) in [
        ("/sensors/chosen", ("deed", "edit")),
        ("/sensors/chosen/edit", ("zone", "B")),
        ("/sensors/chosen/reissue", ("cloud", "yes")),
        ("/sensors/chosen/delete", ("reason", "x")),
        ("/sensors/files", ("x", "y")),
    ] {
        assert_eq!(mira.post(path, &[&both[..], &[more]].concat()).await.status, 404, "{path}");
    }
    assert!(server.sensor(&ours)["zone"].is_null());
}

#[tokio::test]
async fn columns_are_chosen_and_remembered() {
    let server = Server::portal();
    server.onboard("Pump 1", &["--site", "North", "--zone", "Boilers"]);
    let mut owner = Browser::of_the_owner(&server).await;
    let heads = |body: &str| body.matches("<th scope=\"col\"").count();
    let all = owner.get("/sensors").await.body;
    assert!(heads(&all) == 14 && all.contains("data-label=\"Zone\""), "{all}");
    let back = [("column", "site"), ("column", "health"), ("column", "nonsense"), ("back", "search=pump&sort=site")];
    let answer = owner.post("/sensors/columns", &back).await;
    assert_eq!(answer.header("location"), "/sensors?search=pump&sort=site");
    let kept = answer.header("set-cookie").to_owned();
    assert!(kept.starts_with("__Host-picket-columns=health.site;") && kept.contains("Max-Age=31536000"), "{kept}");
    let some = owner.get("/sensors").await.body;
    assert!(
        heads(&some) == 4 && some.contains("data-label=\"Site\"") && !some.contains("data-label=\"Zone\""),
        "{some}"
    );
    for back in ["x\r\nset-cookie: a=b", "/evil", "ü"] {
        let answer = owner.post("/sensors/columns", &[("back", back)]).await;
        assert!(answer.status == 303 && answer.header("location").starts_with("/sensors"), "{back}: {answer:?}");
    }
}
