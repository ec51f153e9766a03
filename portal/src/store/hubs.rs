//! Hubs: addresses that cloud-connected sensors deliver to, beside the one built in.

use picket_protocol::{documents::activation::Hub, names::Label, refusal::Refusal};
use uuid::Uuid;

use super::{
    Actor, Store, audit,
    change::{StoreError, Work},
    failed,
    rows::{from_json, from_text, json},
};
use crate::database::{self, Row};
use crate::domain::{
    refused::Refused,
    registration::{HubId, ModeChoice},
};

/// Sensors that name a hub.
const USERS: &str = "SELECT count(*) FROM sensors WHERE hub = ? AND deleted_at IS NULL";

/// One hub.
#[derive(Debug, Clone)]
pub struct HubRow {
    /// Its id.
    pub id: HubId,
    /// Its name.
    pub name: Label,
    /// Where it is.
    pub hub: Hub,
}

impl Store {
    /// Every hub, by name.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn hubs(&self) -> Result<Vec<HubRow>, Refused> {
        let rows = database::query("SELECT id, name, hub FROM hubs ORDER BY name").fetch_all(&self.readers).await;
        let read = |row: &Row| -> Result<HubRow, sqlx::Error> {
            let id = Uuid::from_slice(row.try_get("id")?).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            let (name, hub) = (from_text(row.try_get("name")?)?, from_json(row.try_get("hub")?)?);
            Ok(HubRow { id: HubId(id), name, hub })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// Adds a hub, or returns the one that is the same in all but its id.
    ///
    /// # Errors
    /// When another hub has the name; or the database failed.
    pub async fn add_hub(&self, id: HubId, name: Label, hub: Hub, actor: Actor) -> Result<HubId, Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let text = json(&hub)?;
                let query = database::query("SELECT id, hub FROM hubs WHERE name = ?").bind(name.as_str());
                if let Some(row) = query.fetch_optional(&mut work.connection).await? {
                    if row.try_get::<&str>("hub")? != text {
                        return Err(StoreError::Refused(Refused::NameTaken { name: name.to_string() }));
                    }
                    let known = Uuid::from_slice(row.try_get("id")?);
                    return Ok(HubId(known.map_err(|error| sqlx::Error::Decode(Box::new(error)))?));
                }
                database::query("INSERT INTO hubs (id, name, hub) VALUES (?, ?, ?)")
                    .bind(&id.0.as_bytes()[..])
                    .bind(name.as_str())
                    .bind(text)
                    .execute(&mut work.connection)
                    .await?;
                let after = serde_json::json!({ "id": id, "name": name, "url": hub.endpoint.url });
                audit::record(work, &actor, "hub-added", None, None, Some(&after)).await?;
                Ok(id)
            })
        })
        .await
    }

    /// How many sensors name a hub.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn sensors_of_hub(&self, id: HubId) -> Result<i64, Refused> {
        let count = database::scalar::<i64>(USERS).bind(&id.0.as_bytes()[..]).fetch_one(&self.readers).await;
        count.map_err(|error| failed(&error))
    }

    /// Removes a hub that no sensor names any more.
    ///
    /// # Errors
    /// When it does not exist, sensors name it, or the database failed.
    pub async fn remove_hub(&self, id: HubId, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let bytes = &id.0.as_bytes()[..];
                let users: i64 = database::scalar(USERS).bind(bytes).fetch_one(&mut work.connection).await?;
                if users > 0 {
                    let sensors = u64::try_from(users).unwrap_or(0);
                    return Err(StoreError::Refused(Refused::HubInUse { sensors }));
                }
                // Deleted sensors do not need it any more.
                let query = database::query("UPDATE sensors SET hub = NULL WHERE hub = ?").bind(bytes);
                query.execute(&mut work.connection).await?;
                let query = database::query("DELETE FROM hubs WHERE id = ?").bind(bytes);
                if query.execute(&mut work.connection).await?.rows_affected() == 0 {
                    return Err(StoreError::Refused(Refusal::NotFound { what: format!("hub {}", id.0) }.into()));
                }
                let before = serde_json::json!({ "id": id });
                audit::record(work, &actor, "hub-removed", None, Some(&before), None).await?;
                Ok(())
            })
        })
        .await
    }
}

/// The hub that a mode names; none for the built-in one.
pub(super) async fn named(work: &mut Work, mode: &ModeChoice) -> Result<Option<Hub>, StoreError> {
    let ModeChoice::CloudConnected { hub: Some(hub), .. } = mode else { return Ok(None) };
    let query = database::scalar::<String>("SELECT hub FROM hubs WHERE id = ?").bind(&hub.0.as_bytes()[..]);
    let text = query.fetch_optional(&mut work.connection).await?;
    let text = text.ok_or_else(|| Refused::Protocol(Refusal::NotFound { what: format!("hub {}", hub.0) }))?;
    Ok(Some(from_json(&text)?))
}
