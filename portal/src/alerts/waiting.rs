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

use super::{delivery::Delivery, retention::Bounds};
use crate::database::{self, Connection};
use crate::store::rows::{id, int};

/// Most that waits of one sensor. The sensor sends again what was not confirmed.
const MAX_WAITING: Held = Held { events: 100_000, bytes: 64 << 20 };
/// All that waits takes at most this part of the room for alerts.
const SHARE: u64 = 8;
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

/// An event that waits no longer.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) sensor: SensorId,
    row: i64,
    bytes: u64,
}

/// How many events wait, and the bytes of them.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    events: u64,
    bytes: u64,
}

impl Held {
    const fn and(self, event: &Waiting) -> Self {
        Self { events: self.events + 1, bytes: self.bytes + event.event.len() as u64 }
    }

    const fn without(self, ended: &Ended) -> Self {
        Self { events: self.events.saturating_sub(1), bytes: self.bytes.saturating_sub(ended.bytes) }
    }
}

/// How far each sensor's streams go by its last heartbeat, and how much of it waits.
#[derive(Debug, Clone)]
pub(super) struct Heads {
    known: Arc<RwLock<Known>>,
    /// Most bytes of all that waits.
    most: u64,
}

#[derive(Debug, Default)]
struct Known {
    heads: HashMap<SensorId, BTreeMap<StreamId, u64>>,
    waiting: HashMap<SensorId, Held>,
}

impl Heads {
    pub(super) fn within(bounds: Bounds) -> Self {
        Self { known: Arc::default(), most: bounds.bytes / SHARE }
    }

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
        self.read().waiting.get(&sensor).map_or(0, |held| held.events)
    }

    /// Those of the events that there is room for: their sensor's, and everybody's.
    pub(super) fn fitting(&self, mut events: Vec<Waiting>) -> Vec<Waiting> {
        let known = self.read();
        let (mut all, mut of) = (known.waiting.values().map(|held| held.bytes).sum::<u64>(), HashMap::new());
        events.retain(|event| {
            let held: &mut Held =
                of.entry(event.sensor).or_insert_with(|| known.waiting.get(&event.sensor).copied().unwrap_or_default());
            let more = held.and(event);
            let larger = all + event.event.len() as u64;
            let fits = more.events <= MAX_WAITING.events && more.bytes <= MAX_WAITING.bytes && larger <= self.most;
            if fits {
                (*held, all) = (more, larger);
            }
            fits
        });
        events
    }

    /// Counts anew what waits.
    pub(super) async fn count(&self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        let rows = database::query(
            "SELECT sensor, count(*) AS events, sum(octet_length(event)) AS bytes FROM waiting GROUP BY sensor",
        );
        let mut waiting = HashMap::new();
        for row in rows.fetch_all(connection).await? {
            let number = |column| Ok::<_, sqlx::Error>(row.small(column)?.unwrap_or(0));
            let held = Held { events: number("events")?, bytes: number("bytes")? };
            waiting.insert(id(row.try_get("sensor")?)?, held);
        }
        self.change().waiting = waiting;
        Ok(())
    }

    /// Takes what was committed: of whom events began to wait, and of whom they do no longer.
    pub(super) fn adopt(&self, began: &[Waiting], over: &[Ended]) {
        if began.is_empty() && over.is_empty() {
            return;
        }
        let waiting = &mut self.change().waiting;
        for event in began {
            let held = waiting.entry(event.sensor).or_default();
            *held = held.and(event);
        }
        for ended in over {
            if let Entry::Occupied(mut left) = waiting.entry(ended.sensor) {
                *left.get_mut() = left.get().without(ended);
                if left.get().events == 0 {
                    left.remove();
                }
            }
        }
    }

    fn of(&self, sensor: SensorId) -> BTreeMap<StreamId, u64> {
        self.read().heads.get(&sensor).cloned().unwrap_or_default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
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

    const fn use_for(&mut self, bytes: u64) {
        self.events -= 1;
        self.bytes = self.bytes.saturating_sub_unsigned(bytes);
    }
}

/// Events whose waiting is over: as a delivery, with their rows.
pub(super) struct Over {
    pub(super) delivery: Delivery,
    pub(super) rows: Vec<Ended>,
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
            let ended = Ended { sensor, row: row.try_get("row")?, bytes: event.len() as u64 };
            portion.use_for(ended.bytes);
            over.rows.push(ended);
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
pub(super) async fn delete(connection: &mut Connection, over: &[Ended]) -> Result<(), sqlx::Error> {
    for Ended { row, .. } in over {
        database::query("DELETE FROM waiting WHERE row = ?").bind(row).execute(&mut *connection).await?;
    }
    Ok(())
}
