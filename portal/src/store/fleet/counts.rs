//! How many sensors there are, by index alone.

use picket_protocol::time::UnixSeconds;
use serde::Serialize;

use super::{conditions::Asked, push_scope, push_scope_of};
use crate::{
    database::Builder,
    domain::{access::Scope, refused::Refused},
    store::{Store, failed, views::Viewpoint},
};

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Registered and not deleted.
    pub onboarded: i64,
    /// Whose mode is cloud-connected.
    pub cloud_connected: i64,
    /// Whose mode is locally managed.
    pub locally_managed: i64,
    /// That should be heard and are not.
    pub disconnected: i64,
}

impl Store {
    /// Counts the sensors of a scope.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn counts(&self, scope: &Scope, viewpoint: Viewpoint, now: UnixSeconds) -> Result<Counts, Refused> {
        self.count(scope, Asked { viewpoint, now }).await.map_err(|error| failed(&error))
    }

    async fn count(&self, scope: &Scope, asked: Asked) -> Result<Counts, sqlx::Error> {
        let mut query = Builder::new(
            "SELECT count(*) AS onboarded, count(*) FILTER (WHERE s.cloud = 1) AS cloud FROM standings s \
             WHERE s.deleted = 0",
        );
        push_scope(&mut query, scope);
        let row = query.build().fetch_one(&self.readers).await?;
        let (onboarded, cloud_connected): (i64, i64) = (row.try_get("onboarded")?, row.try_get("cloud")?);
        let mut query = Builder::new("SELECT count(*) AS disconnected FROM contacts c WHERE c.deleted = 0");
        asked.push_disconnected(&mut query);
        push_scope_of(&mut query, "c", scope);
        let disconnected = query.build().fetch_one(&self.readers).await?.try_get("disconnected")?;
        Ok(Counts { onboarded, cloud_connected, locally_managed: onboarded - cloud_connected, disconnected })
    }
}
