//! When the certificates of sensors' keys end.

use picket_protocol::{ids::Thumbprint, time::UnixSeconds};

use super::Store;
use crate::domain::refused::Refused;

impl Store {
    /// Remembers when the certificate ends that a key just got.
    ///
    /// # Errors
    /// When the database failed or was too busy.
    pub async fn certificate_made(&self, key: Thumbprint, not_after: UnixSeconds) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO certificates (thumbprint, not_after) VALUES (?, ?) \
                     ON CONFLICT (thumbprint) DO UPDATE SET not_after = excluded.not_after",
                )
                .bind(&key.as_bytes()[..])
                .bind(not_after.0)
                .execute(&mut work.connection)
                .await?;
                Ok(())
            })
        })
        .await
    }
}
