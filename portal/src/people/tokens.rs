//! API tokens: each with what it is for, what it may do and when it was used last. The token itself is shown once.

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::names::Label;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    answers::{Answer, json, shown},
    body::{Json, Named},
    users::Names,
};
use crate::{
    domain::access::PersonRole,
    entropy,
    store::{Actor, tokens::NewToken},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenBody {
    description: Label,
    role: PersonRole,
    /// By name; left out: all.
    #[serde(default)]
    subscriptions: Option<Vec<String>>,
}

pub(super) async fn list(State(portal): Shared) -> Answer {
    let names = Names::of(&portal).await?;
    let tokens = portal.store.api_tokens().await?;
    let tokens = tokens.iter().map(|token| {
        json!({
            "id": token.id,
            "description": token.description,
            "role": token.role,
            "subscriptions": names.scope(&token.scope),
            "created_at": token.created_at.to_string(),
            "made_by": token.made_by,
            "used_at": shown(token.used_at),
        })
    });
    Ok(json(StatusCode::OK, &json!({ "tokens": tokens.collect::<Vec<Value>>() })))
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
    Ok(json(StatusCode::CREATED, &json!({ "id": id, "token": token.expose() })))
}

pub(super) async fn remove(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(id): Named<String>,
) -> Answer {
    portal.store.remove_api_token(id, actor).await?;
    Ok(json(StatusCode::OK, &json!({})))
}
