//! Destinations of sharing: what they are, and how far each has come.

use picket_protocol::{names::Label, refusal::Refusal, time::UnixSeconds};
use uuid::Uuid;

use crate::database::{self, Row};
use crate::{
    alerts::AlertStore,
    domain::refused::Refused,
    sharing::{
        destination::{Cursor, Destination, DestinationId, Progress},
        rules::Rule,
    },
    store::{
        Actor, Store, StoreError, Work, audit, failed,
        rows::{from_json, from_text, json},
    },
};

/// Most destinations: each has a task and reads every alert.
const MAX_DESTINATIONS: i64 = 64;
/// Most characters kept of why something failed.
const MAX_FAILURE: usize = 500;

impl Store {
    /// Every destination by name, and how it stands.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn destinations(&self) -> Result<Vec<(Destination, Progress)>, Refused> {
        let rows = database::query("SELECT * FROM sharing_destinations ORDER BY name").fetch_all(&self.readers).await;
        let read = |row: &Row| Ok((destination(row)?, progress(row)?));
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// One destination.
    ///
    /// # Errors
    /// When there is none, or the database failed.
    pub async fn destination(&self, id: DestinationId) -> Result<(Destination, Progress), Refused> {
        let query = database::query("SELECT * FROM sharing_destinations WHERE id = ?").bind(&id.0.as_bytes()[..]);
        let row = query.fetch_optional(&self.readers).await.map_err(|error| failed(&error))?;
        let row = row.ok_or_else(|| unknown(id))?;
        Ok((destination(&row).map_err(|error| failed(&error))?, progress(&row).map_err(|error| failed(&error))?))
    }

