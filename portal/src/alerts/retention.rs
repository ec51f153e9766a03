//! Forgets the oldest alerts, by days and by bytes: a portion now and then, and with each transaction at least as much as
//! it adds, so that the bounds hold however fast alerts come.
//!
//! A transaction makes room before it adds: what it adds then takes the pages that have just become free, and no page is
//! written for having become free. In the other order a commit writes half as much again.
//!
//! What a transaction adds it does not forget: whoever is told that an alert is stored must find it. Where nothing else is
//! left to forget, the transaction fails, and nothing is acknowledged.

use picket_protocol::time::UnixSeconds;

use crate::database::{self, Connection};

/// Rows forgotten at once when nothing comes.
const PORTION: i64 = 20_000;
/// Bytes that a row of a server takes beside its record, with its place in two indexes, about.
const ROW_BYTES: i64 = 140;
/// Rows by which the size of the others is guessed.
const SAMPLE: i64 = 200;
/// Beyond what is added, this part of it is forgotten, so that whoever is over a bound comes back below it.
const BEYOND: u64 = 4;
/// Portions that are forgotten at most after so many alerts were added: ten times as many as came.
const TURNS: u32 = 40;

/// For how long, and in how much, alerts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Days since an alert was received.
    pub days: u32,
    /// Bytes of the database that are in use. The file itself stays as large as it was at most.
    pub bytes: u64,
}

impl Bounds {
    /// What was received before is too old.
    pub(super) fn oldest(self, now: UnixSeconds) -> UnixSeconds {
        now.plus(-i64::from(self.days) * 86_400)
    }
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forgotten {
    pub(super) alerts: u64,
    /// No row up to this one is left.
    pub(super) up_to: i64,
}

/// Forgets one portion, if the bounds ask for it.
pub(super) async fn forget(
    connection: &mut Connection,
    bounds: Bounds,
    now: UnixSeconds,
) -> Result<Option<Forgotten>, sqlx::Error> {
    if used(connection).await? > bounds.bytes {
        let newest = newest(connection).await?;
        forget_rows(connection, PORTION, newest).await
    } else {
        forget_older(connection, bounds.oldest(now), PORTION).await
    }
}

/// What a transaction is about to add.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coming {
    pub(super) alerts: usize,
    /// Of their records.
    pub(super) bytes: u64,
}

impl Coming {
    /// What they take, about.
    fn growth(self) -> u64 {
        self.bytes + self.alerts as u64 * ROW_BYTES.unsigned_abs()
    }

    /// Rows that are forgotten at once while they come.
    fn portion(self) -> i64 {
        i64::try_from(self.alerts.div_ceil(4)).unwrap_or(PORTION)
    }
}

/// Room that was made for what comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    forgotten: Option<Forgotten>,
    /// So many bytes may be in use once all is added.
    target: u64,
    /// The last row from before: no later one is forgotten.
    newest: i64,
}

/// Inside a transaction, before it adds alerts: forgets what makes room for them, where a bound is passed.
pub(super) async fn make_room(
    connection: &mut Connection,
    bounds: Bounds,
    now: UnixSeconds,
    coming: Coming,
) -> Result<Room, sqlx::Error> {
    let (in_use, newest) = (used(connection).await?, newest(connection).await?);
    let most = coming.portion().saturating_mul(5);
    let old = forget_older(connection, bounds.oldest(now), most).await?;
    let growth = coming.growth();
    let lacking = (in_use + growth).saturating_sub(bounds.bytes).min(growth + growth / BEYOND);
    let rows = u128::from(lacking) * coming.alerts as u128 / u128::from(growth.max(1));
    let rows = i64::try_from(rows).unwrap_or(PORTION);
    let more = if old.is_none() && rows > 0 { forget_rows(connection, rows, newest).await? } else { None };
    Ok(Room { forgotten: old.or(more), target: bounds.bytes.max(in_use.saturating_sub(growth / BEYOND)), newest })
}

