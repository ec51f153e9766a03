//! The people's side: a REST API on a loopback port, for the command line and for what stands on it later.
//!
//! Every request carries an API token; every refusal is a problem (RFC 9457); unknown fields are refused.

mod activation_files;
mod alert_rows;
mod alerts;
mod answers;
mod body;
mod lists;
mod problem;
mod recoveries;
mod sensor_body;
mod sensor_view;
mod sensors;
mod sharing;
mod streams;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::header::AUTHORIZATION,
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::{get, post},
};
use picket_protocol::refusal::Refusal;
use tokio::{net::TcpListener, sync::watch};

use crate::{domain::refused::Refused, portal::Portal};
use problem::Problem;

/// Most bytes of a request: a registration with a request document and several CA certificates.
const MAX_BODY: usize = 256 * 1024;

/// What every handler works with.
type Shared = State<Arc<Portal>>;

/// The API as a router.
pub fn router(portal: Arc<Portal>) -> Router {
    Router::new()
        .route("/api/v1/about", get(lists::about))
        .route("/api/v1/sensors", get(sensors::list).post(sensors::onboard))
        .route("/api/v1/sensors/{id}", get(sensors::show).patch(sensors::edit).delete(sensors::delete))
        .route("/api/v1/sensors/{id}/reissue", post(sensors::reissue))
        .route("/api/v1/sensors/{id}/activation-file", post(activation_files::download))
        .route("/api/v1/sensors/{id}/probes/{nonce}", get(lists::probe))
        .route("/api/v1/sensors/{id}/streams", get(streams::of_sensor))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/alerts/export", get(alerts::export))
        .route("/api/v1/hubs", get(lists::hubs).post(lists::add_hub))
        .route("/api/v1/hubs/{id}", axum::routing::delete(lists::remove_hub))
        .route("/api/v1/pairing-tokens", post(lists::add_pairing_tokens))
        .route("/api/v1/recoveries", post(recoveries::issue))
        .route("/api/v1/trust-root", get(activation_files::trust_root))
        .route("/api/v1/trust-root/file", get(activation_files::trust_root_file))
        .route("/api/v1/alarms", get(lists::alarms))
        .route("/api/v1/alarms/{id}/clear", post(lists::clear_alarm))
        .route("/api/v1/audit", get(lists::audit))
        .route("/api/v1/sharing/destinations", get(sharing::list).post(sharing::add))
        .route("/api/v1/sharing/destinations/{id}", axum::routing::delete(sharing::remove))
        .route("/api/v1/sharing/destinations/{id}/test", post(sharing::test))
        .fallback(|request: Request| async move {
            let what = format!("{} {}", request.method(), request.uri().path());
            Problem(Refusal::NotFound { what }.into())
        })
        .layer(from_fn_with_state(Arc::clone(&portal), authenticate))
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
    let actor = portal.store.bearer(token).await?;
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}
