//! Signing in. One refusal for a wrong name and a wrong password, after the same time.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    accounts::PersonName,
    clock,
    console::{Console, Shared},
    guard::{Unsigned, attempts::GaveWay, cookie, signed_in::From},
    page::Page,
    texts::account as texts,
};

#[derive(Debug, Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: Zeroizing<String>,
}

pub(super) async fn form(State(console): State<Shared>) -> Response {
    if console.accounts.is_empty() {
        return Redirect::to("/first-sign-in").into_response();
    }
    Page::new(texts::SIGN_IN, fields("", None)).into_response()
}

pub(super) async fn sign_in(
    State(console): State<Shared>,
    From(address): From,
    Unsigned(credentials): Unsigned<Credentials>,
) -> Response {
    let Ok(place) = console.attempts.turn(address).await else { return gave_way(&credentials.name) };
    let name = PersonName::try_from(credentials.name.clone()).ok();
    let known = matching(&console, name, credentials.password).await;
    let Some(name) = known else {
        place.was_wrong();
        tracing::warn!(%address, "a sign-in was refused");
        return Page::new(texts::SIGN_IN, fields(&credentials.name, Some(texts::WRONG)))
            .with_status(StatusCode::UNAUTHORIZED)
            .into_response();
    };
    place.was_right();
    tracing::info!(%address, person = %name, "signed in");
    begin(&console, &name, address)
}

/// A new session and the way to Overview. The token that the request brought, if any, is worth nothing.
pub(super) fn begin(console: &Console, name: &PersonName, address: std::net::IpAddr) -> Response {
    let token = console.sessions.begin(name, address, clock::since_boot());
    let mut response = Redirect::to("/").into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::set(&token));
    response
}

/// The name, if it is known and the password its own. Takes as long for an unknown one.
async fn matching(console: &Arc<Console>, name: Option<PersonName>, password: Zeroizing<String>) -> Option<PersonName> {
    let account = name.and_then(|name| console.accounts.find(&name));
    let nobody = console.nobody.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let hash = account.as_ref().map_or(&nobody, |account| &account.password);
        let right = hash.matches(&password);
        account.filter(|_| right).map(|account| account.name)
    });
    checked.await.ok().flatten()
}

fn gave_way(name: &str) -> Response {
    let _ = GaveWay;
    let page = Page::new(texts::SIGN_IN, fields(name, Some(texts::TOO_MANY)));
    let mut response = page.with_status(StatusCode::TOO_MANY_REQUESTS).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, axum::http::HeaderValue::from_static("1"));
    // The connection makes room, too.
    response.headers_mut().insert(header::CONNECTION, axum::http::HeaderValue::from_static("close"));
    response
}

fn fields(name: &str, wrong: Option<&str>) -> Markup {
    html! {
        @if let Some(wrong) = wrong { p role="alert" { (wrong) } }
        form method="post" action="/sign-in" {
            label for="name" { (texts::NAME) }
            input id="name" name="name" value=(name) autocomplete="username" required;
            label for="password" { (texts::PASSWORD) }
            input id="password" name="password" type="password" autocomplete="current-password" required;
            button { (texts::SIGN_IN) }
        }
    }
}
