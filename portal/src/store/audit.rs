//! Who changed what: one record per change, in the change's own transaction, each chained to the one before.

use picket_protocol::{ids::SensorId, time::UnixSeconds};
use serde_json::{Value, value::RawValue};

use super::{
    Store,
    change::Work,
    failed,
    rows::{id, json},
};
use crate::database::{self, Connection, Row};
use crate::domain::{
    audit_chain::{self, BEGINNING, Record, hex},
    refused::Refused,
};

/// Who asks for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(pub String);

/// Records chained in one go when the database is opened.
const CHAINED_AT_ONCE: usize = 1000;

pub(crate) async fn record(
    work: &mut Work,
    actor: &Actor,
    action: &str,
    sensor: Option<SensorId>,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Result<(), sqlx::Error> {
    let (last, head) = head(&mut work.connection).await?;
    let raw = |value: Option<&Value>| value.map(|value| raw(json(value)?)).transpose();
    let mut record = Record {
        id: last + 1,
        at: work.now.to_string(),
        actor: actor.0.clone(),
        action: action.to_owned(),
        sensor: sensor.map(|sensor| sensor.to_string()),
        before: raw(before)?,
        after: raw(after)?,
        digest: String::new(),
    };
    let digest = audit_chain::next(&head, &record);
    record.digest = hex(&digest);
    database::query(
        "INSERT INTO audit (id, at, actor, action, sensor, before, after, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(record.id)
    .bind(work.now.0)
    .bind(&record.actor)
    .bind(&record.action)
    .bind(sensor.as_ref().map(|sensor| &sensor.as_bytes()[..]))
    .bind(record.before.as_ref().map(|json| json.get()))
    .bind(record.after.as_ref().map(|json| json.get()))
    .bind(&digest[..])
    .execute(&mut work.connection)
    .await?;
    Ok(())
}

/// The number and digest of the last record.
async fn head(connection: &mut Connection) -> Result<(i64, [u8; 32]), sqlx::Error> {
    let query = database::query("SELECT id, digest FROM audit WHERE digest IS NOT NULL ORDER BY id DESC LIMIT 1");
    let Some(row) = query.fetch_optional(connection).await? else { return Ok((0, BEGINNING)) };
    let digest = <[u8; 32]>::try_from(row.try_get::<&[u8]>("digest")?);
    Ok((row.try_get("id")?, digest.map_err(|error| sqlx::Error::Decode(Box::new(error)))?))
}

/// Chains the records of releases that knew no chain.
pub(super) async fn chain(connection: &mut Connection) -> Result<(), sqlx::Error> {
    loop {
        connection.begin().await?;
        let rows = database::query("SELECT * FROM audit WHERE digest IS NULL ORDER BY id LIMIT 1000");
        let rows = rows.fetch_all(&mut *connection).await?;
        let (_, mut head) = head(&mut *connection).await?;
        for row in &rows {
            let record = read(row)?;
            head = audit_chain::next(&head, &record);
            let query = database::query("UPDATE audit SET digest = ? WHERE id = ?").bind(&head[..]).bind(record.id);
            query.execute(&mut *connection).await?;
        }
        connection.commit().await?;
        if rows.len() < CHAINED_AT_ONCE {
            return Ok(());
        }
    }
}

impl Store {
    /// Records what was done to the portal as a whole.
    ///
    /// # Errors
    /// When the database failed or was too busy.
    pub async fn note(&self, actor: Actor, action: &'static str, after: Value) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move { Ok(record(work, &actor, action, None, None, Some(&after)).await?) })
        })
        .await
    }

    /// Records after number `after`, oldest first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn audit(&self, after: i64, limit: u32) -> Result<Vec<Record>, Refused> {
        let query = database::query("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?").bind(after).bind(limit);
        let rows = query.fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// Records before number `before`, newest first; of one sensor, if one is named.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn audit_back(&self, sensor: Option<SensorId>, before: i64, limit: u32) -> Result<Vec<Record>, Refused> {
        let sensor = sensor.map(|sensor| sensor.as_bytes().to_vec());
        let query = match &sensor {
            Some(sensor) => database::query("SELECT * FROM audit WHERE sensor = ? AND id < ? ORDER BY id DESC LIMIT ?")
                .bind(&sensor[..]),
            None => database::query("SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?"),
        };
        let rows = query.bind(before).bind(limit).fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }
}

fn read(row: &Row) -> Result<Record, sqlx::Error> {
    let json = |column: &str| row.try_get::<Option<String>>(column)?.map(raw).transpose();
    let sensor = row.try_get::<Option<&[u8]>>("sensor")?.map(id::<SensorId>).transpose()?;
    Ok(Record {
        id: row.try_get("id")?,
        at: UnixSeconds(row.try_get("at")?).to_string(),
        actor: row.try_get("actor")?,
        action: row.try_get("action")?,
        sensor: sensor.map(|sensor| sensor.to_string()),
        before: json("before")?,
        after: json("after")?,
        digest: row.try_get::<Option<&[u8]>>("digest")?.map(hex).unwrap_or_default(),
    })
}

fn raw(text: String) -> Result<Box<RawValue>, sqlx::Error> {
    RawValue::from_string(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
