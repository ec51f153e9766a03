//! One's own account: password and sessions.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use picket_guard::{from::From, hash::PasswordHash, password::NewPassword, person_name::PersonName};
use picket_look::{
    Column, Definitions, Empty, Field, FieldKind, Form as FormParts, Table, Tone, html, message, primary, when,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    SESSION, SignIns, choose_password,
    forms::{Form, Nothing},
    gate::SignedIn,
    page::{Page, Shown},
    sign_in, words,
};
use crate::{
    clock,
    domain::refused::Refused,
    people::{Shared, problem::Problem},
    portal::Portal,
    store::sessions::session_id,
};

#[derive(Debug, Deserialize)]
pub(super) struct Passwords {
    present: Zeroizing<String>,
    password: Zeroizing<String>,
    again: Zeroizing<String>,
}

pub(super) async fn page(State(portal): Shared, by: SignedIn) -> Shown {
    Ok(shown(&portal, &by, None).await?)
}

/// The other sessions of the person end.
pub(super) async fn change_password(
    State(portal): Shared,
    Extension(sign_ins): Extension<Arc<SignIns>>,
    From(address): From,
    Form { by, form }: Form<Passwords>,
) -> Result<Response, Problem> {
    let refused = async |why: &str| {
        let page = shown(&portal, &by, Some((Tone::Critical, why))).await?;
        Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
    };
    let name = PersonName::try_from(by.caller().name).map_err(|_| Refused::Unauthorized)?;
    let Ok(place) = sign_ins.attempts.turn(address).await else { return Ok(sign_in::gave_way(name.as_str())) };
    if sign_in::matching(&portal, &sign_ins, Some(name.clone()), form.present).await?.is_none() {
        place.was_wrong();
        return refused("The present password is wrong.").await;
    }
    let password = match NewPassword::chosen(&form.password, &form.again, &name) {
        Ok(password) => password,
        Err(weak) => return refused(&format!("The password was not taken: {weak}.")).await,
    };
    let hash = tokio::task::spawn_blocking(move || PasswordHash::of(password.expose())).await;
    let hash = hash.map_err(|_| Refused::StorageFailed)?;
    portal.store.change_password(name, hash, by.0.digest.clone()).await?;
    place.was_right();
    let done = (Tone::Ok, "The password is changed. Your other sessions have ended.");
    Ok(shown(&portal, &by, Some(done)).await?.into_response())
}

pub(super) async fn sign_out(State(portal): Shared, Form { by, .. }: Form<Nothing>) -> Result<Response, Problem> {
    portal.store.end_session(by.0.digest.clone()).await?;
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().insert(header::SET_COOKIE, SESSION.removed());
    Ok(response)
}

async fn shown(portal: &Portal, by: &SignedIn, said: Option<(Tone, &str)>) -> Result<Page, Refused> {
    const COLUMNS: [Column<'static>; 3] = [Column::text("From"), Column::text("Signed in"), Column::text("Last seen")];
    let (caller, now) = (by.caller(), clock::now());
    let own = session_id(&by.0.digest);
    let sessions = portal.store.sessions_of(&caller.name).await?;
    let rows = sessions.iter().map(|session| {
        let address = html! { (session.address) @if session.id == own { " (this one)" } };
        vec![address, when(session.begun_at, now), when(session.seen_at, now)]
    });
    let fields = html! {
        (Field::of("present", "Present password", FieldKind::Password { fresh: false }))
        (Field { help: choose_password::HELP, ..Field::of("password", "New password", FieldKind::Password { fresh: true }) })
        (Field::of("again", "The same again", FieldKind::Password { fresh: true }))
    };
    let empty = Empty { why: "No session".to_owned(), next: html! {} };
    let body = html! {
        @if let Some((tone, said)) = said { (message(tone, said, "")) }
        (Definitions::new().with("Name", caller.name.as_str()).with("Role", words::role(caller.role)))
        h2 { "Sessions" }
        (Table { caption: "Sessions", columns: &COLUMNS, rows: rows.collect(), empty })
        h2 { "Change password" }
        (FormParts { action: "/account/password", csrf: by.csrf(), multipart: false, fields, buttons: primary("Change password") })
    };
    Ok(Page::new("Account", &body))
}
