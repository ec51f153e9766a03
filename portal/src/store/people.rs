//! People: who they are, what they may do, how they prove it. Hashes nothing slowly: that is done before it is asked.

use picket_guard::{hash::PasswordHash, person_name::PersonName};
use picket_protocol::{ids::SubscriptionId, refusal::Refusal, time::UnixSeconds, typed_code::TypedCode};
use serde_json::{Value, json};

use super::{
    Actor, Store, audit,
    change::{StoreError, Work},
    failed,
    rows::{from_json, json as to_json},
    tokens::digest,
};
use crate::database::{self, Connection, Row};
use crate::domain::{
    access::{PersonRole, Scope},
    refused::Refused,
};

/// For so long a setup code can be redeemed.
pub const SETUP_CODE_SECONDS: i64 = 7 * 86_400;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    /// Their name, unique.
    pub name: PersonName,
    /// What they are.
    pub role: PersonRole,
    /// Where.
    pub scope: Scope,
    /// Their password; none until they choose one.
    pub password: Option<PasswordHash>,
    /// Since when they have it.
    pub password_since: Option<UnixSeconds>,
    /// Since when they are known.
    pub created_at: UnixSeconds,
}

impl Store {
    /// Everybody, by name.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn people(&self) -> Result<Vec<PersonView>, Refused> {
        let rows = database::query("SELECT * FROM people ORDER BY name").fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(person).collect()).map_err(|error| failed(&error))
    }

    /// The person of this name.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn person(&self, name: &PersonName) -> Result<Option<PersonView>, Refused> {
        let query = database::query("SELECT * FROM people WHERE name = ?").bind(name.as_str());
        let row = query.fetch_optional(&self.readers).await.map_err(|error| failed(&error))?;
        row.as_ref().map(person).transpose().map_err(|error| failed(&error))
    }

    /// Adds a person, who chooses a password with the code.
    ///
    /// # Errors
    /// When the name is taken, or the database failed.
    pub async fn add_person(
        &self,
        name: PersonName,
        role: PersonRole,
        scope: Scope,
        code: TypedCode,
        actor: Actor,
    ) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query = database::query(
                    "INSERT INTO people (name, role, subscriptions, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                );
                let query = query.bind(name.as_str()).bind(role.as_str()).bind(scope_text(&scope)?).bind(work.now.0);
                if query.execute(&mut work.connection).await?.rows_affected() == 0 {
                    return Err(StoreError::Refused(Refused::NameTaken { name: name.to_string() }));
                }
                keep_code(work, &name, &code).await?;
                let after = told(&name, role, &scope);
                audit::record(work, &actor, "person-added", None, None, Some(&after)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Gives a person another role and scope.
    ///
    /// # Errors
    /// When there is none, they are the last owner, or the database failed.
    pub async fn change_person(
        &self,
        name: PersonName,
        role: PersonRole,
        scope: Option<Scope>,
        actor: Actor,
    ) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let known = known(&mut work.connection, &name).await?;
                let scope = scope.unwrap_or_else(|| known.scope.clone());
                let query = database::query("UPDATE people SET role = ?, subscriptions = ? WHERE name = ?");
                let query = query.bind(role.as_str()).bind(scope_text(&scope)?).bind(name.as_str());
                query.execute(&mut work.connection).await?;
                an_owner_is_left(&mut work.connection).await?;
                let (before, after) = (told(&name, known.role, &known.scope), told(&name, role, &scope));
                audit::record(work, &actor, "person-changed", None, Some(&before), Some(&after)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Removes a person with their sessions.
    ///
    /// # Errors
    /// When there is none, they are the last owner, or the database failed.
    pub async fn remove_person(&self, name: PersonName, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let known = known(&mut work.connection, &name).await?;
                let query = database::query("DELETE FROM people WHERE name = ?").bind(name.as_str());
                query.execute(&mut work.connection).await?;
                an_owner_is_left(&mut work.connection).await?;
                let before = told(&name, known.role, &known.scope);
                audit::record(work, &actor, "person-removed", None, Some(&before), None).await?;
                Ok(())
            })
        })
        .await
    }

    /// Keeps a setup code in place of the person's last. Their password stays until it is redeemed.
    ///
    /// # Errors
    /// When there is no such person, or the database failed.
    pub async fn add_setup_code(&self, name: PersonName, code: TypedCode, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                known(&mut work.connection, &name).await?;
                keep_code(work, &name, &code).await?;
                let after = json!({ "person": name });
                audit::record(work, &actor, "setup-code-made", None, None, Some(&after)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Whether this person may redeem this code now.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn setup_code_fits(
        &self,
        name: &PersonName,
        code: &TypedCode,
        now: UnixSeconds,
    ) -> Result<bool, Refused> {
        let query = "SELECT count(*) FROM setup_codes WHERE person = ? AND digest = ? AND until > ?";
        let query = database::scalar::<i64>(query);
        let query = query.bind(name.as_str()).bind(code_digest(code)).bind(now.0);
        Ok(query.fetch_one(&self.readers).await.map_err(|error| failed(&error))? > 0)
    }

    /// Gives a person a password for a setup code, which is spent; all their sessions end.
    ///
    /// # Errors
    /// `Unauthorized` when the code does not fit (any more); or the database failed.
    pub async fn redeem_setup_code(
        &self,
        name: PersonName,
        code: TypedCode,
        password: PasswordHash,
    ) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query = database::query("DELETE FROM setup_codes WHERE person = ? AND digest = ? AND until > ?");
                let query = query.bind(name.as_str()).bind(code_digest(&code)).bind(work.now.0);
                if query.execute(&mut work.connection).await?.rows_affected() == 0 {
                    return Err(StoreError::Refused(Refused::Unauthorized));
                }
                set_password(work, &name, &password).await?;
                let query = database::query("DELETE FROM sessions WHERE person = ?").bind(name.as_str());
                query.execute(&mut work.connection).await?;
                audit::record(work, &Actor(name.into()), "password-chosen", None, None, None).await?;
                Ok(())
            })
        })
        .await
    }

    /// Replaces a person's password by their own wish; their other sessions end.
    ///
    /// # Errors
    /// When there is no such person, or the database failed.
    pub async fn change_password(&self, name: PersonName, password: PasswordHash, but: Vec<u8>) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                known(&mut work.connection, &name).await?;
                set_password(work, &name, &password).await?;
                let query =
                    database::query("DELETE FROM sessions WHERE person = ? AND digest <> ?").bind(name.as_str());
                query.bind(but).execute(&mut work.connection).await?;
                audit::record(work, &Actor(name.into()), "password-changed", None, None, None).await?;
                Ok(())
            })
        })
        .await
    }

    /// The subscriptions that are in a scope, by name.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn subscriptions(&self, scope: &Scope) -> Result<Vec<(SubscriptionId, String)>, Refused> {
        let rows = database::query("SELECT id, name FROM subscriptions ORDER BY name").fetch_all(&self.readers).await;
        let read = |row: &Row| -> Result<(SubscriptionId, String), sqlx::Error> {
            Ok((super::rows::id(row.try_get("id")?)?, row.try_get("name")?))
        };
        let all: Result<Vec<_>, _> = rows.and_then(|rows| rows.iter().map(read).collect());
        let all = all.map_err(|error| failed(&error))?;
        Ok(all.into_iter().filter(|(id, _)| scope.covers(*id)).collect())
    }

    /// The scope of subscriptions by their names; none named: all.
    ///
    /// # Errors
    /// When there is none of a name, or the database failed.
    pub async fn scope_of(&self, names: Option<Vec<String>>) -> Result<Scope, Refused> {
        let Some(names) = names else { return Ok(Scope::ALL) };
        let known = self.subscriptions(&Scope::ALL).await?;
        let find = |name: String| {
            let found = known.iter().find(|(_, known)| *known == name).map(|(id, _)| *id);
            found.ok_or(Refused::Protocol(Refusal::NotFound { what: format!("subscription {name}") }))
        };
        Ok(Scope(Some(names.into_iter().map(find).collect::<Result<_, _>>()?)))
    }
}

