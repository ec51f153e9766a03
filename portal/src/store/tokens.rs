//! Tokens by their digests: those of the people's API, and those that sensors pair with. No token is ever stored.

use picket_protocol::{documents::activation::Secret, names::Label, refusal::Refusal, time::UnixSeconds};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    Actor, Store, audit,
    change::StoreError,
    failed,
    people::{role, scope, scope_text},
};
use crate::database::{self, Row};
use crate::{
    clock,
    domain::{
        access::{Caller, PersonRole, Scope},
        audit_chain::hex,
        refused::Refused,
    },
};

/// SHA-256 of a token of 256 random bits: nothing to guess, so nothing to slow down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub(super) [u8; 32]);

/// The digest of a token.
#[must_use]
pub fn digest(token: &str) -> Digest {
    digest_of(token.as_bytes())
}

/// The digest of bytes.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// For so long the portal does not note that a token was used again.
const USED_EVERY_SECONDS: i64 = 60;

/// An API token as it is listed.
#[derive(Debug, Clone)]
pub struct TokenView {
    /// Names it in lists: the head of its digest.
    pub id: String,
    /// What it is for.
    pub description: String,
    /// What it may do.
    pub role: PersonRole,
    /// Where.
    pub scope: Scope,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// By whom; none: with the data folder.
    pub made_by: Option<String>,
    /// When it was used last, to a minute.
    pub used_at: Option<UnixSeconds>,
}

/// A token to be kept.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for; the audit names its bearer so.
    pub description: Label,
    /// What it may do.
    pub role: PersonRole,
    /// Where.
    pub scope: Scope,
}

impl Store {
    /// Who holds an API token.
    ///
    /// # Errors
    /// `Unauthorized` for an unknown one; or the database failed.
    pub async fn bearer(&self, token: &str) -> Result<Caller, Refused> {
        let query = database::query("SELECT * FROM api_tokens WHERE digest = ?");
        let digest = digest(token);
        let found = query.bind(&digest.0[..]).fetch_optional(&self.readers).await.map_err(|error| failed(&error))?;
        let found = found.as_ref().map(view).transpose().map_err(|error| failed(&error))?;
        let TokenView { description, role, scope, used_at, .. } = found.ok_or(Refused::Unauthorized)?;
        let now = clock::now();
        if used_at.is_none_or(|used| now.since(used) >= USED_EVERY_SECONDS) {
            let _ = self.used_token(digest).await; // a full disk keeps nobody from looking
        }
        Ok(Caller { name: description, role, scope })
    }

    async fn used_token(&self, digest: Digest) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query = database::query("UPDATE api_tokens SET used_at = ? WHERE digest = ?").bind(work.now.0);
                query.bind(&digest.0[..]).execute(&mut work.connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// Every API token, the newest first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn api_tokens(&self) -> Result<Vec<TokenView>, Refused> {
        let rows =
            database::query("SELECT * FROM api_tokens ORDER BY created_at DESC, digest").fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(view).collect()).map_err(|error| failed(&error))
    }

    /// Keeps an API token, made by somebody, or with the data folder.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn add_api_token(&self, token: &Secret, new: NewToken, by: Option<Actor>) -> Result<String, Refused> {
        let digest = digest(token.expose());
        self.write(move |work| {
            Box::pin(async move {
                database::query(
                    "INSERT INTO api_tokens (digest, description, created_at, role, subscriptions, made_by) \
                     VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(&digest.0[..])
                .bind(new.description.as_str())
                .bind(work.now.0)
                .bind(new.role.as_str())
                .bind(scope_text(&new.scope)?)
                .bind(by.as_ref().map(|by| &by.0))
                .execute(&mut work.connection)
                .await?;
                let id = token_id(&digest.0);
                if let Some(by) = by {
                    let after = json!({
                        "id": id, "description": new.description, "role": new.role, "subscriptions": new.scope,
                    });
                    audit::record(work, &by, "api-token-made", None, None, Some(&after)).await?;
                }
                Ok(id)
            })
        })
        .await
    }

    /// Removes an API token: it opens nothing from now on.
    ///
    /// # Errors
    /// When there is none, or the database failed.
    pub async fn remove_api_token(&self, id: String, by: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let rows = database::query("SELECT * FROM api_tokens").fetch_all(&mut work.connection).await?;
                let all: Vec<TokenView> = rows.iter().map(view).collect::<Result<_, _>>()?;
                let found = rows.iter().zip(all).find(|(_, token)| token.id == id);
                let Some((row, token)) = found else {
                    return Err(StoreError::Refused(Refusal::NotFound { what: format!("API token {id}") }.into()));
                };
                let query = database::query("DELETE FROM api_tokens WHERE digest = ?");
                query.bind(row.try_get::<&[u8]>("digest")?).execute(&mut work.connection).await?;
                let before = json!({ "id": id, "description": token.description });
                audit::record(work, &by, "api-token-removed", None, Some(&before), None).await?;
                Ok(())
            })
        })
        .await
    }

    /// Keeps pairing tokens, each for one key.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn add_pairing_tokens(&self, tokens: &[Secret], actor: Actor) -> Result<(), Refused> {
        let digests: Vec<Digest> = tokens.iter().map(|token| digest(token.expose())).collect();
        self.write(move |work| {
            Box::pin(async move {
                for digest in &digests {
                    database::query("INSERT INTO pairing_tokens (digest, created_at) VALUES (?, ?)")
                        .bind(&digest.0[..])
                        .bind(work.now.0)
                        .execute(&mut work.connection)
                        .await?;
                }
                let after = serde_json::json!({ "tokens": digests.len() });
                audit::record(work, &actor, "pairing-tokens-made", None, None, Some(&after)).await?;
                Ok(())
            })
        })
        .await
    }
}

fn view(row: &Row) -> Result<TokenView, sqlx::Error> {
    Ok(TokenView {
        id: token_id(row.try_get("digest")?),
        description: row.try_get("description")?,
        role: role(row)?,
        scope: scope(row)?,
        created_at: UnixSeconds(row.try_get("created_at")?),
        made_by: row.try_get("made_by")?,
        used_at: row.try_get::<Option<i64>>("used_at")?.map(UnixSeconds),
    })
}

fn token_id(digest: &[u8]) -> String {
    hex(&digest[..digest.len().min(8)])
}
