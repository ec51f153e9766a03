//! System settings: tiles, and what is behind those of the agent's own matters.

mod about;
mod audit;
mod certificates;
mod diagnostics;
mod management_console;
mod name;
mod network;
mod reactivation;

use axum::{
    Router,
    routing::{get, post},
};
use maud::{Markup, html};
use picket_look::{Icon, Tone, badge, icon};
use picket_protocol::local_api::Status;

use super::overview::view::mode;
use crate::{
    accounts::Role,
    console::Shared,
    guard::SignedIn,
    page::{Failed, Page},
    texts::settings::{self as texts, Tile},
};

/// Where the tiles are, for the way back.
const ABOVE: (&str, &str) = ("/settings", texts::TITLE);

/// What is under `/settings`, less the console's own certificate and people.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/settings", get(tiles))
        .route("/settings/reactivation", get(reactivation::show).post(reactivation::upload))
        .route("/settings/reactivation/preview", get(reactivation::preview))
        .route("/settings/reactivation/let-pass", post(reactivation::let_pass))
        .route("/settings/reactivation/activate", post(reactivation::activate))
        .route("/settings/reactivation/switch", post(reactivation::switch))
        .route("/settings/reactivation/keep", post(reactivation::keep))
        .route("/settings/reactivation/retry", post(reactivation::retry))
        .route("/settings/name", get(name::show).post(name::rename))
        .route("/settings/network", get(network::show).post(network::save))
        .route("/settings/network/proxy/remove", post(network::remove))
        .route("/settings/network/check", post(network::check))
        .route("/settings/network/endpoints.txt", get(network::endpoints))
        .route("/settings/management-console", get(management_console::show).post(management_console::connect))
        .route("/settings/management-console/disconnect", post(management_console::disconnect))
        .route("/settings/audit", get(audit::show))
        .route("/settings/audit/export.ndjson", get(audit::export))
        .route("/settings/diagnostics", get(diagnostics::show))
        .route("/settings/diagnostics/alert-log", get(diagnostics::verify))
        .route("/settings/diagnostics/bundle.json", get(diagnostics::bundle))
        .route("/settings/certificates", get(certificates::show))
        .route("/settings/about", get(about::show))
}

async fn tiles(by: SignedIn) -> Result<Page, Failed> {
    Ok(Page::new(texts::TITLE, body(by.status()?, by.role)))
}

/// A page below the tiles.
fn page((title, _): Tile, body: Markup) -> Page {
    Page::new(title, body).under(ABOVE.0, ABOVE.1)
}

fn body(status: &Status, role: Role) -> Markup {
    let proving = status.candidate.is_some().then(|| badge(Tone::Notice, texts::reactivation::CANDIDATE));
    html! {
        ul class="tiles" {
            (tile("reactivation", texts::REACTIVATION, Icon::Reactivation, Some(proving.unwrap_or_else(|| badge(Tone::Neutral, mode(&status.state))))))
            (tile("name", texts::NAME, Icon::Name, None))
            (tile("network", texts::NETWORK, Icon::Network, None))
            (tile("management-console", texts::MANAGEMENT_CONSOLE, Icon::Hub, None))
            (tile("certificate", texts::CERTIFICATE, Icon::Certificate, None))
            @if role.may_change() { (tile("users", texts::USERS, Icon::People, None)) }
            (tile("audit", texts::AUDIT, Icon::Audit, None))
            (tile("diagnostics", texts::DIAGNOSTICS, Icon::Diagnostics, None))
            (tile("certificates", texts::CERTIFICATES, Icon::Key, None))
            (tile("about", texts::ABOUT, Icon::About, None))
        }
    }
}

fn tile(path: &str, (title, what): Tile, which: Icon, state: Option<Markup>) -> Markup {
    html! {
        li {
            a class="tile" href={ "/settings/" (path) } {
                (icon(which))
                h2 { (title) }
                p { (what) }
                @if let Some(state) = state { p { (state) } }
            }
        }
    }
}
