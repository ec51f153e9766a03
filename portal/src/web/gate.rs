//! The gate: nobody passes without a living session, and no form that is not from a page of ours. Draws the frame around
//! what the handler behind it answered.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{
        Method,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
        request::Parts,
    },
    middleware::Next,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use picket_guard::{host::Host, origin};
use picket_look::Markup;

use super::{SESSION, frame, page::Page};
use crate::{
    domain::{access::Caller, refused::Refused},
    people::{Shared, problem::Problem},
    store::{Actor, sessions::Session},
};

const SIGN_IN: &str = "/sign-in";

/// Who asks, for handlers: there only behind the gate.
#[derive(Debug, Clone)]
pub(super) struct SignedIn(pub(super) Arc<Session>);

impl SignedIn {
    pub(super) fn caller(&self) -> Caller {
        self.0.caller.clone()
    }

    pub(super) fn actor(&self) -> Actor {
        Actor(self.0.caller.name.clone())
    }

    pub(super) fn csrf(&self) -> &str {
        &self.0.csrf
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or(Problem(Refused::Unauthorized))
    }
}

/// For pages that need a session.
pub(super) async fn signed_in(State(portal): Shared, mut request: Request, next: Next) -> Response {
    let session = match SESSION.token(request.headers()) {
        None => None,
        Some(token) => match portal.store.session(token).await {
            Ok(session) => session,
            Err(refused) => return framed(Problem(refused).into_response(), frame::open),
        },
    };
    let Some(session) = session else { return Redirect::to(SIGN_IN).into_response() };
    let by = SignedIn(Arc::new(session));
    let path = request.uri().path().to_owned();
    let answer = if is_forged(&request) {
        Problem(Refused::Forged).into_response()
    } else {
        request.extensions_mut().insert(by.actor());
        request.extensions_mut().insert(by.caller());
        request.extensions_mut().insert(by.clone());
        next.run(request).await
    };
    framed(answer, |page| frame::signed_in(&portal, &by, &path, page))
}

/// For pages before the sign-in.
pub(super) async fn open(request: Request, next: Next) -> Response {
    let answer = if is_forged(&request) { Problem(Refused::Forged).into_response() } else { next.run(request).await };
    framed(answer, frame::open)
}

fn is_forged(request: &Request) -> bool {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let host = request.extensions().get();
    !safe && !host.is_some_and(|Host(host)| origin::is_ours(request.headers(), host))
}

/// A page or a refusal in its frame; anything else (redirects, files) as it is.
fn framed(mut response: Response, frame: impl FnOnce(&Page) -> Markup) -> Response {
    let refused = response.extensions_mut().remove::<Refused>();
    let page = response.extensions_mut().remove::<Page>();
    let Some(page) = page.or_else(|| refused.as_ref().map(Page::of_refusal)) else { return response };
    let mut drawn = Html(frame(&page).into_string()).into_response();
    *drawn.status_mut() = page.status;
    drawn.headers_mut().extend(response.headers_mut().drain().filter_map(|(name, value)| {
        Some((name.filter(|name| name != CONTENT_TYPE && name != CONTENT_LENGTH)?, value))
    }));
    drawn
}
