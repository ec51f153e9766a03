//! The audit table: who did what. Appended in the transaction of what it speaks of, read in pages.

use nix::unistd::{Uid, User};
use picket_lifecycle::audit::{Actor, AuditRecord};
use picket_protocol::{local_api, time::UnixSeconds};
use rusqlite::{Connection, Transaction, params};

use super::failure::Failure;

/// Most records kept. The number of the oldest says how many were dropped before it.
const MAX_RECORDS: i64 = 10_000;

/// Most records in a page.
const MAX_PAGE: u32 = 1_000;

pub(super) fn append(transaction: &Transaction<'_>, records: &[AuditRecord]) -> Result<(), Failure> {
    if records.is_empty() {
        return Ok(());
    }
    let mut insert = transaction.prepare_cached("INSERT INTO audit (at, record) VALUES (?1, ?2) RETURNING number")?;
    let mut newest = 0i64;
    for record in records {
        let text = serde_json::to_string(record).map_err(|error| Failure::Other(error.to_string()))?;
        newest = insert.query_row(params![record.at.0, text], |row| row.get(0))?;
    }
    let dropped = newest.saturating_sub(MAX_RECORDS);
    transaction.prepare_cached("DELETE FROM audit WHERE number <= ?1")?.execute([dropped])?;
    Ok(())
}

/// A record that cannot be read any more is shown as such: the numbers have no gaps.
pub(super) fn page(connection: &Connection, after: u64, limit: u32) -> Result<Vec<local_api::AuditRecord>, Failure> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut select =
        connection.prepare("SELECT number, at, record FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2")?;
    let rows = select.query_map(params![after, limit.min(MAX_PAGE)], |row| {
        let (number, at, text): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let number = u64::try_from(number).unwrap_or_default();
        Ok(serde_json::from_str(&text).map_or_else(|_| unreadable(number, at), |record| shown(number, record)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn shown(number: u64, record: AuditRecord) -> local_api::AuditRecord {
    local_api::AuditRecord {
        number,
        at: record.at,
        who: who(record.actor),
        // The stable word is the one it is stored under.
        what: serde_json::to_value(record.action)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default(),
        before: record.before,
        after: record.after,
    }
}

fn unreadable(number: u64, at: i64) -> local_api::AuditRecord {
    let who = local_api::Actor { uid: None, name: "agent".into() };
    let what = "record-unreadable".to_owned();
    local_api::AuditRecord { number, at: UnixSeconds(at), who, what, before: None, after: None }
}

fn who(actor: Actor) -> local_api::Actor {
    let (uid, name) = match actor {
        Actor::Caller { uid, person: Some(person) } => (Some(uid), format!("console: {person}")),
        Actor::Caller { uid, person: None } => (Some(uid), user_name(uid)),
        Actor::Portal => (None, "portal".to_owned()),
        Actor::ManagementConsole => (None, "management console".to_owned()),
        Actor::Sensor => (None, "agent".to_owned()),
        Actor::Configuration => (None, "configuration".to_owned()),
    };
    local_api::Actor { uid, name }
}

fn user_name(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}
