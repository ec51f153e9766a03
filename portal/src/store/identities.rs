//! Identities: which key speaks for which sensor, and which does not any more.

use picket_protocol::{
    ids::{SensorId, Serial, Thumbprint},
    refusal::Refusal,
};

use super::{
    Store,
    change::{StoreError, Work},
    failed,
    rows::{id, int, sensor_id, serial},
};
use crate::database::{self, Row};
use crate::domain::{
    heartbeat::Certified,
    identity::{Identity, IdentityState},
    refused::Refused,
};

/// A key that may use the routes beside the heartbeat's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The registration it speaks for.
    pub sensor: SensorId,
    /// The serial its certificates carry; none at a management console.
    pub serial: Option<Serial>,
}

impl Store {
    /// Whether a certified key may renew and reach the hub. Deleted and superseded ones may not, at once.
    ///
    /// # Errors
    /// Why it may not.
    pub async fn admit(&self, certified: &Certified) -> Result<Peer, Refused> {
        let query = database::query(
            "SELECT i.sensor, i.serial, i.state, s.deleted_at FROM identities i JOIN sensors s ON s.id = i.sensor \
             WHERE i.thumbprint = ?",
        );
        let row = query.bind(&certified.thumbprint.as_bytes()[..]).fetch_optional(&self.readers).await;
        let Some(row) = row.map_err(|error| failed(&error))? else {
            return self.admit_unknown(certified).await;
        };
        let read = |row: &Row| -> Result<_, sqlx::Error> {
            Ok((
                sensor_id(row, "sensor")?,
                serial(row.try_get("serial")?),
                row.try_get::<String>("state")?,
                row.try_get::<Option<i64>>("deleted_at")?,
            ))
        };
        let (sensor, number, state, deleted_at) = read(&row).map_err(|error| failed(&error))?;
        if deleted_at.is_some() {
            return Err(Refused::NotAccepted { why: "the sensor was deleted" });
        }
        if IdentityState::parse(&state) == Some(IdentityState::Superseded) {
            return Err(Refused::NotAccepted { why: "a later activation of this sensor has another key" });
        }
        Ok(Peer { sensor, serial: (number != Serial(0)).then_some(number) })
    }

    /// The CA certified it and the database does not know it: the portal is behind, its heartbeat will tell.
    async fn admit_unknown(&self, certified: &Certified) -> Result<Peer, Refused> {
        let query = database::scalar::<i64>("SELECT count(*) FROM sensors WHERE id = ? AND deleted_at IS NOT NULL");
        let deleted = query.bind(&certified.sensor.as_bytes()[..]).fetch_one(&self.readers).await;
        match deleted.map_err(|error| failed(&error))? {
            0 => Ok(Peer { sensor: certified.sensor, serial: certified.serial }),
            _ => Err(Refused::NotAccepted { why: "the sensor was deleted" }),
        }
    }

    /// Remembers the nonces of probes that the built-in hub accepted from a sensor.
    ///
    /// # Errors
    /// When the database failed or was too busy.
    pub async fn remember_probes(&self, sensor: SensorId, nonces: Vec<String>) -> Result<(), Refused> {
        const KEPT_SECONDS: i64 = 86_400;
        /// A sensor that goes mad, or bad, fills no disk.
        const KEPT_NONCES: i64 = 1000;
        self.write(move |work| {
            Box::pin(async move {
                let known = database::scalar::<i64>("SELECT count(*) FROM sensors WHERE id = ?")
                    .bind(&sensor.as_bytes()[..])
                    .fetch_one(&mut work.connection)
                    .await?;
                if known == 0 {
                    return Err(StoreError::Refused(Refusal::NotFound { what: format!("sensor {sensor}") }.into()));
                }
                database::query("DELETE FROM hub_probes WHERE sensor = ? AND at < ?")
                    .bind(&sensor.as_bytes()[..])
                    .bind(work.now.plus(-KEPT_SECONDS).0)
                    .execute(&mut work.connection)
                    .await?;
                for nonce in nonces {
                    database::query(
                        "INSERT INTO hub_probes (sensor, nonce, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    )
                    .bind(&sensor.as_bytes()[..])
                    .bind(nonce)
                    .bind(work.now.0)
                    .execute(&mut work.connection)
                    .await?;
                }
                database::query(
                    "DELETE FROM hub_probes WHERE sensor = ?1 AND nonce NOT IN \
                     (SELECT nonce FROM hub_probes WHERE sensor = ?1 ORDER BY at DESC LIMIT ?2)",
                )
                .bind(&sensor.as_bytes()[..])
                .bind(KEPT_NONCES)
                .execute(&mut work.connection)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

/// Keeps an identity; a key that enrols again for another activation moves to it.
pub(super) async fn insert(work: &mut Work, identity: &Identity) -> Result<(), sqlx::Error> {
    work.touch(identity.sensor);
    let before = database::scalar::<Vec<u8>>("SELECT sensor FROM identities WHERE thumbprint = ?")
        .bind(&identity.thumbprint.as_bytes()[..])
        .fetch_optional(&mut work.connection)
        .await?;
    if let Some(before) = before {
        work.touch(id(&before)?); // it may have spoken for another
    }
    database::query(
        "INSERT INTO identities (thumbprint, sensor, serial, cti, state, enrolled_at, roots) VALUES (?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (thumbprint) DO UPDATE SET sensor = excluded.sensor, serial = excluded.serial, cti = excluded.cti, \
         state = excluded.state, roots = excluded.roots",
    )
    .bind(&identity.thumbprint.as_bytes()[..])
    .bind(&identity.sensor.as_bytes()[..])
    .bind(int(identity.serial.0))
    .bind(identity.cti.as_ref().map(|cti| &cti.as_bytes()[..]))
    .bind(identity.state.as_str())
    .bind(identity.enrolled_at.0)
    .bind(int(identity.roots.version))
    .execute(&mut work.connection)
    .await?;
    Ok(())
}

/// A heartbeat said that `number` is in force: lower ones are superseded, and a pushed file up to it has arrived.
pub(super) async fn commit(
    work: &mut Work,
    sensor: SensorId,
    key: Thumbprint,
    number: Serial,
) -> Result<(), sqlx::Error> {
    let (sensor, number) = (&sensor.as_bytes()[..], int(number.0));
    database::query("UPDATE identities SET state = 'committed', serial = ? WHERE thumbprint = ?")
        .bind(number)
        .bind(&key.as_bytes()[..])
        .execute(&mut work.connection)
        .await?;
    database::query("UPDATE identities SET state = 'superseded' WHERE sensor = ? AND serial < ?")
        .bind(sensor)
        .bind(number)
        .execute(&mut work.connection)
        .await?;
    database::query("UPDATE sensors SET committed = ?1 WHERE id = ?2 AND coalesce(committed, 0) <= ?1")
        .bind(number)
        .bind(sensor)
        .execute(&mut work.connection)
        .await?;
    database::query("UPDATE sensors SET push_serial = NULL, push_file = NULL WHERE id = ? AND push_serial <= ?")
        .bind(sensor)
        .bind(number)
        .execute(&mut work.connection)
        .await?;
    database::query("UPDATE activations SET committed_at = ? WHERE sensor = ? AND serial = ? AND committed_at IS NULL")
        .bind(work.now.0)
        .bind(sensor)
        .bind(number)
        .execute(&mut work.connection)
        .await?;
    Ok(())
}
