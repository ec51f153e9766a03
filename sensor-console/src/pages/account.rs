//! What belongs to the person who signed in: signing out, own password, own sessions.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Redirect, Response},
};

use crate::{
    console::Shared,
    guard::{Own, cookie, forms::Nothing},
};

pub(super) async fn sign_out(State(console): State<Shared>, own: Own<Nothing>) -> Response {
    let session = Arc::clone(&own.by.session);
    console.sessions.end(&session.person, session.id);
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::removed());
    // What a browser keeps of the pages goes, too.
    response.headers_mut().insert("clear-site-data", axum::http::HeaderValue::from_static("\"cache\""));
    response
}
