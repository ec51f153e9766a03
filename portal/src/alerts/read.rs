//! Reads alerts: in the order they came, or the newest first, through a filter. Each request looks at a bounded number of
//! rows, and says how far it has looked.

use std::sync::atomic::Ordering;

use picket_protocol::{
    alerts::{AlertId, Severity, UnixMillis},
    ids::{Epoch, SensorId},
    time::UnixSeconds,
};

use super::{AlertStore, ledger::Ledger};
use crate::database::{self, Connection, Pool, Row};
use crate::{
    domain::refused::Refused,
    store::{
        failed,
        rows::{id, json},
    },
};

/// Rows looked at in one query when a filter may let few of them through.
const WINDOW: i64 = 50_000;
/// Sensors that are looked up in one statement.
const SENSORS_AT_ONCE: usize = 1000;
/// The last row that a server gave, committed or not; none before the first.
const LAST_AT_SERVER: &str = "SELECT pg_sequence_last_value(pg_get_serial_sequence('alerts', 'row')::regclass)";
/// Alerts that are read at once: a record has up to 256 KiB.
const AT_ONCE: usize = 64;
/// Bytes of records with which a page is full.
const FULL_PAGE: usize = 4 << 20;
/// Most windows of one page: past that it ends short.
const MAX_WINDOWS: usize = 20;

/// An alert as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAlert {
    /// Its place among all alerts here, in the order they came. Never used again.
    pub row: i64,
    /// Whose.
    pub sensor: SensorId,
    /// Its name.
    pub id: AlertId,
    /// Under which epoch of the sensor it was detected.
    pub epoch: Epoch,
    /// How grave.
    pub severity: Severity,
    /// When it was detected, by the sensor: RFC 3339.
    pub detected_at: String,
    /// When it was received, by this upstream's clock.
    pub received_at: UnixSeconds,
    /// The engine's record: one JSON value, untouched.
    pub record: String,
}

/// Which alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of these sensors alone.
    pub sensors: Option<Vec<SensorId>>,
    /// As grave as this, or graver.
    pub severity: Option<Severity>,
}

/// From where to read, and in which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// The newest first, of those before this row.
    Before(i64),
    /// As they came, of those after this row.
    After(i64),
}

/// Alerts, and how far it was looked for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What was found.
    pub alerts: Vec<StoredAlert>,
    /// From where to go on.
    pub next: Cursor,
    /// Whether there was more to look at.
    pub more: bool,
}

impl AlertStore {
    /// At most `limit` alerts after a row, in the order they came.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn after(&self, row: i64, limit: u32) -> Result<Vec<StoredAlert>, Refused> {
        Ok(self.page(&Filter::default(), Cursor::After(row), limit).await?.alerts)
    }

    /// At most `limit` alerts that a filter lets through; fewer, with more to look at, when it lets few through or they are
    /// large.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn page(&self, filter: &Filter, from: Cursor, limit: u32) -> Result<Page, Refused> {
        let sensors = match filter.sensors.as_deref() {
            Some(sensors) => Some(self.sensor_rows(sensors).await?),
            None => None,
        };
        let select = Select::new(filter.severity, sensors);
        let (span, limit) = (self.span(), usize::try_from(limit.max(1)).unwrap_or(1));
        let (mut alerts, mut next) = (Vec::new(), from);
        let (mut windows, mut bytes) = (0, 0);
        while windows < MAX_WINDOWS && alerts.len() < limit && bytes < FULL_PAGE {
            let Some(window) = next.window(span, select.reach()) else {
                return Ok(Page { alerts, next, more: false });
            };
            let most = AT_ONCE.min(limit - alerts.len());
            let found = select.run(&self.readers, next, window, most).await.map_err(|error| failed(&error))?;
            bytes += found.iter().map(|alert| alert.record.len()).sum::<usize>();
            match found.last() {
                Some(last) if found.len() == most => next = next.at(last.row),
                _ => (next, windows) = (next.past(window), windows + 1),
            }
            alerts.extend(found);
        }
        Ok(Page { alerts, next, more: true })
    }

    /// The last row ever given to an alert, whoever stores them.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn last_given(&self) -> Result<i64, Refused> {
        if !self.readers.is_shared() {
            return Ok(*self.newest.borrow());
        }
        let last = database::scalar::<Option<i64>>(LAST_AT_SERVER).fetch_one(&self.readers).await;
        last.map(Option::unwrap_or_default).map_err(|error| failed(&error))
    }

    /// The first and the last row there are.
    fn span(&self) -> (i64, i64) {
        (self.oldest.load(Ordering::Relaxed), *self.newest.borrow())
    }

    /// Those of the sensors that ever sent something, as the database numbers them.
    async fn sensor_rows(&self, sensors: &[SensorId]) -> Result<Vec<i64>, Refused> {
        let find = |ledger: &Ledger, sensors: &[SensorId]| -> Vec<i64> {
            sensors.iter().filter_map(|sensor| ledger.sensor_row(*sensor)).collect()
        };
        if !self.readers.is_shared() {
            return Ok(find(&self.ledger.read(), sensors));
        }
        let mut rows = Vec::new();
        for some in sensors.chunks(SENSORS_AT_ONCE) {
            let ledger = Ledger::of(&self.readers, some).await.map_err(|error| failed(&error))?;
            rows.extend(find(&ledger, some));
        }
        Ok(rows)
    }
}

