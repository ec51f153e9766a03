//! Choosing a password with a setup code, which is spent by it.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use picket_guard::{from::From, hash::PasswordHash, password::NewPassword, person_name::PersonName};
use picket_look::{Field, FieldKind, Form, Tone, html, message, primary};
use picket_protocol::typed_code::TypedCode;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{SignIns, forms::Unsigned, page::Page, sign_in};
use crate::{
    clock,
    domain::refused::Refused,
    people::{Shared, problem::Problem},
};

const WRONG: &str = "Name and setup code do not fit, or the code has expired. An owner can make a new one.";
pub(super) const HELP: &str = "At least 12 characters. Several words that do not belong together are good.";

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    name: String,
    code: String,
    password: Zeroizing<String>,
    again: Zeroizing<String>,
}

pub(super) async fn form() -> Page {
    page("", "", None)
}

pub(super) async fn choose(
    State(portal): Shared,
    Extension(sign_ins): Extension<Arc<SignIns>>,
    From(address): From,
    Unsigned(chosen): Unsigned<Chosen>,
) -> Result<Response, Problem> {
    let Ok(place) = sign_ins.attempts.turn(address).await else { return Ok(sign_in::gave_way(&chosen.name)) };
    let refused = |why: &str| page(&chosen.name, &chosen.code, Some(why)).with_status(StatusCode::UNPROCESSABLE_ENTITY);
    let name = PersonName::try_from(chosen.name.trim().to_owned()).ok();
    let (Some(name), Ok(code)) = (name, chosen.code.parse::<TypedCode>()) else {
        place.was_wrong();
        return Ok(refused(WRONG).into_response());
    };
    if !portal.store.setup_code_fits(&name, &code, clock::now()).await? {
        place.was_wrong();
        tracing::warn!(%address, "a setup code was refused");
        return Ok(refused(WRONG).into_response());
    }
    let password = match NewPassword::chosen(&chosen.password, &chosen.again, &name) {
        Ok(password) => password,
        Err(weak) => return Ok(refused(&format!("The password was not taken: {weak}.")).into_response()),
    };
    let hash = tokio::task::spawn_blocking(move || PasswordHash::of(password.expose())).await;
    let hash = hash.map_err(|_| Refused::StorageFailed)?;
    portal.store.redeem_setup_code(name.clone(), code, hash.clone()).await?;
    place.was_right();
    tracing::info!(%address, person = %name, "a password was chosen with a setup code");
    sign_in::begin(&portal, name, hash, address).await
}

fn page(name: &str, code: &str, wrong: Option<&str>) -> Page {
    let fields = html! {
        (Field { value: name, autocomplete: "username", max_length: 64, ..Field::text("name", "Name") })
        (Field { value: code, max_length: 32, help: "Three groups of four characters. It serves once.", ..Field::text("code", "Setup code") })
        (Field { help: HELP, ..Field::of("password", "New password", FieldKind::Password { fresh: true }) })
        (Field::of("again", "The same again", FieldKind::Password { fresh: true }))
    };
    let body = html! {
        @if let Some(wrong) = wrong { (message(Tone::Critical, wrong, "")) }
        (Form { action: "/choose-password", csrf: "", multipart: false, fields, buttons: primary("Choose password") })
        p { a href="/sign-in" { "I have a password" } }
    };
    Page::new("Choose a password", &body)
}
