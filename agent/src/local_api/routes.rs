//! The table of routes, in four groups by the right they need. The right is judged before a byte of the body is read.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Extension, Request, State},
    http::{Method, Uri},
    middleware::{self, Next},
    response::Response,
    routing::{get, post, put},
};
use picket_protocol::{local_api::routes as paths, refusal::Refusal};

use super::{
    LocalApi, Right, alerts, answer::Refused, audit, certificates, changes, check, console, diagnose, files, hours,
    live, metrics, person, reads, search, serve::Caller, trust,
};

type Shared = Arc<LocalApi>;

pub(super) fn router(api: Shared) -> Router {
    let read = Router::new()
        .route(paths::STATUS, get(reads::status))
        .route(paths::STATUS_FOLLOW, get(live::status))
        .route(paths::TRUST, get(trust::list))
        .route(paths::VERIFY, post(files::verify))
        .route(paths::PREVIEW, post(files::preview))
        .route(paths::ACTIVATIONS, get(reads::activations))
        .route(paths::PROXY, get(reads::proxy))
        .route(paths::AUDIT, get(audit::list))
        .route(paths::ALERTS, get(alerts::list))
        .route(paths::ALERTS_SEARCH, get(search::search))
        .route(&format!("{}/{{place}}", paths::ALERTS_AT), get(search::at))
        .route(paths::ALERTS_SEVERITIES, get(hours::severities))
        .route(paths::CERTIFICATES, get(certificates::list))
        .route(paths::ALERTS_FOLLOW, get(alerts::follow))
        .route(paths::ALERTS_EXPORT, get(alerts::export))
        .route(paths::ALERTS_VERIFY, get(alerts::verify))
        .route(paths::DIAGNOSE, get(diagnose::diagnose))
        .route(&format!("{}/{{code}}", paths::EXPLAIN), get(reads::explain))
        .route(paths::METRICS, get(metrics::metrics));
    let change = Router::new()
        .route(paths::ACTIVATION, post(files::activate))
        .route(paths::CANDIDATE_NOW, post(changes::candidate_now))
        .route(paths::CANDIDATE_KEEP, post(changes::candidate_keep))
        .route(paths::CANDIDATE_RETRY, post(changes::candidate_retry))
        .route(paths::NAME, put(changes::name))
        .route(paths::PROXY, put(changes::set_proxy).delete(changes::clear_proxy))
        .route(paths::MANAGEMENT_CONSOLE, put(changes::connect_console).delete(changes::disconnect_console))
        .route(paths::CHECK, post(check::check))
        .route(paths::REQUEST, post(files::request))
        .route(paths::TRUST_CONFIRM, post(trust::confirm))
        .route(paths::SETUP_CODE, post(console::try_setup_code))
        .route(paths::SETUP_DONE, post(console::setup_done))
        .route(paths::AUDIT_PEOPLE, post(console::note_people))
        .route(paths::RECOVERY, post(console::start_recovery))
        .route(paths::RECOVERY_REDEEM, post(console::redeem));
    let own = Router::new().route(paths::SETUP_CODE, get(console::setup_code));
    let root = Router::new().route(paths::TRUST, post(trust::add)).route(paths::RESET, post(changes::reset));
    #[cfg(debug_assertions)]
    let root = root.merge(super::fault_points::routes());

    read.merge(needing(Right::Change, change, &api))
        .merge(needing(Right::Own, own, &api))
        .merge(needing(Right::Root, root, &api))
        .fallback(nothing_there)
        .method_not_allowed_fallback(nothing_there)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), person::name))
        .with_state(api)
}

fn needing(right: Right, routes: Router<Shared>, api: &Shared) -> Router<Shared> {
    let api = Arc::clone(api);
    let judge = move |Extension(caller): Extension<Caller>, request: Request, next: Next| {
        let allowed = api.grants.allow(caller.uid, right);
        async move {
            if allowed {
                return Ok(next.run(request).await);
            }
            tracing::info!(uid = %caller.uid, path = request.uri().path(), "a caller of the local API may not do this");
            Err(Refused(Refusal::Forbidden { needs: right.needs().to_owned() }))
        }
    };
    routes.route_layer(middleware::from_fn(judge))
}

async fn nothing_there(method: Method, uri: Uri, State(_): State<Shared>) -> Result<Response, Refused> {
    let path: String = uri.path().chars().take(200).collect();
    Err(Refused(Refusal::NotFound { what: format!("{method} {path}") }))
}
