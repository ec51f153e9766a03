//! How sensors stand as health events see it, and what they are called.

use std::collections::HashMap;

use picket_protocol::{documents::activation::Mode, ids::SensorId, time::UnixSeconds};

use crate::database::{self, Row};
use crate::{
    domain::{connection::DEFAULT_INTERVAL, refused::Refused, registration::ModeChoice, role::Role},
    sharing::{
        event::{NamedSensor, Place},
        health::Standing,
    },
    store::{
        Store, failed,
        rows::{from_json, from_text, sensor_id},
    },
};

/// Of each sensor that was not deleted: the latest identity in force, as views have it.
const STANDING: &str = "SELECT s.id, s.name, s.site, s.zone, s.licence_until, s.mode, \
    h.last_seen, h.interval, c.not_after, \
    (SELECT max(a.id) FROM alarms a WHERE a.sensor = s.id AND a.kind = 'possible-clone' AND a.cleared_at IS NULL) AS clone \
    FROM sensors s \
    LEFT JOIN identities i ON i.row = (SELECT k.row FROM identities k WHERE k.sensor = s.id AND k.state = 'committed' \
     ORDER BY k.serial DESC, k.row DESC LIMIT 1) \
    LEFT JOIN heartbeats h ON h.identity = i.row \
    LEFT JOIN certificates c ON c.thumbprint = i.thumbprint \
    WHERE s.deleted_at IS NULL";

impl Store {
    /// How every sensor stands.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn standing(&self, role: Role) -> Result<Vec<Standing>, Refused> {
        let heard = match role {
            Role::Portal => Mode::CloudConnected,
            Role::ManagementConsole => Mode::LocallyManaged,
        };
        let rows = database::query(STANDING).fetch_all(&self.readers).await;
        let read = |row: &Row| standing(row, heard);
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// Names and places of sensors, deleted ones too.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn named_sensors(
        &self,
        sensors: impl IntoIterator<Item = SensorId>,
    ) -> Result<HashMap<SensorId, (NamedSensor, Place)>, Refused> {
        let mut named = HashMap::new();
        for sensor in sensors {
            if named.contains_key(&sensor) {
                continue;
            }
            let query =
                database::query("SELECT id, name, site, zone FROM sensors WHERE id = ?").bind(&sensor.as_bytes()[..]);
            let row =
                query.fetch_optional(&self.readers).await.and_then(|row| row.as_ref().map(name_and_place).transpose());
            if let Some(known) = row.map_err(|error| failed(&error))? {
                named.insert(sensor, known);
            }
        }
        Ok(named)
    }
}

fn standing(row: &Row, heard: Mode) -> Result<Standing, sqlx::Error> {
    let instant = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>>(column)?.map(UnixSeconds));
    let (sensor, place) = name_and_place(row)?;
    Ok(Standing {
        sensor,
        place,
        reports_here: from_json::<ModeChoice>(row.try_get("mode")?)?.mode() == heard,
        last_seen: instant("last_seen")?,
        interval_seconds: row.small::<u32>("interval")?.unwrap_or(DEFAULT_INTERVAL),
        clone_alarm: row.try_get("clone")?,
        certificate_until: instant("not_after")?,
        licence_until: instant("licence_until")?,
    })
}

fn name_and_place(row: &Row) -> Result<(NamedSensor, Place), sqlx::Error> {
    let label = |column: &str| row.try_get::<Option<&str>>(column)?.map(from_text).transpose();
    let sensor = NamedSensor { id: sensor_id(row, "id")?, name: from_text(row.try_get("name")?)? };
    Ok((sensor, Place { site: label("site")?, zone: label("zone")? }))
}
