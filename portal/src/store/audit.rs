//! Who changed what: one record per change, in the change's own transaction.

use picket_protocol::{ids::SensorId, time::UnixSeconds};
use serde_json::Value;
use sqlx::Row as _;

use super::{
    Store,
    change::Work,
    failed,
    rows::{from_json, id, json},
};
use crate::domain::refused::Refused;

/// Who asks for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(pub String);

/// One record.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: UnixSeconds,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// On which sensor.
    pub sensor: Option<SensorId>,
    /// What was.
    pub before: Option<Value>,
    /// What is.
    pub after: Option<Value>,
}

pub(crate) async fn record(
    work: &mut Work,
    actor: &Actor,
    action: &str,
    sensor: Option<SensorId>,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO audit (at, actor, action, sensor, before, after) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(work.now.0)
        .bind(&actor.0)
        .bind(action)
        .bind(sensor.as_ref().map(|sensor| &sensor.as_bytes()[..]))
        .bind(before.map(json).transpose()?)
        .bind(after.map(json).transpose()?)
        .execute(&mut work.connection)
        .await?;
    Ok(())
}

impl Store {
    /// Records after number `after`, oldest first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn audit(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>, Refused> {
        let query = sqlx::query("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?").bind(after).bind(limit);
        let rows = query.fetch_all(&self.readers).await.map_err(|error| failed(&error))?;
        let read = |row: &sqlx::sqlite::SqliteRow| -> Result<AuditRow, sqlx::Error> {
            let value = |column: &str| row.try_get::<Option<&str>, _>(column)?.map(from_json).transpose();
            Ok(AuditRow {
                id: row.try_get("id")?,
                at: UnixSeconds(row.try_get("at")?),
                actor: row.try_get("actor")?,
                action: row.try_get("action")?,
                sensor: row.try_get::<Option<&[u8]>, _>("sensor")?.map(id).transpose()?,
                before: value("before")?,
                after: value("after")?,
            })
        };
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| failed(&error))
    }
}
