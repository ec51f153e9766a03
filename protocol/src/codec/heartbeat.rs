//! The heartbeat. Keys are those of docs/cddl/heartbeat.cddl. A portal may be older than its sensors, so what it does
//! not know (a key, a component) it ignores.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use crate::{
    cbor::{
        self, Value,
        fields::{At, Entries, Fields, Read, Write, read_canonical, read_text_map, write_list, write_map},
    },
    heartbeat::{Chain, Component, Health, Heartbeat, SensorStatus, Standing, StreamTotals, TiStatus, Versions},
    ids::StreamId,
    refusal::Refusal,
    wire::MAX_HEARTBEAT,
};

pub(crate) fn decode(bytes: &[u8]) -> Result<Heartbeat, Refusal> {
    let value = cbor::gate_part(bytes, MAX_HEARTBEAT, "heartbeat")?;
    let mut fields = Fields::open(value, At::document("heartbeat"))?;
    Ok(Heartbeat {
        chain: fields.required(1, "chain")?,
        sensor: fields.required(2, "sensor")?,
        serial: fields.required(3, "serial")?,
        standing: fields.required(4, "standing")?,
        versions: fields.required(5, "versions")?,
        status: fields.optional(6, "status")?,
    })
}

pub(crate) fn encode(heartbeat: &Heartbeat) -> Vec<u8> {
    let entries = Entries::default()
        .with(1, &heartbeat.chain)
        .with(2, &heartbeat.sensor)
        .with(3, &heartbeat.serial)
        .with(4, &heartbeat.standing)
        .with(5, &heartbeat.versions)
        .maybe(6, heartbeat.status.as_ref());
    cbor::encode(&entries.map())
}

impl Read for Chain {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self {
            counter: fields.required(1, "counter")?,
            nonce: fields.required(2, "nonce")?,
            previous: fields.optional(3, "previous")?,
        })
    }
}

impl Write for Chain {
    fn write(&self) -> Value {
        Entries::default().with(1, &self.counter).with(2, &self.nonce).maybe(3, self.previous.as_ref()).map()
    }
}

impl Standing {
    const fn number(self) -> u64 {
        match self {
            Self::Candidate => 1,
            Self::Committed => 2,
            Self::Deactivated => 3,
        }
    }
}

impl Read for Standing {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let number = u64::read(value, at)?;
        let standing = Self::ALL.into_iter().find(|standing| standing.number() == number);
        standing.ok_or_else(|| at.malformed(format_args!("{number} is unknown")))
    }
}

impl Write for Standing {
    fn write(&self) -> Value {
        self.number().into()
    }
}

/// Text of at most [`SensorStatus::MAX_TEXT`] characters.
pub(super) struct Text(pub(super) String);

impl Read for Text {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let text = String::read(value, at)?;
        if text.chars().count() > SensorStatus::MAX_TEXT {
            return Err(at.malformed(format_args!("more than {} characters", SensorStatus::MAX_TEXT)));
        }
        Ok(Self(text))
    }
}

fn text(fields: &mut Fields<'_>, key: i64, name: &'static str) -> Result<String, Refusal> {
    fields.required::<Text>(key, name).map(|text| text.0)
}

fn maybe_text(fields: &mut Fields<'_>, key: i64, name: &'static str) -> Result<Option<String>, Refusal> {
    Ok(fields.optional::<Text>(key, name)?.map(|text| text.0))
}

impl Read for Versions {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self { agent: text(&mut fields, 1, "agent")?, engine: maybe_text(&mut fields, 2, "engine")? })
    }
}

impl Write for Versions {
    fn write(&self) -> Value {
        Entries::default().with(1, &self.agent).maybe(2, self.engine.as_ref()).map()
    }
}

impl Read for SensorStatus {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self {
            mode: fields.required(1, "mode")?,
            epoch: fields.required(2, "epoch")?,
            name: fields.required(3, "name")?,
            appliance: read_canonical(fields.required(4, "appliance")?, &at.field("appliance"))?,
            addresses: addresses(fields.optional(5, "addresses")?, &at.field("addresses"))?,
            uptime_seconds: fields.required(6, "uptime")?,
            clock: fields.required(7, "clock")?,
            interval_seconds: fields.required(8, "interval")?,
            counters: named_counts(fields.optional(9, "counters")?, &at.field("counters"), Self::MAX_COUNTERS)?,
            health: health(fields.optional(10, "health")?, &at.field("health"))?,
            ti: fields.required(11, "TI")?,
            streams: read_streams(fields.optional(12, "streams")?, &at.field("streams"))?,
            last_candidate: maybe_text(&mut fields, 13, "last candidate")?,
        })
    }
}

