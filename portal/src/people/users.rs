//! People: listed, added, changed, removed; each chooses a password with a setup code. And the subscriptions they see.

use axum::{Extension, extract::State, http::StatusCode};
use picket_guard::person_name::PersonName;
use picket_protocol::refusal::Refusal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    answers::{Answer, json, shown},
    body::{Json, Named},
};
use crate::{
    domain::{
        access::{Caller, PersonRole, Scope},
        refused::Refused,
    },
    entropy,
    portal::Portal,
    store::{Actor, people::PersonView},
};

/// Who somebody is to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserBody {
    name: PersonName,
    role: PersonRole,
    /// By name; left out: all.
    #[serde(default)]
    subscriptions: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBody {
    role: PersonRole,
    #[serde(default)]
    subscriptions: Option<Vec<String>>,
}

pub(super) async fn list(State(portal): Shared) -> Answer {
    let names = Names::of(&portal).await?;
    let users: Vec<Value> = portal.store.people().await?.iter().map(|person| names.person(person)).collect();
    Ok(json(StatusCode::OK, &json!({ "users": users })))
}

/// The setup code is shown this once.
pub(super) async fn add(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(body): Json<UserBody>,
) -> Answer {
    let scope = portal.store.scope_of(body.subscriptions).await?;
    let code = entropy::setup_code();
    portal.store.add_person(body.name.clone(), body.role, scope, code.clone(), actor).await?;
    Ok(json(StatusCode::CREATED, &json!({ "name": body.name, "setup_code": code })))
}

pub(super) async fn change(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(name): Named<String>,
    Json(body): Json<ChangeBody>,
) -> Answer {
    let scope = portal.store.scope_of(body.subscriptions).await?;
    let name = person_name(name)?;
    portal.store.change_person(name.clone(), body.role, scope, actor).await?;
    let person = portal.store.person(&name).await?.ok_or(Refused::StorageFailed)?;
    Ok(json(StatusCode::OK, &Names::of(&portal).await?.person(&person)))
}

pub(super) async fn remove(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(name): Named<String>,
) -> Answer {
    portal.store.remove_person(person_name(name)?, actor).await?;
    Ok(json(StatusCode::OK, &json!({})))
}

/// For whoever forgot the password, or let the code expire. The old password goes when the code is redeemed.
pub(super) async fn setup_code(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(name): Named<String>,
) -> Answer {
    let (name, code) = (person_name(name)?, entropy::setup_code());
    portal.store.add_setup_code(name.clone(), code.clone(), actor).await?;
    Ok(json(StatusCode::CREATED, &json!({ "name": name, "setup_code": code })))
}

pub(super) async fn subscriptions(State(portal): Shared, Extension(caller): Extension<Caller>) -> Answer {
    let listed = portal.store.subscriptions(&caller.scope).await?;
    let listed: Vec<Value> = listed.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
    Ok(json(StatusCode::OK, &json!({ "subscriptions": listed })))
}

fn person_name(name: String) -> Result<PersonName, Refused> {
    let what = format!("person {name}");
    PersonName::try_from(name).map_err(|_| Refused::Protocol(Refusal::NotFound { what }))
}

/// The names of subscriptions, to show scopes by.
pub(super) struct Names(Vec<(picket_protocol::ids::SubscriptionId, String)>);

impl Names {
    pub(super) async fn of(portal: &Portal) -> Result<Self, Refused> {
        Ok(Self(portal.store.subscriptions(&Scope::ALL).await?))
    }

    /// Null: all.
    pub(super) fn scope(&self, scope: &Scope) -> Value {
        if scope.is_all() {
            return Value::Null;
        }
        self.0.iter().filter(|(id, _)| scope.covers(*id)).map(|(_, name)| name.as_str()).collect()
    }

    fn person(&self, person: &PersonView) -> Value {
        json!({
            "name": person.name,
            "role": person.role,
            "subscriptions": self.scope(&person.scope),
            "has_password": person.password.is_some(),
            "password_since": shown(person.password_since),
            "created_at": person.created_at.to_string(),
        })
    }
}
