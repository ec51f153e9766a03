//! Heartbeats: judged from memory, written many rows at a time.

use std::collections::HashMap;

use picket_protocol::{
    heartbeat::Heartbeat,
    ids::{HeartbeatDigest, SensorId, Serial, Thumbprint},
};
use tokio::sync::oneshot;

use super::{
    Bytes, Store, activations, alarms,
    change::Work,
    identities,
    registry::Registry,
    rows::{int, json},
    sensors,
    standings::{self, Heard},
    writer::Command,
};
use crate::database;
use crate::domain::{
    alarm::Alarm,
    connection::{DEFAULT_INTERVAL, Troubled},
    heartbeat::{self, Certified, Consequence, Policy, Reply, Summary},
    refused::Refused,
    registration::Origin,
    role::Role,
};

/// Rows in one statement, at most: a statement of each smaller power of two is prepared as well.
const MAX_ROWS: usize = 256;
const COLUMNS: usize = 9;

/// One heartbeat as it came in.
#[derive(Debug)]
pub struct Spoken {
    /// Whose certificate the connection has.
    pub certified: Certified,
    /// The heartbeat, decoded.
    pub heartbeat: Heartbeat,
    /// Its bytes.
    pub body: Bytes,
    /// Their digest.
    pub digest: HeartbeatDigest,
    /// What lists show of it.
    pub summary: Summary,
}

impl Store {
    /// Has a heartbeat judged; answers once it is durable.
    ///
    /// # Errors
    /// When the database failed or there is too much to do.
    pub async fn hear(&self, spoken: Spoken) -> Result<Reply, Refused> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Heartbeat(Box::new(spoken), reply)).await?;
        answer.await.unwrap_or(Err(Refused::StorageFailed))
    }
}

/// The rows of a batch, the last of each identity.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    rows: Vec<Row>,
    position: HashMap<i64, usize>,
}

#[derive(Debug)]
struct Row {
    identity: i64,
    chain: String,
    last_seen: i64,
    roots_version: i64,
    roots_offered: Option<String>,
    version: String,
    interval: Option<u32>,
    troubled: u8,
    body: Bytes,
}

impl Bulk {
    /// Judges one heartbeat. Its row waits for [`Self::write`]; what is rare is written at once.
    pub(super) async fn hear(
        &mut self,
        spoken: &Spoken,
        registry: &mut Registry,
        work: &mut Work,
        policy: &Policy,
    ) -> Result<Reply, sqlx::Error> {
        let key = spoken.certified.thumbprint;
        if !registry.speakers.contains_key(&key) {
            if policy.role == Role::ManagementConsole && !heartbeat::is_locally_managed(&spoken.heartbeat) {
                return Ok(Reply::Refused(Refused::NotLocallyManaged));
            }
            adopt(spoken, registry, work, policy.role).await?;
        }
        let Some(speaker) = registry.speakers.get_mut(&key) else { return Ok(unknown_key()) };
        let Some(registration) = registry.sensors.get(&speaker.identity.sensor) else { return Ok(unknown_key()) };
        let suspected = speaker.identity.chain.suspicion();
        let (reply, consequences) =
            heartbeat::hear(&mut speaker.identity, registration, &spoken.heartbeat, spoken.digest, work.now, policy);
        let sensor = registration.id;
        if speaker.identity.chain.suspicion() != suspected {
            work.touch(sensor);
        }
        if !matches!(reply, Reply::Refused(_)) {
            let row = Row::of(speaker.row, &speaker.identity, spoken, work)?;
            match self.position.get(&row.identity) {
                Some(position) => self.rows[*position] = row,
                None => {
                    self.position.insert(row.identity, self.rows.len());
                    self.rows.push(row);
                }
            }
        }
        for consequence in consequences {
            follow(&consequence, sensor, key, work).await?;
        }
        Ok(reply)
    }

