//! Which path is which page. Signed-in pages are behind the gate; those named in [`open`] and [`either`] are all that is not.

mod account;
mod alerts;
mod assets;
mod brought;
mod certificate;
mod endpoints;
mod explain;
mod flow;
mod list;
mod live;
pub(crate) mod overview;
mod recovery;
mod settings;
pub mod setup;
mod sign_in;
mod users;

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
    let either = either().route_layer(from_fn_with_state(Arc::clone(&console), gate::either));
    let open = open().layer(from_fn(gate::open));
    gated.merge(either).merge(open).layer(from_fn(host::check)).layer(from_fn(headers::add)).with_state(console)
}

/// Before the sign-in. What is here is public; everything else is not.
fn open() -> Router<Shared> {
    Router::new()
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/first-sign-in", get(setup::form).post(setup::set_up))
        .route("/recovery", get(recovery::form).post(recovery::redeem))
        .route("/recovery/begin", post(recovery::begin))
        .route("/assets/{file}", get(assets::file))
        .fallback(async || Failed::NotFound)
}

/// The same before and after the sign-in: nothing of the sensor is in it.
fn either() -> Router<Shared> {
    Router::new().route("/explain/{code}", get(explain::explain))
}

/// Behind the gate.
fn signed_in() -> Router<Shared> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/events/overview", get(overview::live))
        .merge(alerts::router())
        .merge(settings::router())
        .route("/sign-out", post(account::sign_out))
        .route("/account", get(account::account))
        .route("/account/password", post(account::change_password))
        .route("/account/sessions/end", post(account::end_session))
        .route("/settings/certificate", get(certificate::form).post(certificate::replace))
        .route("/settings/users", get(users::users).post(users::add))
        .route("/settings/users/role", post(users::set_role))
        .route("/settings/users/remove", post(users::remove))
        .merge(flow::routes())
}
