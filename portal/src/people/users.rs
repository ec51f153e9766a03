//! People: listed, added, changed, removed; each chooses a password with a setup code.

use axum::{Extension, extract::State, http::StatusCode};
use picket_guard::person_name::PersonName;
use picket_protocol::{ids::SubscriptionId, refusal::Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    answers::{Answer, Nothing, json, shown},
    body::{Json, Named},
    sensor_body::said,
};
use crate::{
    domain::{
        access::{PersonRole, Scope},
        refused::Refused,
    },
    entropy,
    portal::Portal,
    store::{Actor, people::PersonView},
};

/// Who somebody is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub(super) struct UserBody {
    #[schema(value_type = String)]
    name: PersonName,
    role: PersonRole,
    /// By name; left out: all.
    #[serde(default)]
    subscriptions: Option<Vec<String>>,
}

/// What somebody is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserChange)]
pub(super) struct ChangeBody {
    role: PersonRole,
    /// By name; null: all; left out: as they are.
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(default, deserialize_with = "said")]
    subscriptions: Option<Option<Vec<String>>>,
}

/// Everybody, by name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Users {
    users: Vec<User>,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct User {
    #[schema(value_type = String)]
    name: PersonName,
    role: PersonRole,
    /// By name; null: all.
    subscriptions: Option<Vec<String>>,
    has_password: bool,
    password_since: Option<String>,
    created_at: String,
}

/// With which a person chooses a password, once. Shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SetupCode {
    #[schema(value_type = String)]
    name: PersonName,
    setup_code: String,
}

pub(super) async fn list(State(portal): Shared) -> Answer {
    let names = Names::of(&portal).await?;
    let users = portal.store.people().await?.iter().map(|person| names.person(person)).collect();
    Ok(json(StatusCode::OK, &Users { users }))
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
    Ok(json(StatusCode::CREATED, &SetupCode { name: body.name, setup_code: code.to_string() }))
}

pub(super) async fn change(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(name): Named<String>,
    Json(body): Json<ChangeBody>,
) -> Answer {
    let name = person_name(name)?;
    let scope = match body.subscriptions {
        Some(names) => Some(portal.store.scope_of(names).await?),
        None => None,
    };
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
    Ok(json(StatusCode::OK, &Nothing {}))
}

/// For whoever forgot the password, or let the code expire. The old password goes when the code is redeemed.
pub(super) async fn setup_code(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Named(name): Named<String>,
) -> Answer {
    let (name, code) = (person_name(name)?, entropy::setup_code());
    portal.store.add_setup_code(name.clone(), code.clone(), actor).await?;
    Ok(json(StatusCode::CREATED, &SetupCode { name, setup_code: code.to_string() }))
}

fn person_name(name: String) -> Result<PersonName, Refused> {
    let what = format!("person {name}");
    PersonName::try_from(name).map_err(|_| Refused::Protocol(Refusal::NotFound { what }))
}

/// The names of subscriptions, to show scopes by.
pub(super) struct Names(Vec<(SubscriptionId, String)>);

impl Names {
    pub(super) async fn of(portal: &Portal) -> Result<Self, Refused> {
        Ok(Self(portal.store.subscriptions(&Scope::ALL).await?))
    }

    /// Null: all.
    pub(super) fn scope(&self, scope: &Scope) -> Option<Vec<String>> {
        let covered = || self.0.iter().filter(|(id, _)| scope.covers(*id)).map(|(_, name)| name.clone()).collect();
        (!scope.is_all()).then(covered)
    }

    fn person(&self, person: &PersonView) -> User {
        User {
            name: person.name.clone(),
            role: person.role,
            subscriptions: self.scope(&person.scope),
            has_password: person.password.is_some(),
            password_since: shown(person.password_since),
            created_at: person.created_at.to_string(),
        }
    }
}
