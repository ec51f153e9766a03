//! Sites and Sensors: counts, filters, order, pages. An address says all of it, so it can be kept and sent.

use axum::{Extension, extract::State};
use picket_look::{Button, Column, Empty, Icon, Markup, Table, button_link, html, secondary, when};
use picket_protocol::{heartbeat::Heartbeat, time::UnixSeconds};
use serde::Serialize;

use super::{
    gate::SignedIn,
    page::{Page, Shown},
    words::{self, CONNECTIONS, HEALTHS},
};
use crate::{
    clock,
    domain::{
        access::{Caller, Right},
        role::Role,
    },
    people::{
        Shared,
        body::Asked,
        fleet_query::{FleetQuery, cursor},
    },
    store::{
        fleet::{Counts, FleetPage, Sort},
        views::SensorView,
    },
};

/// Rows of a page.
const ROWS: usize = 50;
const SENSORS: &str = "/sensors";

const COLUMNS: [Column<'static>; 12] = [
    Column::text("Name"),
    Column::text("Actions"),
    Column::text("Connection type"),
    Column::text("Connection"),
    Column::text("Health"),
    Column::text("Last connected"),
    Column::text("Subscription"),
    Column::text("Site"),
    Column::text("Zone"),
    Column::text("Tags"),
    Column::text("Version"),
    Column::text("Threat intelligence"),
];

pub(super) async fn list(
    State(portal): Shared,
    by: SignedIn,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<FleetQuery>,
) -> Shown {
    let now = clock::now();
    let page = query.page(&portal, &caller.scope, ROWS).await?;
    let counts = portal.store.counts(&caller.scope, portal.viewpoint(), now).await?;
    let may_onboard = by.caller().may(Right::Manage).is_ok() && portal.role == Role::Portal;
    let subscriptions = portal.store.subscriptions(&caller.scope).await?;
    let subscriptions: Vec<&str> = subscriptions.iter().map(|(_, name)| name.as_str()).collect();
    let asked = Address::of(&query);
    let body = html! {
        @if may_onboard {
            div class="buttons" { (button_link(Button::Primary, "/onboard", "Onboard sensor", Some(Icon::Add))) }
        }
        (counted(&counts))
        (filters(&asked, &subscriptions))
        (table(&page, &asked, now, may_onboard))
        (pages(&page, &asked))
    };
    Ok(Page::new("Sites and Sensors", &body))
}

/// What is filtered by and ordered by, as an address carries it.
#[derive(Debug, Clone, Default, Serialize)]
struct Address {
    #[serde(skip_serializing_if = "String::is_empty")]
    search: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subscription: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    mode: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    connection: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    health: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sort: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    after: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    format: String,
}

impl Address {
    fn of(query: &FleetQuery) -> Self {
        let connection = CONNECTIONS.into_iter().find(|(known, ..)| Some(*known) == query.connection);
        let health = HEALTHS.into_iter().find(|(known, ..)| Some(*known) == query.health);
        Self {
            search: query.search.clone().unwrap_or_default(),
            subscription: query.subscription.clone().unwrap_or_default(),
            mode: query.mode.map(|mode| mode.to_string()).unwrap_or_default(),
            connection: connection.map_or("", |(_, value, ..)| value).to_owned(),
            health: health.map_or("", |(_, value, ..)| value).to_owned(),
            sort: query.sort.map_or("", |sort| sort_value(sort).0).to_owned(),
            after: query.after.clone().unwrap_or_default(),
            format: String::new(),
        }
    }

    fn first_page(&self) -> Self {
        Self { after: String::new(), ..self.clone() }
    }

    fn href(&self, path: &str) -> String {
        format!("{path}?{}", serde_urlencoded::to_string(self).unwrap_or_default())
    }

    fn is_filtered(&self) -> bool {
        [&self.search, &self.subscription, &self.mode, &self.connection, &self.health].iter().any(|it| !it.is_empty())
    }
}

const fn sort_value(sort: Sort) -> (&'static str, &'static str) {
    match sort {
        Sort::Name => ("name", "Name"),
        Sort::Site => ("site", "Site"),
        Sort::LastSeen => ("last-seen", "Longest silent first"),
        Sort::Newest => ("newest", "Newest first"),
    }
}

fn counted(counts: &Counts) -> Markup {
    let link = |connection: &str, mode: &str| {
        Address { connection: connection.to_owned(), mode: mode.to_owned(), ..Address::default() }.href(SENSORS)
    };
    let all = [
        ("Onboarded", counts.onboarded, SENSORS.to_owned()),
        ("Cloud connected", counts.cloud_connected, link("", "cloud-connected")),
        ("Locally managed", counts.locally_managed, link("", "locally-managed")),
        ("Disconnected", counts.disconnected, link("disconnected", "")),
    ];
    html! {
        ul class="filter" aria-label="Counts" {
            @for (word, count, href) in all { li { a href=(href) { (format!("{word}: {count}")) } } }
        }
    }
}

