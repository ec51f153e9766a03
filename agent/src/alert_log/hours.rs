//! How many alerts were detected by hour and severity: counted as they are appended, so that nobody has to walk over a
//! million of them for a chart. What is dropped later was detected all the same, and stays counted.

use std::collections::BTreeMap;

use picket_protocol::alerts::{Severity, UnixMillis};
use rusqlite::{CachedStatement, Connection, params};

use super::{
    gathered::NewAlert,
    schema::{integer, natural},
};
use crate::store::failure::Failure;

/// Most hours kept: 31 days.
const MAX_HOURS: i64 = 31 * 24;
/// Most hours and severities that one append counts in: instants at random would touch a page for each alert.
const MAX_AT_ONCE: usize = 64;
const HOUR_MILLIS: i64 = 3_600_000;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS hours (
        hour INTEGER NOT NULL,       -- since 1970, by the engine's clock
        severity INTEGER NOT NULL,
        alerts INTEGER NOT NULL,
        PRIMARY KEY (hour, severity)
    ) STRICT, WITHOUT ROWID;";

/// Alerts of one severity in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourCount {
    /// When it began, Unix seconds.
    pub begins: i64,
    /// Which severity.
    pub severity: Severity,
    /// How many.
    pub alerts: u64,
}

/// Makes the table in a log of a release that did not count. Where it cannot be made, the next start tries again.
pub(super) fn prepare(connection: &Connection) {
    if let Err(error) = connection.execute_batch(TABLE) {
        tracing::warn!(%error, "alerts are not counted by the hour");
    }
}

/// What is being appended, counted.
#[derive(Debug, Default)]
pub(super) struct HourCounts(BTreeMap<(i64, u8), u64>);

impl HourCounts {
    pub(super) fn count(&mut self, alert: &NewAlert) {
        let key = (alert.at.0.div_euclid(HOUR_MILLIS), alert.severity.number());
        if self.0.len() < MAX_AT_ONCE || self.0.contains_key(&key) {
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// In the transaction of what was counted.
    pub(super) fn write(self, connection: &Connection) -> Result<(), Failure> {
        // Without its table nothing is counted: alerts come first.
        let Ok(mut add) = counting(connection) else { return Ok(()) };
        for ((hour, severity), count) in self.0 {
            add.execute(params![hour, severity, integer(count)])?;
        }
        Ok(())
    }
}

fn counting(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    connection.prepare_cached(
        "INSERT INTO hours (hour, severity, alerts) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET alerts = alerts + ?3",
    )
}

/// Forgets the oldest hours. By their count, not by a clock: one wrong date must not take the others with it.
pub(super) fn trim(connection: &Connection) -> Result<(), Failure> {
    if !is_there(connection)? {
        return Ok(());
    }
    connection
        .prepare_cached(
            "DELETE FROM hours WHERE hour <=
             (SELECT hour FROM (SELECT DISTINCT hour FROM hours) ORDER BY hour DESC LIMIT 1 OFFSET ?1)",
        )?
        .execute([MAX_HOURS])?;
    Ok(())
}

/// See [`super::AlertLog::hours`].
pub(super) fn since(connection: &Connection, from: UnixMillis) -> Result<Vec<HourCount>, Failure> {
    if !is_there(connection)? {
        return Ok(Vec::new());
    }
    let mut select = connection
        .prepare_cached("SELECT hour, severity, alerts FROM hours WHERE hour >= ?1 ORDER BY hour, severity LIMIT ?2")?;
    let most = MAX_HOURS * 4;
    let rows = select.query_map([from.0.div_euclid(HOUR_MILLIS), most], |row| {
        let (hour, severity, alerts): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let severity = Severity::from_engine(Some(natural(severity)));
        Ok(HourCount { begins: hour.saturating_mul(3_600), severity, alerts: natural(alerts) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn is_there(connection: &Connection) -> Result<bool, Failure> {
    let mut select =
        connection.prepare_cached("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'hours'")?;
    Ok(select.exists([])?)
}

#[cfg(test)]
mod tests {
    use picket_protocol::ids::Epoch;

    use super::*;

    fn alert(hour: i64, severity: Severity) -> NewAlert {
        let at = UnixMillis(hour * HOUR_MILLIS + 5);
        NewAlert { epoch: Epoch(1), held: false, severity, at }
    }

    fn add(connection: &Connection, alerts: &[NewAlert]) -> Result<(), Failure> {
        let mut counts = HourCounts::default();
        alerts.iter().for_each(|alert| counts.count(alert));
        counts.write(connection)
    }

    #[test]
    fn counts_by_hour_and_severity_once_there_is_a_table() {
        let connection = Connection::open_in_memory().unwrap();
        assert_eq!(since(&connection, UnixMillis(0)).unwrap(), []);
        trim(&connection).unwrap();
        add(&connection, &[alert(7, Severity::High)]).unwrap();
        prepare(&connection);
        prepare(&connection);
        add(&connection, &[alert(7, Severity::High), alert(7, Severity::Low), alert(7, Severity::High)]).unwrap();
        add(&connection, &[alert(8, Severity::High), alert(7, Severity::High)]).unwrap();
        let count = |hour: i64, severity, alerts| HourCount { begins: hour * 3_600, severity, alerts };
        let all = [count(7, Severity::High, 3), count(7, Severity::Low, 1), count(8, Severity::High, 1)];
        assert_eq!(since(&connection, UnixMillis(0)).unwrap(), all);
        assert_eq!(since(&connection, UnixMillis(8 * HOUR_MILLIS)).unwrap(), all[2..]);
    }

    #[test]
    fn keeps_the_newest_hours_whatever_date_the_engine_claims() {
        let connection = Connection::open_in_memory().unwrap();
        prepare(&connection);
        for hour in 0..=MAX_HOURS + 9 {
            add(&connection, &[alert(hour, Severity::High)]).unwrap();
        }
        add(&connection, &[alert(1_000_000, Severity::High)]).unwrap();
        trim(&connection).unwrap();
        let kept = since(&connection, UnixMillis(0)).unwrap();
        assert_eq!(i64::try_from(kept.len()).unwrap(), MAX_HOURS);
        assert_eq!(kept.first().map(|count| count.begins), Some(11 * 3_600));
    }

    #[test]
    fn instants_at_random_touch_few_pages() {
        let connection = Connection::open_in_memory().unwrap();
        prepare(&connection);
        let alerts: Vec<NewAlert> = (0..1_000).map(|number| alert(number % 500, Severity::High)).collect();
        add(&connection, &alerts).unwrap();
        let counted = since(&connection, UnixMillis(0)).unwrap();
        assert_eq!(counted.len(), MAX_AT_ONCE);
        assert!(counted.iter().all(|count| count.alerts == 2));
    }
}
