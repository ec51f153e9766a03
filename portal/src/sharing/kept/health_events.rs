//! Health events, and what was told and is not over.

use picket_protocol::time::UnixSeconds;

use crate::database::{self, Row};
use crate::{
    domain::refused::Refused,
    sharing::{
        event::{HealthEvent, HealthKind},
        health::{Condition, News, Told},
    },
    store::{
        Store, Work, failed,
        rows::{from_json, json, sensor_id},
    },
};

/// Health events are kept for whoever has not got them yet, and for so long.
const KEPT_SECONDS: i64 = 30 * 86_400;

impl Store {
    /// What was told and is not over.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn told(&self) -> Result<Told, Refused> {
        let rows = database::query("SELECT sensor, condition, which FROM health_told").fetch_all(&self.readers).await;
        let read = |row: &Row| -> Result<_, sqlx::Error> {
            let (sensor, name, which) =
                (sensor_id(row, "sensor")?, row.try_get::<&str>("condition")?, row.try_get("which")?);
            // A condition that only a later release knows is left alone.
            let known = Condition::ALL.into_iter().find(|known| known.as_str() == name);
            Ok(known.map(|condition| ((sensor, condition), which)))
        };
        let told = rows.and_then(|rows| rows.iter().filter_map(|row| read(row).transpose()).collect());
        told.map_err(|error| failed(&error))
    }

    /// Keeps news as events, and that they were told. The number of the newest event.
    ///
    /// # Errors
    /// When the database failed or was too busy.
    pub async fn tell(&self, news: News) -> Result<i64, Refused> {
        self.write(move |work| {
            Box::pin(async move {
                remember(work, &news).await?;
                for group in &news.groups {
                    database::query("INSERT INTO health_events (at, kind, place, sensors) VALUES (?, ?, ?, ?)")
                        .bind(work.now.0)
                        .bind(json(&group.kind)?)
                        .bind(json(&group.place)?)
                        .bind(json(&group.sensors)?)
                        .execute(&mut work.connection)
                        .await?;
                }
                forget_old(work).await?;
                let newest = database::scalar("SELECT coalesce(max(id), 0) FROM health_events");
                Ok(newest.fetch_one(&mut work.connection).await?)
            })
        })
        .await
    }

    /// Health events after a number, oldest first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn health_events(&self, after: i64, limit: u32) -> Result<Vec<HealthEvent>, Refused> {
        let query =
            database::query("SELECT * FROM health_events WHERE id > ? ORDER BY id LIMIT ?").bind(after).bind(limit);
        let read = |row: &Row| -> Result<HealthEvent, sqlx::Error> {
            Ok(HealthEvent {
                number: row.try_get("id")?,
                at: UnixSeconds(row.try_get("at")?),
                kind: from_json::<HealthKind>(row.try_get("kind")?)?,
                place: from_json(row.try_get("place")?)?,
                sensors: from_json(row.try_get("sensors")?)?,
            })
        };
        let rows = query.fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// The number of the newest health event; 0 before the first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn newest_health_event(&self) -> Result<i64, Refused> {
        let newest = database::scalar("SELECT coalesce(max(id), 0) FROM health_events").fetch_one(&self.readers).await;
        newest.map_err(|error| failed(&error))
    }
}

async fn remember(work: &mut Work, news: &News) -> Result<(), sqlx::Error> {
    for (sensor, condition) in &news.over {
        database::query("DELETE FROM health_told WHERE sensor = ? AND condition = ?")
            .bind(&sensor.as_bytes()[..])
            .bind(condition.as_str())
            .execute(&mut work.connection)
            .await?;
    }
    for ((sensor, condition), which) in &news.begun {
        database::query(
            "INSERT INTO health_told (sensor, condition, which) VALUES (?, ?, ?) \
             ON CONFLICT (sensor, condition) DO UPDATE SET which = excluded.which",
        )
        .bind(&sensor.as_bytes()[..])
        .bind(condition.as_str())
        .bind(which)
        .execute(&mut work.connection)
        .await?;
    }
    Ok(())
}

/// Old events that every destination has got.
async fn forget_old(work: &mut Work) -> Result<(), sqlx::Error> {
    database::query(
        "DELETE FROM health_events WHERE at < ? AND id <= \
         coalesce((SELECT min(health) FROM sharing_destinations), 9223372036854775807) \
         AND id < (SELECT max(id) FROM health_events)",
    )
    .bind(work.now.plus(-KEPT_SECONDS).0)
    .execute(&mut work.connection)
    .await?;
    Ok(())
}
