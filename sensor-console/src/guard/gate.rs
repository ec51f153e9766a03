//! The gate: nobody passes without a living session, and nobody passes to other pages before the first sign-in is done.
//!
//! Draws the frame around what the handler behind it answered.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, Method,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    middleware::Next,
    response::{Html, IntoResponse as _, Redirect, Response},
};

use picket_guard::{host::Host, origin};

use super::{cookie, signed_in::SignedIn};
use crate::{
    clock,
    console::{Console, Shared},
    first_sign_in, frame,
    page::{Failed, Page},
    sessions::Session,
};

const SIGN_IN: &str = "/sign-in";

/// For pages that need a session.
pub async fn signed_in(State(console): State<Shared>, mut request: Request, next: Next) -> Response {
    let session = session(&console, request.headers());
    let Some(signed_in) = who(&console, session).await else { return Redirect::to(SIGN_IN).into_response() };
    let path = request.uri().path().to_owned();
    let answer = if let Some(step) = first_sign_in::owed(&console, &signed_in, &path) {
        Failed::Elsewhere(step).into_response()
    } else if !is_safe(request.method()) && !from_our_page(&request) {
        Failed::Forged.into_response()
    } else {
        request.extensions_mut().insert(signed_in.clone());
        next.run(request).await
    };
    framed(answer, |page| frame::signed_in(&console, &signed_in, &path, page))
}

/// For pages before the sign-in.
pub async fn open(request: Request, next: Next) -> Response {
    let answer = if !is_safe(request.method()) && !from_our_page(&request) {
        Failed::Forged.into_response()
    } else {
        next.run(request).await
    };
    framed(answer, frame::open)
}

/// For pages that say nothing of the sensor: in the frame of whoever has signed in, bare for everybody else.
pub async fn either(State(console): State<Shared>, request: Request, next: Next) -> Response {
    if session(&console, request.headers()).is_some() {
        signed_in(State(console), request, next).await
    } else {
        open(request, next).await
    }
}

fn session(console: &Console, headers: &HeaderMap) -> Option<Session> {
    console.sessions.touch(cookie::SESSION.token(headers)?, clock::since_boot())
}

async fn who(console: &Console, session: Option<Session>) -> Option<SignedIn> {
    let session = session?;
    // Asked each time: whoever is removed, or given another role, is so at once.
    let account = console.accounts.find(&session.person)?;
    Some(SignedIn::new(session, account.role, console.agent.status().await))
}

const fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn from_our_page(request: &Request) -> bool {
    let Some(Host(host)) = request.extensions().get() else { return false };
    origin::is_ours(request.headers(), host)
}

/// A page in its frame; anything else (redirects, files, streams, fragments) as it is.
fn framed(mut response: Response, frame: impl FnOnce(&Page) -> maud::Markup) -> Response {
    let Some(page) = response.extensions_mut().remove::<Page>() else { return response };
    let mut drawn = Html(frame(&page).into_string()).into_response();
    *drawn.status_mut() = page.status;
    drawn.headers_mut().extend(response.headers_mut().drain().filter_map(|(name, value)| {
        Some((name.filter(|name| name != CONTENT_TYPE && name != CONTENT_LENGTH)?, value))
    }));
    drawn
}
