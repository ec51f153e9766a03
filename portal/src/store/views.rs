//! What people see: sensors with how they stand, read as of the last commit.

use std::collections::{HashMap, HashSet};

use picket_protocol::{
    ids::{SensorId, Serial, SubscriptionId, Thumbprint},
    time::UnixSeconds,
};

use super::{
    Store, failed,
    rows::{REGISTRATION, from_json, id, registration, sensor_id, serial},
};
use crate::database::{self, Row};
use crate::domain::{
    chain::{HeartbeatChain, Suspicion},
    connection::{DEFAULT_INTERVAL, Facts, Troubled},
    refused::Refused,
    registration::{Origin, Registration},
    role::Role,
};

/// A sensor and how it stands.
#[derive(Debug, Clone)]
pub struct SensorView {
    /// What the owner says.
    pub registration: Registration,
    /// How it stands.
    pub facts: Facts,
    /// The agent's version, if it was heard.
    pub version: Option<String>,
    /// The bytes of its last heartbeat in force.
    pub last_heartbeat: Option<Vec<u8>>,
}

/// One issued file.
#[derive(Debug, Clone)]
pub struct ActivationView {
    /// Its serial.
    pub serial: Serial,
    /// Its mode.
    pub mode: String,
    /// When it was issued.
    pub issued_at: UnixSeconds,
    /// Until when it may be uploaded.
    pub upload_until: UnixSeconds,
    /// When a newer file voided it.
    pub voided_at: Option<UnixSeconds>,
    /// When a key claimed it.
    pub claimed_at: Option<UnixSeconds>,
    /// When a heartbeat said that it is in force.
    pub committed_at: Option<UnixSeconds>,
}

/// One key of a sensor.
#[derive(Debug, Clone)]
pub struct IdentityView {
    /// The key.
    pub thumbprint: Thumbprint,
    /// Its serial.
    pub serial: Serial,
    /// Its state.
    pub state: String,
    /// When it enrolled.
    pub enrolled_at: UnixSeconds,
    /// When it was last heard.
    pub last_seen: Option<UnixSeconds>,
}

/// Where one sensor is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub subscription: SubscriptionId,
    /// Its site.
    pub site: Option<String>,
    /// Its zone.
    pub zone: Option<String>,
}

/// Who asks for a view, and when the portal began to listen.
#[derive(Debug, Clone, Copy)]
pub struct Viewpoint {
    /// The role decides which modes are ever heard here.
    pub role: Role,
    /// Before that nobody was heard.
    pub listening_since: UnixSeconds,
}

/// What the chains of a sensor say that a list warns of.
const SUSPICIOUS: &str = "(SELECT group_concat(o.chain, '\n') FROM identities k JOIN heartbeats o ON o.identity = k.row \
     WHERE k.sensor = s.id AND k.state <> 'superseded' AND instr(o.chain, '\"fork\"') + instr(o.chain, '\"restored_at\"') > 0)";

/// The serial of the file that was issued last.
const ISSUED: &str = "(SELECT b.serial FROM activations b WHERE b.sensor = s.id AND b.voided_at IS NULL \
     ORDER BY b.serial DESC LIMIT 1) AS issued";

/// The latest identity in force, with its last heartbeat, and the newest file.
pub(super) fn standing() -> String {
    format!(
        "h.last_seen, h.interval, h.troubled, h.version, h.body, {SUSPICIOUS} AS suspicious, {ISSUED} \
         FROM sensors s JOIN subscriptions u ON u.id = s.subscription \
         LEFT JOIN identities i ON i.row = (SELECT k.row FROM identities k WHERE k.sensor = s.id \
         AND k.state = 'committed' ORDER BY k.serial DESC, k.row DESC LIMIT 1) \
         LEFT JOIN heartbeats h ON h.identity = i.row"
    )
}

/// The same of many, by what the narrow rows know already.
pub(super) fn listed() -> String {
    format!(
        "h.last_seen, h.interval, h.troubled, h.version, h.body, \
         CASE WHEN t.suspicion > 0 THEN {SUSPICIOUS} END AS suspicious, {ISSUED} \
         FROM sensors s JOIN subscriptions u ON u.id = s.subscription JOIN standings t ON t.sensor = s.id \
         JOIN contacts c ON c.standing = t.row LEFT JOIN heartbeats h ON h.identity = c.identity"
    )
}

impl Store {
    /// One sensor, deleted or not.
    ///
    /// # Errors
    /// When there is none, or the database failed.
    pub async fn sensor(&self, sensor: SensorId, viewpoint: Viewpoint) -> Result<SensorView, Refused> {
        let query = format!("SELECT {REGISTRATION}, {} WHERE s.id = ?", standing());
        let query = database::query(query).bind(&sensor.as_bytes()[..]);
        let row = query.fetch_optional(&self.readers).await.map_err(|error| failed(&error))?;
        let row = row.ok_or_else(|| Refused::no_sensor(sensor))?;
        view(&row, viewpoint).map_err(|error| failed(&error))
    }

    /// Which subscription a sensor is filed under, deleted or not.
    ///
    /// # Errors
    /// When there is no such sensor, or the database failed.
    pub async fn subscription_of(&self, sensor: SensorId) -> Result<SubscriptionId, Refused> {
        let query = database::scalar::<Vec<u8>>("SELECT subscription FROM sensors WHERE id = ?");
        let found = query.bind(&sensor.as_bytes()[..]).fetch_optional(&self.readers).await;
        let found = found.map_err(|error| failed(&error))?.ok_or_else(|| Refused::no_sensor(sensor))?;
        id(&found).map_err(|error| failed(&error))
    }

