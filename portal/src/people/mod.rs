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
mod export;
pub(crate) mod fleet_query;
pub(crate) mod hub_test;
pub(crate) mod lists;
pub(crate) mod many;
pub mod openapi;
pub(crate) mod places;
pub(crate) mod problem;
pub(crate) mod reached;
mod recoveries;
pub(crate) mod routes;
pub(crate) mod sensor_body;
pub(crate) mod sensor_export;
pub(crate) mod sensor_view;
pub(crate) mod sensors;
pub(crate) mod settings;
pub(crate) mod sharing;
pub(crate) mod streams;
mod tokens;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use picket_protocol::{documents::DocumentType, refusal::Refusal, wire::MEDIA_ACTIVATION_FILE};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    domain::{access::Right, refused::Refused},
    portal::Portal,
    store::Actor,
};
use answers::{Answer, Nothing};
use openapi::told;
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
        .get(See, "/api/v1/openapi.json", openapi)
        .told(told("This description").gives_file(200, "application/json"))
        .get(See, "/api/v1/about", lists::about)
        .told(told("What this server is").gives::<lists::About>(200))
        .get(See, "/api/v1/sensors", sensors::list)
        .told(told("Sensors, a page at a time").asks::<fleet_query::FleetQuery>().gives::<sensors::Sensors>(200))
        .post(Manage, "/api/v1/sensors", sensors::onboard)
        .told(told("Onboard a sensor").takes::<sensor_body::SensorBody>().keyed().gives::<sensor_view::Shown>(201))
        .post(Manage, "/api/v1/sensors/table", many::onboard)
        .told(told("Onboard all sensors of a table, or none").takes::<many::TableBody>().gives::<many::Onboarded>(201))
        .post(Manage, "/api/v1/sensors/activation-files", many::archive::download)
        .told(
            told("Issue new activation files of several sensors")
                .takes::<many::archive::Ids>()
                .gives_file(200, many::archive::MEDIA),
        )
        .get(See, "/api/v1/sensors/export", sensor_export::export)
        .told(
            told("All sensors, as CSV or JSON")
                .asks::<fleet_query::FleetQuery>()
                .gives_each::<sensor_view::Shown>(200)
                .gives_file(200, "text/csv; charset=utf-8"),
        )
        .get(See, "/api/v1/sensors/{id}", sensors::show)
        .told(told("One sensor").gives::<sensor_view::Detail>(200))
        .patch(Manage, "/api/v1/sensors/{id}", sensors::edit)
        .told(told("Edit a sensor").takes::<sensor_body::SensorBody>().gives::<sensor_view::Shown>(200))
        .delete(Manage, "/api/v1/sensors/{id}", sensors::delete)
        .told(told("Delete a sensor").asks::<sensors::DeleteQuery>().gives::<sensor_view::Shown>(200))
        .post(Manage, "/api/v1/sensors/{id}/reissue", sensors::reissue)
        .told(
            told("Change what the next file of a sensor says")
                .takes::<sensors::ReissueBody>()
                .gives::<sensor_view::Shown>(200),
        )
        .post(Manage, "/api/v1/sensors/{id}/activation-file", activation_files::download)
        .told(
            told("Issue a new activation file")
                .asks::<activation_files::DownloadQuery>()
                .gives_file(200, MEDIA_ACTIVATION_FILE)
                .gives_file(200, "text/plain; charset=utf-8"),
        )
        .get(See, "/api/v1/sensors/{id}/probes/{nonce}", lists::probe)
        .told(told("Whether the hub built in took a probe").gives::<lists::Seen>(200))
        .get(See, "/api/v1/sensors/{id}/streams", streams::of_sensor)
        .told(told("What came of a sensor's alerts").gives::<streams::Streams>(200))
        .get(See, "/api/v1/alerts", alerts::list)
        .told(told("Alerts, a page at a time").asks::<alerts::ListQuery>().gives::<alerts::Listed<'_>>(200))
        .get(See, "/api/v1/alerts/export", alerts::export)
        .told(
            told("All alerts, as CSV or NDJSON")
                .asks::<alerts::ExportQuery>()
                .gives_file(200, "text/csv; charset=utf-8")
                .gives_file(200, "application/x-ndjson"),
        )
        .get(See, "/api/v1/hubs", lists::hubs)
        .told(told("Hubs").gives::<lists::Hubs>(200))
        .post(Secure, "/api/v1/hubs", lists::add_hub)
        .told(told("Add a hub").takes::<lists::HubBody>().gives::<lists::Made>(201))
        .post(Secure, "/api/v1/hubs/{id}/test", hub_test::test)
        .told(told("Whether a hub can be reached from the portal").gives::<hub_test::HubReached>(200))
        .delete(Secure, "/api/v1/hubs/{id}", lists::remove_hub)
        .told(told("Remove a hub").gives::<Nothing>(200))
        .post(Secure, "/api/v1/pairing-tokens", lists::add_pairing_tokens)
        .told(
            told("Make pairing tokens, at a management console")
                .takes::<lists::PairingBody>()
                .gives::<lists::PairingTokens<'_>>(201),
        )
        .post(Secure, "/api/v1/recoveries", recoveries::issue)
        .told(
            told("Sign a recovery document")
                .takes::<recoveries::RecoveryBody>()
                .gives_file(200, DocumentType::Recovery.as_str()),
        )
        .get(See, "/api/v1/subscriptions", places::subscriptions)
        .told(told("Subscriptions, and how many sensors are in each").gives::<places::Subscriptions>(200))
        .post(Secure, "/api/v1/subscriptions", places::add)
        .told(told("Add a subscription").takes::<places::NameBody>().gives::<places::NewSubscription>(201))
        .patch(Secure, "/api/v1/subscriptions/{id}", places::rename)
        .told(told("Rename a subscription").takes::<places::NameBody>().gives::<Nothing>(200))
        .get(See, "/api/v1/places", places::places)
        .told(told("Sites and zones, and how many sensors are in each").gives::<places::Places>(200))
        .post(Manage, "/api/v1/places/rename", places::rename_place)
        .told(
            told("Rename a site or zone at all its sensors")
                .takes::<places::RenameBody>()
                .gives::<places::Renamed>(200),
        )
        .get(See, "/api/v1/settings", settings::show)
        .told(told("How this server is set").gives::<settings::Settings>(200))
        .get(See, "/api/v1/trust-root", activation_files::trust_root)
        .told(told("The trust root").gives::<activation_files::TrustRoot>(200))
        .get(See, "/api/v1/trust-root/file", activation_files::trust_root_file)
        .told(told("The trust root as a file").gives_file(200, "application/octet-stream"))
        .get(See, "/api/v1/alarms", lists::alarms)
        .told(told("Alarms, the newest first").asks::<lists::AlarmQuery>().gives::<lists::Alarms>(200))
        .post(Manage, "/api/v1/alarms/{id}/clear", lists::clear_alarm)
        .told(told("Clear an alarm").gives::<Nothing>(200))
        .get(Secure, "/api/v1/audit", audit::list)
        .told(told("The audit, a page at a time").asks::<audit::AuditQuery>().gives::<audit::Records>(200))
        .get(Secure, "/api/v1/audit/export", audit::export)
        .told(told("The whole audit").gives_file(200, "application/x-ndjson"))
        .get(Secure, "/api/v1/sharing/destinations", sharing::list)
        .told(told("Where alerts and health events are sent on").gives::<sharing::Destinations>(200))
        .post(Secure, "/api/v1/sharing/destinations", sharing::add)
        .told(told("Add a destination").takes::<sharing::DestinationBody>().gives::<sharing::ShownDestination>(201))
        .patch(Secure, "/api/v1/sharing/destinations/{id}", sharing::edit)
        .told(
            told("Change the name of a destination, or what it gets")
                .takes::<sharing::ChangeBody>()
                .gives::<sharing::ShownDestination>(200),
        )
        .delete(Secure, "/api/v1/sharing/destinations/{id}", sharing::remove)
        .told(told("Remove a destination").gives::<Nothing>(200))
        .post(Secure, "/api/v1/sharing/destinations/{id}/test", sharing::test)
        .told(told("Send a test message").gives::<sharing::Tested>(200))
        .get(Own, "/api/v1/users", users::list)
        .told(told("People").gives::<users::Users>(200))
        .post(Own, "/api/v1/users", users::add)
        .told(told("Add a person").takes::<users::UserBody>().gives::<users::SetupCode>(201))
        .patch(Own, "/api/v1/users/{name}", users::change)
        .told(told("Change what a person may do").takes::<users::ChangeBody>().gives::<users::User>(200))
        .delete(Own, "/api/v1/users/{name}", users::remove)
        .told(told("Remove a person").gives::<Nothing>(200))
        .post(Own, "/api/v1/users/{name}/setup-code", users::setup_code)
        .told(told("A new setup code for a person").gives::<users::SetupCode>(201))
        .get(Own, "/api/v1/tokens", tokens::list)
        .told(told("API tokens").gives::<tokens::Tokens>(200))
        .post(Own, "/api/v1/tokens", tokens::add)
        .told(told("Make an API token").takes::<tokens::TokenBody>().gives::<tokens::NewApiToken<'_>>(201))
        .delete(Own, "/api/v1/tokens/{id}", tokens::remove)
        .told(told("Remove an API token").gives::<Nothing>(200))
}

async fn openapi() -> Answer {
    Ok(answers::json(StatusCode::OK, &openapi::document()))
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
