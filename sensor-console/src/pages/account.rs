//! What belongs to the person who signed in: signing out, own password, own sessions.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{Markup, Render as _, html};
use picket_look::{Column, Empty, Field, FieldKind, Form, Table, Tone, message, primary, secondary, span};
use picket_protocol::{local_api::PeopleDeed, refusal::Problem};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::sign_in;
use crate::{
    accounts::{hash::PasswordHash, password::NewPassword},
    audit::deed,
    clock,
    console::{Console, Shared},
    guard::{Own, SignedIn, cookie, forms::Nothing, signed_in::From},
    page::{Failed, Page},
    parts, people, refused,
    texts::{account as texts, first_sign_in},
};

const PASSWORD: &str = "/account/password";
const END: &str = "/account/sessions/end";

#[derive(Debug, Deserialize)]
pub(super) struct Passwords {
    present: Zeroizing<String>,
    password: Zeroizing<String>,
    again: Zeroizing<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Ended {
    session: String,
}

pub(super) async fn sign_out(State(console): State<Shared>, own: Own<Nothing>) -> Response {
    let session = Arc::clone(&own.by.session);
    console.sessions.end(&session.person, session.id);
    console.audit.told(&session.person, deed(PeopleDeed::SignedOut, None)).await;
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::SESSION.removed());
    // What the browser kept of the pages goes, too.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    response
}

pub(super) async fn account(State(console): State<Shared>, by: SignedIn) -> Page {
    page(&console, &by, &html! {}, StatusCode::OK)
}

/// The present password is asked for: whoever finds an open session must not be able to keep it. Tries count like sign-ins.
pub(super) async fn change_password(
    State(console): State<Shared>,
    From(address): From,
    Own { by, form }: Own<Passwords>,
) -> Result<Response, Failed> {
    let chosen = NewPassword::chosen(&form.password, &form.again, &by.name);
    let place = match console.attempts.turn(address).await {
        Ok(place) => place,
        Err(gave_way) => return Ok(sign_in::come_again(by.name.as_str(), &gave_way)),
    };
    if sign_in::matching(&console, Some(by.name.clone()), form.present).await.is_none() {
        place.was_wrong();
        return Ok(refused_page(&console, &by, &refused::problem(&texts::WRONG_PRESENT, vec![])));
    }
    place.was_right();
    let password = match chosen {
        Ok(password) => password,
        Err(error) => {
            let problem = refused::problem(&first_sign_in::WEAK_PASSWORD, vec![("why", error.to_string())]);
            return Ok(refused_page(&console, &by, &problem));
        }
    };
    let hash = people::away(move || PasswordHash::of(password.expose())).await?;
    let (record, name) = (deed(PeopleDeed::PasswordChanged, None), by.name.clone());
    people::change(&console, &by.name, record, move |accounts| {
        accounts.set_password(&name, hash.clone(), clock::wall())
    })
    .await?;
    console.sessions.end_all(&by.name, Some(by.session_id()));
    tracing::info!(person = %by.name, "a password was changed");
    Ok(page(&console, &by, &message(Tone::Ok, texts::PASSWORD_CHANGED, ""), StatusCode::OK).into_response())
}

pub(super) async fn end_session(State(console): State<Shared>, Own { by, form }: Own<Ended>) -> Redirect {
    let own = console.sessions.of(&by.name, clock::since_boot());
    if let Some(session) = own.iter().find(|session| session.id.to_string() == form.session) {
        console.sessions.end(&by.name, session.id);
        console.audit.told(&by.name, deed(PeopleDeed::SessionEnded, format!("from {}", session.address))).await;
    }
    Redirect::to("/account")
}

fn refused_page(console: &Console, by: &SignedIn, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    page(console, by, &parts::refusal(problem), status).into_response()
}

fn page(console: &Console, by: &SignedIn, first: &Markup, status: StatusCode) -> Page {
    let password = |name, label, fresh| Field::of(name, label, FieldKind::Password { fresh });
    let fields = html! {
        (password("present", texts::PRESENT_PASSWORD, false))
        (Field { help: first_sign_in::NEW_PASSWORD_HELP, ..password("password", texts::NEW_PASSWORD, true) })
        (password("again", texts::NEW_PASSWORD_AGAIN, true))
    };
    let change =
        Form { action: PASSWORD, csrf: &by.csrf, multipart: false, fields, buttons: primary(texts::CHANGE_PASSWORD) };
    let body = html! {
        (first)
        h2 { (texts::CHANGE_PASSWORD) }
        (change)
        h2 { (texts::SESSIONS) }
        (sessions(console, by))
    };
    Page::new(texts::ACCOUNT, body).stacked().with_status(status)
}

fn sessions(console: &Console, by: &SignedIn) -> Markup {
    const COLUMNS: [Column<'static>; 4] = [
        Column::text(texts::FROM),
        Column::text(texts::SIGNED_IN),
        Column::text(texts::LAST_SEEN),
        Column::text(texts::END),
    ];
    let now = clock::since_boot();
    let ago = |at: Duration| html! { (span(now.saturating_sub(at).as_secs())) " " (texts::AGO) };
    let rows = console.sessions.of(&by.name, now).into_iter().map(|session| {
        let end = html! {
            @if session.id == by.session_id() { (texts::THIS_ONE) } @else {
                (Form {
                    action: END, csrf: &by.csrf, multipart: false,
                    fields: html! { input type="hidden" name="session" value=(session.id); },
                    buttons: secondary(texts::END),
                })
            }
        };
        vec![html! { code { (session.address) } }, ago(session.signed_in), ago(session.seen), end]
    });
    let empty = Empty { why: texts::NO_SESSIONS.to_owned(), next: html! {} };
    Table { caption: texts::SESSIONS, columns: &COLUMNS, rows: rows.collect(), empty }.render()
}
