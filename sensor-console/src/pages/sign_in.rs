//! Signing in. One refusal for a wrong name and a wrong password, after the same time.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, html};
use picket_look::{Field, FieldKind, Form, Tone, message, primary};
use picket_protocol::local_api::PeopleDeed;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    accounts::PersonName,
    audit::deed,
    clock,
    console::{Console, Shared},
    guard::{Unsigned, attempts::GaveWay, cookie, signed_in::From},
    page::Page,
    pages::setup,
    texts::account as texts,
};

#[derive(Debug, Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: Zeroizing<String>,
    /// The word of a try that gave way.
    #[serde(default)]
    again: String,
}

pub(super) async fn form(State(console): State<Shared>) -> Response {
    if setup::is_due(&console).await.unwrap_or(console.accounts.is_empty()) {
        return Redirect::to("/first-sign-in").into_response();
    }
    Page::new(texts::SIGN_IN, fields("", "", None)).into_response()
}

pub(super) async fn sign_in(
    State(console): State<Shared>,
    From(address): From,
    Unsigned(credentials): Unsigned<Credentials>,
) -> Response {
    let place = match console.attempts.turn_of(address, &credentials.again).await {
        Ok(place) => place,
        Err(gave_way) => return come_again(&credentials.name, &gave_way),
    };
    let name = PersonName::try_from(credentials.name.trim().to_owned()).ok();
    let Some(found) = matching(&console, name.clone(), credentials.password).await else {
        place.was_wrong();
        drop(place); // the next one need not wait for the agent
        let known = name.filter(|name| console.accounts.find(name).is_some());
        console.audit.sign_in_refused(address, known.as_ref()).await;
        tracing::warn!(%address, "a sign-in was refused");
        let page = Page::new(texts::SIGN_IN, fields(&credentials.name, "", Some(texts::WRONG)));
        return leaving(page.with_status(StatusCode::UNAUTHORIZED));
    };
    place.was_right();
    drop(place);
    tracing::info!(%address, person = %found, "signed in");
    console.audit.told(&found, deed(PeopleDeed::SignedIn, format!("from {address}"))).await;
    begin(&console, &found, address)
}

/// A new session and the way to Overview. The token that the request brought, if any, is worth nothing.
pub(super) fn begin(console: &Console, name: &PersonName, address: IpAddr) -> Response {
    let token = console.sessions.begin(name, address, clock::since_boot());
    let mut response = Redirect::to("/").into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::SESSION.set(&token));
    response
}

/// The name, if it is known and the password its own. Takes as long for an unknown one.
pub(super) async fn matching(
    console: &Arc<Console>,
    name: Option<PersonName>,
    password: Zeroizing<String>,
) -> Option<PersonName> {
    let account = name.and_then(|name| console.accounts.find(&name));
    let nobody = console.nobody.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let hash = account.as_ref().map_or(&nobody, |account| &account.password);
        let right = hash.matches(&password);
        account.filter(|_| right).map(|account| account.name)
    });
    checked.await.ok().flatten()
}

/// So many tries came from this network that this one was not looked at. The form has the word that lets it go first.
pub(super) fn come_again(name: &str, gave_way: &GaveWay) -> Response {
    let page = Page::new(texts::SIGN_IN, fields(name, &gave_way.again, Some(texts::TOO_MANY)));
    let mut response = leaving(page.with_status(StatusCode::TOO_MANY_REQUESTS));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// Ends an HTTP/1.1 connection, too: its seat is for somebody else of this address.
fn leaving(page: Page) -> Response {
    let mut response = page.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn fields(name: &str, again: &str, wrong: Option<&str>) -> Markup {
    let fields = html! {
        @if !again.is_empty() { input type="hidden" name="again" value=(again); }
        (Field { value: name, autocomplete: "username", max_length: 64, ..Field::text("name", texts::NAME) })
        (Field::of("password", texts::PASSWORD, FieldKind::Password { fresh: false }))
    };
    let form = Form { action: "/sign-in", csrf: "", multipart: false, fields, buttons: primary(texts::SIGN_IN) };
    html! {
        div class="stack" {
            @if let Some(wrong) = wrong { (message(Tone::Critical, wrong, "")) }
            (form)
            p { a href="/recovery" { (texts::FORGOTTEN) } }
        }
    }
}
