//! Settings: how this portal is set, and what changes each. Shows; the command line and the data folder decide.

use axum::extract::State;
use picket_look::{Column, Definitions, Empty, Markup, Table, exact, html};

use super::{
    gate::SignedIn,
    getting_started,
    page::{Page, Shown},
    words,
};
use crate::{
    people::{Shared, settings},
    portal::Portal,
};

pub(super) async fn page(State(portal): Shared, _: SignedIn) -> Shown {
    let set = settings::settings(&portal);
    let facts = Definitions::new()
        .with("Address for sensors", html! { code { (set.url) } })
        .with("Role", words::server(set.role))
        .with("Version", set.version)
        .with("Database", if set.database == "sqlite" { "SQLite, in files of the data folder" } else { "PostgreSQL" })
        .with("This process listens since", exact(portal.listening_since));
    let body = html! {
        (facts)
        h2 { "How it is served" }
        p { "Each is an option of " code { "picket-portal serve" } ", and changes when the portal is started anew with another." }
        (options(&set))
        @if portal.trust().is_ok() { h2 { "Trust root" } (trust(&portal)) }
    };
    Ok(Page::new("Settings", &body))
}

fn options(set: &settings::Settings) -> Markup {
    const COLUMNS: [Column<'static>; 3] = [Column::wide("What"), Column::text("Now"), Column::text("Option")];
    let interval =
        set.heartbeat_interval.map_or("Their own, 60 s as a rule".to_owned(), |seconds| format!("{seconds} s"));
    let handshakes = match set.handshakes_per_address {
        0 => "Any number".to_owned(),
        number => format!("{number} a second"),
    };
    let all = [
        ("Heartbeats of sensors", interval, "--heartbeat-interval"),
        ("Alerts are kept for", format!("{} days", set.alerts_days), "--alerts-days"),
        ("Alerts are kept in", format!("{} MiB", set.alerts_mebibytes), "--alerts-mebibytes"),
        ("Changes are gathered for", format!("{} s", set.gather_seconds), "--gather-seconds"),
        ("TLS handshakes of one address", handshakes, "--handshakes-per-address"),
    ];
    let rows = all.map(|(what, now, option)| vec![html! { (what) }, html! { (now) }, html! { code { (option) } }]);
    let empty = Empty { why: String::new(), next: html! {} };
    html! { (Table { caption: "Options of the server", columns: &COLUMNS, rows: rows.into(), empty }) }
}

fn trust(portal: &Portal) -> Markup {
    html! {
        (getting_started::trust(portal))
        p { "Keys are added, withdrawn and rotated by " code { "picket-portal root" } ", with root keys that this server does not have." }
    }
}
