//! API tokens: what each is for, what it may do, when it was used last. The token is shown once.

use axum::{extract::State, response::Redirect};
use picket_look::{
    Column, Empty, Field, FieldKind, Form as FormParts, Table, copyable, danger, exact, html, primary, when,
};
use picket_protocol::names::Label;
use serde::Deserialize;

use super::{
    forms::Form,
    gate::SignedIn,
    page::{Done, Page, Shown},
    persons::{ROLES, scope_of, scope_words, subscriptions_field},
    words,
};
use crate::{
    clock,
    domain::access::{PersonRole, Scope},
    entropy,
    people::Shared,
    store::tokens::NewToken,
};

const TOKENS: &str = "/tokens";

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    description: Label,
    role: PersonRole,
    #[serde(default)]
    subscriptions: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OneToken {
    id: String,
}

pub(super) async fn list(State(portal): Shared, by: SignedIn) -> Shown {
    const COLUMNS: [Column<'static>; 7] = [
        Column::text("For"),
        Column::text("Role"),
        Column::text("Subscriptions"),
        Column::text("Made"),
        Column::text("By"),
        Column::text("Last used"),
        Column::text("Change"),
    ];
    let now = clock::now();
    let known = portal.store.subscriptions(&Scope::ALL).await?;
    let tokens = portal.store.api_tokens().await?;
    let rows = tokens.iter().map(|token| {
        let id = html! { input type="hidden" name="id" value=(token.id); };
        vec![
            html! { (token.description) },
            html! { (words::role(token.role)) },
            html! { (scope_words(&known, &token.scope)) },
            exact(token.created_at),
            html! { (token.made_by.as_deref().unwrap_or("the data folder's owner")) },
            html! { @match token.used_at { Some(at) => (when(at, now)), None => "Never" } },
            html! { (FormParts { action: "/tokens/remove", csrf: by.csrf(), multipart: false, fields: id, buttons: danger("Remove") }) },
        ]
    });
    let empty = Empty { why: "No token".to_owned(), next: html! {} };
    let fields = html! {
        (Field { max_length: 128, help: "What it is for. The audit names its bearer so.", ..Field::text("description", "Description") })
        (Field { value: "reader", ..Field::of("role", "Role", FieldKind::Choice(&ROLES)) })
        (subscriptions_field(""))
    };
    let body = html! {
        (Table { caption: "API tokens", columns: &COLUMNS, rows: rows.collect(), empty })
        h2 { "Make a token" }
        (FormParts { action: TOKENS, csrf: by.csrf(), multipart: false, fields, buttons: primary("Make token") })
    };
    Ok(Page::new("API tokens", &body))
}

pub(super) async fn add(State(portal): Shared, Form { by, form }: Form<Wanted>) -> Shown {
    let scope = scope_of(&portal, &form.subscriptions).await?;
    let token = entropy::token();
    let new = NewToken { description: form.description, role: form.role, scope };
    portal.store.add_api_token(&token, new, Some(by.actor())).await?;
    let body = html! {
        p { "Copy it now: it is shown this once." }
        p { (copyable(token.expose(), "token")) }
        p { "Send it as " code { "Authorization: Bearer TOKEN" } "." }
    };
    Ok(Page::new("New API token", &body).under(TOKENS, "API tokens"))
}

pub(super) async fn remove(State(portal): Shared, Form { by, form }: Form<OneToken>) -> Done {
    portal.store.remove_api_token(form.id, by.actor()).await?;
    Ok(Redirect::to(TOKENS))
}
