//! The authorization matrix, from the router: every route, as every role, from its own and from another subscription.
//! A route without a line in [`line`] fails.

use std::cell::Cell;

use hyper::Method;
use picket_portal::{
    domain::access::{PersonRole, Right},
    people::{Listed, listed},
};
use serde_json::json;

use crate::{people::ask, server::Server};

/// What exists when the routes are asked.
struct World {
    server: Server,
    sensor: String,
    /// An open alarm about the sensor: each is cleared once.
    alarm: Cell<i64>,
}

/// Whom a caller is confined to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Confined {
    Nowhere,
    ToTheSensors,
    ToAnother,
}

/// How a route is asked: its path with everything named, and a body. What it asks for does not exist, or is incomplete,
/// wherever doing it would change what the next one asks.
fn line(route: &Listed, world: &World) -> Option<(String, String)> {
    let none = String::new;
    let sensor = &world.sensor;
    let nothing = "00000000-0000-4000-8000-000000000000";
    let (path, body) = match (route.method.as_str(), route.path) {
        (
            "GET",
            path @ ("/api/v1/about"
            | "/api/v1/openapi.json"
            | "/api/v1/sensors"
            | "/api/v1/alerts"
            | "/api/v1/hubs"
            | "/api/v1/subscriptions"
            | "/api/v1/places"
            | "/api/v1/settings"
            | "/api/v1/trust-root"
            | "/api/v1/trust-root/file"
            | "/api/v1/alarms"
            | "/api/v1/audit"
            | "/api/v1/audit/export"
            | "/api/v1/sharing/destinations"
            | "/api/v1/users"
            | "/api/v1/tokens"),
        ) => (path.to_owned(), none()),
        ("GET", "/api/v1/sensors/export") => ("/api/v1/sensors/export?format=csv".to_owned(), none()),
        ("GET", "/api/v1/alerts/export") => ("/api/v1/alerts/export?format=csv".to_owned(), none()),
        (
            "POST",
            path @ ("/api/v1/sensors"
            | "/api/v1/sensors/table"
            | "/api/v1/sensors/activation-files"
            | "/api/v1/hubs"
            | "/api/v1/pairing-tokens"
            | "/api/v1/recoveries"
            | "/api/v1/sharing/destinations"
            | "/api/v1/subscriptions"
            | "/api/v1/places/rename"
            | "/api/v1/users"
            | "/api/v1/tokens"),
        ) => (path.to_owned(), "{}".to_owned()),
        ("GET", "/api/v1/sensors/{id}") => (format!("/api/v1/sensors/{sensor}"), none()),
        ("GET", "/api/v1/sensors/{id}/streams") => (format!("/api/v1/sensors/{sensor}/streams"), none()),
        ("GET", "/api/v1/sensors/{id}/probes/{nonce}") => (format!("/api/v1/sensors/{sensor}/probes/x"), none()),
        ("PATCH", "/api/v1/sensors/{id}") => (format!("/api/v1/sensors/{sensor}"), "{}".to_owned()),
        ("DELETE", "/api/v1/sensors/{id}") => (format!("/api/v1/sensors/{sensor}"), none()),
        ("POST", "/api/v1/sensors/{id}/reissue") => (format!("/api/v1/sensors/{sensor}/reissue"), "{}".to_owned()),
        ("POST", "/api/v1/sensors/{id}/activation-file") => {
            (format!("/api/v1/sensors/{sensor}/activation-file"), none())
        }
        ("POST", "/api/v1/alarms/{id}/clear") => {
            world.alarm.set(world.alarm.get() + 1);
            (format!("/api/v1/alarms/{}/clear", world.alarm.get()), none())
        }
        ("PATCH", "/api/v1/subscriptions/{id}") => (format!("/api/v1/subscriptions/{nothing}"), "{}".to_owned()),
        ("PATCH", "/api/v1/sharing/destinations/{id}") => {
            (format!("/api/v1/sharing/destinations/{nothing}"), "{}".to_owned())
        }
        ("POST", "/api/v1/hubs/{id}/test") => (format!("/api/v1/hubs/{nothing}/test"), none()),
        ("DELETE", "/api/v1/hubs/{id}") => (format!("/api/v1/hubs/{nothing}"), none()),
        ("DELETE", "/api/v1/sharing/destinations/{id}") => (format!("/api/v1/sharing/destinations/{nothing}"), none()),
        ("POST", "/api/v1/sharing/destinations/{id}/test") => {
            (format!("/api/v1/sharing/destinations/{nothing}/test"), none())
        }
        ("PATCH", "/api/v1/users/{name}") => ("/api/v1/users/nobody".to_owned(), json!({"role": "reader"}).to_string()),
        ("DELETE", "/api/v1/users/{name}") => ("/api/v1/users/nobody".to_owned(), none()),
        ("POST", "/api/v1/users/{name}/setup-code") => ("/api/v1/users/nobody/setup-code".to_owned(), none()),
        ("DELETE", "/api/v1/tokens/{id}") => ("/api/v1/tokens/none".to_owned(), none()),
        _ => return None,
    };
    Some((path, body))
}

