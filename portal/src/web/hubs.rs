//! Hubs: where cloud-connected sensors deliver alerts, beside the one built in.

use axum::{extract::State, response::Redirect};
use picket_look::{Column, Empty, Field, FieldKind, Form as FormParts, Markup, Table, danger, html, primary};
use picket_protocol::documents::activation::HubKind;
use serde::Deserialize;
use serde_json::json;

use super::{
    forms::Form,
    gate::SignedIn,
    page::{Done, Page, Shown},
};
use crate::{
    domain::{access::Right, refused::Refused, registration::HubId},
    people::{Shared, lists},
    store::HubRow,
};

pub(super) const HUBS: &str = "/hubs";

#[derive(Debug, Deserialize)]
pub(super) struct NewHub {
    name: String,
    url: String,
    ca_pem: String,
    topic: String,
    #[serde(default)]
    portal_reads: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OneHub {
    pub(super) id: uuid::Uuid,
}

pub(super) async fn list(State(portal): Shared, by: SignedIn) -> Shown {
    const COLUMNS: [Column<'static>; 5] = [
        Column::text("Name"),
        Column::text("Kind"),
        Column::text("Address"),
        Column::text("Reading"),
        Column::text("Change"),
    ];
    let may = by.caller().may(Right::Secure).is_ok();
    let hubs = portal.store.hubs().await?;
    let rows = hubs.iter().map(|row| {
        let reading =
            portal.reading.of(row.id).map_or("–".to_owned(), |how| how.map_or_else(|why| why, |()| "ok".to_owned()));
        vec![
            html! { a href={ (HUBS) "/one?id=" (row.id.0) } { (row.name.as_str()) } },
            html! { (kind(row)) },
            html! { code { (row.hub.endpoint.url) } },
            html! { (reading) },
            html! { @if may { (remove_form(row, by.csrf())) } },
        ]
    });
    let empty = Empty {
        why: "No hub but the one built in.".to_owned(),
        next: html! { "Sensors deliver to this portal unless they are told otherwise." },
    };
    let body = html! {
        p { "The hub built into this portal is at " code { (portal.endpoint.url) } ": nothing is to be set up for it." }
        (Table { caption: "Hubs", columns: &COLUMNS, rows: rows.collect(), empty })
        @if may { h2 { "Add a hub" } (add_form(by.csrf())) }
    };
    Ok(Page::new("Hubs", &body))
}

pub(super) const fn kind(row: &HubRow) -> &'static str {
    match row.hub.kind {
        HubKind::Https => "HTTPS",
        HubKind::Mqtt => "MQTT",
    }
}

fn remove_form(row: &HubRow, csrf: &str) -> Markup {
    let fields = html! { input type="hidden" name="id" value=(row.id.0); };
    html! { (FormParts { action: "/hubs/remove", csrf, multipart: false, fields, buttons: danger("Remove") }) }
}

fn add_form(csrf: &str) -> Markup {
    let fields = html! {
        (Field { max_length: 128, ..Field::text("name", "Name") })
        (Field { max_length: 300, help: "https://HOST[:PORT], or mqtts://HOST[:PORT] of an MQTT 5 broker.", ..Field::text("url", "Address") })
        (Field { help: "PEM. The sensor believes the hub by these alone.", ..Field::of("ca_pem", "CA certificates", FieldKind::Area { rows: 4 }) })
        (Field {
            value: "picket/{sensor_id}/alerts", required: false, max_length: 256, help: "Of a broker.",
            ..Field::text("topic", "Topic")
        })
        (Field {
            required: false, help: "It keeps what comes, and confirms it to the sensors.",
            ..Field::of("portal_reads", "This portal reads the broker", FieldKind::Tick)
        })
    };
    html! { (FormParts { action: HUBS, csrf, multipart: false, fields, buttons: primary("Add hub") }) }
}

pub(super) async fn add(State(portal): Shared, Form { by, form }: Form<NewHub>) -> Done {
    let mut body = json!({
        "name": form.name.trim(), "url": form.url.trim(), "ca_pem": form.ca_pem,
        "portal_confirms": form.portal_reads == "yes",
    });
    if form.url.trim().starts_with("mqtts://") {
        body["kind"] = "mqtt".into();
        body["topic_template"] = form.topic.trim().into();
    }
    let body = serde_json::from_value(body).map_err(|error| Refused::invalid(error.to_string()))?;
    lists::keep_hub(&portal, by.actor(), body).await?;
    Ok(Redirect::to(HUBS))
}

pub(super) async fn remove(State(portal): Shared, Form { by, form }: Form<OneHub>) -> Done {
    portal.store.remove_hub(HubId(form.id), by.actor()).await?;
    Ok(Redirect::to(HUBS))
}
