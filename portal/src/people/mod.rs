//! The people's side: a REST API on a loopback port, for the command line and for what stands on it later.
//!
//! Every request carries an API token; every route asks for a right ([`api`]); every refusal is a problem (RFC 9457); unknown fields are refused.

pub(crate) mod activation_files;
pub(crate) mod alert_rows;
mod alerts;
pub(crate) mod answers;
pub(crate) mod audit;
pub(crate) mod body;
mod csv;
pub(crate) mod fleet_query;
pub(crate) mod lists;
pub(crate) mod problem;
pub(crate) mod reached;
mod recoveries;
pub(crate) mod routes;
pub(crate) mod sensor_body;
pub(crate) mod sensor_export;
pub(crate) mod sensor_view;
pub(crate) mod sensors;
mod sharing;
pub(crate) mod streams;
mod tokens;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::header::AUTHORIZATION,
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use picket_protocol::refusal::Refusal;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    domain::{access::Right, refused::Refused},
    portal::Portal,
    store::Actor,
};
use problem::Problem;
pub use routes::Listed;
use routes::Routes;

/// Most bytes of a request: a registration with a request document and several CA certificates.
const MAX_BODY: usize = 256 * 1024;

/// What every handler works with.
pub(crate) type Shared = State<Arc<Portal>>;

/// The API: every route with the right that it asks for.
fn api() -> Routes<Arc<Portal>> {
    use Right::{Manage, Own, Secure, See};
    Routes::default()
        .get(See, "/api/v1/about", lists::about)
        .get(See, "/api/v1/sensors", sensors::list)
        .post(Manage, "/api/v1/sensors", sensors::onboard)
        .get(See, "/api/v1/sensors/export", sensor_export::export)
        .get(See, "/api/v1/sensors/{id}", sensors::show)
        .patch(Manage, "/api/v1/sensors/{id}", sensors::edit)
        .delete(Manage, "/api/v1/sensors/{id}", sensors::delete)
        .post(Manage, "/api/v1/sensors/{id}/reissue", sensors::reissue)
        .post(Manage, "/api/v1/sensors/{id}/activation-file", activation_files::download)
        .get(See, "/api/v1/sensors/{id}/probes/{nonce}", lists::probe)
        .get(See, "/api/v1/sensors/{id}/streams", streams::of_sensor)
        .get(See, "/api/v1/alerts", alerts::list)
        .get(See, "/api/v1/alerts/export", alerts::export)
        .get(See, "/api/v1/hubs", lists::hubs)
        .post(Secure, "/api/v1/hubs", lists::add_hub)
        .delete(Secure, "/api/v1/hubs/{id}", lists::remove_hub)
        .post(Secure, "/api/v1/pairing-tokens", lists::add_pairing_tokens)
        .post(Secure, "/api/v1/recoveries", recoveries::issue)
        .get(See, "/api/v1/subscriptions", users::subscriptions)
        .get(See, "/api/v1/trust-root", activation_files::trust_root)
        .get(See, "/api/v1/trust-root/file", activation_files::trust_root_file)
        .get(See, "/api/v1/alarms", lists::alarms)
        .post(Manage, "/api/v1/alarms/{id}/clear", lists::clear_alarm)
        .get(Secure, "/api/v1/audit", audit::list)
        .get(Secure, "/api/v1/audit/export", audit::export)
        .get(Secure, "/api/v1/sharing/destinations", sharing::list)
        .post(Secure, "/api/v1/sharing/destinations", sharing::add)
        .delete(Secure, "/api/v1/sharing/destinations/{id}", sharing::remove)
        .post(Secure, "/api/v1/sharing/destinations/{id}/test", sharing::test)
        .get(Own, "/api/v1/users", users::list)
        .post(Own, "/api/v1/users", users::add)
        .patch(Own, "/api/v1/users/{name}", users::change)
        .delete(Own, "/api/v1/users/{name}", users::remove)
        .post(Own, "/api/v1/users/{name}/setup-code", users::setup_code)
        .get(Own, "/api/v1/tokens", tokens::list)
        .post(Own, "/api/v1/tokens", tokens::add)
        .delete(Own, "/api/v1/tokens/{id}", tokens::remove)
}

/// Every route of the API.
#[must_use]
pub fn listed() -> Vec<Listed> {
    api().listed
}

/// The API as a router.
pub fn router(portal: Arc<Portal>) -> Router {
    let fallback = Arc::clone(&portal);
    routes_alone(portal)
        .fallback(|request: Request| async move {
            let what = format!("{} {}", request.method(), request.uri().path());
            Problem(Refusal::NotFound { what }.into())
        })
        .layer(from_fn_with_state(fallback, authenticate))
}

/// The routes of the API, each behind its token; what is none of them is for whoever takes them in.
pub(crate) fn routes_alone(portal: Arc<Portal>) -> Router {
    api()
        .router
        .route_layer(from_fn_with_state(Arc::clone(&portal), authenticate))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(portal)
}

/// Serves until `stop` changes.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, portal: Arc<Portal>, mut stop: watch::Receiver<bool>) -> std::io::Result<()> {
    let stopped = async move { _ = stop.changed().await };
    axum::serve(listener, router(portal)).with_graceful_shutdown(stopped).await
}

async fn authenticate(State(portal): Shared, mut request: Request, next: Next) -> Result<Response, Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Refused::Unauthorized)?;
    let caller = portal.store.bearer(token).await?;
    request.extensions_mut().insert(Actor(caller.name.clone()));
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}
