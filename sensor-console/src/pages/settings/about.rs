//! About: versions, the appliance id, the trust roots.

use axum::extract::State;
use maud::{Markup, Render as _, html};
use picket_look::{Column, Definitions, Empty, Table, copyable, identifier};
use picket_protocol::local_api::{SensorState, Status, TrustRootView, routes};

use super::page;
use crate::{
    console::Shared,
    guard::SignedIn,
    page::{Failed, Page},
    texts::settings::{self as texts, about as words},
};

const COLUMNS: [Column<'_>; 4] = [
    Column::wide(words::FINGERPRINT),
    Column::text(words::LAST),
    Column::number(words::VERSION),
    Column::number(words::KEYS),
];

pub(in crate::pages) async fn show(State(console): State<Shared>, by: SignedIn) -> Result<Page, Failed> {
    let trust: Vec<TrustRootView> = console.agent.get(routes::TRUST).await?;
    Ok(page(texts::ABOUT, body(by.status()?, &trust)))
}

fn body(status: &Status, trust: &[TrustRootView]) -> Markup {
    let sensor = match &status.state {
        SensorState::Unactivated => None,
        SensorState::Active { active } => Some(active.activation.sensor.to_string()),
        SensorState::Deactivated { deactivated } => Some(deactivated.activation.sensor.to_string()),
    };
    let appliance = status.appliance.to_string();
    let empty = Empty { why: words::NO_TRUST.to_owned(), next: html! {} };
    html! {
        div class="stack" {
            section class="panel" {
                h2 { (words::VERSIONS) }
                (Definitions::new()
                    .with(words::CONSOLE, env!("CARGO_PKG_VERSION"))
                    .with(words::AGENT, &status.agent.version)
                    .with_help(words::APPLIANCE, copyable(&appliance, words::APPLIANCE), words::APPLIANCE_HELP)
                    .with_some(words::SENSOR, sensor.map(|sensor| copyable(&sensor, words::SENSOR))))
            }
            h2 { (words::TRUST) }
            (Table { caption: words::TRUST, columns: &COLUMNS, rows: trust.iter().map(row).collect(), empty }.render())
            p class="help" { (words::LICENCES) }
        }
    }
}

fn row(root: &TrustRootView) -> Vec<Markup> {
    vec![
        identifier(&root.id.to_string()),
        identifier(&root.confirmation),
        html! { (root.version) },
        html! { (root.keys.len()) },
    ]
}
