//! Alarms: raised once while open, listed, cleared.

use picket_protocol::{ids::SensorId, refusal::Refusal, time::UnixSeconds};

use super::{
    Actor, Store, audit,
    change::{StoreError, Work},
    failed,
    fleet::push_scope,
    rows::{from_json, id, json},
};
use crate::database::{self, Builder, Connection, Row};
use crate::domain::{access::Scope, alarm::Alarm, chain::HeartbeatChain, refused::Refused};

/// One alarm, as it is listed.
#[derive(Debug, Clone)]
pub struct AlarmRow {
    /// Its number.
    pub id: i64,
    /// When it was raised.
    pub at: UnixSeconds,
    /// About which sensor.
    pub sensor: SensorId,
    /// Its kind.
    pub kind: String,
    /// What was found.
    pub detail: serde_json::Value,
    /// When and by whom it was cleared.
    pub cleared: Option<(UnixSeconds, String)>,
}

/// Raises an alarm, unless one of its kind is open for the sensor.
pub(super) async fn raise(work: &mut Work, sensor: SensorId, alarm: &Alarm) -> Result<(), sqlx::Error> {
    let raised = database::query(
        "INSERT INTO alarms (at, sensor, kind, detail) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS \
         (SELECT 1 FROM alarms WHERE sensor = ?2 AND kind = ?3 AND cleared_at IS NULL)",
    )
    .bind(work.now.0)
    .bind(&sensor.as_bytes()[..])
    .bind(alarm.kind())
    .bind(json(alarm)?)
    .execute(&mut work.connection)
    .await?;
    if raised.rows_affected() > 0 {
        tracing::warn!(%sensor, kind = alarm.kind(), "alarm raised");
    }
    Ok(())
}

impl Store {
    /// The newest alarms about sensors of a scope, open ones only if asked.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn alarms(&self, open_only: bool, scope: &Scope, limit: u32) -> Result<Vec<AlarmRow>, Refused> {
        let mut query = Builder::new(
            "SELECT a.id, a.at, a.sensor, a.kind, a.detail, a.cleared_at, a.cleared_by FROM alarms a \
             LEFT JOIN sensors s ON s.id = a.sensor WHERE 1 = 1",
        );
        if open_only {
            query.push(" AND a.cleared_at IS NULL");
        }
        push_scope(&mut query, scope);
        query.push(" ORDER BY a.id DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.readers).await.map_err(|error| failed(&error))?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| failed(&error))
    }

    /// The newest alarms about one sensor.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn alarms_of(&self, sensor: SensorId, limit: u32) -> Result<Vec<AlarmRow>, Refused> {
        let query = database::query("SELECT * FROM alarms WHERE sensor = ? ORDER BY id DESC LIMIT ?");
        let rows = query.bind(&sensor.as_bytes()[..]).bind(limit).fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// Which sensor an alarm is about.
    ///
    /// # Errors
    /// When there is none, or the database failed.
    pub async fn sensor_of_alarm(&self, number: i64) -> Result<SensorId, Refused> {
        let query = database::scalar::<Vec<u8>>("SELECT sensor FROM alarms WHERE id = ?").bind(number);
        let found = query.fetch_optional(&self.readers).await.map_err(|error| failed(&error))?;
        let found = found.ok_or_else(|| Refusal::NotFound { what: format!("alarm {number}") })?;
        id(&found).map_err(|error| failed(&error))
    }

    /// Clears an alarm. Clearing what a chain of heartbeats shows clears the chain as well.
    ///
    /// # Errors
    /// When there is no such open alarm, or the database failed.
    pub async fn clear_alarm(&self, number: i64, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query = database::query("SELECT sensor, kind FROM alarms WHERE id = ? AND cleared_at IS NULL");
                let Some(row) = query.bind(number).fetch_optional(&mut work.connection).await? else {
                    return Err(StoreError::Refused(Refusal::NotFound { what: format!("open alarm {number}") }.into()));
                };
                let (sensor, kind): (SensorId, String) = (id(row.try_get("sensor")?)?, row.try_get("kind")?);
                database::query("UPDATE alarms SET cleared_at = ?, cleared_by = ? WHERE id = ?")
                    .bind(work.now.0)
                    .bind(&actor.0)
                    .bind(number)
                    .execute(&mut work.connection)
                    .await?;
                if kind == "possible-clone" || kind == "restored" {
                    clear_chains(&mut work.connection, sensor, work.now).await?;
                }
                work.touch(sensor);
                audit::record(
                    work,
                    &actor,
                    "alarm-cleared",
                    Some(sensor),
                    None,
                    Some(&serde_json::json!({ "kind": kind })),
                )
                .await?;
                Ok(())
            })
        })
        .await
    }
}

fn read(row: &Row) -> Result<AlarmRow, sqlx::Error> {
    let cleared_at = row.try_get::<Option<i64>>("cleared_at")?.map(UnixSeconds);
    Ok(AlarmRow {
        id: row.try_get("id")?,
        at: UnixSeconds(row.try_get("at")?),
        sensor: id(row.try_get("sensor")?)?,
        kind: row.try_get("kind")?,
        detail: from_json(row.try_get("detail")?)?,
        cleared: cleared_at.zip(row.try_get::<Option<String>>("cleared_by")?),
    })
}

async fn clear_chains(connection: &mut Connection, sensor: SensorId, now: UnixSeconds) -> Result<(), sqlx::Error> {
    let query = database::query(
        "SELECT h.identity, h.chain FROM heartbeats h JOIN identities i ON i.row = h.identity WHERE i.sensor = ?",
    );
    for row in query.bind(&sensor.as_bytes()[..]).fetch_all(&mut *connection).await? {
        let mut chain: HeartbeatChain = from_json(row.try_get("chain")?)?;
        chain.clear(now);
        database::query("UPDATE heartbeats SET chain = ? WHERE identity = ?")
            .bind(json(&chain)?)
            .bind(row.try_get::<i64>("identity")?)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
