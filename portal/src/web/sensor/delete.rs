//! Delete: what will happen, a reason, and then it is done.

use axum::{extract::State, response::Redirect};
use picket_look::{Button, Change, Field, Form as FormParts, Markup, button_link, danger, html, now_then};
use picket_protocol::names::Label;
use serde::Deserialize;

use super::super::{
    forms::Form,
    gate::SignedIn,
    page::{Done, Page, Shown},
};
use super::{address, living, under};
use crate::{
    domain::refused::Refused,
    people::{Shared, reached::Reached, sensors},
};

#[derive(Debug, Deserialize)]
pub(crate) struct Deletion {
    reason: String,
}

/// What a deletion does.
pub(crate) fn explained() -> Markup {
    let changes = [
        Change { what: "Reports to this portal", now: Some("if its mode does"), then: None },
        Change { what: "Delivers alerts to its hub", now: Some("if its mode does"), then: None },
        Change { what: "Detects, and stores alerts", now: Some("yes"), then: Some("yes") },
        Change { what: "History and alerts kept here", now: Some("yes"), then: Some("yes") },
        Change { what: "Its name", now: Some("taken"), then: Some("may be used again") },
    ];
    html! {
        p {
            "A sensor is told by a signed document with its next heartbeat, and stops sending then. To use it again, onboard it anew."
        }
        (now_then("What changes", &changes))
    }
}

pub(crate) fn reason_field() -> Markup {
    html! {
        (Field {
            max_length: 128, help: "A sentence for the people at the sensor: it stands at its console.",
            ..Field::text("reason", "Why")
        })
    }
}

pub(crate) async fn form(State(portal): Shared, by: SignedIn, Reached(id): Reached) -> Shown {
    let view = living(&portal, id).await?;
    let buttons =
        html! { (button_link(Button::Primary, &address(id), "Keep the sensor", None)) (danger("Delete the sensor")) };
    let body = html! {
        (explained())
        (FormParts { action: &format!("/sensors/{id}/delete"), csrf: by.csrf(), multipart: false, fields: reason_field(), buttons })
    };
    Ok(under(Page::new(format!("Delete {}?", view.registration.filed.name), &body), &view))
}

pub(crate) async fn delete(State(portal): Shared, Reached(id): Reached, Form { by, form }: Form<Deletion>) -> Done {
    let reason: Label = form.reason.parse().map_err(|_| Refused::invalid("why: 1 to 128 characters"))?;
    sensors::remove(&portal, by.actor(), id, reason).await?;
    Ok(Redirect::to(&address(id)))
}