/// What a caller may be answered.
fn fits(route: &Listed, role: PersonRole, confined: Confined, status: u16, code: &str) -> bool {
    let about_a_sensor = route.path.contains("/sensors/{id}") || route.path.contains("/alarms/{id}");
    if !role.has(route.right) || (route.right.is_whole() && confined != Confined::Nowhere) {
        return (status, code) == (403, "portal.forbidden");
    }
    if about_a_sensor {
        return if confined == Confined::ToAnother { status == 404 } else { !matches!(status, 401 | 403 | 404) };
    }
    !matches!(status, 401 | 403) && status < 500
}

#[tokio::test]
async fn every_route_as_every_role_from_its_own_and_from_another_subscription() {
    let mut world = World { server: Server::portal(), sensor: String::new(), alarm: Cell::new(1) };
    world.sensor = world.server.onboard("Pump 1", &[]);
    world.server.cli(&["sensor", "add", "Elsewhere", "--subscription", "Other"]);
    raise_alarms(&mut world).await;
    let mut asked = 0;
    for role in PersonRole::ALL {
        for confined in [Confined::Nowhere, Confined::ToTheSensors, Confined::ToAnother] {
            let token = token(&world.server, role, confined);
            for route in listed() {
                let (path, body) = line(&route, &world).unwrap_or_else(|| panic!("{route:?} has no line"));
                let (status, answer) = ask(&world.server, route.method.clone(), &path, Some(&token), &body).await;
                let code = answer["code"].as_str().unwrap_or_default();
                assert!(
                    fits(&route, role, confined, status, code),
                    "{role} {confined:?}: {} {path}: {status} {answer}",
                    route.method
                );
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 12 * listed().len());
}

#[tokio::test]
async fn lists_show_what_is_in_the_scope_alone() {
    let mut world = World { server: Server::portal(), sensor: String::new(), alarm: Cell::new(1) };
    world.sensor = world.server.onboard("Pump 1", &[]);
    world.server.cli(&["sensor", "add", "Elsewhere", "--subscription", "Other"]);
    raise_alarms(&mut world).await;
    let server = &world.server;
    for (confined, sensors, alarms, subscription) in
        [(Confined::ToTheSensors, ["Pump 1"], 99, "Plant"), (Confined::ToAnother, ["Elsewhere"], 0, "Other")]
    {
        let token = token(server, PersonRole::Contributor, confined);
        let list = ask(server, Method::GET, "/api/v1/sensors", Some(&token), "").await.1;
        let names: Vec<&str> =
            list["sensors"].as_array().unwrap().iter().map(|sensor| sensor["name"].as_str().unwrap()).collect();
        assert_eq!((names, &list["counts"]["onboarded"]), (sensors.to_vec(), &json!(1)));
        let list = ask(server, Method::GET, "/api/v1/alarms", Some(&token), "").await.1;
        assert_eq!(list["alarms"].as_array().unwrap().len(), alarms);
        let list = ask(server, Method::GET, "/api/v1/subscriptions", Some(&token), "").await.1;
        assert_eq!(list["subscriptions"][0]["name"], subscription);
    }
}

#[tokio::test]
async fn nobody_puts_a_sensor_where_they_may_not_see_it() {
    let server = Server::portal();
    let id = server.onboard("Pump 1", &[]);
    server.cli(&["sensor", "add", "Elsewhere", "--subscription", "Other"]);
    let token = token(&server, PersonRole::Contributor, Confined::ToTheSensors);
    for subscription in ["Other", "New"] {
        let body = json!({ "name": "Pump 2", "subscription": subscription }).to_string();
        assert_eq!(ask(&server, Method::POST, "/api/v1/sensors", Some(&token), &body).await.0, 403);
        let (path, body) = (format!("/api/v1/sensors/{id}"), json!({ "subscription": subscription }).to_string());
        assert_eq!(ask(&server, Method::PATCH, &path, Some(&token), &body).await.0, 403);
    }
    let body = json!({ "name": "Pump 2", "subscription": "Plant" }).to_string();
    assert_eq!(ask(&server, Method::POST, "/api/v1/sensors", Some(&token), &body).await.0, 201);
}

fn token(server: &Server, role: PersonRole, confined: Confined) -> String {
    let subscription = match confined {
        Confined::Nowhere => None,
        Confined::ToTheSensors => Some("Plant"),
        Confined::ToAnother => Some("Other"),
    };
    let mut arguments = vec!["token", "add", "test", "--role", role.as_str()];
    arguments.extend(subscription.into_iter().flat_map(|name| ["--subscription", name]));
    server.cli(&arguments)
}

/// Alarms 1 to 99 about the first sensor, as if they had been raised.
async fn raise_alarms(world: &mut World) {
    world.server.stop();
    let raise = "INSERT INTO alarms (at, sensor, kind, detail) \
        SELECT 1, id, 'superseded-key', '{}' FROM sensors WHERE name = 'Pump 1'";
    for _ in 1..100 {
        world.server.sql(raise).await;
    }
    world.server.start();
}

#[test]
fn rights_that_change_nothing_are_asked_with_get_alone() {
    for route in listed() {
        assert!(route.right != Right::See || route.method == Method::GET, "{route:?}");
    }
}
