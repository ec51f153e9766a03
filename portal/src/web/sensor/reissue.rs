//! Reissue: another mode, hub or console on the same identity. Handed to the sensor where it is reachable, else a file.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use picket_look::{Button, Field, FieldKind, Form as FormParts, Tone, button_link, html, message, primary};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    forms::Form,
    gate::SignedIn,
    onboard::{Fields, console_fields, hub_choices, hub_field, read},
    page::{Page, Shown, refusal},
};
use super::{address, living, under};
use crate::{
    domain::{refused::Refused, registration::ModeChoice},
    people::{
        Shared,
        problem::Problem,
        reached::Reached,
        sensors::{self, ReissueBody},
    },
    portal::Portal,
    store::views::SensorView,
};

#[derive(Debug, Deserialize)]
pub(crate) struct Reissued {
    #[serde(flatten)]
    pub(in crate::web) fields: Fields,
    #[serde(default)]
    pub(in crate::web) push: String,
}

pub(crate) async fn form(State(portal): Shared, by: SignedIn, Reached(id): Reached) -> Shown {
    let view = living(&portal, id).await?;
    Ok(page(&portal, &view, &by, &Reissued::as_is(&view).fields, None).await?)
}

impl Reissued {
    /// What leaves a sensor as it is.
    pub(in crate::web) fn as_is(view: &SensorView) -> Self {
        let fields = match &view.registration.filed.mode {
            ModeChoice::CloudConnected { hub, automatic_ti } => Fields {
                cloud: "yes".to_owned(),
                hub: hub.map(|hub| hub.0.to_string()).unwrap_or_default(),
                automatic_ti: if *automatic_ti { "yes" } else { "" }.to_owned(),
                ..Fields::default()
            },
            ModeChoice::LocallyManaged { .. } => Fields::default(),
        };
        Self { fields, push: String::new() }
    }
}

pub(crate) async fn reissue(
    State(portal): Shared,
    Reached(id): Reached,
    Form { by, form }: Form<Reissued>,
) -> Result<Response, Problem> {
    let view = living(&portal, id).await?;
    let push = form.push == "yes";
    let name = form.fields.name.trim();
    let changes = form.fields.mode().and_then(|mode| {
        let mut changes = json!({ "mode": mode });
        if !name.is_empty() {
            changes["name"] = Value::from(name);
        }
        read(changes)
    });
    let reissued = match changes {
        Ok(changes) => sensors::change_mode(&portal, by.caller(), by.actor(), id, ReissueBody { changes, push }).await,
        Err(refused) => Err(refused),
    };
    match reissued {
        Ok(()) if push => Ok(Redirect::to(&address(id)).into_response()),
        Ok(()) => Ok(Redirect::to(&format!("{}/file", address(id))).into_response()),
        Err(refused) => {
            let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
            Ok(page(&portal, &view, &by, &form.fields, Some(&refused)).await?.with_status(status).into_response())
        }
    }
}

async fn page(
    portal: &Portal,
    view: &SensorView,
    by: &SignedIn,
    fields: &Fields,
    refused: Option<&Refused>,
) -> Result<Page, Refused> {
    let id = view.registration.id;
    let is_cloud = matches!(view.registration.filed.mode, ModeChoice::CloudConnected { .. });
    let hubs = hub_choices(portal).await?;
    let form = html! {
        (Field {
            value: &fields.name, required: false, max_length: 64, help: "Empty: it stays.",
            ..Field::text("name", "New name")
        })
        (Field {
            value: &fields.cloud, required: false,
            help: "Without this the sensor is locally managed: from its upload on it sends nothing to a cloud.",
            ..Field::of("cloud", "Cloud connected", FieldKind::Tick)
        })
        (hub_field(&hubs, &fields.hub))
        (Field {
            value: &fields.automatic_ti, required: false,
            ..Field::of("automatic_ti", "Automatic threat intelligence updates", FieldKind::Tick)
        })
        details { summary { "Management console of a locally managed sensor" } (console_fields(fields)) }
        @if is_cloud {
            (Field {
                value: "", required: false,
                help: "From cloud connected to cloud connected only. Nobody has to go to the sensor: it takes the file into force once it has proved it.",
                ..Field::of("push", "Hand the new file to the sensor with its next heartbeat", FieldKind::Tick)
            })
        }
    };
    let buttons = html! { (primary("Reissue")) (button_link(Button::Secondary, &address(id), "Keep as it is", None)) };
    let body = html! {
        @if let Some(refused) = refused { (refusal(refused)) }
        (message(
            Tone::Notice,
            "What is in force at the sensor stays until the new file is proved there.",
            "The sensor keeps its id, its history and its alerts.",
        ))
        (FormParts { action: &format!("/sensors/{id}/reissue"), csrf: by.csrf(), multipart: false, fields: form, buttons })
    };
    Ok(under(Page::new("Reissue", &body), view))
}
