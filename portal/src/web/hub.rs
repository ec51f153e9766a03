//! One hub: whether it can be reached, and what moving a sensor to or from it would do.

use axum::extract::State;
use picket_look::{
    Button, Change, Definitions, Form as FormParts, Markup, Tone, button_link, html, message, now_then, secondary,
};

use super::{
    forms::Form,
    gate::SignedIn,
    hubs::{HUBS, OneHub, kind},
    page::{Page, Shown},
};
use crate::{
    domain::{access::Right, registration::HubId},
    people::{Shared, body::Asked, hub_test},
    store::HubRow,
};

pub(super) async fn page(State(portal): Shared, by: SignedIn, Asked(asked): Asked<OneHub>) -> Shown {
    let row = hub_test::find(&portal, HubId(asked.id)).await?;
    let sensors = portal.store.sensors_of_hub(row.id).await?;
    let id = html! { input type="hidden" name="id" value=(row.id.0); };
    let facts = Definitions::new()
        .with("Kind", kind(&row))
        .with("Address", html! { code { (row.hub.endpoint.url) } })
        .with_some("Topic", row.hub.topic_template.as_ref().map(|topic| html! { code { (topic) } }))
        .with(
            "Read by this portal",
            if row.hub.portal_confirms {
                "Yes: it keeps what comes, and confirms it"
            } else {
                "No: somebody else does"
            },
        )
        .with("Sensors that name it", sensors.to_string());
    let body = html! {
        (facts)
        @if by.caller().may(Right::Secure).is_ok() {
            (FormParts { action: "/hubs/test", csrf: by.csrf(), multipart: false, fields: id, buttons: secondary("Test whether it can be reached") })
        }
        h2 { "What a switch would do" }
        (switch(&row))
    };
    Ok(Page::new(row.name.as_str(), &body).under(HUBS, "Hubs"))
}

fn switch(row: &HubRow) -> Markup {
    let (here, there) = ("its present hub", row.name.as_str());
    let confirmed = if row.hub.portal_confirms {
        "by this portal, which reads the hub"
    } else {
        "by nobody: the hub's word is taken"
    };
    let changes = [
        Change { what: "Alerts detected from then on go to", now: Some(here), then: Some(there) },
        Change { what: "Alerts not delivered yet go to", now: Some(here), then: Some(there) },
        Change { what: "Alerts delivered before stay at", now: Some(here), then: Some(here) },
        Change { what: "What arrives is confirmed", now: Some("as it is now"), then: Some(confirmed) },
        Change { what: "Heartbeats go to", now: Some("this portal"), then: Some("this portal") },
    ];
    html! {
        p { "A cloud-connected sensor is moved to this hub by a reissue, handed to it with its next heartbeat: nobody has to go there." }
        (now_then("Of a sensor that is moved to this hub", &changes))
        p {
            "The sensor first sends a probe to the new hub. Until the hub has taken it, what is in force stays; if it does not within 15 minutes, "
            "the sensor keeps its present hub and says why. Let its firewall reach the new hub before."
        }
        p { "Choose the hub under Reissue on the sensor's page, or for one sensor after the other:" }
        pre { "picket-portal sensor hub ID --hub " (row.id.0) " --data DIR" }
    }
}

pub(super) async fn test(State(portal): Shared, Form { form, .. }: Form<OneHub>) -> Shown {
    let row = hub_test::find(&portal, HubId(form.id)).await?;
    hub_test::reach(&row).await?;
    let more = "Its name resolves, it listens, and its certificate comes from the CA that was given. Whether it takes a sensor's alerts, the sensor's probe shows.";
    let body = html! {
        (message(Tone::Ok, "The hub can be reached from this portal", more))
        div class="buttons" { (button_link(Button::Primary, HUBS, "Hubs", None)) }
    };
    Ok(Page::new(row.name.as_str(), &body).under(HUBS, "Hubs"))
}
