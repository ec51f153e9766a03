//! Forgets the oldest alerts, by days and by bytes, a portion at a time so that intake hardly waits.

use picket_protocol::time::UnixSeconds;
use sqlx::SqliteConnection;

/// Rows forgotten at once.
const PORTION: i64 = 20_000;

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

/// Forgets one portion, if the bounds ask for it; how many alerts.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    bounds: Bounds,
    now: UnixSeconds,
) -> Result<u64, sqlx::Error> {
    // Over the bound of bytes every row of the portion is too old.
    let over = used(connection).await? > bounds.bytes;
    let before = if over { i64::MAX } else { bounds.oldest(now).0 };
    let oldest = sqlx::query_scalar::<_, i64>("SELECT received_at FROM alerts ORDER BY row LIMIT 1");
    if oldest.fetch_optional(&mut *connection).await?.is_none_or(|oldest| oldest >= before) {
        return Ok(0); // nearly always: without a look at the portion
    }
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT max(row) FROM (SELECT row, received_at FROM alerts ORDER BY row LIMIT ?) WHERE received_at < ?",
    )
    .bind(PORTION)
    .bind(before)
    .fetch_one(&mut *connection)
    .await?;
    let Some(last) = last else { return Ok(0) };
    let query = sqlx::query("DELETE FROM alerts WHERE row <= ?").bind(last);
    Ok(query.execute(&mut *connection).await?.rows_affected())
}

async fn used(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let used: i64 = sqlx::query_scalar(
        "SELECT (c.page_count - f.freelist_count) * s.page_size \
         FROM pragma_page_count c, pragma_freelist_count f, pragma_page_size s",
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(used).unwrap_or(0))
}