    /// Writes the rows that wait.
    pub(super) async fn write(&mut self, work: &mut Work) -> Result<(), sqlx::Error> {
        self.position.clear();
        while !self.rows.is_empty() {
            let take = database::portion(self.rows.len(), MAX_ROWS);
            let heard: Vec<Heard> = self.rows[..take].iter().map(Row::heard).collect();
            let mut query = database::query(upsert(take));
            for row in self.rows.drain(..take) {
                query = query
                    .bind(row.identity)
                    .bind(row.chain)
                    .bind(row.last_seen)
                    .bind(row.roots_version)
                    .bind(row.roots_offered)
                    .bind(row.version)
                    .bind(row.interval)
                    .bind(row.troubled)
                    .bind(row.body.to_vec());
            }
            query.execute(&mut work.connection).await?;
            standings::hear(&mut work.connection, &heard).await?;
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.position.clear();
    }
}

impl Row {
    fn of(
        row: i64,
        identity: &crate::domain::identity::Identity,
        spoken: &Spoken,
        work: &Work,
    ) -> Result<Self, sqlx::Error> {
        Ok(Self {
            identity: row,
            chain: json(&identity.chain)?,
            last_seen: work.now.0,
            roots_version: int(identity.roots.version),
            roots_offered: identity.roots.offered.as_ref().map(json).transpose()?,
            version: spoken.summary.version.clone(),
            interval: spoken.summary.interval_seconds,
            troubled: spoken.summary.troubled.0,
            body: Bytes::clone(&spoken.body),
        })
    }

    fn heard(&self) -> Heard {
        let interval = self.interval.unwrap_or(DEFAULT_INTERVAL);
        Heard { identity: self.identity, at: self.last_seen, interval, troubled: Troubled(self.troubled) }
    }
}

fn upsert(rows: usize) -> String {
    let one = format!("({})", ["?"; COLUMNS].join(", "));
    let values = vec![one; rows].join(", ");
    format!(
        "INSERT INTO heartbeats (identity, chain, last_seen, roots_version, roots_offered, version, interval, troubled, \
         body) VALUES {values} ON CONFLICT (identity) DO UPDATE SET chain = excluded.chain, \
         last_seen = excluded.last_seen, roots_version = excluded.roots_version, \
         roots_offered = excluded.roots_offered, version = excluded.version, interval = excluded.interval, \
         troubled = excluded.troubled, body = excluded.body"
    )
}

fn unknown_key() -> Reply {
    Reply::Refused(Refused::NotAccepted { why: "the key is not known here" })
}

/// A certificate of our own CA with a key that we do not know: this portal was restored from a backup that is older.
async fn adopt(spoken: &Spoken, registry: &mut Registry, work: &mut Work, role: Role) -> Result<(), sqlx::Error> {
    let sensor = spoken.certified.sensor;
    let key = spoken.certified.thumbprint.to_string();
    if let Some(issued) = spoken.certified.serial {
        sensors::raise_last_serial(work, issued).await?;
        activations::claimed_before(work, sensor, issued, spoken.certified.thumbprint).await?;
    }
    if registry.sensors.contains_key(&sensor) {
        alarms::raise(work, sensor, &Alarm::PortalBehind { key }).await?;
    } else {
        let name = spoken.heartbeat.status.as_ref().map(|status| status.name.clone());
        let origin = if role == Role::Portal { Origin::Adopted } else { Origin::Paired };
        let registration = heartbeat::adopted_registration(sensor, origin, name, work.now);
        sensors::insert(work, &registration).await?;
        // A console registers nothing by hand: that it forgot a pairing needs no decision.
        let alarm = match role {
            Role::Portal => Alarm::UnknownRegistration { key },
            Role::ManagementConsole => Alarm::PortalBehind { key },
        };
        alarms::raise(work, sensor, &alarm).await?;
    }
    tracing::warn!(%sensor, "adopted a key that this portal's CA certified and its database does not know");
    let serial = spoken.certified.serial.unwrap_or(Serial(0));
    identities::insert(work, &heartbeat::adopted_identity(&spoken.certified, serial, work.now)).await?;
    registry.reload(&mut work.connection, &[sensor]).await
}

async fn follow(
    consequence: &Consequence,
    sensor: SensorId,
    key: Thumbprint,
    work: &mut Work,
) -> Result<(), sqlx::Error> {
    work.touch(sensor);
    match consequence {
        Consequence::Committed { serial } => identities::commit(work, sensor, key, *serial).await,
        Consequence::DeactivationAcknowledged => sensors::acknowledge(work, sensor).await,
        Consequence::Named(name) => sensors::rename(work, sensor, name).await,
        Consequence::Raised(alarm) => alarms::raise(work, sensor, alarm).await,
    }
}