impl Cursor {
    /// The rows to look at next, first and last: at most `most` of those in `span`.
    fn window(self, (oldest, newest): (i64, i64), most: i64) -> Option<(i64, i64)> {
        let (first, last) = match self {
            Self::Before(row) => {
                let last = newest.min(row.saturating_sub(1));
                (oldest.max(last.saturating_sub(most - 1)), last)
            }
            Self::After(row) => {
                let first = oldest.max(row.saturating_add(1));
                (first, newest.min(first.saturating_add(most - 1)))
            }
        };
        (first <= last).then_some((first, last))
    }

    /// Past rows that were looked at.
    const fn past(self, (first, last): (i64, i64)) -> Self {
        match self {
            Self::Before(_) => Self::Before(first),
            Self::After(_) => Self::After(last),
        }
    }

    /// In the same direction from another row.
    const fn at(self, row: i64) -> Self {
        self.past((row, row))
    }
}

/// A filter as SQL.
struct Select {
    severity: Option<Severity>,
    sensors: Option<Vec<i64>>,
}

impl Select {
    const fn new(severity: Option<Severity>, sensors: Option<Vec<i64>>) -> Self {
        Self { severity, sensors }
    }

    /// How many rows one query may look at: any number, where each one that it looks at is one that it finds.
    fn reach(&self) -> i64 {
        let finds_each = self.severity.is_none() && self.sensors.as_ref().is_none_or(|sensors| sensors.len() == 1);
        if finds_each { i64::MAX } else { WINDOW }
    }

    async fn run(
        &self,
        readers: &Pool,
        from: Cursor,
        (first, last): (i64, i64),
        limit: usize,
    ) -> Result<Vec<StoredAlert>, sqlx::Error> {
        let mut query = database::query(self.sql(from, readers.is_shared())).bind(first).bind(last);
        if let Some(severity) = self.severity {
            query = query.bind(severity.number());
        }
        match self.sensors.as_deref() {
            Some([sensor]) => query = query.bind(*sensor),
            Some(sensors) => query = query.bind(json(&sensors)?),
            None => {}
        }
        let rows = query.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(readers).await?;
        rows.iter().map(stored).collect()
    }

    fn sql(&self, from: Cursor, shared: bool) -> String {
        let severity = if self.severity.is_some() { "AND a.severity <= ?" } else { "" };
        let among = if shared {
            "AND +a.sensor IN (SELECT value::bigint FROM jsonb_array_elements_text(?::jsonb))"
        } else {
            "AND +a.sensor IN (SELECT value FROM json_each(?))"
        };
        let (index, sensors) = match self.sensors.as_deref() {
            Some([_]) if shared => ("", "AND a.sensor = ?"),
            Some([_]) => ("INDEXED BY alerts_of_sensor", "AND a.sensor = ?"),
            // Not by the index (+): it would have to sort.
            Some(_) => ("", among),
            None => ("", ""),
        };
        // CROSS JOIN: in SQLite, in this order.
        let join = if shared { "JOIN" } else { "CROSS JOIN" };
        let order = if matches!(from, Cursor::Before(_)) { "DESC" } else { "ASC" };
        format!(
            "SELECT a.row, s.sensor, t.stream, a.number, a.epoch, a.severity, a.detected_at, a.received_at, a.record \
             FROM alerts a {index} {join} sensors s ON s.row = a.sensor {join} streams t ON t.row = a.stream \
             WHERE a.row BETWEEN ? AND ? {severity} {sensors} ORDER BY a.row {order} LIMIT ?"
        )
    }
}

fn stored(row: &Row) -> Result<StoredAlert, sqlx::Error> {
    let number = |column: &str| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64>(column)?).unwrap_or(0));
    Ok(StoredAlert {
        row: row.try_get("row")?,
        sensor: id(row.try_get("sensor")?)?,
        id: AlertId { stream: id(row.try_get("stream")?)?, number: number("number")? },
        epoch: Epoch(number("epoch")?),
        severity: Severity::from_engine(Some(number("severity")?)),
        detected_at: UnixMillis(row.try_get("detected_at")?).to_string(),
        received_at: UnixSeconds(row.try_get("received_at")?),
        record: row.try_get("record")?,
    })
}

/// The first row that is kept, if any is.
pub(super) async fn oldest(connection: &mut Connection) -> Result<Option<i64>, sqlx::Error> {
    database::scalar("SELECT min(row) FROM alerts").fetch_one(connection).await
}

/// The last row ever given, kept or not.
pub(super) async fn newest(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    if !connection.is_shared() {
        return last_row(connection).await;
    }
    // A server gives a number before its row is committed: nobody is about to, while it is our turn.
    connection.begin().await?;
    let last: Option<i64> = database::scalar(LAST_AT_SERVER).fetch_one(&mut *connection).await?;
    connection.roll_back().await?;
    Ok(last.unwrap_or(0))
}

/// The last row given: to whoever asks inside a transaction that added some, the last of them.
pub(super) async fn last_row(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    let last = if connection.is_shared() {
        "SELECT currval(pg_get_serial_sequence('alerts', 'row'))"
    } else {
        "SELECT seq FROM sqlite_sequence WHERE name = 'alerts'"
    };
    Ok(database::scalar(last).fetch_optional(connection).await?.unwrap_or(0))
}

/// The first and the last row that are kept, if any is.
pub(super) async fn span(connection: &mut Connection) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let row = database::query("SELECT min(row) AS first, max(row) AS last FROM alerts").fetch_one(connection).await?;
    Ok(row.try_get::<Option<i64>>("first")?.zip(row.try_get::<Option<i64>>("last")?))
}
