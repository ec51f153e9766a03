//! A fleet as a portal would hold it: of a hundred sensors some 72 are heard, 10 have been silent for long, 3 were never
//! heard, 15 are locally managed; a few have troubles. None is a possible clone or deleted: nothing is found by these.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use picket_protocol::{
    heartbeat::Heartbeat,
    ids::{SensorId, Serial},
};
use rusqlite::types::Value;

use crate::heartbeats;

const SUBSCRIPTIONS: usize = 20;
const SITES: usize = 200;
/// The longest interval, so that whoever is heard stays so while it is measured.
const INTERVAL: i64 = 900;
/// Bits of components that are not well: the engine is the first of all, the hub has one of its own.
const TROUBLES: [i64; 8] = [0b1, 0b10, 0b100, 0b1000, 0b1_0000, 0b10_0000, 0b100_0000, 0b1000_0000];

pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static str,
    /// So many, or one for each sensor.
    rows: Option<usize>,
    /// The row of this number, if there is one.
    pub(super) row: fn(usize) -> Result<Option<Vec<Value>>>,
}

impl Table {
    pub(super) fn rows(&self, sensors: usize) -> usize {
        self.rows.unwrap_or(sensors)
    }
}

pub(super) const TABLES: [Table; 5] = [
    Table { name: "subscriptions", columns: "id, name", rows: Some(SUBSCRIPTIONS), row: subscription },
    Table {
        name: "sensors",
        columns: "id, origin, name, subscription, site, zone, tags, mode, binding, upload_days, created_at, committed",
        rows: None,
        row: sensor,
    },
    Table {
        name: "activations",
        columns: "cti, sensor, serial, mode, issued_at, upload_until, root_version",
        rows: None,
        row: activation,
    },
    Table {
        name: "identities",
        columns: "row, thumbprint, sensor, serial, state, enrolled_at, roots",
        rows: None,
        row: identity,
    },
    Table {
        name: "heartbeats",
        columns: "identity, chain, last_seen, roots_version, version, interval, troubled, body",
        rows: None,
        row: heartbeat,
    },
];

/// What a sensor is by its number, scattered: neighbours by name have nothing else in common.
struct Sensor {
    number: usize,
    scattered: usize,
}

impl Sensor {
    const fn of(number: usize) -> Self {
        Self { number, scattered: number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29) }
    }

    fn id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.scattered.to_be_bytes());
        id[8..].copy_from_slice(&self.number.to_be_bytes());
        id
    }

    fn name(&self) -> String {
        format!("Sensor {:06} 10.{}.{}.7", self.number, self.scattered % 250, self.number % 250)
    }

    const fn percent(&self) -> usize {
        self.scattered % 100
    }

    const fn is_cloud(&self) -> bool {
        self.percent() < 85
    }

    const fn is_heard(&self) -> bool {
        self.percent() < 82
    }

    fn serial(&self) -> i64 {
        signed(self.number) + 1
    }
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn filed_under(number: usize) -> Value {
    let mut id = vec![7; 16];
    id[0] = u8::try_from(number % SUBSCRIPTIONS).unwrap_or(0);
    Value::Blob(id)
}

fn subscription(number: usize) -> Result<Option<Vec<Value>>> {
    Ok(Some(vec![filed_under(number), text(format!("Plant {number}"))]))
}

fn sensor(number: usize) -> Result<Option<Vec<Value>>> {
    let sensor = Sensor::of(number);
    let mode = if sensor.is_cloud() {
        r#"{"mode":"cloud-connected","hub":null,"automatic_ti":true}"#
    } else {
        r#"{"mode":"locally-managed","console":null}"#
    };
    let tags = format!(r#"{{"line":"{}","vendor":"a maker of sensors"}}"#, sensor.scattered % 40);
    Ok(Some(vec![
        Value::Blob(sensor.id().to_vec()),
        text("onboarded"),
        text(sensor.name()),
        filed_under(sensor.scattered / 100),
        text(format!("Site {:03}", sensor.scattered / 3 % SITES)),
        text(format!("Zone {}", sensor.scattered % 12)),
        text(tags),
        text(mode),
        text(r#"{"kind":"none"}"#),
        Value::Integer(30),
        Value::Integer(1_700_000_000 + signed(sensor.scattered % 90_000_000)),
        if sensor.is_heard() { Value::Integer(sensor.serial()) } else { Value::Null },
    ]))
}

fn activation(number: usize) -> Result<Option<Vec<Value>>> {
    let sensor = Sensor::of(number);
    let mode = if sensor.is_cloud() { "cloud-connected" } else { "locally-managed" };
    Ok(Some(vec![
        Value::Blob(sensor.id().iter().rev().copied().collect()),
        Value::Blob(sensor.id().to_vec()),
        Value::Integer(sensor.serial()),
        text(mode),
        Value::Integer(1_790_000_000),
        Value::Integer(1_792_592_000),
        Value::Integer(1),
    ]))
}

fn identity(number: usize) -> Result<Option<Vec<Value>>> {
    let sensor = Sensor::of(number);
    let mut thumbprint = sensor.id().to_vec();
    thumbprint.resize(32, 1);
    Ok(sensor.is_heard().then(|| {
        vec![
            Value::Integer(sensor.serial()),
            Value::Blob(thumbprint),
            Value::Blob(sensor.id().to_vec()),
            Value::Integer(sensor.serial()),
            text("committed"),
            Value::Integer(1_790_000_000),
            Value::Integer(1),
        ]
    }))
}

fn heartbeat(number: usize) -> Result<Option<Vec<Value>>> {
    let sensor = Sensor::of(number);
    if !sensor.is_heard() {
        return Ok(None);
    }
    let name = sensor.name().parse().map_err(anyhow::Error::msg)?;
    let serial = Serial(u64::try_from(sensor.serial())?);
    let said = heartbeats::first(name, SensorId::from_bytes(sensor.id()), serial);
    let silent = if sensor.percent() < 10 { 3_600 + sensor.scattered % 2_000_000 } else { sensor.scattered % 300 };
    let troubled = if (sensor.scattered / 100).is_multiple_of(50) { TROUBLES[sensor.scattered / 5_000 % 8] } else { 0 };
    let chain = if number % 5_000 == 4_999 { r#"{"restored_at":1790000000}"# } else { "{}" };
    let seen = now() - signed(silent);
    Ok(Some(vec![
        Value::Integer(sensor.serial()),
        text(chain),
        Value::Integer(seen),
        Value::Integer(1),
        text("0.1.0"),
        Value::Integer(INTERVAL),
        Value::Integer(troubled),
        Value::Blob(Heartbeat::encode(&said)),
    ]))
}