/// Inside the same transaction, when all is added: forgets what was more than it looked like. What was forgotten in all.
///
/// # Errors
/// When nothing from before is left to forget and there is too much still.
pub(super) async fn keep_to(
    connection: &mut Connection,
    room: Room,
    coming: Coming,
) -> Result<Option<Forgotten>, sqlx::Error> {
    let Room { mut forgotten, target, newest } = room;
    for _ in 0..TURNS {
        if used(connection).await? <= target {
            break;
        }
        let Some(more) = forget_rows(connection, coming.portion(), newest).await? else {
            return Err(sqlx::Error::Protocol("there is no room within the bound of bytes".to_owned()));
        };
        let before = forgotten.map_or(0, |forgotten| forgotten.alerts);
        forgotten = Some(Forgotten { alerts: before + more.alerts, ..more });
    }
    Ok(forgotten)
}

/// Bytes of the database that are in use.
pub(super) async fn used(connection: &mut Connection) -> Result<u64, sqlx::Error> {
    if connection.is_shared() {
        return used_by_rows(connection).await;
    }
    let used: i64 = database::scalar(
        "SELECT (c.page_count - f.freelist_count) * s.page_size \
         FROM pragma_page_count c, pragma_freelist_count f, pragma_page_size s",
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(used).unwrap_or(0))
}

/// What the rows of a server's table take, about: it says what its files take, of which much may be free again. Rows from
/// the first to the last speak for all: the newest alone may be a few large ones, for which years of small ones would go.
async fn used_by_rows(connection: &mut Connection) -> Result<u64, sqlx::Error> {
    let used: i64 = database::scalar(
        "SELECT coalesce(max(span.newest - span.oldest + 1) * (avg(octet_length(a.record)) + ?), 0)::bigint \
         FROM (SELECT min(row) AS oldest, max(row) AS newest FROM alerts) AS span \
         CROSS JOIN generate_series(0, ?) AS step \
         JOIN alerts a ON a.row = span.oldest + (span.newest - span.oldest) * step / ?",
    )
    .bind(ROW_BYTES)
    .bind(SAMPLE - 1)
    .bind(SAMPLE - 1)
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(used).unwrap_or(0))
}

/// The last row that is kept; 0 where none is.
async fn newest(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    database::scalar("SELECT coalesce(max(row), 0) FROM alerts").fetch_one(connection).await
}

/// Forgets the oldest rows, so many at most, and none after `newest`; what is added next has a higher row.
async fn forget_rows(connection: &mut Connection, most: i64, newest: i64) -> Result<Option<Forgotten>, sqlx::Error> {
    let oldest = database::scalar::<Option<i64>>("SELECT min(row) FROM alerts").fetch_one(&mut *connection).await?;
    match oldest.filter(|oldest| *oldest <= newest) {
        Some(oldest) => {
            let last = oldest.saturating_add(most.max(1) - 1).min(newest);
            forget_up_to(connection, last).await.map(Some)
        }
        None => Ok(None),
    }
}

/// Forgets what was received before an instant, so many rows at most.
async fn forget_older(
    connection: &mut Connection,
    before: UnixSeconds,
    most: i64,
) -> Result<Option<Forgotten>, sqlx::Error> {
    let oldest = database::scalar::<i64>("SELECT received_at FROM alerts ORDER BY row LIMIT 1");
    if oldest.fetch_optional(&mut *connection).await?.is_none_or(|oldest| oldest >= before.0) {
        return Ok(None); // nearly always: without a look at the portion
    }
    let last: Option<i64> = database::scalar(
        "SELECT max(row) FROM (SELECT row, received_at FROM alerts ORDER BY row LIMIT ?) AS oldest WHERE received_at < ?",
    )
    .bind(most)
    .bind(before.0)
    .fetch_one(&mut *connection)
    .await?;
    match last {
        Some(last) => forget_up_to(connection, last).await.map(Some),
        None => Ok(None),
    }
}

async fn forget_up_to(connection: &mut Connection, last: i64) -> Result<Forgotten, sqlx::Error> {
    let deleted = database::query("DELETE FROM alerts WHERE row <= ?").bind(last).execute(connection).await?;
    Ok(Forgotten { alerts: deleted.rows_affected(), up_to: last })
}
