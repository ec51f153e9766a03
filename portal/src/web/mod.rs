//! The people's pages: server-drawn, usable without a script, over TLS on a port of their own. The API stands beside them.
//!
//! Closed unless opened: a page is reached through [`gate::signed_in`] and asks for a right ([`pages`]), or is named in
//! [`open`].

mod account;
mod alerts;
mod audit;
mod choose_password;
mod chosen;
mod columns;
mod forms;
mod frame;
mod gate;
mod getting_started;
mod hub;
mod hubs;
mod many;
mod onboard;
mod page;
mod persons;
mod places;
mod sensor;
mod sensors;
mod settings;
mod sharing;
mod sign_in;
mod tokens;
mod uploads;
mod words;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::Path,
    http::header,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::get,
};
use picket_guard::{attempts::Attempts, cookie::SessionCookie, hash::PasswordHash, headers, host, serve};
use picket_look::assets;
use picket_protocol::refusal::Refusal;
use rustls::ServerConfig;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    domain::{access::Right, refused::Refused},
    people::{self, Listed, problem::Problem, routes::Routes},
    portal::Portal,
};

/// The cookie of the portal's sessions.
const SESSION: SessionCookie = SessionCookie::named("__Host-picket-portal");

/// What trying a password takes.
#[derive(Debug)]
struct SignIns {
    attempts: Attempts,
    /// What a try of an unknown name is compared with.
    nobody: PasswordHash,
}

/// Serves pages and API until `stop` changes.
pub async fn serve(listener: TcpListener, tls: Arc<ServerConfig>, portal: Arc<Portal>, stop: watch::Receiver<bool>) {
    serve::serve(listener, tls, router(portal), stop).await;
}

/// Every page behind the gate.
#[must_use]
pub fn listed() -> Vec<Listed> {
    pages().listed
}

fn router(portal: Arc<Portal>) -> Router {
    let sign_ins = Arc::new(SignIns { attempts: Attempts::default(), nobody: PasswordHash::of_nobody() });
    let gated = pages().router.route_layer(from_fn_with_state(Arc::clone(&portal), gate::signed_in));
    let open = open().layer(from_fn(gate::open));
    let pages = gated.merge(open).layer(Extension(sign_ins)).with_state(Arc::clone(&portal));
    people::routes_alone(portal).merge(pages).layer(from_fn(host::check)).layer(from_fn(headers::add))
}

/// Before the sign-in. What is here is public; everything else is not.
fn open() -> Router<Arc<Portal>> {
    Router::new()
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/choose-password", get(choose_password::form).post(choose_password::choose))
        .route("/assets/{file}", get(asset))
        .fallback(async || Problem(Refused::Protocol(Refusal::NotFound { what: "page".to_owned() })))
}

/// Behind the gate: every page with the right that it asks for.
fn pages() -> Routes<Arc<Portal>> {
    use Right::{Manage, Own, Secure, See};
    Routes::default()
        .get(See, "/", getting_started::page)
        .get(Manage, "/onboard", onboard::form)
        .post(Manage, "/onboard", onboard::onboard)
        .get(Manage, "/onboard/many", many::form)
        .post(Manage, "/onboard/many", many::onboard)
        .get(Manage, "/onboard/many/template", many::template)
        .post(Manage, "/sensors/files", chosen::files)
        .post(Manage, "/sensors/chosen", chosen::chosen)
        .post(Manage, "/sensors/chosen/edit", chosen::edit)
        .post(Manage, "/sensors/chosen/reissue", chosen::reissue)
        .post(Manage, "/sensors/chosen/delete", chosen::delete)
        .post(See, "/sensors/columns", columns::choose)
        .get(See, "/sensors", sensors::list::<false>)
        .get(See, "/sensors/export", people::sensor_export::export)
        .get(See, "/sensors/ticked", sensors::list::<true>)
        .get(See, "/sensors/{id}", sensor::page)
        .get(Manage, "/sensors/{id}/file", sensor::file::page)
        .post(Manage, "/sensors/{id}/file", sensor::file::download)
        .post(Manage, "/sensors/{id}/file/text", sensor::file::text)
        .get(Manage, "/sensors/{id}/edit", sensor::edit::form)
        .post(Manage, "/sensors/{id}/edit", sensor::edit::edit)
        .get(Manage, "/sensors/{id}/reissue", sensor::reissue::form)
        .post(Manage, "/sensors/{id}/reissue", sensor::reissue::reissue)
        .get(Manage, "/sensors/{id}/delete", sensor::delete::form)
        .post(Manage, "/sensors/{id}/delete", sensor::delete::delete)
        .post(Manage, "/sensors/{id}/clear", sensor::clear)
        .get(See, "/alerts", alerts::list)
        .get(See, "/hubs", hubs::list)
        .get(See, "/hubs/one", hub::page)
        .post(Secure, "/hubs/test", hub::test)
        .post(Secure, "/hubs", hubs::add)
        .post(Secure, "/hubs/remove", hubs::remove)
        .get(Secure, "/sharing", sharing::list)
        .post(Secure, "/sharing", sharing::add)
        .get(Secure, "/sharing/edit", sharing::edit_form)
        .post(Secure, "/sharing/edit", sharing::edit)
        .post(Secure, "/sharing/test", sharing::test)
        .post(Secure, "/sharing/remove", sharing::remove)
        .get(See, "/places", places::page)
        .post(Secure, "/places/subscriptions", places::add)
        .post(Secure, "/places/subscriptions/rename", places::rename_subscription)
        .post(Manage, "/places/rename", places::rename_place)
        .get(See, "/settings", settings::page)
        .get(Own, "/people", persons::list)
        .post(Own, "/people", persons::add)
        .post(Own, "/people/role", persons::change)
        .post(Own, "/people/setup-code", persons::setup_code)
        .post(Own, "/people/remove", persons::remove)
        .get(Own, "/tokens", tokens::list)
        .post(Own, "/tokens", tokens::add)
        .post(Own, "/tokens/remove", tokens::remove)
        .get(Secure, "/audit", audit::list)
        .get(Secure, "/audit/export", people::audit::export)
        .get(See, "/account", account::page)
        .post(See, "/account/password", account::change_password)
        .post(See, "/sign-out", account::sign_out)
}

async fn asset(Path(file): Path<String>) -> Response {
    let Some(asset) = assets::find(&format!("{}{file}", assets::PREFIX)) else {
        return Problem(Refused::Protocol(Refusal::NotFound { what: file })).into_response();
    };
    let headers = [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, assets::CACHE_CONTROL)];
    (headers, asset.content).into_response()
}
