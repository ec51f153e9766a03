//! Reissue several sensors: one mode, hub or console for all of them, each on its own identity.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use picket_look::{
    Button, Field, FieldKind, Form as FormParts, Markup, Tone, button_link, html, message, primary, secondary,
};
use serde_json::{Map, Value, json};

use super::{
    super::{
        forms::Form,
        gate::SignedIn,
        many::FILES,
        onboard::{console_fields, hub_choices, hub_field, read},
        page::{Page, refusal},
        sensor::reissue::Reissued,
    },
    Pairs, again, count, hidden, listed, outcome, page as framed, reached,
};
use crate::{
    domain::{refused::Refused, registration::ModeChoice},
    people::{
        Shared,
        problem::Problem,
        sensors::{ReissueBody, change_mode},
    },
    portal::Portal,
    store::views::SensorView,
};

pub(super) async fn page(
    portal: &Portal,
    by: &SignedIn,
    chosen: &[SensorView],
    wish: &Reissued,
    refused: Option<&Refused>,
) -> Result<Page, Refused> {
    let Reissued { fields: said, push } = wish;
    let hubs = hub_choices(portal).await?;
    let fields = html! {
        (hidden(chosen))
        (Field {
            value: &said.cloud, required: false,
            help: "Without this they are locally managed: from its upload on each sends nothing to a cloud.",
            ..Field::of("cloud", "Cloud connected", FieldKind::Tick)
        })
        (hub_field(&hubs, &said.hub))
        (Field {
            value: &said.automatic_ti, required: false,
            ..Field::of("automatic_ti", "Automatic threat intelligence updates", FieldKind::Tick)
        })
        details { summary { "Management console of locally managed sensors" } (console_fields(said)) }
        (Field {
            value: push, required: false,
            help: "Where a sensor is cloud connected before and after. Nobody has to go there: it takes the file into force once it has proved it.",
            ..Field::of("push", "Hand the new files to the sensors with their next heartbeat", FieldKind::Tick)
        })
    };
    let buttons =
        html! { (primary("Reissue all")) (button_link(Button::Secondary, "/sensors", "Keep as they are", None)) };
    let body = html! {
        @if let Some(refused) = refused { (refusal(refused)) }
        (listed(chosen))
        (message(
            Tone::Notice,
            "What is in force at each sensor stays until the new file is proved there.",
            "The sensors keep their ids, their history and their alerts.",
        ))
        (FormParts { action: "/sensors/chosen/reissue", csrf: by.csrf(), multipart: false, fields, buttons })
    };
    Ok(framed(format!("Reissue {}", count(chosen.len())), &body))
}

pub(crate) async fn reissue(State(portal): Shared, Form { by, form }: Form<Pairs>) -> Result<Response, Problem> {
    let chosen = reached(&portal, &by, &form).await?;
    let wish = read_wish(form)?;
    if chosen.len() > 1 && !wish.fields.pairing_token.trim().is_empty() {
        let why =
            Refused::invalid("a pairing token serves one sensor: reissue sensors for a management console one by one");
        return Ok(again(page(&portal, &by, &chosen, &wish, Some(&why)).await?, &why));
    }
    let mode = match wish.fields.mode().and_then(|mode| read(json!({ "mode": mode })).map(|_| mode)) {
        Ok(mode) => mode,
        Err(why) => return Ok(again(page(&portal, &by, &chosen, &wish, Some(&why)).await?, &why)),
    };
    let stays_cloud = |view: &SensorView| {
        wish.fields.is_cloud() && matches!(view.registration.filed.mode, ModeChoice::CloudConnected { .. })
    };
    let (mut done, mut to_carry, mut refused) = (0, Vec::new(), Vec::new());
    for view in chosen {
        let push = wish.push == "yes" && stays_cloud(&view);
        let body = ReissueBody { changes: read(json!({ "mode": mode }))?, push };
        match change_mode(&portal, by.caller(), by.actor(), view.registration.id, body).await {
            Ok(()) if push => done += 1,
            Ok(()) => {
                done += 1;
                to_carry.push(view);
            }
            Err(why) => refused.push((view.registration.filed.name.to_string(), why)),
        }
    }
    Ok(outcome("reissued", done, &refused, &carry(&by, &to_carry)).into_response())
}

/// The form of one sensor's reissue, whose sensors are read apart.
fn read_wish(form: Pairs) -> Result<Reissued, Refused> {
    let pairs = form.into_iter().filter(|(name, _)| name != "sensor");
    let fields: Map<String, Value> = pairs.map(|(name, value)| (name, value.into())).collect();
    serde_json::from_value(fields.into()).map_err(|error| Refused::invalid(error.to_string()))
}

/// Files that somebody has to take to their sensors.
fn carry(by: &SignedIn, sensors: &[SensorView]) -> Markup {
    if sensors.is_empty() {
        return html! {};
    }
    let fields = html! { (hidden(sensors)) };
    html! {
        p { "Left to do at " (count(sensors.len())) ": somebody uploads a new activation file there (System settings, Reactivation)." }
        (FormParts { action: FILES, csrf: by.csrf(), multipart: false, fields, buttons: secondary("Download these activation files (ZIP)") })
    }
}
