//! Edit: what travels with heartbeat answers and needs no new file.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use picket_look::{Button, Field, FieldKind, Form as FormParts, button_link, html, primary};
use serde_json::Value;

use super::super::{
    forms::Form,
    gate::SignedIn,
    onboard::{Fields, filing_fields, read},
    page::{Page, Shown, refusal},
};
use super::{address, living, under};
use crate::{
    domain::{
        refused::Refused,
        registration::{Filed, ModeChoice},
    },
    people::{Shared, problem::Problem, reached::Reached, sensors},
    store::views::SensorView,
};

pub(crate) async fn form(State(portal): Shared, by: SignedIn, Reached(id): Reached) -> Shown {
    let view = living(&portal, id).await?;
    Ok(page(&view, &by, &fields(&view.registration.filed), None))
}

pub(crate) async fn edit(
    State(portal): Shared,
    Reached(id): Reached,
    Form { by, form }: Form<Fields>,
) -> Result<Response, Problem> {
    let view = living(&portal, id).await?;
    let is_cloud = matches!(view.registration.filed.mode, ModeChoice::CloudConnected { .. });
    let changes = form.filing().and_then(|mut body| {
        if is_cloud {
            body.insert("automatic_ti".to_owned(), (form.automatic_ti == "yes").into());
        }
        body.entry("licence_until").or_insert(Value::Null);
        read(body.into())
    });
    let changed = match changes {
        Ok(body) => sensors::change(&portal, by.caller(), by.actor(), id, body).await,
        Err(refused) => Err(refused),
    };
    match changed {
        Ok(()) => Ok(Redirect::to(&address(id)).into_response()),
        Err(refused) => {
            let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
            Ok(page(&view, &by, &form, Some(&refused)).with_status(status).into_response())
        }
    }
}

fn fields(filed: &Filed) -> Fields {
    let ti = matches!(filed.mode, ModeChoice::CloudConnected { automatic_ti: true, .. });
    let tags = filed.tags.iter().map(|(key, value)| format!("{}: {}", key.as_str(), value.as_str()));
    Fields {
        name: filed.name.to_string(),
        subscription: filed.subscription.name.to_string(),
        automatic_ti: if ti { "yes" } else { "" }.to_owned(),
        site: filed.site.as_ref().map(ToString::to_string).unwrap_or_default(),
        zone: filed.zone.as_ref().map(ToString::to_string).unwrap_or_default(),
        tags: tags.collect::<Vec<_>>().join("\n"),
        licence_until: filed.licence_until.map(|at| at.to_string().chars().take(10).collect()).unwrap_or_default(),
        ..Fields::default()
    }
}

fn page(view: &SensorView, by: &SignedIn, fields: &Fields, refused: Option<&Refused>) -> Page {
    let id = view.registration.id;
    let form = html! {
        (Field {
            value: &fields.name, max_length: 64,
            help: "A cloud-connected sensor takes it with its next heartbeat.",
            ..Field::text("name", "Sensor name")
        })
        (Field { value: &fields.subscription, max_length: 128, ..Field::text("subscription", "Subscription") })
        (filing_fields(fields))
        @if matches!(view.registration.filed.mode, ModeChoice::CloudConnected { .. }) {
            (Field {
                value: &fields.automatic_ti, required: false,
                ..Field::of("automatic_ti", "Automatic threat intelligence updates", FieldKind::Tick)
            })
        }
        (Field {
            value: &fields.licence_until, required: false, max_length: 10, help: "YYYY-MM-DD. It is in the next file.",
            ..Field::text("licence_until", "Licence until")
        })
    };
    let buttons = html! { (primary("Save")) (button_link(Button::Secondary, &address(id), "Keep as it is", None)) };
    let body = html! {
        @if let Some(refused) = refused { (refusal(refused)) }
        (FormParts { action: &format!("/sensors/{id}/edit"), csrf: by.csrf(), multipart: false, fields: form, buttons })
    };
    under(Page::new("Edit sensor", &body), view)
}
