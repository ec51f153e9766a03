//! Subscriptions, sites and zones: how many sensors are in each, and other names for them.

use axum::{extract::State, response::Redirect};
use picket_look::{
    Column, Empty, Field, Form as FormParts, Markup, Render as _, Table, html, primary, secondary, when,
};
use picket_protocol::{ids::SubscriptionId, names::Label};
use serde::Deserialize;

use super::{
    forms::Form,
    gate::SignedIn,
    page::{Done, Page, Shown},
};
use crate::{
    clock,
    domain::{access::Right, refused::Refused, role::Role},
    entropy,
    people::Shared,
    store::places::{Place, PlaceKind, SubscriptionRow},
};

const PLACES: &str = "/places";

#[derive(Debug, Deserialize)]
pub(super) struct NewSubscription {
    name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RenamedSubscription {
    id: SubscriptionId,
    name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RenamedPlace {
    kind: PlaceKind,
    from: String,
    to: String,
}

pub(super) async fn page(State(portal): Shared, by: SignedIn) -> Shown {
    let caller = by.caller();
    let subscriptions = portal.store.counted_subscriptions(&caller.scope).await?;
    let sites = portal.store.places(PlaceKind::Site, &caller.scope).await?;
    let zones = portal.store.places(PlaceKind::Zone, &caller.scope).await?;
    let may_all = caller.may(Right::Secure).is_ok();
    let may = caller.may(Right::Manage).is_ok() && portal.role == Role::Portal;
    let fields = html! { (Field { max_length: 128, ..Field::text("name", "Name") }) };
    let add = FormParts {
        action: "/places/subscriptions",
        csrf: by.csrf(),
        multipart: false,
        fields,
        buttons: primary("Add subscription"),
    };
    let body = html! {
        h2 { "Subscriptions" }
        p { "A subscription says whose a sensor is. People and API tokens can be confined to some of them." }
        (subscriptions_table(&subscriptions, may_all, by.csrf()))
        @if may_all { details { summary { "Add a subscription" } (add) } }
        @for (kind, title, places, why) in [
            (PlaceKind::Site, "Sites", &sites, "No sensor is filed in a site."),
            (PlaceKind::Zone, "Zones", &zones, "No sensor is filed in a zone."),
        ] {
            h2 { (title) }
            (places_table(kind, title, places, why, may, by.csrf()))
        }
        p class="muted" { "A new site or zone comes with the first sensor that is filed in it: Onboard sensor, or Edit." }
    };
    Ok(Page::new("Subscriptions, sites and zones", &body))
}

fn subscriptions_table(rows: &[SubscriptionRow], may: bool, csrf: &str) -> Markup {
    const COLUMNS: [Column<'static>; 4] =
        [Column::text("Name"), Column::number("Sensors"), Column::text("First licence ends"), Column::text("Change")];
    let now = clock::now();
    let rows = rows.iter().map(|row| {
        let id = html! { input type="hidden" name="id" value=(row.id); };
        vec![
            html! { a href=(filtered("subscription", &row.name)) { (row.name) } },
            html! { (row.sensors) },
            html! { @match row.licence_until { Some(at) => (when(at, now)), None => "–" } },
            html! { @if may { (rename("/places/subscriptions/rename", &row.name, &id, csrf)) } @else { "–" } },
        ]
    });
    let empty = Empty {
        why: "No subscription yet.".to_owned(),
        next: html! { "It comes with the first sensor that is onboarded in it." },
    };
    html! { (Table { caption: "Subscriptions", columns: &COLUMNS, rows: rows.collect(), empty }) }
}

fn places_table(kind: PlaceKind, title: &str, places: &[Place], why: &str, may: bool, csrf: &str) -> Markup {
    const COLUMNS: [Column<'static>; 3] = [Column::text("Name"), Column::number("Sensors"), Column::text("Change")];
    let rows = places.iter().map(|place| {
        let what = html! {
            input type="hidden" name="kind" value=(kind);
            input type="hidden" name="from" value=(place.name);
        };
        vec![
            html! { a href=(filtered("search", &place.name)) { (place.name) } },
            html! { (place.sensors) },
            html! { @if may { (rename("/places/rename", &place.name, &what, csrf)) } @else { "–" } },
        ]
    });
    let empty = Empty { why: why.to_owned(), next: html! {} };
    html! { (Table { caption: title, columns: &COLUMNS, rows: rows.collect(), empty }) }
}

fn filtered(by: &str, name: &str) -> String {
    format!("/sensors?{}", serde_urlencoded::to_string([(by, name)]).unwrap_or_default())
}

/// Ids must not repeat on the page: labelled by what the row is about.
fn rename(action: &str, name: &str, what: &Markup, csrf: &str) -> Markup {
    let field = if action == "/places/rename" { "to" } else { "name" };
    let fields = html! {
        (what)
        input type="text" name=(field) value=(name) aria-label={ "New name of " (name) } maxlength="128" required autocomplete="off";
    };
    html! {
        details {
            summary aria-label={ "Rename " (name) } { "Rename" }
            (FormParts { action, csrf, multipart: false, fields, buttons: secondary("Rename") }.render())
        }
    }
}

fn label(name: &str) -> Result<Label, Refused> {
    name.trim().parse().map_err(|_| Refused::invalid("a name has 1 to 128 characters"))
}

pub(super) async fn add(State(portal): Shared, Form { by, form }: Form<NewSubscription>) -> Done {
    let id = SubscriptionId::from(entropy::uuid());
    portal.store.add_subscription(id, label(&form.name)?, by.actor()).await?;
    Ok(Redirect::to(PLACES))
}

pub(super) async fn rename_subscription(State(portal): Shared, Form { by, form }: Form<RenamedSubscription>) -> Done {
    portal.store.rename_subscription(form.id, label(&form.name)?, by.actor()).await?;
    Ok(Redirect::to(PLACES))
}

pub(super) async fn rename_place(State(portal): Shared, Form { by, form }: Form<RenamedPlace>) -> Done {
    let (from, to) = (label(&form.from)?, label(&form.to)?);
    portal.store.rename_place(form.kind, from, to, by.caller().scope, by.actor()).await?;
    Ok(Redirect::to(PLACES))
}