impl Write for SensorStatus {
    fn write(&self) -> Value {
        let addresses = (!self.addresses.is_empty()).then(|| write_list(&self.addresses));
        Entries::default()
            .with(1, &self.mode)
            .with(2, &self.epoch)
            .with(3, &self.name)
            .with(4, self.appliance.as_str())
            .maybe(5, addresses.as_ref())
            .with(6, &self.uptime_seconds)
            .with(7, &self.clock)
            .with(8, &self.interval_seconds)
            .maybe(9, write_map(&self.counters).as_ref())
            .maybe(10, write_map(&self.health).as_ref())
            .with(11, &self.ti)
            .maybe(12, write_map(&self.streams).as_ref())
            .maybe(13, self.last_candidate.as_ref())
            .map()
    }
}

fn addresses(value: Option<Value>, at: &At<'_>) -> Result<Vec<String>, Refusal> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let texts = cbor::fields::read_list::<Text>(value, at, 0..=SensorStatus::MAX_ADDRESSES)?;
    Ok(texts.into_iter().map(|text| text.0).collect())
}

fn named_counts(value: Option<Value>, at: &At<'_>, most: usize) -> Result<BTreeMap<String, u64>, Refusal> {
    let Some(value) = value else {
        return Ok(BTreeMap::new());
    };
    let named = |entry: Result<(String, u64), Refusal>| {
        let (name, count) = entry?;
        Ok((Text::read(name.into(), at)?.0, count))
    };
    read_text_map::<u64>(value, at, most)?.map(named).collect()
}

/// Components of a later release are left out.
fn health(value: Option<Value>, at: &At<'_>) -> Result<BTreeMap<Component, Health>, Refusal> {
    const MOST: usize = 64;
    let Some(value) = value else {
        return Ok(BTreeMap::new());
    };
    let mut health = BTreeMap::new();
    for entry in read_text_map::<Health>(value, at, MOST)? {
        let (name, state) = entry?;
        if let Some(component) = Component::ALL.into_iter().find(|component| component.as_str() == name) {
            health.insert(component, state);
        }
    }
    Ok(health)
}

impl Write for Component {
    fn write(&self) -> Value {
        self.as_str().write()
    }
}

impl Read for Health {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self { code: text(&mut fields, 1, "code")?, since: fields.required(2, "since")? })
    }
}

impl Write for Health {
    fn write(&self) -> Value {
        Entries::default().with(1, &self.code).with(2, &self.since).map()
    }
}

impl Read for TiStatus {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self {
            version: maybe_text(&mut fields, 1, "version")?,
            automatic: fields.required(2, "automatic")?,
            status: text(&mut fields, 3, "status")?,
        })
    }
}

impl Write for TiStatus {
    fn write(&self) -> Value {
        Entries::default().maybe(1, self.version.as_ref()).with(2, &self.automatic).with(3, &self.status).map()
    }
}

/// A map by stream id, in heartbeats and answers.
pub(super) fn read_streams<T: Read>(value: Option<Value>, at: &At<'_>) -> Result<BTreeMap<StreamId, T>, Refusal> {
    let Some(value) = value else {
        return Ok(BTreeMap::new());
    };
    let entries = value.into_map().map_err(|_| at.malformed("not a map"))?;
    if entries.len() > SensorStatus::MAX_STREAMS {
        return Err(at.malformed(format_args!("{} streams, at most {}", entries.len(), SensorStatus::MAX_STREAMS)));
    }
    entries.into_iter().map(|(id, value)| Ok((StreamId::read(id, at)?, T::read(value, at)?))).collect()
}

impl Read for StreamTotals {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        let dropped = fields.optional(3, "dropped")?;
        Ok(Self {
            head: fields.required(1, "head")?,
            delivered: fields.required(2, "delivered")?,
            dropped: named_counts(dropped, &at.field("dropped"), SensorStatus::MAX_REASONS)?,
            oldest_undelivered: fields.optional(4, "oldest undelivered")?,
        })
    }
}

impl Write for StreamTotals {
    fn write(&self) -> Value {
        let entries = Entries::default().with(1, &self.head).with(2, &self.delivered);
        let entries = entries.maybe(3, write_map(&self.dropped).as_ref());
        entries.maybe(4, self.oldest_undelivered.as_ref()).map()
    }
}
