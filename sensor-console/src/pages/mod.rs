//! Which path is which page. Signed-in pages are behind the gate; those named in [`open`] are all that is not.

mod account;
mod list;
mod overview;
mod sign_in;

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};

pub use self::list::{ListedPage, PAGES, WhoSees};
use crate::{
    console::Shared,
    guard::{gate, headers, host},
    page::Failed,
};

/// All pages, guarded.
pub fn router(console: Shared) -> Router {
    let gated = signed_in().route_layer(from_fn_with_state(Arc::clone(&console), gate::signed_in));
    let open = open().layer(from_fn_with_state(Arc::clone(&console), gate::open));
    gated.merge(open).layer(from_fn(host::check)).layer(from_fn(headers::add)).with_state(console)
}

/// Before the sign-in. What is here is public; everything else is not.
fn open() -> Router<Shared> {
    Router::new().route("/sign-in", get(sign_in::form).post(sign_in::sign_in)).fallback(async || Failed::NotFound)
}

/// Behind the gate.
fn signed_in() -> Router<Shared> {
    Router::new().route("/", get(overview::overview)).route("/sign-out", post(account::sign_out))
}
