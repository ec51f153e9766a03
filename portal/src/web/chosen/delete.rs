//! Delete several sensors: what will happen, a reason, and then it is done.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use picket_look::{Button, Field, FieldKind, Form as FormParts, button_link, danger, html};
use picket_protocol::names::Label;

use super::{
    super::{
        forms::Form,
        gate::SignedIn,
        page::{Page, refusal},
        sensor::delete::{explained, reason_field},
    },
    Pairs, again, count, hidden, listed, outcome, page as framed, reached, value,
};
use crate::{
    domain::refused::Refused,
    people::{Shared, problem::Problem, sensors},
    store::views::SensorView,
};

pub(super) fn page(by: &SignedIn, chosen: &[SensorView], refused: Option<&Refused>) -> Page {
    let fields = html! {
        (hidden(chosen))
        (reason_field())
        (Field { ..Field::of("sure", &format!("Delete {}", count(chosen.len())), FieldKind::Tick) })
    };
    let buttons =
        html! { (button_link(Button::Primary, "/sensors", "Keep the sensors", None)) (danger("Delete the sensors")) };
    let body = html! {
        @if let Some(refused) = refused { (refusal(refused)) }
        (listed(chosen))
        (explained())
        (FormParts { action: "/sensors/chosen/delete", csrf: by.csrf(), multipart: false, fields, buttons })
    };
    framed(format!("Delete {}?", count(chosen.len())), &body)
}

pub(crate) async fn delete(State(portal): Shared, Form { by, form }: Form<Pairs>) -> Result<Response, Problem> {
    let chosen = reached(&portal, &by, &form).await?;
    let reason: Result<Label, _> = value(&form, "reason").parse();
    let reason = match reason {
        Ok(reason) if value(&form, "sure") == "yes" => reason,
        _ => {
            let why =
                Refused::invalid("say why, in 1 to 128 characters, and tick that these sensors are to be deleted");
            return Ok(again(page(&by, &chosen, Some(&why)), &why));
        }
    };
    let (mut done, mut refused) = (0, Vec::new());
    for view in &chosen {
        match sensors::remove(&portal, by.actor(), view.registration.id, reason.clone()).await {
            Ok(()) => done += 1,
            Err(why) => refused.push((view.registration.filed.name.to_string(), why)),
        }
    }
    Ok(outcome("deleted", done, &refused, &html! {}).into_response())
}
