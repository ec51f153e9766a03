//! A draft as SQL: one transaction, many rows a statement.

use std::sync::LazyLock;

use picket_protocol::time::UnixSeconds;

use super::{
    ledger::{AlertRow, Draft},
    read,
    retention::{self, Bounds, Coming, Forgotten},
    waiting,
};
use crate::database::{self, Connection};
use crate::store::rows::{int, json};

/// Rows in one statement, at most 2^8. Statements of each smaller power of two exist too, so that few are prepared.
const LARGEST: u32 = 8;

/// The statements of 1, 2, 4, … rows.
type Sizes = LazyLock<Vec<String>>;

static ALERTS: Sizes = LazyLock::new(|| {
    sizes("INSERT INTO alerts (sensor, stream, number, epoch, severity, detected_at, received_at, record)", 8, "")
});
static STREAMS: Sizes = LazyLock::new(|| {
    sizes(
        "INSERT INTO streams (row, sensor, stream, high, open, received, dropped, last_at)",
        8,
        "ON CONFLICT (row) DO UPDATE SET high = excluded.high, open = excluded.open, received = excluded.received, \
         dropped = excluded.dropped, last_at = excluded.last_at",
    )
});

fn sizes(insert: &str, columns: usize, then: &str) -> Vec<String> {
    let one = format!("({})", vec!["?"; columns].join(", "));
    let values = |rows: u32| vec![one.as_str(); 1 << rows].join(", ");
    (0..=LARGEST).map(|rows| format!("{insert} VALUES {} {then}", values(rows))).collect()
}

/// The largest statement for `left` rows, and its number of rows.
fn statement(sizes: &'static [String], left: usize) -> (&'static str, usize) {
    let size = left.max(1).ilog2().min(LARGEST);
    (sizes[size as usize].as_str(), 1 << size)
}

/// What a transaction did to the rows of alerts.
pub(super) struct Written {
    /// The last that it added, if it added any.
    pub(super) newest: Option<i64>,
    /// What it forgot to make room for them.
    pub(super) forgotten: Option<Forgotten>,
}

/// Writes a draft inside the writer's transaction, and forgets what has to go for it. The draft's alerts are used up.
pub(super) async fn write(
    connection: &mut Connection,
    draft: &mut Draft,
    bounds: Bounds,
    now: UnixSeconds,
) -> Result<Written, sqlx::Error> {
    let bytes = draft.alerts.iter().map(|row| row.alert.record.len() as u64).sum();
    let coming = Coming { alerts: draft.alerts.len(), bytes };
    let room = retention::make_room(connection, bounds, now, coming).await?;
    write_sensors(connection, draft).await?;
    write_streams(connection, draft).await?;
    waiting::write(connection, &draft.waiting, now).await?;
    waiting::delete(connection, &draft.over).await?;
    let newest = write_alerts(connection, std::mem::take(&mut draft.alerts), now).await?;
    let forgotten = retention::keep_to(connection, room, coming).await?;
    Ok(Written { newest, forgotten })
}

async fn write_alerts(
    connection: &mut Connection,
    alerts: Vec<AlertRow>,
    now: UnixSeconds,
) -> Result<Option<i64>, sqlx::Error> {
    if alerts.is_empty() {
        return Ok(None);
    }
    let mut alerts = alerts.into_iter();
    while alerts.len() > 0 {
        let (sql, take) = statement(&ALERTS, alerts.len());
        let mut query = database::query(sql);
        for AlertRow { sensor, stream, alert } in alerts.by_ref().take(take) {
            query = query
                .bind(sensor)
                .bind(stream)
                .bind(int(alert.id.number))
                .bind(int(alert.epoch.0))
                .bind(alert.severity.number())
                .bind(alert.detected_at.0)
                .bind(now.0)
                .bind(alert.record);
        }
        query.execute(&mut *connection).await?;
    }
    read::last_row(connection).await.map(Some)
}

async fn write_sensors(connection: &mut Connection, draft: &Draft) -> Result<(), sqlx::Error> {
    for (sensor, row) in &draft.sensors {
        let query = database::query("INSERT INTO sensors (row, sensor) VALUES (?, ?)").bind(row);
        query.bind(&sensor.as_bytes()[..]).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_streams(connection: &mut Connection, draft: &Draft) -> Result<(), sqlx::Error> {
    let mut streams = draft.streams.iter();
    while streams.len() > 0 {
        let (sql, take) = statement(&STREAMS, streams.len());
        let mut query = database::query(sql);
        for ((_, id), stream) in streams.by_ref().take(take) {
            let marks = &stream.marks;
            let open: Vec<(u64, u64)> = marks.open().iter().map(|(first, last)| (*first, *last)).collect();
            query = query
                .bind(stream.row)
                .bind(stream.sensor)
                .bind(&id.as_bytes()[..])
                .bind(int(marks.high()))
                .bind(json(&open)?)
                .bind(int(marks.received()))
                .bind(json(marks.dropped())?)
                .bind(stream.last_at.0);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
