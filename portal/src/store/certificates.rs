//! Which certificates sensors' keys got, when they end, and which are withdrawn.

use picket_protocol::{ids::Thumbprint, time::UnixSeconds};

use super::{Store, failed};
use crate::database::{self, Row};
use crate::domain::refused::Refused;

/// A certificate in date whose key may not deliver any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// Its serial number.
    pub serial: Vec<u8>,
    /// Since when, about.
    pub since: UnixSeconds,
    /// Whether its sensor was deleted; else a later activation has another key.
    pub deleted: bool,
}

impl Store {
    /// Remembers the certificate that a key just got.
    ///
    /// # Errors
    /// When the database failed or was too busy.
    pub async fn certificate_made(
        &self,
        key: Thumbprint,
        serial: [u8; 16],
        not_after: UnixSeconds,
    ) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                database::query(
                    "INSERT INTO certificates (thumbprint, not_after) VALUES (?, ?) \
                     ON CONFLICT (thumbprint) DO UPDATE SET not_after = excluded.not_after",
                )
                .bind(&key.as_bytes()[..])
                .bind(not_after.0)
                .execute(&mut work.connection)
                .await?;
                database::query("DELETE FROM issued_certificates WHERE thumbprint = ? AND not_after < ?")
                    .bind(&key.as_bytes()[..])
                    .bind(work.now.0)
                    .execute(&mut work.connection)
                    .await?;
                database::query("INSERT INTO issued_certificates (thumbprint, serial, not_after) VALUES (?, ?, ?)")
                    .bind(&key.as_bytes()[..])
                    .bind(&serial[..])
                    .bind(not_after.0)
                    .execute(&mut work.connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// The certificates in date of deleted sensors and of superseded keys.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn withdrawn(&self, now: UnixSeconds) -> Result<Vec<Withdrawn>, Refused> {
        let query = database::query(
            "SELECT c.serial, coalesce(s.deleted_at, i.enrolled_at) AS since, s.deleted_at IS NOT NULL AS deleted \
             FROM identities i JOIN sensors s ON s.id = i.sensor \
             JOIN issued_certificates c ON c.thumbprint = i.thumbprint \
             WHERE (s.deleted_at IS NOT NULL OR i.state = 'superseded') AND c.not_after > ? ORDER BY c.serial",
        );
        let rows = query.bind(now.0).fetch_all(&self.readers).await;
        let read = |row: &Row| -> Result<Withdrawn, sqlx::Error> {
            let since = UnixSeconds(row.try_get("since")?);
            Ok(Withdrawn { serial: row.try_get("serial")?, since, deleted: row.try_get("deleted")? })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }
}
