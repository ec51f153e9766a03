//! The pages: sign-in, forgery, headers, rights, and every flow without a script.

use picket_portal::{domain::access::PersonRole, web};

use crate::{browser::Browser, sensor::read_file, server::Server};

#[tokio::test]
async fn nobody_gets_in_without_a_password_and_each_code_serves_once() {
    let server = Server::portal();
    let mut browser = Browser::at(&server);
    for route in web::listed().iter().filter(|route| route.method == "GET") {
        let answer = browser.get(&route.path.replace("{id}", "00000000-0000-4000-8000-000000000000")).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-in"), "{}", route.path);
    }
    let code = server.cli(&["user", "setup-code", "owner"]);
    let choose =
        |name, code, password, again| [("name", name), ("code", code), ("password", password), ("again", again)];
    let good = "three grey pumps hum";
    for fields in [
        choose("owner", "AAAA-AAAA-AAAA", good, good),
        choose("nobody", code.as_str(), good, good),
        choose("owner", &code, "short", "short"),
        choose("owner", &code, "ownerowner12", "ownerowner12"),
        choose("owner", &code, good, "three grey pumps hun"),
    ] {
        let answer = browser.post_bare("/choose-password", &fields, &[]).await;
        assert_eq!((answer.status, answer.headers.get("set-cookie")), (422, None), "{fields:?}");
    }
    let fields = choose("owner", &code, good, good);
    assert_eq!(browser.post_bare("/choose-password", &fields, &[]).await.status, 303);
    assert_eq!(browser.get("/account").await.status, 200);
    assert_eq!(browser.post_bare("/choose-password", &fields, &[]).await.status, 422, "the code is spent");

    let mut other = Browser::at(&server);
    for (name, password) in [("owner", "three grey pumps hun"), ("nobody", good), ("", "")] {
        let answer = other.post_bare("/sign-in", &[("name", name), ("password", password)], &[]).await;
        assert_eq!((answer.status, answer.headers.get("set-cookie")), (401, None), "{name}");
    }
    let answer = other.post_bare("/sign-in", &[("name", "Owner"), ("password", good)], &[]).await;
    assert_eq!(answer.status, 303);
    let cookie = answer.header("set-cookie");
    for attribute in ["__Host-picket-portal=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    other.get("/account").await;
    assert_eq!(other.post("/sign-out", &[]).await.status, 303);
    assert_eq!(other.get("/account").await.header("location"), "/sign-in");
}

#[tokio::test]
async fn a_session_outlives_the_server_and_ends_with_its_person() {
    let mut server = Server::portal();
    server.cli(&["user", "add", "mira", "--role", "reader"]);
    let cookie = Browser::of(&server, "mira").await.cookie;
    server.stop();
    server.start();
    let mut mira = Browser::at(&server);
    mira.cookie = cookie;
    assert_eq!(mira.get("/account").await.status, 200);
    server.cli(&["user", "remove", "mira"]);
    assert_eq!(mira.get("/account").await.header("location"), "/sign-in");
}

#[tokio::test]
async fn a_form_of_another_site_or_session_does_nothing() {
    let server = Server::portal();
    let mut owner = Browser::of_the_owner(&server).await;
    let csrf = owner.csrf.clone();
    let person = [("name", "eve"), ("role", "owner")];
    let with = |token| [("csrf", token), person[0], person[1]];
    let foreign: [&[(&str, &str)]; 3] =
        [&[("origin", "https://evil.example")], &[("sec-fetch-site", "cross-site")], &[("origin", "null")]];
    for headers in foreign {
        assert_eq!(owner.post_bare("/people", &with(&csrf), headers).await.status, 403, "{headers:?}");
    }
    for fields in [&person[..], &with("x")[..], &with("")[..]] {
        let answer = owner.post_bare("/people", fields, &[]).await;
        assert_eq!(answer.status, 403, "{fields:?}");
        assert!(answer.body.contains("portal.forged"), "{}", answer.body);
    }
    assert_eq!(server.json(&["user", "list"])["users"].as_array().unwrap().len(), 1);
    assert_eq!(owner.post_bare("/people", &with(&csrf), &[]).await.status, 200);
    assert_eq!(server.json(&["user", "list"])["users"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_answer_is_strict_with_the_browser() {
    let server = Server::portal();
    let mut owner = Browser::of_the_owner(&server).await;
    for path in ["/", "/sign-in", "/nothing", "/sensors", "/api/v1/about"] {
        let answer = owner.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("cache-control", "no-store")]
        {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert!(!answer.body.contains("<script>") && !answer.body.contains(" style="), "{path}");
    }
}

/// Every page as every role: who lacks the right gets the page that says so, and nothing is done.
#[tokio::test]
async fn every_page_asks_for_its_right() {
    let server = Server::portal();
    let sensor = server.onboard("Pump 1", &[]);
    server.cli(&["sensor", "add", "Elsewhere", "--subscription", "Other"]);
    for role in PersonRole::ALL {
        for (confined, subscription) in [(false, ""), (true, "Plant"), (true, "Other")] {
            let name = format!("{role}-{subscription}").trim_end_matches('-').to_lowercase() + "-1";
            let mut arguments = vec!["user", "add", &name, "--role", role.as_str()];
            if confined {
                arguments.extend(["--subscription", subscription]);
            }
            server.cli(&arguments);
            let mut browser = Browser::of(&server, &name).await;
            for route in web::listed().iter().filter(|route| route.path != "/sign-out") {
                let path = route.path.replace("{id}", &sensor);
                // What is sent is incomplete: whoever may, is told so.
                let answer =
                    if route.method == "GET" { browser.get(&path).await } else { browser.post(&path, &[]).await };
                let status = answer.status;
                let allowed = role.has(route.right) && (!confined || !route.right.is_whole());
                let about = format!("{name}: {} {path}: {status}\n{}", route.method, answer.body);
                if !allowed {
                    assert!(status == 403 && answer.body.contains("portal.forbidden"), "{about}");
                } else if route.path.contains("{id}") && subscription == "Other" {
                    assert_eq!(status, 404, "{about}");
                } else {
                    assert!(!matches!(status, 401 | 403 | 404) && status < 500, "{about}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_sensor_is_onboarded_edited_reissued_and_deleted_by_forms_alone() {
    let server = Server::portal();
    let mut owner = Browser::of_the_owner(&server).await;
    assert!(owner.get("/").await.body.contains("Onboard sensor"));
    let bad = owner.post("/onboard", &[("name", "-"), ("subscription", "Plant"), ("cloud", "yes")]).await;
    assert!(
        bad.status == 400 && bad.body.contains("data-refusal") && bad.body.contains("value=\"Plant\""),
        "{}",
        bad.body
    );
    let fields = [
        ("name", "Line 3 10.4.1.17"),
        ("subscription", "Plant"),
        ("cloud", "yes"),
        ("hub", "built-in"),
        ("site", "North works"),
        ("zone", "Line 3"),
        ("tags", "owner: maintenance\nshift: night"),
        ("licence_until", "2031-01-01"),
        ("upload_days", "7"),
    ];
    let answer = owner.post("/onboard", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let file = answer.header("location").to_owned();
    let id = file.split('/').nth(2).unwrap().to_owned();
    let page = owner.get(&file).await.body;
    let root = server.json(&["root", "show"]);
    for said in ["127.0.0.1", "8443", root["fingerprint"].as_str().unwrap(), root["confirmation"].as_str().unwrap()] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let downloaded = owner.post(&file, &[]).await;
    assert_eq!(downloaded.header("content-disposition"), "attachment; filename=\"Line-3-10.4.1.17.activation\"");
    let activation = read_file(&server, &downloaded.bytes);
    assert_eq!((activation.name.as_str(), activation.tags.len()), ("Line 3 10.4.1.17", 2));
    assert_eq!(activation.upload_until.since(activation.issued_at), 7 * 86_400);
    let text = owner.post(&format!("{file}/text"), &[]).await.body;
    assert!(text.contains("BEGIN PICKET ACTIVATION"), "{text}");

    let edit = [("name", "Line 3"), ("subscription", "Plant"), ("zone", "Line 4"), ("tags", "")];
    assert_eq!(owner.post(&format!("/sensors/{id}/edit"), &edit).await.status, 303);
    let sensor = server.sensor(&id);
    assert_eq!((&sensor["name"], &sensor["zone"], &sensor["site"]), (&"Line 3".into(), &"Line 4".into(), &().into()));
    assert!(sensor["licence_until"].is_null() && sensor["tags"].as_object().unwrap().is_empty());
    let answer = owner.post(&format!("/sensors/{id}/reissue"), &[]).await;
    assert_eq!(answer.header("location"), format!("/sensors/{id}/file"), "{}", answer.body);
    assert_eq!(server.sensor(&id)["connection_type"], "locally-managed");
    let page = owner.get(&format!("/sensors/{id}")).await.body;
    for said in ["Line 3", "Locally managed", "sensor-onboarded", "activation-issued", "Void"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(owner.get(&format!("/sensors/{id}/delete")).await.body.contains("Keep the sensor"));
    assert_eq!(owner.post(&format!("/sensors/{id}/delete"), &[("reason", "scrapped")]).await.status, 303);
    assert_eq!(server.sensor(&id)["deleted"]["decided_by"], "owner");
    assert!(owner.get(&format!("/sensors/{id}")).await.body.contains("scrapped"));
    let actors = server.json(&["audit"])["records"].clone();
    let by_owner = actors.as_array().unwrap().iter().filter(|record| record["actor"] == "owner").count();
    assert!(by_owner >= 6, "{actors}");
}

#[tokio::test]
async fn the_list_is_filtered_ordered_paged_and_taken_away() {
    let server = Server::portal();
    for number in 0..60 {
        let site = if number % 2 == 0 { "North" } else { "South" };
        server.onboard(&format!("Pump {number:02}"), &["--site", site]);
    }
    let mut owner = Browser::of_the_owner(&server).await;
    let rows = |body: &str| body.matches("<th scope=\"row\"").count();
    let first = owner.get("/sensors").await.body;
    assert_eq!(rows(&first), 50);
    let next = first.split("href=\"").find(|rest| rest.starts_with("/sensors?after=")).unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = owner.get(&next).await.body;
    assert!(rows(&second) == 10 && second.contains("Pump 59") && second.contains("First page"), "{second}");
    let north = owner.get("/sensors?search=north&mode=&connection=&health=&subscription=&sort=newest").await.body;
    assert!(rows(&north) == 30 && !north.contains("South"), "{north}");
    assert!(owner.get("/sensors?connection=connected").await.body.contains("No sensor is like that"));
    assert_eq!(owner.get("/sensors?connection=broken").await.status, 400);
    let csv = owner.get("/sensors/export?format=csv&search=north").await;
    assert_eq!((csv.header("content-type"), csv.body.lines().count()), ("text/csv; charset=utf-8", 31));
    let json = owner.get("/sensors/export?format=json").await;
    assert_eq!(serde_json::from_slice::<Vec<serde_json::Value>>(&json.bytes).unwrap().len(), 60);
    assert_eq!(server.json(&["sensor", "list"])["sensors"].as_array().unwrap().len(), 60);
}

#[tokio::test]
async fn what_people_wrote_is_text_on_every_page() {
    let server = Server::portal();
    let hostile = "<script>alert(1)</script>";
    let id =
        server.onboard("Pump 1", &["--site", hostile, "--zone", hostile, "--tag", &format!("{hostile}={hostile}")]);
    server.cli(&["token", "add", hostile, "--role", "reader"]);
    server.cli(&["sensor", "delete", &id, "--reason", hostile]);
    server.onboard("Pump 2", &["--site", hostile]);
    let mut owner = Browser::of_the_owner(&server).await;
    for route in web::listed().iter().filter(|route| route.method == "GET" && !route.path.contains("export")) {
        let page = owner.get(&route.path.replace("{id}", &id)).await;
        assert!(!page.body.contains("<script>"), "{}: {}", route.path, page.body);
    }
    assert!(owner.get("/sensors").await.body.contains("&lt;script&gt;"));
}

#[tokio::test]
async fn people_and_tokens_are_managed_by_forms_alone() {
    let server = Server::portal();
    server.onboard("Pump 1", &[]);
    let mut owner = Browser::of_the_owner(&server).await;
    let page = owner.post("/people", &[("name", "mira"), ("role", "reader"), ("subscriptions", "Plant")]).await.body;
    assert!(page.contains("setup code"), "{page}");
    assert_eq!(
        owner.post("/people", &[("name", "jon"), ("role", "reader"), ("subscriptions", "None")]).await.status,
        404
    );
    assert_eq!(owner.post("/people/role", &[("name", "mira"), ("role", "contributor")]).await.status, 303);
    let mira = server.json(&["user", "list"])["users"][0].clone();
    assert_eq!((&mira["role"], &mira["subscriptions"]), (&"contributor".into(), &serde_json::Value::Null));
    let page = owner.post("/tokens", &[("description", "backup job"), ("role", "reader")]).await.body;
    let token = page.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(crate::people::ask(&server, hyper::Method::GET, "/api/v1/about", Some(token), "").await.0, 200);
    let again = owner.get("/tokens").await.body;
    assert!(again.contains("backup job") && !again.contains(token), "{again}");
    assert!(owner.get("/audit").await.body.contains("api-token-made"));
    assert_eq!(owner.post("/people/remove", &[("name", "mira")]).await.status, 303);
    let refused = owner.post("/people/remove", &[("name", "owner")]).await;
    assert!(refused.status == 409 && refused.body.contains("portal.last-owner"), "{}", refused.body);
}