async fn set_password(work: &mut Work, name: &PersonName, password: &PasswordHash) -> Result<(), sqlx::Error> {
    let query = database::query("UPDATE people SET password = ?, password_since = ? WHERE name = ?");
    let query = query.bind(to_json(password)?).bind(work.now.0).bind(name.as_str());
    query.execute(&mut work.connection).await?;
    // A code that is still about would be another way in.
    let query = database::query("DELETE FROM setup_codes WHERE person = ?").bind(name.as_str());
    query.execute(&mut work.connection).await?;
    Ok(())
}

async fn keep_code(work: &mut Work, name: &PersonName, code: &TypedCode) -> Result<(), sqlx::Error> {
    database::query(
        "INSERT INTO setup_codes (person, digest, until) VALUES (?, ?, ?) \
         ON CONFLICT (person) DO UPDATE SET digest = excluded.digest, until = excluded.until",
    )
    .bind(name.as_str())
    .bind(code_digest(code))
    .bind(work.now.0 + SETUP_CODE_SECONDS)
    .execute(&mut work.connection)
    .await?;
    Ok(())
}

async fn known(connection: &mut Connection, name: &PersonName) -> Result<PersonView, StoreError> {
    let query = database::query("SELECT * FROM people WHERE name = ?").bind(name.as_str());
    let row = query.fetch_optional(connection).await?;
    let row = row.ok_or_else(|| Refused::Protocol(Refusal::NotFound { what: format!("person {name}") }))?;
    Ok(person(&row)?)
}

/// Without one nobody could add people any more.
async fn an_owner_is_left(connection: &mut Connection) -> Result<(), StoreError> {
    let query = "SELECT count(*) FROM people WHERE role = 'owner' AND subscriptions IS NULL";
    let owners: i64 = database::scalar(query).fetch_one(connection).await?;
    if owners > 0 { Ok(()) } else { Err(StoreError::Refused(Refused::LastOwner)) }
}

fn code_digest(code: &TypedCode) -> Vec<u8> {
    digest(code.as_str()).0.to_vec()
}

fn told(name: &PersonName, role: PersonRole, scope: &Scope) -> Value {
    json!({ "person": name, "role": role, "subscriptions": scope })
}

pub(super) fn scope_text(scope: &Scope) -> Result<Option<String>, sqlx::Error> {
    scope.0.as_ref().map(to_json).transpose()
}

pub(super) fn scope(row: &Row) -> Result<Scope, sqlx::Error> {
    let listed = row.try_get::<Option<&str>>("subscriptions")?;
    Ok(Scope(listed.map(from_json).transpose()?))
}

pub(super) fn role(row: &Row) -> Result<PersonRole, sqlx::Error> {
    row.try_get::<&str>("role")?.parse().map_err(|why: String| sqlx::Error::Decode(why.into()))
}

fn person(row: &Row) -> Result<PersonView, sqlx::Error> {
    let name = PersonName::try_from(row.try_get::<String>("name")?);
    Ok(PersonView {
        name: name.map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        role: role(row)?,
        scope: scope(row)?,
        password: row.try_get::<Option<&str>>("password")?.map(from_json).transpose()?,
        password_since: row.try_get::<Option<i64>>("password_since")?.map(UnixSeconds),
        created_at: UnixSeconds(row.try_get("created_at")?),
    })
}
