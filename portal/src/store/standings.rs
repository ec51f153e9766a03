//! How each sensor stands, kept as narrow rows for lists and counts. Derived: read anew, through the domain, for each
//! sensor that a transaction touched, and brought forward by each heartbeat. What depends on the clock is not kept.

use picket_protocol::{documents::activation::Mode, ids::SensorId, time::UnixSeconds};

use super::{
    rows::{REGISTRATION, sensor_id},
    views::{SensorView, Viewpoint, standing, view},
};
use crate::database::{self, Builder, Connection, Row};
use crate::domain::{
    chain::Suspicion,
    connection::{Ability, Troubled, disconnected_after},
    registration::Filed,
    role::Role,
};

/// Sensors that are read and kept in one statement.
const AT_ONCE: usize = 128;

/// Sensors of before that get their rows first, so that the server learns by them.
const FIRST: usize = 4096;

/// The numbers of the column `suspicion`.
pub(super) const fn suspicion(suspicion: Suspicion) -> u8 {
    match suspicion {
        Suspicion::None => 0,
        Suspicion::Restored { .. } => 1,
        Suspicion::PossibleClone { .. } => 2,
    }
}

/// The numbers of the column `ability`.
pub(super) const fn ability(ability: Ability) -> u8 {
    match ability {
        Ability::Works => 0,
        Ability::MissesHub => 1,
        Ability::CannotWork => 2,
    }
}

/// What the list by site is ordered by.
pub(super) fn place(filed: &Filed) -> String {
    let site = filed.site.as_ref().map_or("", |site| site.as_str());
    format!("{site}\n{}", filed.name)
}

/// Gives every sensor of before its rows.
pub(super) async fn complete(connection: &mut Connection) -> Result<(), sqlx::Error> {
    connection.begin().await?;
    let missing = database::query(
        "SELECT s.id FROM sensors s WHERE NOT EXISTS (SELECT 1 FROM standings t WHERE t.sensor = s.id)",
    );
    let missing = missing.fetch_all(&mut *connection).await?;
    let missing = missing.iter().map(|row| sensor_id(row, "id")).collect::<Result<Vec<_>, _>>()?;
    let (first, rest) = missing.split_at(missing.len().min(FIRST));
    for sensors in [first, rest] {
        if connection.is_shared() && !sensors.is_empty() {
            // A server that was just filled does not know yet how best to look. Nor does it notice that tables grow under
            // it: what it found best while they were empty, it goes on with, and looks through all of each for every row.
            connection.say("ANALYZE").await?;
        }
        refresh(connection, sensors).await?;
    }
    connection.commit().await
}

/// Reads anew how these sensors stand.
pub(super) async fn refresh(connection: &mut Connection, mut sensors: &[SensorId]) -> Result<(), sqlx::Error> {
    // Neither of both changes what is kept.
    let viewpoint = Viewpoint { role: Role::Portal, listening_since: UnixSeconds(0) };
    while !sensors.is_empty() {
        let (some, rest) = sensors.split_at(database::portion(sensors.len(), AT_ONCE));
        let mut query =
            Builder::new(format!("SELECT {REGISTRATION}, i.row AS identity, {} WHERE s.id IN (", standing()));
        query.push_list(some.iter().map(|sensor| sensor.as_bytes().to_vec())).push(")");
        let rows = query.build().fetch_all(&mut *connection).await?;
        let read = |row: &Row| Ok::<_, sqlx::Error>((view(row, viewpoint)?, row.try_get("identity")?));
        let found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if !found.is_empty() {
            keep_standings(connection, &found).await?;
            keep_contacts(connection, &found).await?;
        }
        sensors = rest;
    }
    Ok(())
}

/// A sensor, and the key whose heartbeats count.
type Found = (SensorView, Option<i64>);

fn values(columns: usize, rows: usize) -> String {
    let one = format!("({})", vec!["?"; columns].join(", "));
    vec![one; rows].join(", ")
}

async fn keep_standings(connection: &mut Connection, found: &[Found]) -> Result<(), sqlx::Error> {
    let mut query = database::query(format!(
        "INSERT INTO standings (sensor, name, place, words, created_at, subscription, cloud, deleted, suspicion, pending) \
         VALUES {} ON CONFLICT (sensor) DO UPDATE SET name = excluded.name, place = excluded.place, \
         words = excluded.words, subscription = excluded.subscription, cloud = excluded.cloud, \
         deleted = excluded.deleted, suspicion = excluded.suspicion, pending = excluded.pending",
        values(10, found.len())
    ));
    for (SensorView { registration, facts, .. }, _) in found {
        let filed = &registration.filed;
        query = query
            .bind(&registration.id.as_bytes()[..])
            .bind(filed.name.as_str())
            .bind(place(filed))
            .bind(words(filed)?)
            .bind(registration.created_at.0)
            .bind(&filed.subscription.id.as_bytes()[..])
            .bind(u8::from(facts.mode == Mode::CloudConnected))
            .bind(u8::from(facts.deleted))
            .bind(suspicion(facts.suspicion))
            .bind(u8::from(facts.issued > facts.committed));
    }
    query.execute(connection).await.map(drop)
}

async fn keep_contacts(connection: &mut Connection, found: &[Found]) -> Result<(), sqlx::Error> {
    let mut query = database::query(format!(
        "INSERT INTO contacts (standing, sensor, subscription, cloud, deleted, identity, last_seen, patience, ability) \
         SELECT s.row, s.sensor, s.subscription, s.cloud, s.deleted, found.column2, found.column3, found.column4, \
         found.column5 FROM (VALUES {}) AS found JOIN standings s ON s.sensor = found.column1 WHERE 1 = 1 \
         ON CONFLICT (standing) DO UPDATE SET subscription = excluded.subscription, cloud = excluded.cloud, \
         deleted = excluded.deleted, identity = excluded.identity, last_seen = excluded.last_seen, \
         patience = excluded.patience, ability = excluded.ability",
        values(5, found.len())
    ));
    for (SensorView { registration, facts, .. }, identity) in found {
        query = query
            .bind(&registration.id.as_bytes()[..])
            .bind(*identity)
            .bind(facts.last_seen.map_or(0, |at| at.0))
            .bind(disconnected_after(facts.interval_seconds))
            .bind(ability(facts.troubled.ability()));
    }
    query.execute(connection).await.map(drop)
}

/// What is searched, whatever the case in any language.
fn words(filed: &Filed) -> Result<String, sqlx::Error> {
    let site = filed.site.as_ref().map_or("", |site| site.as_str());
    let zone = filed.zone.as_ref().map_or("", |zone| zone.as_str());
    let tags = super::rows::json(&filed.tags)?;
    Ok(format!("{} {site} {zone} {tags}", filed.name).to_lowercase())
}

/// A heartbeat of an identity, as its contact keeps it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) identity: i64,
    pub(super) at: i64,
    pub(super) interval: u32,
    pub(super) troubled: Troubled,
}

/// Brings forward the contacts that these identities speak for; others speak for none.
pub(super) async fn hear(connection: &mut Connection, heard: &[Heard]) -> Result<(), sqlx::Error> {
    let mut query = database::query(format!(
        "UPDATE contacts SET last_seen = heard.column2, patience = heard.column3, ability = heard.column4 \
         FROM (VALUES {}) AS heard WHERE contacts.identity = heard.column1",
        values(4, heard.len())
    ));
    for Heard { identity, at, interval, troubled } in heard {
        query = query.bind(identity).bind(at).bind(disconnected_after(*interval)).bind(ability(troubled.ability()));
    }
    query.execute(connection).await.map(drop)
}
