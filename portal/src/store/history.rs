//! What is remembered of a sensor's connection and certificates.

use picket_protocol::{ids::SensorId, time::UnixSeconds};

use super::{
    Store, failed,
    rows::{from_json, id},
};
use crate::database::{self, Row};
use crate::{
    domain::{
        outages::{Outages, Word},
        refused::Refused,
    },
    sharing::event::{Affected, HealthKind},
};

impl Store {
    /// When a sensor was not heard, since `since`.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn outages(&self, sensor: SensorId, since: UnixSeconds) -> Result<Outages, Refused> {
        let query = database::query(
            "SELECT at, kind, sensors FROM health_events WHERE at >= ? AND instr(sensors, ?) > 0 ORDER BY id",
        );
        let rows = query.bind(since.0).bind(sensor.to_string()).fetch_all(&self.readers).await;
        let read = |row: &Row| -> Result<Option<Word>, sqlx::Error> {
            let at = UnixSeconds(row.try_get("at")?);
            let affected: Vec<Affected> = from_json(row.try_get("sensors")?)?;
            let Some(affected) = affected.into_iter().find(|affected| affected.sensor.id == sensor) else {
                return Ok(None);
            };
            Ok(match from_json(row.try_get("kind")?)? {
                HealthKind::SensorDisconnected => Some(Word::Lost(affected.date.unwrap_or(at))),
                HealthKind::SensorBack => Some(Word::Back(affected.date.unwrap_or(at))),
                _ => None,
            })
        };
        let words: Result<Vec<_>, _> = rows.and_then(|rows| rows.iter().map(read).collect());
        Ok(Outages::of(words.map_err(|error| failed(&error))?.into_iter().flatten()))
    }

    /// When the certificates end that a sensor's keys got last.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn certificates_of(
        &self,
        sensor: SensorId,
    ) -> Result<Vec<(picket_protocol::ids::Thumbprint, UnixSeconds)>, Refused> {
        let query = database::query(
            "SELECT c.thumbprint, c.not_after FROM certificates c JOIN identities i ON i.thumbprint = c.thumbprint \
             WHERE i.sensor = ?",
        );
        let rows = query.bind(&sensor.as_bytes()[..]).fetch_all(&self.readers).await;
        let read = |row: &Row| Ok((id(row.try_get("thumbprint")?)?, UnixSeconds(row.try_get("not_after")?)));
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }
}
