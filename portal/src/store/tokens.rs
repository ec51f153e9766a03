//! Tokens by their digests: those of the people's API, and those that sensors pair with. No token is ever stored.

use picket_protocol::documents::activation::Secret;
use sha2::{Digest as _, Sha256};

use super::{Actor, Store, audit, failed};
use crate::domain::refused::Refused;

/// SHA-256 of a token of 256 random bits: nothing to guess, so nothing to slow down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub(super) [u8; 32]);

/// The digest of a token.
#[must_use]
pub fn digest(token: &str) -> Digest {
    Digest(Sha256::digest(token).into())
}

impl Store {
    /// Who holds an API token.
    ///
    /// # Errors
    /// `Unauthorized` for an unknown one; or the database failed.
    pub async fn bearer(&self, token: &str) -> Result<Actor, Refused> {
        let query = sqlx::query_scalar::<_, String>("SELECT description FROM api_tokens WHERE digest = ?");
        let found = query.bind(&digest(token).0[..]).fetch_optional(&self.readers).await;
        found.map_err(|error| failed(&error))?.map(Actor).ok_or(Refused::Unauthorized)
    }

    /// Keeps an API token.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn add_api_token(&self, token: &Secret, description: &str) -> Result<(), Refused> {
        let (digest, description) = (digest(token.expose()), description.to_owned());
        self.write(move |work| {
            Box::pin(async move {
                sqlx::query("INSERT INTO api_tokens (digest, description, created_at) VALUES (?, ?, ?)")
                    .bind(&digest.0[..])
                    .bind(description)
                    .bind(work.now.0)
                    .execute(&mut work.connection)
                    .await?;
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
                    sqlx::query("INSERT INTO pairing_tokens (digest, created_at) VALUES (?, ?)")
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
