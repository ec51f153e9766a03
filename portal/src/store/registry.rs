//! What heartbeats are judged by, in memory: every identity and registration as last committed. A heartbeat reads no SQL.
//!
//! Owned by the writer. Read whole at start, and anew for each sensor that a change touched. Where other processes write
//! to the same database, it is read for each batch, inside its transaction: one question for all heartbeats of the batch.

use std::collections::HashMap;

use picket_protocol::{
    ids::{HeartbeatDigest, SensorId, Thumbprint},
    time::UnixSeconds,
};

use super::rows::{REGISTRATION, from_json, id, registration, sensor_id, serial};
use crate::database::{self, Builder, Connection, Query, Row};
use crate::domain::{
    heartbeat::Certified,
    identity::{Identity, IdentityState, RootsKnown},
    registration::Registration,
};

/// Keys and sensors that are looked up in one statement.
const AT_ONCE: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) speakers: HashMap<Thumbprint, Speaker>,
    pub(super) sensors: HashMap<SensorId, Registration>,
}

/// An identity with the number of its row.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) row: i64,
    pub(super) identity: Identity,
}

const IDENTITY: &str = "SELECT i.row, i.thumbprint, i.sensor, i.serial, i.cti, i.state, i.enrolled_at, i.roots, \
    h.chain, h.last_seen, h.roots_version, h.roots_offered FROM identities i LEFT JOIN heartbeats h ON h.identity = i.row";

impl Registry {
    /// What is to be known at the start: everything, where nobody else writes.
    pub(super) async fn open(connection: &mut Connection) -> Result<Self, sqlx::Error> {
        if connection.is_shared() { Ok(Self::default()) } else { Self::load(connection).await }
    }

    async fn load(connection: &mut Connection) -> Result<Self, sqlx::Error> {
        let mut registry = Self::default();
        for row in database::query(of_sensors()).fetch_all(&mut *connection).await? {
            registry.keep_sensor(&row)?;
        }
        for row in database::query(IDENTITY).fetch_all(&mut *connection).await? {
            registry.keep_speaker(&row)?;
        }
        Ok(registry)
    }

    /// Where other processes write too: forgets everything, and reads what the heartbeats of a batch are judged by.
    pub(super) async fn catch_up(
        &mut self,
        connection: &mut Connection,
        speakers: &[Certified],
    ) -> Result<(), sqlx::Error> {
        *self = Self::default();
        for some in speakers.chunks(AT_ONCE) {
            let keys = some.iter().map(|certified| certified.thumbprint.as_bytes().to_vec());
            for row in listed(IDENTITY, "i.thumbprint", keys).fetch_all(&mut *connection).await? {
                self.keep_speaker(&row)?;
            }
            self.read(connection, some.iter().map(|certified| certified.sensor)).await?;
        }
        Ok(())
    }

    /// Reads sensors and their identities again.
    pub(super) async fn reload(
        &mut self,
        connection: &mut Connection,
        mut sensors: &[SensorId],
    ) -> Result<(), sqlx::Error> {
        while !sensors.is_empty() {
            let (some, rest) = sensors.split_at(database::portion(sensors.len(), AT_ONCE));
            self.read(connection, some.iter().copied()).await?;
            let keys = some.iter().map(|sensor| sensor.as_bytes().to_vec());
            for row in listed(IDENTITY, "i.sensor", keys).fetch_all(&mut *connection).await? {
                self.keep_speaker(&row)?;
            }
            sensors = rest;
        }
        Ok(())
    }

    async fn read(
        &mut self,
        connection: &mut Connection,
        sensors: impl Iterator<Item = SensorId>,
    ) -> Result<(), sqlx::Error> {
        let sensors = sensors.map(|sensor| sensor.as_bytes().to_vec());
        for row in listed(&of_sensors(), "s.id", sensors).fetch_all(&mut *connection).await? {
            self.keep_sensor(&row)?;
        }
        Ok(())
    }

    fn keep_sensor(&mut self, row: &Row) -> Result<(), sqlx::Error> {
        let registration = registration(row)?;
        self.sensors.insert(registration.id, registration);
        Ok(())
    }

    fn keep_speaker(&mut self, row: &Row) -> Result<(), sqlx::Error> {
        let identity = identity(row)?;
        self.speakers.insert(identity.thumbprint, Speaker { row: row.try_get("row")?, identity });
        Ok(())
    }
}

/// What of a selection is among those listed.
fn listed(select: &str, column: &str, among: impl Iterator<Item = Vec<u8>>) -> Query {
    let mut query = Builder::new(format!("{select} WHERE {column} IN ("));
    query.push_list(among).push(")");
    query.build()
}

fn of_sensors() -> String {
    format!("SELECT {REGISTRATION} FROM sensors s JOIN subscriptions u ON u.id = s.subscription")
}

fn identity(row: &Row) -> Result<Identity, sqlx::Error> {
    let chain: Option<&str> = row.try_get("chain")?;
    let offered: Option<&str> = row.try_get("roots_offered")?;
    let at_enrolment: i64 = row.try_get("roots")?;
    let since: Option<i64> = row.try_get("roots_version")?;
    Ok(Identity {
        thumbprint: id(row.try_get("thumbprint")?)?,
        sensor: sensor_id(row, "sensor")?,
        serial: serial(row.try_get("serial")?),
        cti: row.try_get::<Option<&[u8]>>("cti")?.map(id).transpose()?,
        state: IdentityState::parse(row.try_get("state")?).unwrap_or(IdentityState::Candidate),
        enrolled_at: UnixSeconds(row.try_get("enrolled_at")?),
        chain: chain.map(from_json).transpose()?.unwrap_or_default(),
        last_seen: row.try_get::<Option<i64>>("last_seen")?.map(UnixSeconds),
        roots: RootsKnown {
            version: serial(since.map_or(at_enrolment, |since| since.max(at_enrolment))).0,
            offered: offered.map(from_json::<(HeartbeatDigest, u64)>).transpose()?,
        },
    })
}