/// A form that makes an address. Without a script its button asks for it.
fn filters(asked: &Address, subscriptions: &[&str]) -> Markup {
    let connections: Vec<(&str, &str)> = CONNECTIONS.iter().map(|(_, value, _, word)| (*value, *word)).collect();
    let healths: Vec<(&str, &str)> = HEALTHS.iter().map(|(_, value, _, word)| (*value, *word)).collect();
    let sorts = Sort::ALL.map(sort_value);
    let subscriptions: Vec<(&str, &str)> = subscriptions.iter().map(|name| (*name, *name)).collect();
    let modes = [("cloud-connected", "Cloud connected"), ("locally-managed", "Locally managed")];
    html! {
        form class="filters" method="get" action=(SENSORS) role="search" {
            div {
                label class="filter-name" for="search" { "Name, site, zone or tag" }
                div class="search" { input type="search" id="search" name="search" value=(asked.search) maxlength="128"; }
            }
            (choice("mode", "Connection type", &modes, &asked.mode))
            (choice("connection", "Connection", &connections, &asked.connection))
            (choice("health", "Health", &healths, &asked.health))
            (choice("subscription", "Subscription", &subscriptions, &asked.subscription))
            (choice("sort", "Order", &sorts, &asked.sort))
            div { (secondary("Show")) }
        }
    }
}

fn choice(name: &str, label: &str, choices: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        div {
            label class="filter-name" for=(name) { (label) }
            select id=(name) name=(name) {
                @if name != "sort" { option value="" { "All" } }
                @for (value, word) in choices { option value=(value) selected[*value == chosen] { (word) } }
            }
        }
    }
}

fn table(page: &FleetPage, asked: &Address, now: UnixSeconds, may_onboard: bool) -> Markup {
    let empty = if asked.is_filtered() || !asked.after.is_empty() {
        Empty { why: "No sensor is like that.".to_owned(), next: html! { a href=(SENSORS) { "Show all" } } }
    } else if may_onboard {
        Empty {
            why: "No sensor is onboarded yet.".to_owned(),
            next: html! { a href="/onboard" { "Onboard a sensor" } },
        }
    } else {
        Empty { why: "No sensor is here yet.".to_owned(), next: html! {} }
    };
    let rows = page.sensors.iter().map(|view| row(view, now, may_onboard)).collect();
    html! { (Table { caption: "Sensors", columns: &COLUMNS, rows, empty }) }
}

fn row(view: &SensorView, now: UnixSeconds, may_change: bool) -> Vec<Markup> {
    let filed = &view.registration.filed;
    let heartbeat = view.last_heartbeat.as_deref().and_then(|bytes| Heartbeat::decode(bytes).ok());
    let ti = heartbeat.and_then(|heartbeat| heartbeat.status).map(|status| status.ti);
    vec![
        html! { a href={ (SENSORS) "/" (view.registration.id) } { (filed.name.as_str()) } },
        html! { @if may_change && !view.facts.deleted { (actions(view)) } @else { "–" } },
        html! { (words::mode(view.facts.mode)) },
        words::connection(view.facts.connection(now)),
        words::health(view.facts.health(now)),
        html! { @match view.facts.last_seen { Some(at) => { (when(at, now)) " " span class="muted" { (at) } } None => "–" } },
        html! { (filed.subscription.name.as_str()) },
        html! { (filed.site.as_ref().map_or("–", |site| site.as_str())) },
        html! { (filed.zone.as_ref().map_or("–", |zone| zone.as_str())) },
        html! { @for (key, value) in &filed.tags { span { (key.as_str()) ": " (value.as_str()) } " " } },
        html! { (view.version.as_deref().unwrap_or("–")) },
        html! {
            @match ti {
                Some(ti) => { (ti.version.as_deref().unwrap_or("none")) ", " (if ti.automatic { "automatic" } else { "by hand" }) ", " (ti.status) }
                None => "–",
            }
        },
    ]
}

/// What can be done with a sensor: each on a page of its own, which says what will happen.
fn actions(view: &SensorView) -> Markup {
    let all = [("Edit", "edit"), ("Download activation file", "file"), ("Reissue", "reissue"), ("Delete", "delete")];
    let (id, name) = (view.registration.id, &view.registration.filed.name);
    html! {
        details {
            summary aria-label={ "Actions for " (name.as_str()) } { "Actions" }
            @for (word, path) in all { p { a href={ (SENSORS) "/" (id) "/" (path) } { (word) } } }
        }
    }
}

fn pages(page: &FleetPage, asked: &Address) -> Markup {
    let next = page.next.as_ref().map(|next| Address { after: cursor(next), ..asked.clone() }.href(SENSORS));
    let export = |format: &str| Address { format: format.to_owned(), ..asked.first_page() }.href("/sensors/export");
    html! {
        nav class="pages" aria-label="Pages" {
            @if !asked.after.is_empty() { (button_link(Button::Secondary, &asked.first_page().href(SENSORS), "First page", Some(Icon::Back))) }
            @if let Some(next) = next { (button_link(Button::Secondary, &next, "Next page", Some(Icon::Forward))) }
            @if !page.sensors.is_empty() {
                (button_link(Button::Secondary, &export("csv"), "Export CSV", Some(Icon::Download)))
                (button_link(Button::Secondary, &export("json"), "Export JSON", Some(Icon::Download)))
            }
        }
    }
}
