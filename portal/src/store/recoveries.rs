//! That a recovery document was issued: a record of the audit, nothing else is kept.

use picket_protocol::documents::recovery::Recovery;

use super::{Store, audit, audit::Actor};
use crate::domain::refused::Refused;

impl Store {
    /// Puts it on record.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn note_recovery(&self, recovery: Recovery, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                // The nonce is of use to nobody without the document.
                let after = serde_json::json!({
                    "appliance": recovery.appliance,
                    "cti": recovery.cti,
                    "nonce": recovery.nonce,
                });
                audit::record(work, &actor, "recovery-issued", None, None, Some(&after)).await?;
                Ok(())
            })
        })
        .await
    }
}
