//! Signing in. One refusal for a wrong name and a wrong password, after the same time.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use picket_guard::{from::From, hash::PasswordHash, person_name::PersonName};
use picket_look::{Field, FieldKind, Form, Markup, Tone, html, message, primary};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{SESSION, SignIns, forms::Unsigned, page::Page};
use crate::{
    domain::refused::Refused,
    entropy,
    people::{Shared, problem::Problem},
    portal::Portal,
};

const WRONG: &str = "Name or password is wrong.";
const TOO_MANY: &str = "Too many sign-ins are being tried from this network. Try again in a moment.";

#[derive(Debug, Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: Zeroizing<String>,
}

pub(super) async fn form() -> Page {
    page("", None)
}

pub(super) async fn sign_in(
    State(portal): Shared,
    Extension(sign_ins): Extension<Arc<SignIns>>,
    From(address): From,
    Unsigned(credentials): Unsigned<Credentials>,
) -> Result<Response, Problem> {
    let Ok(place) = sign_ins.attempts.turn(address).await else { return Ok(gave_way(&credentials.name)) };
    let name = PersonName::try_from(credentials.name.trim().to_owned()).ok();
    let Some((name, password)) = matching(&portal, &sign_ins, name, credentials.password).await? else {
        place.was_wrong();
        tracing::warn!(%address, "a sign-in was refused");
        return Ok(page(&credentials.name, Some(WRONG)).with_status(StatusCode::UNAUTHORIZED).into_response());
    };
    place.was_right();
    let answer = begin(&portal, name.clone(), password, address).await?;
    tracing::info!(%address, person = %name, "signed in");
    Ok(answer)
}

/// A new session and the way to the first page. The token that the request brought, if any, is worth nothing.
pub(super) async fn begin(
    portal: &Portal,
    name: PersonName,
    password: PasswordHash,
    address: IpAddr,
) -> Result<Response, Problem> {
    let token = entropy::token();
    portal.store.begin_session(name, password, &token, entropy::token(), address.to_canonical().to_string()).await?;
    let mut response = Redirect::to("/").into_response();
    response.headers_mut().insert(header::SET_COOKIE, SESSION.set(token.expose()));
    Ok(response)
}

/// The name and what is stored of its password, if it is known and the password its own. Takes as long for an unknown one.
pub(super) async fn matching(
    portal: &Portal,
    sign_ins: &SignIns,
    name: Option<PersonName>,
    password: Zeroizing<String>,
) -> Result<Option<(PersonName, PasswordHash)>, Refused> {
    let person = match name {
        Some(name) => portal.store.person(&name).await?,
        None => None,
    };
    let nobody = sign_ins.nobody.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let known = person.and_then(|person| Some((person.name, person.password?)));
        let right = known.as_ref().map_or(&nobody, |(_, hash)| hash).matches(&password);
        known.filter(|_| right)
    });
    Ok(checked.await.ok().flatten())
}

/// So many tries came from this network that this one was not looked at.
pub(super) fn gave_way(name: &str) -> Response {
    let mut response = page(name, Some(TOO_MANY)).with_status(StatusCode::TOO_MANY_REQUESTS).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn page(name: &str, wrong: Option<&str>) -> Page {
    let fields = html! {
        (Field { value: name, autocomplete: "username", max_length: 64, ..Field::text("name", "Name") })
        (Field::of("password", "Password", FieldKind::Password { fresh: false }))
    };
    let body: Markup = html! {
        @if let Some(wrong) = wrong { (message(Tone::Critical, wrong, "")) }
        (Form { action: "/sign-in", csrf: "", multipart: false, fields, buttons: primary("Sign in") })
        p { a href="/choose-password" { "I have a setup code" } }
    };
    Page::new("Sign in", &body)
}
