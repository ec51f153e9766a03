//! The marks of every stream, in memory: what deliveries are deduplicated by, without SQL. A draft says what a batch of
//! deliveries adds; it becomes the ledger's once it is committed.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use picket_protocol::{
    alerts::{DropReason, Skip},
    heartbeat::Confirmation,
    ids::{SensorId, StreamId},
    time::UnixSeconds,
};

use super::{
    delivery::{Delivered, Delivery, NewAlert},
    waiting::{Ended, Waiting},
};
use crate::database::{self, Builder, Connection, On, Row};
use crate::{
    domain::{
        marks::{Marks, TooManyGaps},
        refused::Refused,
    },
    store::rows::{from_json, id},
};

/// Most streams of one sensor. A sensor draws one at each commit and each new log: a thousand is a defect or hostile.
const MAX_STREAMS: usize = 1024;

/// Sensors that are looked up in one statement.
const AT_ONCE: usize = 256;

const STREAMS: &str = "SELECT t.*, s.sensor AS sensor_id FROM streams t JOIN sensors s ON s.row = t.sensor";
const OF_SENSORS: &str = "SELECT t.*, s.sensor AS sensor_id, s.row AS sensor_row FROM sensors s \
    LEFT JOIN streams t ON t.sensor = s.row WHERE s.sensor IN (";

/// Every stream, as last committed; where other processes write too, those that a batch is about.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sensors: HashMap<SensorId, Sensor>,
    last_sensor_row: i64,
    last_stream_row: i64,
}

#[derive(Debug)]
struct Sensor {
    row: i64,
    streams: HashMap<StreamId, Stream>,
}

/// One stream with the number of its row.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) row: i64,
    pub(super) sensor: i64,
    pub(super) marks: Marks,
    pub(super) last_at: UnixSeconds,
}

/// What came of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamView {
    /// The stream.
    pub stream: StreamId,
    /// What came.
    pub marks: Marks,
    /// When something new came last, if anything did.
    pub last_at: Option<UnixSeconds>,
}

impl Ledger {
    /// What is to be known at the start: everything, where nobody else writes.
    pub(super) async fn open(connection: &mut Connection) -> Result<Self, sqlx::Error> {
        if connection.is_shared() {
            return Ok(Self::default());
        }
        let sensors = database::query("SELECT row, sensor FROM sensors").fetch_all(&mut *connection).await?;
        let mut ledger = Self::of_rows(&sensors, &database::query(STREAMS).fetch_all(&mut *connection).await?)?;
        ledger.count_rows(connection).await?;
        Ok(ledger)
    }

    /// Inside a transaction, where other processes write too: what the deliveries of these sensors are judged by.
    pub(super) async fn catch_up(connection: &mut Connection, sensors: &[SensorId]) -> Result<Self, sqlx::Error> {
        let mut ledger = Self::default();
        for some in sensors.chunks(AT_ONCE) {
            let read = Self::of(&mut *connection, some).await?;
            ledger.sensors.extend(read.sensors);
        }
        ledger.count_rows(connection).await?;
        Ok(ledger)
    }

    /// What is known of these sensors.
    pub(super) async fn of<'a>(on: impl Into<On<'a>>, sensors: &[SensorId]) -> Result<Self, sqlx::Error> {
        let mut query = Builder::new(OF_SENSORS);
        query.push_list(sensors.iter().map(|sensor| &sensor.as_bytes()[..])).push(")");
        let rows = query.build().fetch_all(on).await?;
        let mut ledger = Self::default();
        for row in &rows {
            let number: i64 = row.try_get("sensor_row")?;
            let sensor = ledger.sensors.entry(id(row.try_get("sensor_id")?)?);
            let sensor = sensor.or_insert_with(|| Sensor { row: number, streams: HashMap::new() });
            if let Some(stream) = row.try_get::<Option<&[u8]>>("stream")? {
                sensor.streams.insert(id(stream)?, read_stream(row)?);
            }
        }
        Ok(ledger)
    }

    fn of_rows(sensors: &[Row], streams: &[Row]) -> Result<Self, sqlx::Error> {
        let mut ledger = Self::default();
        for row in sensors {
            let sensor = Sensor { row: row.try_get("row")?, streams: HashMap::new() };
            ledger.sensors.insert(id(row.try_get("sensor")?)?, sensor);
        }
        for row in streams {
            if let Some(sensor) = ledger.sensors.get_mut(&id(row.try_get("sensor_id")?)?) {
                sensor.streams.insert(id(row.try_get("stream")?)?, read_stream(row)?);
            }
        }
        Ok(ledger)
    }

    /// Which numbers of rows are taken.
    async fn count_rows(&mut self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        let last = "SELECT (SELECT coalesce(max(row), 0) FROM sensors) AS sensor, \
            (SELECT coalesce(max(row), 0) FROM streams) AS stream";
        let row = database::query(last).fetch_one(connection).await?;
        (self.last_sensor_row, self.last_stream_row) = (row.try_get("sensor")?, row.try_get("stream")?);
        Ok(())
    }

    /// The row number of a sensor that sent something.
    pub(super) fn sensor_row(&self, sensor: SensorId) -> Option<i64> {
        Some(self.sensors.get(&sensor)?.row)
    }

    pub(super) fn confirmation(&self, sensor: SensorId, stream: StreamId) -> Confirmation {
        let known = self.sensors.get(&sensor).and_then(|sensor| sensor.streams.get(&stream));
        known.map_or_else(|| Marks::default().confirmation(), |stream| stream.marks.confirmation())
    }

    pub(super) fn streams(&self, sensor: SensorId) -> Vec<StreamView> {
        let known = self.sensors.get(&sensor).into_iter().flat_map(|sensor| &sensor.streams);
        let mut views: Vec<StreamView> = known
            .map(|(id, stream)| StreamView { stream: *id, marks: stream.marks.clone(), last_at: Some(stream.last_at) })
            .collect();
        views.sort_by_key(|view| (std::cmp::Reverse(view.last_at), view.stream));
        views
    }

    /// Takes what was committed.
    pub(super) fn adopt(&mut self, draft: Draft) {
        for (sensor, row) in draft.sensors {
            self.last_sensor_row = self.last_sensor_row.max(row);
            self.sensors.insert(sensor, Sensor { row, streams: HashMap::new() });
        }
        for ((sensor, id), stream) in draft.streams {
            self.last_stream_row = self.last_stream_row.max(stream.row);
            if let Some(known) = self.sensors.get_mut(&sensor) {
                known.streams.insert(id, stream);
            }
        }
    }
}

