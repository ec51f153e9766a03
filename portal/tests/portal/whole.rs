//! Pages of what concerns the portal as a whole: sharing, hubs, subscriptions, sites and zones, settings; by forms alone.

use serde_json::Value;

use crate::{
    browser::Browser,
    server::Server,
    sinks::{Place, WebhookSink},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_is_added_tested_changed_and_removed() {
    let server = Server::portal();
    let place = Place::new(&server, "siem");
    let sink = WebhookSink::start(&place);
    let ca = std::fs::read_to_string(&place.ca).unwrap();
    let mut owner = Browser::of_the_owner(&server).await;
    assert!(owner.get("/sharing").await.body.contains("Nothing is sent on"));
    let address = format!("https://{}/picket", place.address);
    let fields = [
        ("name", "SIEM"),
        ("kind", "webhook"),
        ("address", &address),
        ("ca_pem", &ca),
        ("key", "a-key-of-this-webhook-and-no-other"),
        ("alerts", "yes"),
        ("severity", "medium"),
        ("sites", "North\r\nSouth"),
    ];
    let added = owner.post("/sharing", &fields).await;
    assert_eq!(added.status, 303, "{}", added.body);
    let known = |server: &Server| server.json(&["share", "list"])["destinations"][0].clone();
    let destination = known(&server);
    let rule =
        serde_json::json!({ "alerts": true, "health": false, "severity": "medium", "sites": ["North", "South"] });
    assert_eq!(destination["rule"], rule);
    let id = destination["id"].as_str().unwrap().to_owned();
    let page = owner.get("/sharing").await.body;
    assert!(page.contains(&address) && !page.contains("a-key-of-this-webhook"), "{page}");
    let tested = owner.post("/sharing/test", &[("id", &id)]).await;
    assert!(tested.status == 200 && tested.body.contains("took the test message"), "{}", tested.body);
    assert_eq!(sink.posted().len(), 1);

    let form = owner.get(&format!("/sharing/edit?id={id}")).await.body;
    assert!(form.contains("North\nSouth") && form.contains("value=\"medium\" selected"), "{form}");
    let changes = [("id", id.as_str()), ("name", "SOC"), ("health", "yes"), ("severity", "high")];
    assert_eq!(owner.post("/sharing/edit", &changes).await.status, 303);
    let destination = known(&server);
    assert_eq!((&destination["name"], &destination["rule"]["alerts"]), (&"SOC".into(), &false.into()));
    assert_eq!(destination["rule"]["sites"], Value::Null);
    server.cli(&["share", "edit", "SOC", "--severity", "low", "--site", "West"]);
    assert_eq!(known(&server)["rule"]["sites"][0], "West");
    let audit = server.cli(&["audit", "--json"]);
    assert!(audit.contains("destination-changed") && !audit.contains("a-key-of-this-webhook"), "{audit}");

    drop(sink);
    let refused = owner.post("/sharing/test", &[("id", &id)]).await;
    assert!(refused.status == 502 && refused.body.contains("sharing.not-delivered"), "{}", refused.body);
    assert_eq!(owner.post("/sharing/remove", &[("id", &id)]).await.status, 303);
    assert!(server.json(&["share", "list"])["destinations"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_is_tested_and_says_what_a_switch_would_do() {
    let server = Server::portal();
    let place = Place::new(&server, "hub");
    let sink = WebhookSink::start(&place);
    let ca = place.ca.to_str().unwrap();
    let id = server.cli(&["hub", "add", "Plant hub", "--url", &format!("https://{}", place.address), "--ca", ca]);
    server.onboard("Pump 1", &["--hub", "Plant hub"]);
    let mut owner = Browser::of_the_owner(&server).await;
    assert!(owner.get("/hubs").await.body.contains(&format!("/hubs/one?id={id}")));
    let page = owner.get(&format!("/hubs/one?id={id}")).await.body;
    for said in ["What a switch would do", "Sensors that name it", "sends a probe", "sensor hub ID --hub"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let tested = owner.post("/hubs/test", &[("id", &id)]).await;
    assert!(tested.status == 200 && tested.body.contains("can be reached"), "{}", tested.body);
    server.cli(&["hub", "test", &id]);
    // By another CA it is not believed; closed it is not there.
    let authority = server.data().join("tls-ca.pem");
    let url = format!("https://{}", place.address);
    let other = server.cli(&["hub", "add", "Stranger", "--url", &url, "--ca", authority.to_str().unwrap()]);
    let refused = owner.post("/hubs/test", &[("id", &other)]).await;
    assert!(refused.status == 502 && refused.body.contains("tls"), "{}", refused.body);
    drop(sink);
    let refused = owner.post("/hubs/test", &[("id", &id)]).await;
    assert!(refused.status == 502 && refused.body.contains("hub.not-reached"), "{}", refused.body);
}

#[tokio::test]
async fn subscriptions_sites_and_zones_are_counted_and_renamed() {
    let server = Server::portal();
    let first = server.onboard("Pump 1", &["--site", "North", "--zone", "A", "--licence-until", "2031-01-31"]);
    let second = server.onboard("Pump 2", &["--site", "North", "--licence-until", "2030-01-31"]);
    let other = server.cli(&["sensor", "add", "Elsewhere", "--subscription", "Other", "--site", "North"]);
    let mut owner = Browser::of_the_owner(&server).await;
    let page = owner.get("/places").await.body;
    for said in ["Plant", "Other", "North", "2030-01-31", "/sensors?subscription=Plant"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("unknown"), "{page}");
    assert_eq!(owner.post("/places/subscriptions", &[("name", "Plant Two")]).await.status, 303);
    assert_eq!(owner.post("/places/subscriptions", &[("name", "Plant")]).await.status, 409);
    let listed = server.json(&["subscription", "list"])["subscriptions"].clone();
    let named = |name: &str| listed.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    assert_eq!((&named("Plant")["sensors"], &named("Plant Two")["sensors"]), (&2.into(), &0.into()));
    let plant = named("Plant")["id"].as_str().unwrap().to_owned();
    let renamed = [("id", plant.as_str()), ("name", "Plant One")];
    assert_eq!(owner.post("/places/subscriptions/rename", &renamed).await.status, 303);
    assert_eq!(server.sensor(&first)["subscription"]["name"], "Plant One");

    // Whoever is confined renames what they see, and nothing else.
    server.cli(&["user", "add", "mira", "--role", "contributor", "--subscription", "Plant One"]);
    let mut mira = Browser::of(&server, "mira").await;
    mira.get("/places").await;
    let site = [("kind", "site"), ("from", "North"), ("to", "North works")];
    assert_eq!(mira.post("/places/rename", &site).await.status, 303);
    for (sensor, site) in [(&first, "North works"), (&second, "North works"), (&other, "North")] {
        assert_eq!(server.sensor(sensor)["site"], site);
    }
    assert!(owner.get("/sensors?search=north+works").await.body.contains("Pump 2"), "the list knows the new name");
    assert_eq!(server.cli(&["place", "rename", "zone", "A", "B"]), "1");
    assert_eq!(server.json(&["place", "list"])["zones"][0]["name"], "B");
    assert_eq!(owner.post("/places/rename", &[("kind", "zone"), ("from", "A"), ("to", "C")]).await.status, 404);
    assert_eq!(owner.post("/places/rename", &[("kind", "id"), ("from", "A"), ("to", "C")]).await.status, 400);
}

#[tokio::test]
async fn settings_say_how_the_portal_is_set() {
    let server = Server::serving(&["--alerts-days", "7"]);
    let mut owner = Browser::of_the_owner(&server).await;
    let page = owner.get("/settings").await.body;
    for said in ["https://127.0.0.1:8443", "7 days", "10 s", "--alerts-days", "200 a second"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let root = server.json(&["root", "show"]);
    assert!(page.contains(root["fingerprint"].as_str().unwrap()), "{page}");
}
