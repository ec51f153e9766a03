//! What a broker brings beyond the numbers that its sensor has reported waits, durably, until a heartbeat reports them:
//! whoever can write to the broker must not use up numbers that the sensor has yet to give.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use picket_protocol::{
    alerts::event,
    ids::{SensorId, StreamId},
    time::UnixSeconds,
};

use super::delivery::Delivery;
use crate::database::{self, Connection};
use crate::store::rows::{id, int};

/// Most events of one sensor that wait. The sensor sends again what was not confirmed.
const MAX_WAITING: u64 = 100_000;
/// Most events that are forgotten at once.
const PORTION: i64 = 4096;

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Whose, by its topic.
    pub sensor: SensorId,
    /// In which stream.
    pub stream: StreamId,
    /// Its number; of a skip the last.
    pub last: u64,
    /// The CloudEvent, as it came.
    pub event: String,
}

/// How far each sensor's streams go by its last heartbeat, and how many events of it wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Heads(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    heads: HashMap<SensorId, BTreeMap<StreamId, u64>>,
    waiting: HashMap<SensorId, u64>,
}

impl Heads {
    /// Takes what a heartbeat reports; whether anything of the sensor waits.
    pub(super) fn report(&self, sensor: SensorId, heads: BTreeMap<StreamId, u64>) -> bool {
        let mut known = self.change();
        known.heads.insert(sensor, heads);
        known.waiting.contains_key(&sensor)
    }

    /// Whether the sensor has reported so high a number of the stream.
    pub(super) fn reach(&self, sensor: SensorId, stream: StreamId, number: u64) -> bool {
        let known = self.read();
        known.heads.get(&sensor).and_then(|heads| heads.get(&stream)).is_some_and(|head| number <= *head)
    }

    /// How many events of a sensor wait.
    pub(super) fn waiting(&self, sensor: SensorId) -> u64 {
        self.read().waiting.get(&sensor).copied().unwrap_or(0)
    }

    /// Whether one more may wait.
    pub(super) fn has_room(&self, sensor: SensorId) -> bool {
        self.waiting(sensor) < MAX_WAITING
    }

    /// Counts anew what waits.
    pub(super) async fn count(&self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        let rows = database::query("SELECT sensor, count(*) AS events FROM waiting GROUP BY sensor");
        let mut waiting = HashMap::new();
        for row in rows.fetch_all(connection).await? {
            let events: i64 = row.try_get("events")?;
            waiting.insert(id(row.try_get("sensor")?)?, u64::try_from(events).unwrap_or(0));
        }
        self.change().waiting = waiting;
        Ok(())
    }

    /// Takes what was committed: of whom events began to wait, and of whom they do no longer.
    pub(super) fn adopt(&self, began: &[Waiting], over: &[(SensorId, i64)]) {
        if began.is_empty() && over.is_empty() {
            return;
        }
        let waiting = &mut self.change().waiting;
        for event in began {
            *waiting.entry(event.sensor).or_default() += 1;
        }
        for (sensor, _) in over {
            if let Entry::Occupied(mut left) = waiting.entry(*sensor) {
                *left.get_mut() = left.get().saturating_sub(1);
                if *left.get() == 0 {
                    left.remove();
                }
            }
        }
    }

    fn of(&self, sensor: SensorId) -> BTreeMap<StreamId, u64> {
        self.read().heads.get(&sensor).cloned().unwrap_or_default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what has waited for longer than alerts are kept; how many events.
pub(super) async fn forget(connection: &mut Connection, before: UnixSeconds) -> Result<u64, sqlx::Error> {
    let oldest = database::scalar::<i64>("SELECT at FROM waiting ORDER BY row LIMIT 1");
    if oldest.fetch_optional(&mut *connection).await?.is_none_or(|oldest| oldest >= before.0) {
        return Ok(0);
    }
    let query = database::query(
        "DELETE FROM waiting WHERE row IN (SELECT row FROM (SELECT row, at FROM waiting ORDER BY row LIMIT ?) AS oldest WHERE at < ?)",
    );
    Ok(query.bind(PORTION).bind(before.0).execute(connection).await?.rows_affected())
}

/// How much may end its waiting in one transaction, of all sensors: it is in memory meanwhile, and others wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portion {
    events: i64,
    bytes: i64,
}

impl Portion {
    /// The last event may go beyond the bytes.
    pub(super) const WHOLE: Self = Self { events: 4096, bytes: 8 << 20 };

    const fn is_used(self) -> bool {
        self.events <= 0 || self.bytes <= 0
    }

    fn use_for(&mut self, event: &str) {
        self.events -= 1;
        self.bytes = self.bytes.saturating_sub_unsigned(event.len() as u64);
    }
}

/// Events whose waiting is over: as a delivery, with their rows.
pub(super) struct Over {
    pub(super) delivery: Delivery,
    pub(super) rows: Vec<(SensorId, i64)>,
    /// Whether there may be more.
    pub(super) more: bool,
}

/// The first of a stream's events up to a number, so many and, but for the last of them, of so many bytes at most.
const FIRST: &str = "SELECT w.row, w.event FROM (\
        SELECT row, sum(bytes) OVER (ORDER BY row) - bytes AS ahead FROM (\
            SELECT row, octet_length(event) AS bytes FROM waiting WHERE sensor = ? AND stream = ? AND last <= ? \
            ORDER BY row LIMIT ?) AS first) AS sized \
    JOIN waiting w ON w.row = sized.row WHERE sized.ahead < ? ORDER BY w.row";

/// What of a sensor waits no longer, in the order it came, as far as the portion goes.
pub(super) async fn over(
    connection: &mut Connection,
    heads: &Heads,
    sensor: SensorId,
    portion: &mut Portion,
) -> Result<Over, sqlx::Error> {
    let mut over = Over { delivery: Delivery::of(sensor), rows: Vec::new(), more: false };
    for (stream, head) in heads.of(sensor) {
        if portion.is_used() {
            break;
        }
        let query = database::query(FIRST).bind(&sensor.as_bytes()[..]).bind(&stream.as_bytes()[..]);
        let query = query.bind(int(head)).bind(portion.events).bind(portion.bytes);
        for row in query.fetch_all(&mut *connection).await? {
            let event: &str = row.try_get("event")?;
            portion.use_for(event);
            over.rows.push((sensor, row.try_get("row")?));
            // It was read before it had to wait; what cannot be read now is let go.
            if let Ok(event) = event::read_one(event.as_bytes()) {
                let _ = over.delivery.add(event);
            }
        }
    }
    over.more = portion.is_used();
    Ok(over)
}

/// Writes events that begin to wait, inside the writer's transaction.
pub(super) async fn write(
    connection: &mut Connection,
    waiting: &[Waiting],
    now: UnixSeconds,
) -> Result<(), sqlx::Error> {
    for Waiting { sensor, stream, last, event } in waiting {
        database::query("INSERT INTO waiting (sensor, stream, last, at, event) VALUES (?, ?, ?, ?, ?)")
            .bind(&sensor.as_bytes()[..])
            .bind(&stream.as_bytes()[..])
            .bind(int(*last))
            .bind(now.0)
            .bind(event.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Deletes events that wait no longer, inside the writer's transaction.
pub(super) async fn delete(connection: &mut Connection, rows: &[(SensorId, i64)]) -> Result<(), sqlx::Error> {
    for (_, row) in rows {
        database::query("DELETE FROM waiting WHERE row = ?").bind(row).execute(&mut *connection).await?;
    }
    Ok(())
}