/// What a batch of deliveries adds to the ledger and to the database.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Sensors that had sent nothing before, with the rows they get.
    pub(super) sensors: HashMap<SensorId, i64>,
    /// Streams that changed, as they are then.
    pub(super) streams: HashMap<(SensorId, StreamId), Stream>,
    /// Whose streams are new, those of refused deliveries too: the n-th gets the n-th free row.
    new_streams: Vec<SensorId>,
    /// New alerts, in order.
    pub(super) alerts: Vec<AlertRow>,
    /// Events that begin to wait.
    pub(super) waiting: Vec<Waiting>,
    /// Events that wait no longer.
    pub(super) over: Vec<Ended>,
}

#[derive(Debug)]
pub(super) struct AlertRow {
    pub(super) sensor: i64,
    pub(super) stream: i64,
    pub(super) alert: NewAlert,
}

impl Draft {
    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.streams.is_empty() && self.waiting.is_empty() && self.over.is_empty()
    }

    /// Adds what is new of a delivery, all or nothing.
    pub(super) fn take(&mut self, ledger: &Ledger, delivery: Delivery, now: UnixSeconds) -> Result<(), Refused> {
        let (before, mut new) = (self.alerts.len(), false);
        let (sensor, row) = (delivery.sensor, self.sensor_row(ledger, delivery.sensor));
        let mut touched = HashMap::new();
        for event in delivery.into_events() {
            let stream = event.stream();
            let added = match touched.entry(stream) {
                Entry::Occupied(open) => self.add(event, open.into_mut()),
                Entry::Vacant(place) => match self.open(ledger, (sensor, row), stream) {
                    Ok(opened) => self.add(event, place.insert(opened)),
                    Err(refused) => Err(refused),
                },
            };
            match added {
                Ok(added) => new |= added,
                Err(refused) => {
                    self.alerts.truncate(before);
                    return Err(refused);
                }
            }
        }
        if new {
            let changed = touched.into_iter().map(|(id, stream)| ((sensor, id), Stream { last_at: now, ..stream }));
            self.streams.extend(changed);
        }
        Ok(())
    }

    /// Whether it is new. Of a skip the marks of its stream are all that is kept.
    fn add(&mut self, event: Delivered, of: &mut Stream) -> Result<bool, Refused> {
        let Stream { row: stream, sensor, .. } = *of;
        match event {
            Delivered::Alert(alert) => {
                let new = of.marks.receive(alert.id.number).map_err(refused)?;
                if new {
                    self.alerts.push(AlertRow { sensor, stream, alert });
                }
                Ok(new)
            }
            Delivered::Skip(Skip { from, to, reason, .. }) => {
                Ok(!of.marks.skip(from..=to, reason).map_err(refused)?.is_empty())
            }
        }
    }

    /// A copy of a stream as the draft or the ledger has it, or a new one.
    fn open(
        &mut self,
        ledger: &Ledger,
        (sensor, sensor_row): (SensorId, i64),
        stream: StreamId,
    ) -> Result<Stream, Refused> {
        let known = ledger.sensors.get(&sensor).map(|sensor| &sensor.streams);
        let drafted = self.streams.get(&(sensor, stream));
        if let Some(stream) = drafted.or_else(|| known?.get(&stream)) {
            return Ok(stream.clone());
        }
        let new = self.new_streams.iter().filter(|of| **of == sensor).count();
        if known.map_or(0, HashMap::len) + new >= MAX_STREAMS {
            return Err(Refused::StreamRefused { why: "the sensor has too many streams" });
        }
        self.new_streams.push(sensor);
        let row = ledger.last_stream_row + count(self.new_streams.len());
        Ok(Stream { row, sensor: sensor_row, marks: Marks::default(), last_at: UnixSeconds(0) })
    }

    fn sensor_row(&mut self, ledger: &Ledger, sensor: SensorId) -> i64 {
        if let Some(row) = ledger.sensor_row(sensor) {
            return row;
        }
        let next = ledger.last_sensor_row + count(self.sensors.len()) + 1;
        *self.sensors.entry(sensor).or_insert(next)
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn refused(_: TooManyGaps) -> Refused {
    Refused::StreamRefused { why: "the stream has too many holes" }
}

fn read_stream(row: &Row) -> Result<Stream, sqlx::Error> {
    let number = |column: &str| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64>(column)?).unwrap_or(0));
    let open: Vec<(u64, u64)> = from_json(row.try_get("open")?)?;
    let dropped: BTreeMap<DropReason, u64> = from_json(row.try_get("dropped")?)?;
    let marks = Marks::from_parts(number("high")?, open.into_iter().collect(), number("received")?, dropped);
    let last_at = UnixSeconds(row.try_get("last_at")?);
    Ok(Stream { row: row.try_get("row")?, sensor: row.try_get("sensor")?, marks, last_at })
}