    /// Adds a destination. It gets what is stored after `newest_alert`, and health events from now on.
    ///
    /// # Errors
    /// When the name is taken, there are too many, or the database failed.
    pub async fn add_destination(
        &self,
        destination: Destination,
        newest_alert: i64,
        actor: Actor,
    ) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let Destination { id, name, target, rule } = destination;
                refuse_name(work, name.as_str()).await?;
                refuse_too_many(work).await?;
                database::query(
                    "INSERT INTO sharing_destinations (id, name, target, rule, created_at, alert, health) \
                     VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM health_events))",
                )
                .bind(&id.0.as_bytes()[..])
                .bind(name.as_str())
                .bind(json(&target)?)
                .bind(json(&rule)?)
                .bind(work.now.0)
                .bind(newest_alert)
                .execute(&mut work.connection)
                .await?;
                let after = serde_json::json!({
                    "id": id, "name": name, "kind": target.kind_name(), "address": target.address(), "rule": rule,
                });
                audit::record(work, &actor, "destination-added", None, None, Some(&after)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Changes a destination's name, or what it wants; its cursor stays.
    ///
    /// # Errors
    /// When there is none, the name is taken, or the database failed.
    pub async fn change_destination(
        &self,
        id: DestinationId,
        name: Option<Label>,
        rule: Option<Rule>,
        actor: Actor,
    ) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query =
                    database::query("SELECT * FROM sharing_destinations WHERE id = ?").bind(&id.0.as_bytes()[..]);
                let row = query.fetch_optional(&mut work.connection).await?.ok_or_else(|| unknown(id))?;
                let before = destination(&row)?;
                let (name, rule) = (name.unwrap_or(before.name.clone()), rule.unwrap_or(before.rule.clone()));
                if name != before.name {
                    refuse_name(work, name.as_str()).await?;
                }
                database::query("UPDATE sharing_destinations SET name = ?, rule = ? WHERE id = ?")
                    .bind(name.as_str())
                    .bind(json(&rule)?)
                    .bind(&id.0.as_bytes()[..])
                    .execute(&mut work.connection)
                    .await?;
                let was = serde_json::json!({ "id": id, "name": before.name, "rule": before.rule });
                let is = serde_json::json!({ "id": id, "name": name, "rule": rule });
                audit::record(work, &actor, "destination-changed", None, Some(&was), Some(&is)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Removes a destination, with its key and its cursor.
    ///
    /// # Errors
    /// When there is none, or the database failed.
    pub async fn remove_destination(&self, id: DestinationId, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query = database::scalar::<String>("DELETE FROM sharing_destinations WHERE id = ? RETURNING name");
                let name = query.bind(&id.0.as_bytes()[..]).fetch_optional(&mut work.connection).await?;
                let name = name.ok_or_else(|| unknown(id))?;
                let before = serde_json::json!({ "id": id, "name": name });
                audit::record(work, &actor, "destination-removed", None, Some(&before), None).await?;
                Ok(())
            })
        })
        .await
    }

    /// Moves a cursor on: the destination took `delivered` events up to there, or wanted none of them, and refused some.
    ///
    /// # Errors
    /// When the database failed or was too busy.
    pub async fn move_cursor(
        &self,
        id: DestinationId,
        to: Cursor,
        delivered: usize,
        refused: usize,
    ) -> Result<(), Refused> {
        let taken = if delivered > 0 { ", delivered_at = ?6, failing = 0" } else { "" };
        let query = format!(
            "UPDATE sharing_destinations SET alert = ?1, health = ?2, delivered = delivered + ?3, \
             refused = refused + ?4 {taken} WHERE id = ?5"
        );
        let count = |events: usize| i64::try_from(events).unwrap_or(i64::MAX);
        self.write(move |work| {
            Box::pin(async move {
                database::query(query)
                    .bind(to.alert)
                    .bind(to.health)
                    .bind(count(delivered))
                    .bind(count(refused))
                    .bind(&id.0.as_bytes()[..])
                    .bind(work.now.0)
                    .execute(&mut work.connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Has no cursor beyond the last row that an alert ever had: where the database of alerts was made anew, rows are numbered
    /// from 1 again, and those to come were not shared yet.
    ///
    /// # Errors
    /// When a database failed or was too busy.
    pub async fn draw_back_cursors(&self, alerts: AlertStore) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                // Asked in our turn, in which nobody moves a cursor: what one may be at was given before.
                let last = alerts.last_given().await?;
                let query = database::query("UPDATE sharing_destinations SET alert = ?1 WHERE alert > ?1").bind(last);
                query.execute(&mut work.connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// Keeps why a destination last failed.
    ///
    /// # Errors
    /// When the database failed or was too busy.
    pub async fn destination_failed(&self, id: DestinationId, why: &str) -> Result<(), Refused> {
        let why: String = why.chars().take(MAX_FAILURE).collect();
        self.write(move |work| {
            Box::pin(async move {
                database::query("UPDATE sharing_destinations SET failed_at = ?, failure = ?, failing = 1 WHERE id = ?")
                    .bind(work.now.0)
                    .bind(why)
                    .bind(&id.0.as_bytes()[..])
                    .execute(&mut work.connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

async fn refuse_name(work: &mut Work, name: &str) -> Result<(), StoreError> {
    let query = database::scalar::<i64>("SELECT count(*) FROM sharing_destinations WHERE name = ?").bind(name);
    if query.fetch_one(&mut work.connection).await? > 0 {
        return Err(StoreError::Refused(Refused::NameTaken { name: name.to_owned() }));
    }
    Ok(())
}

async fn refuse_too_many(work: &mut Work) -> Result<(), StoreError> {
    let query = database::scalar::<i64>("SELECT count(*) FROM sharing_destinations");
    let all = query.fetch_one(&mut work.connection).await?;
    if all >= MAX_DESTINATIONS {
        return Err(StoreError::Refused(Refused::invalid(format!("at most {MAX_DESTINATIONS} destinations"))));
    }
    Ok(())
}

fn unknown(id: DestinationId) -> Refused {
    Refusal::NotFound { what: format!("destination {id}") }.into()
}

fn destination(row: &Row) -> Result<Destination, sqlx::Error> {
    let id = Uuid::from_slice(row.try_get("id")?).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Destination {
        id: DestinationId(id),
        name: from_text(row.try_get("name")?)?,
        target: from_json(row.try_get("target")?)?,
        rule: from_json(row.try_get("rule")?)?,
    })
}

fn progress(row: &Row) -> Result<Progress, sqlx::Error> {
    let instant = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>>(column)?.map(UnixSeconds));
    let count = |column: &str| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64>(column)?).unwrap_or(0));
    Ok(Progress {
        cursor: Cursor { alert: row.try_get("alert")?, health: row.try_get("health")? },
        delivered: count("delivered")?,
        refused: count("refused")?,
        delivered_at: instant("delivered_at")?,
        failure: instant("failed_at")?.zip(row.try_get::<Option<String>>("failure")?),
        failing: row.try_get::<i64>("failing")? != 0,
    })
}
