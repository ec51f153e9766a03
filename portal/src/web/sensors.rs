//! Sites and Sensors: counts, filters, order, pages. An address says all of it, so it can be kept and sent.

use axum::{Extension, extract::State, http::HeaderMap};
use picket_look::{Button, Column, Empty, Icon, Markup, Table, button_link, html, secondary};
use picket_protocol::time::UnixSeconds;
use serde::Serialize;

use super::{
    chosen::DEEDS,
    columns::Chosen,
    gate::SignedIn,
    page::{Page, Shown},
    words::{CONNECTIONS, HEALTHS},
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
const ALL_TICKED: &str = "/sensors/ticked";

/// The list; `TICKED`: with every sensor of the page ticked, for which no script is needed.
pub(super) async fn list<const TICKED: bool>(
    State(portal): Shared,
    by: SignedIn,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Asked(query): Asked<FleetQuery>,
) -> Shown {
    let now = clock::now();
    let page = query.page(&portal, &caller.scope, ROWS).await?;
    let counts = portal.store.counts(&caller.scope, portal.viewpoint(), now).await?;
    let may_onboard = by.caller().may(Right::Manage).is_ok() && portal.role == Role::Portal;
    let subscriptions = portal.store.subscriptions(&caller.scope).await?;
    let subscriptions: Vec<&str> = subscriptions.iter().map(|(_, name)| name.as_str()).collect();
    let asked = Address::of(&query);
    let columns = Chosen::of(&headers);
    let list = List { page: &page, columns: &columns, may_change: may_onboard, ticked: TICKED, csrf: by.csrf(), now };
    let body = html! {
        @if may_onboard {
            div class="buttons" { (button_link(Button::Primary, "/onboard", "Onboard sensor", Some(Icon::Add))) }
        }
        (counted(&counts))
        (filters(&asked, &subscriptions))
        (table(&list, &asked))
        (pages(&page, &asked))
        (columns.form(&asked.query(), by.csrf()))
    };
    Ok(Page::new("Sites and Sensors", &body))
}

/// What the table is drawn from.
struct List<'a> {
    page: &'a FleetPage,
    columns: &'a Chosen,
    may_change: bool,
    ticked: bool,
    csrf: &'a str,
    now: UnixSeconds,
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

    fn query(&self) -> String {
        serde_urlencoded::to_string(self).unwrap_or_default()
    }

    fn href(&self, path: &str) -> String {
        format!("{path}?{}", self.query())
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

/// The table; whoever may change sensors chooses some of them by check boxes, and then what is to be done.
fn table(list: &List<'_>, asked: &Address) -> Markup {
    let empty = if asked.is_filtered() || !asked.after.is_empty() {
        Empty { why: "No sensor is like that.".to_owned(), next: html! { a href=(SENSORS) { "Show all" } } }
    } else if list.may_change {
        Empty {
            why: "No sensor is onboarded yet.".to_owned(),
            next: html! { a href="/onboard" { "Onboard a sensor" } },
        }
    } else {
        Empty { why: "No sensor is here yet.".to_owned(), next: html! {} }
    };
    let columns: Vec<Column<'_>> =
        [Column::text("Name"), Column::text("Actions")].into_iter().chain(list.columns.titles()).collect();
    let rows: Vec<_> = list.page.sensors.iter().map(|view| row(list, view)).collect();
    let choosing = list.may_change && !rows.is_empty();
    let (tick, tick_words) = if list.ticked { (SENSORS, "Tick none") } else { (ALL_TICKED, "Tick all on this page") };
    let table = html! { (Table { caption: "Sensors", columns: &columns, rows, empty }) };
    if !choosing {
        return table;
    }
    html! {
        form method="post" action="/sensors/chosen" {
            input type="hidden" name="csrf" value=(list.csrf);
            (table)
            div class="buttons" role="group" aria-label="With the sensors that are ticked" {
                (button_link(Button::Secondary, &asked.href(tick), tick_words, None))
                span class="muted" { "With those that are ticked:" }
                @for (deed, words) in DEEDS { button type="submit" class="button" name="deed" value=(deed) { (words) } }
            }
        }
    }
}

fn row(list: &List<'_>, view: &SensorView) -> Vec<Markup> {
    let (id, name) = (view.registration.id, view.registration.filed.name.as_str());
    let may_change = list.may_change && !view.facts.deleted;
    let link = html! { a href={ (SENSORS) "/" (id) } { (name) } };
    let named = html! {
        @if may_change {
            div class="tick" { input type="checkbox" name="sensor" value=(id) checked[list.ticked] aria-label={ "Choose " (name) }; (link) }
        } @else { (link) }
    };
    let actions = html! { @if may_change { (actions(view)) } @else { "–" } };
    [named, actions].into_iter().chain(list.columns.cells(view, list.now)).collect()
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
