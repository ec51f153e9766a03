//! Forgets the oldest alerts, by days and by bytes: a portion now and then, and with each transaction at least as much as
//! it adds, so that the bounds hold however fast alerts come.

use picket_protocol::time::UnixSeconds;

use crate::database::{self, Connection};

/// Rows forgotten at once when nothing comes.
const PORTION: i64 = 20_000;
/// Bytes that a row of a server takes beside its record, with its place in two indexes, about.
const ROW_BYTES: i64 = 140;
/// Rows by which the size of the others is guessed: the newest.
const SAMPLE: i64 = 200;
/// Beyond what is added, this part of it is forgotten, so that whoever is over a bound comes back below it.
const BEYOND: u64 = 4;

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
        forget_rows(connection, PORTION).await
    } else {
        forget_older(connection, bounds.oldest(now), PORTION).await
    }
}

/// Inside a transaction that added alerts, and found so many bytes in use: forgets what makes room for them, where a bound
/// is passed.
pub(super) async fn keep_up(
    connection: &mut Connection,
    bounds: Bounds,
    now: UnixSeconds,
    (added, used_before): (usize, u64),
) -> Result<Option<Forgotten>, sqlx::Error> {
    let portion = i64::try_from(added.div_ceil(4)).unwrap_or(PORTION);
    let mut in_use = used(connection).await?;
    let target = bounds.bytes.max(used_before.saturating_sub(in_use.saturating_sub(used_before) / BEYOND));
    let mut forgotten = forget_older(connection, bounds.oldest(now), portion.saturating_mul(5)).await?;
    while in_use > target {
        let Some(more) = forget_rows(connection, portion).await? else { break };
        forgotten = Some(more);
        in_use = used(connection).await?;
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

/// What the rows of a server's table take, about: it says what its files take, of which much may be free again.
async fn used_by_rows(connection: &mut Connection) -> Result<u64, sqlx::Error> {
    let used: i64 = database::scalar(
        "SELECT coalesce((SELECT max(row) - min(row) + 1 FROM alerts) * (SELECT avg(octet_length(record)) + ? FROM \
         (SELECT record FROM alerts ORDER BY row DESC LIMIT ?) AS newest), 0)::bigint",
    )
    .bind(ROW_BYTES)
    .bind(SAMPLE)
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(used).unwrap_or(0))
}

/// Forgets the oldest rows, so many at most.
async fn forget_rows(connection: &mut Connection, most: i64) -> Result<Option<Forgotten>, sqlx::Error> {
    let oldest: Option<i64> = database::scalar("SELECT min(row) FROM alerts").fetch_one(&mut *connection).await?;
    match oldest {
        Some(oldest) => forget_up_to(connection, oldest.saturating_add(most.max(1) - 1)).await.map(Some),
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