    /// Where every sensor is filed; deleted ones too, since their alerts stay.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn whereabouts(&self) -> Result<HashMap<SensorId, Whereabouts>, Refused> {
        let rows =
            database::query("SELECT id, name, subscription, site, zone FROM sensors").fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read_whereabouts).collect()).map_err(|error| failed(&error))
    }

    /// Where one sensor is filed, as [`Self::whereabouts`] says it.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn whereabouts_of(&self, sensor: SensorId) -> Result<HashMap<SensorId, Whereabouts>, Refused> {
        let query = database::query("SELECT id, name, subscription, site, zone FROM sensors WHERE id = ?");
        let rows = query.bind(&sensor.as_bytes()[..]).fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read_whereabouts).collect()).map_err(|error| failed(&error))
    }

    /// The sensors that are registered and not deleted.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn living(&self) -> Result<HashSet<SensorId>, Refused> {
        let rows = database::query("SELECT id FROM sensors WHERE deleted_at IS NULL").fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(|row| sensor_id(row, "id")).collect()).map_err(|error| failed(&error))
    }

    /// The files issued for a sensor, newest first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn activations_of(&self, sensor: SensorId) -> Result<Vec<ActivationView>, Refused> {
        let query = database::query("SELECT * FROM activations WHERE sensor = ? ORDER BY serial DESC LIMIT 100");
        let rows = query.bind(&sensor.as_bytes()[..]).fetch_all(&self.readers).await;
        let read = |row: &Row| -> Result<ActivationView, sqlx::Error> {
            let instant = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>>(column)?.map(UnixSeconds));
            Ok(ActivationView {
                serial: serial(row.try_get("serial")?),
                mode: row.try_get("mode")?,
                issued_at: UnixSeconds(row.try_get("issued_at")?),
                upload_until: UnixSeconds(row.try_get("upload_until")?),
                voided_at: instant("voided_at")?,
                claimed_at: instant("claimed_at")?,
                committed_at: instant("committed_at")?,
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// The keys of a sensor, newest first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn identities_of(&self, sensor: SensorId) -> Result<Vec<IdentityView>, Refused> {
        let query = database::query(
            "SELECT i.thumbprint, i.serial, i.state, i.enrolled_at, h.last_seen FROM identities i \
             LEFT JOIN heartbeats h ON h.identity = i.row WHERE i.sensor = ? ORDER BY i.row DESC LIMIT 100",
        );
        let rows = query.bind(&sensor.as_bytes()[..]).fetch_all(&self.readers).await;
        let read = |row: &Row| -> Result<IdentityView, sqlx::Error> {
            Ok(IdentityView {
                thumbprint: id(row.try_get("thumbprint")?)?,
                serial: serial(row.try_get("serial")?),
                state: row.try_get("state")?,
                enrolled_at: UnixSeconds(row.try_get("enrolled_at")?),
                last_seen: row.try_get::<Option<i64>>("last_seen")?.map(UnixSeconds),
            })
        };
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// Whether the built-in hub accepted a probe with this nonce.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn saw_probe(&self, sensor: SensorId, nonce: &str) -> Result<bool, Refused> {
        let query = database::scalar::<i64>("SELECT count(*) FROM hub_probes WHERE sensor = ? AND nonce = ?");
        let seen = query.bind(&sensor.as_bytes()[..]).bind(nonce).fetch_one(&self.readers).await;
        Ok(seen.map_err(|error| failed(&error))? > 0)
    }
}

pub(super) fn view(row: &Row, viewpoint: Viewpoint) -> Result<SensorView, sqlx::Error> {
    let registration = registration(row)?;
    let mode = registration.filed.mode.mode();
    let heard = match viewpoint.role {
        Role::Portal => picket_protocol::documents::activation::Mode::CloudConnected,
        Role::ManagementConsole => picket_protocol::documents::activation::Mode::LocallyManaged,
    };
    let issued = row.try_get::<Option<i64>>("issued")?.map(serial);
    let facts = Facts {
        mode,
        reports_here: mode == heard,
        deleted: registration.deletion.is_some(),
        last_seen: row.try_get::<Option<i64>>("last_seen")?.map(UnixSeconds),
        interval_seconds: row.small::<u32>("interval")?.unwrap_or(DEFAULT_INTERVAL),
        committed: registration.committed,
        issued: if registration.origin == Origin::Onboarded { issued } else { None },
        troubled: Troubled(row.small::<u8>("troubled")?.unwrap_or(0)),
        suspicion: suspicion(row.try_get("suspicious")?)?,
        listening_since: viewpoint.listening_since,
    };
    let version: Option<String> = row.try_get("version")?;
    Ok(SensorView { registration, facts, version, last_heartbeat: row.try_get("body")? })
}

/// The worst that any chain of the sensor shows.
fn suspicion(chains: Option<&str>) -> Result<Suspicion, sqlx::Error> {
    let mut worst = Suspicion::None;
    for chain in chains.into_iter().flat_map(str::lines) {
        match from_json::<HeartbeatChain>(chain)?.suspicion() {
            clone @ Suspicion::PossibleClone { .. } => return Ok(clone),
            Suspicion::Restored { at } => worst = Suspicion::Restored { at },
            Suspicion::None => {}
        }
    }
    Ok(worst)
}

fn read_whereabouts(row: &Row) -> Result<(SensorId, Whereabouts), sqlx::Error> {
    let (name, site, zone) = (row.try_get("name")?, row.try_get("site")?, row.try_get("zone")?);
    let subscription = id(row.try_get("subscription")?)?;
    Ok((sensor_id(row, "id")?, Whereabouts { name, subscription, site, zone }))
}
