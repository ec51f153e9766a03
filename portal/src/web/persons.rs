//! Users: who may do what. Each chooses a password with a setup code, which is shown once.

use std::collections::BTreeSet;

use axum::{extract::State, response::Redirect};
use picket_guard::person_name::PersonName;
use picket_look::{
    Column, Definitions, Empty, Field, FieldKind, Form as FormParts, Markup, Render as _, Table, copyable, danger,
    exact, html, primary, secondary,
};
use picket_protocol::typed_code::TypedCode;
use serde::Deserialize;

use super::{
    forms::Form,
    gate::SignedIn,
    page::{Done, Page, Shown},
    words,
};
use crate::{
    domain::{
        access::{PersonRole, Scope},
        refused::Refused,
    },
    entropy,
    people::Shared,
    portal::Portal,
    store::people::PersonView,
};

const PEOPLE: &str = "/people";
/// In the field of subscriptions, whose emptiness says all.
const NO_SUBSCRIPTION: &str = "-";
pub(super) const ROLES: [(&str, &str); 4] = [
    ("reader", "Reader: sees"),
    ("contributor", "Contributor: changes sensors"),
    ("security-admin", "Security admin: hubs, sharing, recovery, audit too"),
    ("owner", "Owner: users and API tokens too"),
];

#[derive(Debug, Deserialize)]
pub(super) struct OnePerson {
    name: PersonName,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rights {
    name: PersonName,
    role: PersonRole,
    #[serde(default)]
    subscriptions: String,
}

pub(super) async fn list(State(portal): Shared, by: SignedIn) -> Shown {
    const COLUMNS: [Column<'static>; 5] = [
        Column::text("Name"),
        Column::text("Role"),
        Column::text("Subscriptions"),
        Column::text("Password since"),
        Column::text("Change"),
    ];
    let known = portal.store.subscriptions(&Scope::ALL).await?;
    let rows = portal.store.people().await?;
    let rows = rows.iter().map(|person| {
        let since = html! { @match person.password_since { Some(at) => (exact(at)), None => "Not chosen yet" } };
        vec![
            html! { (person.name) },
            html! { (words::role(person.role)) },
            html! { (scope_words(&known, &person.scope)) },
            since,
            html! { @if person.name.as_str() != by.caller().name { (changes(person, &known, by.csrf())) } },
        ]
    });
    let empty = Empty { why: "Nobody".to_owned(), next: html! {} };
    let fields = html! {
        (Field { max_length: 64, help: "1 to 64 letters, digits and . _ - @", ..Field::text("name", "Name") })
        (Field { value: "reader", ..Field::of("role", "Role", FieldKind::Choice(&ROLES)) })
        (subscriptions_field(""))
    };
    let body = html! {
        (Table { caption: "Users", columns: &COLUMNS, rows: rows.collect(), empty })
        h2 { "Add a user" }
        (FormParts { action: PEOPLE, csrf: by.csrf(), multipart: false, fields, buttons: primary("Add user") })
    };
    Ok(Page::new("Users", &body))
}

/// Which subscriptions, by name.
pub(super) fn subscriptions_field(value: &str) -> Markup {
    html! {
        (Field {
            value, required: false, max_length: 2000,
            help: "Names with commas between them. Empty: all, those to come too. A - alone: none.",
            ..Field::text("subscriptions", "Only of these subscriptions")
        })
    }
}

/// The scope that the field says.
pub(super) async fn scope_of(portal: &Portal, names: &str) -> Result<Scope, Refused> {
    if names.trim() == NO_SUBSCRIPTION {
        return Ok(Scope(Some(BTreeSet::new())));
    }
    let known = portal.store.subscriptions(&Scope::ALL).await?;
    let mut left: Vec<&str> = names.split(',').filter(|name| !name.trim().is_empty()).collect();
    let mut named = Vec::new();
    while !left.is_empty() {
        // A name may have commas of its own: the longest that is known is meant.
        let longest = (1..=left.len())
            .rev()
            .map(|parts| (left[..parts].join(",").trim().to_owned(), parts))
            .find(|(name, _)| known.iter().any(|(_, known)| known == name));
        let Some((name, parts)) = longest else {
            named.push(left[0].trim().to_owned()); // there is none of this name
            break;
        };
        named.push(name);
        left.drain(..parts);
    }
    portal.store.scope_of((!named.is_empty()).then_some(named)).await
}

pub(super) fn scope_words(known: &[(picket_protocol::ids::SubscriptionId, String)], scope: &Scope) -> String {
    if scope.is_all() {
        return "All".to_owned();
    }
    if scope.0.as_ref().is_some_and(BTreeSet::is_empty) {
        return NO_SUBSCRIPTION.to_owned();
    }
    let names = known.iter().filter(|(id, _)| scope.covers(*id)).map(|(_, name)| name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn changes(person: &PersonView, known: &[(picket_protocol::ids::SubscriptionId, String)], csrf: &str) -> Markup {
    let name = html! { input type="hidden" name="name" value=(person.name); };
    let scope = if person.scope.is_all() { String::new() } else { scope_words(known, &person.scope) };
    // Ids must not repeat on the page: labelled by what the row is about.
    let rights = html! {
        (name)
        select name="role" aria-label={ "Role of " (person.name) } {
            @for role in PersonRole::ALL { option value=(role.as_str()) selected[role == person.role] { (words::role(role)) } }
        }
        input type="text" name="subscriptions" value=(scope) aria-label={ "Subscriptions of " (person.name) } autocomplete="off";
    };
    let form = |action, fields, buttons| FormParts { action, csrf, multipart: false, fields, buttons }.render();
    html! {
        details {
            summary { "Change " (person.name) }
            (form("/people/role", rights, secondary("Set role")))
            (form("/people/setup-code", name.clone(), secondary("New setup code")))
            (form("/people/remove", name, danger("Remove")))
        }
    }
}

pub(super) async fn add(State(portal): Shared, Form { by, form }: Form<Rights>) -> Shown {
    let scope = scope_of(&portal, &form.subscriptions).await?;
    let code = entropy::setup_code();
    portal.store.add_person(form.name.clone(), form.role, scope, code.clone(), by.actor()).await?;
    Ok(code_page(&form.name, &code))
}

pub(super) async fn change(State(portal): Shared, Form { by, form }: Form<Rights>) -> Done {
    let scope = scope_of(&portal, &form.subscriptions).await?;
    portal.store.change_person(form.name, form.role, Some(scope), by.actor()).await?;
    Ok(Redirect::to(PEOPLE))
}

pub(super) async fn setup_code(State(portal): Shared, Form { by, form }: Form<OnePerson>) -> Shown {
    let code = entropy::setup_code();
    portal.store.add_setup_code(form.name.clone(), code.clone(), by.actor()).await?;
    Ok(code_page(&form.name, &code))
}

pub(super) async fn remove(State(portal): Shared, Form { by, form }: Form<OnePerson>) -> Done {
    portal.store.remove_person(form.name, by.actor()).await?;
    Ok(Redirect::to(PEOPLE))
}

fn code_page(name: &PersonName, code: &TypedCode) -> Page {
    let body = html! {
        p { "Give the setup code to the person, not by the way that everybody reads. With it they choose a password, once, within 7 days." }
        (Definitions::new().with("Name", name.as_str()).with("Setup code", copyable(&code.to_string(), "setup code")))
        p { "They use it on this portal's page " a href="/choose-password" { "Choose a password" } ". It is shown this once." }
    };
    Page::new("Setup code", &body).under(PEOPLE, "Users")
}
