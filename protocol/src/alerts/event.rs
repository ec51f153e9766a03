//! Alerts on the way to an IoT hub: CloudEvents 1.0 in JSON, alone (MQTT, structured mode) or as a batch (HTTPS).
//!
//! | type | id | data |
//! |---|---|---|
//! | `io.picket.alert` | `stream/number` | the engine's record, byte for byte |
//! | `io.picket.skip` | `stream/from-to` | `{"from":…,"to":…,"reason":…}` |
//! | `io.picket.probe` | a nonce | none |
//!
//! `source` is `/sensors/SENSOR-ID`; `picketepoch` and `picketseverity` are extension attributes of an alert. Who sends
//! is known by certificate or topic; what `source` says must agree with it.

use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt::Write as _;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{AlertId, DropReason, InvalidEvent, Severity, Skip, UnixMillis, number_from};
use crate::{
    ids::{Epoch, SensorId},
    wire::{EVENT_ALERT, EVENT_PROBE, EVENT_SKIP},
};

/// Most bytes that an alert's event adds to its record.
pub const MAX_ENVELOPE: usize = 512;
/// Most characters of a probe's id.
const MAX_PROBE_ID: usize = 128;

/// An alert, ready to be written as an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertEvent<'a> {
    /// Its name.
    pub id: AlertId,
    /// Whose it is.
    pub sensor: SensorId,
    /// Under which epoch it was detected.
    pub epoch: Epoch,
    /// How grave.
    pub severity: Severity,
    /// When it was detected.
    pub at: UnixMillis,
    /// The engine's record: one JSON value, untouched.
    pub record: &'a str,
}

impl AlertEvent<'_> {
    /// Appends the event.
    pub fn write(&self, out: &mut String) {
        let Self { id, sensor, epoch, severity, at, record } = self;
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/sensors/{sensor}\",\"type\":\"{EVENT_ALERT}\",\
             \"time\":\"{at}\",\"datacontenttype\":\"application/json\",\"picketepoch\":{},\"picketseverity\":{},\"data\":",
            epoch.0,
            severity.number(),
        );
        out.push_str(record);
        out.push('}');
    }
}

/// Appends the event of numbers that are never delivered.
pub fn write_skip(skip: &Skip, sensor: SensorId, out: &mut String) {
    let Skip { from, to, reason, .. } = skip;
    let _ = write!(
        out,
        "{{\"specversion\":\"1.0\",\"id\":\"{skip}\",\"source\":\"/sensors/{sensor}\",\"type\":\"{EVENT_SKIP}\",\
         \"datacontenttype\":\"application/json\",\"data\":{{\"from\":{from},\"to\":{to},\"reason\":\"{reason}\"}}}}"
    );
}

/// An event as a hub reads it.
#[derive(Debug, Clone)]
pub struct HubEvent<'a> {
    /// Whose it says it is: `/sensors/SENSOR-ID`.
    pub source: Cow<'a, str>,
    /// What it is.
    pub content: Content<'a>,
}

/// What an event is.
#[derive(Debug, Clone)]
pub enum Content<'a> {
    /// A probe: its nonce.
    Probe(Cow<'a, str>),
    /// An alert.
    Alert {
        /// Its name.
        id: AlertId,
        /// Under which epoch it was detected.
        epoch: Epoch,
        /// How grave.
        severity: Severity,
        /// When it was detected, as it says: RFC 3339.
        time: Cow<'a, str>,
        /// The engine's record.
        record: &'a str,
    },
    /// Numbers that never come.
    Skip(Skip),
    /// A type that is not ours.
    Other(Cow<'a, str>),
}

/// Reads a batch (`application/cloudevents-batch+json`).
///
/// # Errors
///
/// [`InvalidEvent`] names the first event that is none; the batch is then refused as a whole.
pub fn read_batch(bytes: &[u8]) -> Result<Vec<HubEvent<'_>>, InvalidEvent> {
    let envelopes: Vec<Envelope<'_>> =
        serde_json::from_slice(bytes).map_err(|error| InvalidEvent { at: 0, why: error.to_string() })?;
    let read = envelopes.into_iter().map(Envelope::read).enumerate();
    read.map(|(at, event)| event.map_err(|why| InvalidEvent { at, why })).collect()
}

/// Reads one event (`application/cloudevents+json`).
///
/// # Errors
///
/// As [`read_batch`].
pub fn read_one(bytes: &[u8]) -> Result<HubEvent<'_>, InvalidEvent> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(bytes).map_err(|error| InvalidEvent { at: 0, why: error.to_string() })?;
    envelope.read().map_err(|why| InvalidEvent { at: 0, why })
}

/// CloudEvents 1.0 §3, as far as a hub looks at it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(default)]
    picketepoch: Option<u64>,
    #[serde(default)]
    picketseverity: Option<u64>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
}

/// A `null` that stands there is a value as any other, not a value that is missing.
fn present<'de, D: Deserializer<'de>>(data: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(data).map(Some)
}

#[derive(Deserialize)]
struct SkipData<'a> {
    from: u64,
    to: u64,
    #[serde(borrow)]
    reason: Cow<'a, str>,
}

impl<'a> Envelope<'a> {
    fn read(self) -> Result<HubEvent<'a>, String> {
        if self.specversion != "1.0" {
            return Err("specversion must be 1.0".into());
        }
        let content = match &*self.kind {
            EVENT_PROBE => self.probe()?,
            EVENT_ALERT => self.alert()?,
            EVENT_SKIP => self.skip()?,
            _ => Content::Other(self.kind),
        };
        Ok(HubEvent { source: self.source, content })
    }

    fn probe(&self) -> Result<Content<'a>, String> {
        if self.id.is_empty() || self.id.chars().count() > MAX_PROBE_ID {
            return Err(format!("a probe's id has 1 to {MAX_PROBE_ID} characters"));
        }
        Ok(Content::Probe(self.id.clone()))
    }

    fn alert(&self) -> Result<Content<'a>, String> {
        let id = self.id.parse().map_err(|_| "an alert's id is STREAM/NUMBER".to_string())?;
        let record = self.data.ok_or("an alert has data")?.get();
        if record.len() > super::MAX_RECORD {
            return Err(format!("a record has at most {} bytes", super::MAX_RECORD));
        }
        Ok(Content::Alert {
            id,
            epoch: Epoch(self.picketepoch.ok_or("an alert has picketepoch")?),
            severity: Severity::from_engine(self.picketseverity),
            time: self.time.clone().ok_or("an alert has time")?,
            record,
        })
    }

    fn skip(&self) -> Result<Content<'a>, String> {
        let data = self.data.ok_or("a skip has data")?.get();
        let SkipData { from, to, reason } = serde_json::from_str(data).map_err(|error| error.to_string())?;
        let reason: DropReason = reason.parse().map_err(|_| format!("unknown reason {reason}"))?;
        let wrong = || "a skip's id is STREAM/FROM-TO, as its data says".to_string();
        let (stream, numbers) = self.id.split_once('/').ok_or_else(wrong)?;
        let (first, last) = numbers.split_once('-').ok_or_else(wrong)?;
        let stream = stream.parse().map_err(|_| wrong())?;
        if number_from(first) != Ok(from) || number_from(last) != Ok(to) || from > to {
            return Err(wrong());
        }
        Ok(Content::Skip(Skip { stream, from, to, reason }))
    }
}
