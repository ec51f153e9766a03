//! API tokens: each with what it is for, what it may do and when it was used last. The token itself is shown once.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::names::Label;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    answers::{Answer, Nothing, json, shown},
    body::{Json, Named},
    users::Names,
};
use crate::{
    domain::access::PersonRole,
    entropy,
    store::{Actor, tokens::NewToken},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub(super) struct TokenBody {
    #[schema(value_type = String)]
    description: Label,
    role: PersonRole,
    /// By name; left out: all.
    #[serde(default)]
    subscriptions: Option<Vec<String>>,
}

/// Every API token, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tokens {
    tokens: Vec<ShownToken>,
}

/// An API token: not the token itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
struct ShownToken {
    id: String,
    description: String,
    role: PersonRole,
    /// By name; null: all.
    subscriptions: Option<Vec<String>>,
    created_at: String,
    made_by: Option<String>,
    used_at: Option<String>,
}

/// A token just made, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeToken)]
pub(super) struct NewApiToken<'a> {
    id: String,
    token: &'a str,
}

pub(super) async fn list(State(portal): Shared) -> Answer {
    let names = Names::of(&portal).await?;
    let tokens = portal.store.api_tokens().await?;
    let tokens = tokens.iter().map(|token| ShownToken {
        id: token.id.clone(),
        description: token.description.clone(),
        role: token.role,
        subscriptions: names.scope(&token.scope),
        created_at: token.created_at.to_string(),
        made_by: token.made_by.clone(),
        used_at: shown(token.used_at),
    });
    Ok(json(StatusCode::OK, &Tokens { tokens: tokens.collect() }))
}

pub(super) async fn add(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(body): Json<TokenBody>,
) -> Answer {
    let scope = portal.store.scope_of(body.subscriptions).await?;
    let token = entropy::token();
    let new = NewToken { description: body.description, role: body.role, scope };
    let id = portal.store.add_api_token(&token, new, Some(actor)).await?;
    Ok(json(StatusCode::CREATED, &NewApiToken { id, token: token.expose() }))
}

pub(super) async fn remove(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<String>,
) -> Answer {
    portal.store.remove_api_token(id, actor).await?;
    Ok(json(StatusCode::OK, &Nothing {}))
}
