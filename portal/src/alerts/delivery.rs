//! A delivery: what a sensor brought in one go, in order. Reads events; who sent them is known before.

use picket_protocol::{
    alerts::{
        AlertId, Severity, Skip, UnixMillis,
        event::{Content, HubEvent},
    },
    ids::{Epoch, SensorId, StreamId},
};

use crate::domain::{marks::MAX_NUMBER, refused::Refused};

/// Bytes that an alert takes in memory beside its record, about.
const OVERHEAD: usize = 128;

/// Alerts and skips of one sensor, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whose: by certificate or topic, never by content.
    pub sensor: SensorId,
    events: Vec<Delivered>,
    size: usize,
}

/// One thing brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// An alert.
    Alert(NewAlert),
    /// Numbers that never come.
    Skip(Skip),
}

/// An alert as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// Its name.
    pub id: AlertId,
    /// Under which epoch of the sensor it was detected.
    pub epoch: Epoch,
    /// How grave.
    pub severity: Severity,
    /// When it was detected.
    pub detected_at: UnixMillis,
    /// The engine's record: one JSON value, untouched.
    pub record: String,
}

impl Delivered {
    /// Its number; of a skip the last.
    #[must_use]
    pub const fn last(&self) -> u64 {
        match self {
            Self::Alert(alert) => alert.id.number,
            Self::Skip(skip) => skip.to,
        }
    }

    /// In which stream.
    #[must_use]
    pub const fn stream(&self) -> StreamId {
        match self {
            Self::Alert(alert) => alert.id.stream,
            Self::Skip(skip) => skip.stream,
        }
    }
}

impl Delivery {
    /// An empty one.
    #[must_use]
    pub const fn of(sensor: SensorId) -> Self {
        Self { sensor, events: Vec::new(), size: 0 }
    }

    /// Adds an alert or a skip; of a probe, its nonce comes back.
    ///
    /// # Errors
    /// When the event says another sensor, or is none that a portal keeps.
    pub fn add(&mut self, event: HubEvent<'_>) -> Result<Option<String>, Refused> {
        if event.source.strip_prefix("/sensors/").and_then(|id| id.parse().ok()) != Some(self.sensor) {
            return Err(Refused::NotAccepted { why: "the event's source is not the sensor of the certificate" });
        }
        match event.content {
            Content::Probe(nonce) => return Ok(Some(nonce.into_owned())),
            Content::Other(kind) => return Err(Refused::UnsupportedEvent { kind: kind.into_owned() }),
            Content::Skip(skip) => self.push(Delivered::Skip(skip))?,
            Content::Alert { id, epoch, severity, time, record } => {
                let detected_at = instant(&time)?;
                let alert = NewAlert { id, epoch, severity, detected_at, record: record.to_owned() };
                self.push(Delivered::Alert(alert))?;
            }
        }
        Ok(None)
    }

    /// Adds what is already read.
    ///
    /// # Errors
    /// When a number is beyond [`MAX_NUMBER`].
    pub fn push(&mut self, event: Delivered) -> Result<(), Refused> {
        if event.last() > MAX_NUMBER {
            return Err(Refused::invalid(format!("a number of a stream is at most {MAX_NUMBER}")));
        }
        let record = if let Delivered::Alert(alert) = &event { alert.record.len() } else { 0 };
        self.size += record + OVERHEAD;
        self.events.push(event);
        Ok(())
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Bytes that it takes in memory, about.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// What is in it, in order.
    #[must_use]
    pub fn into_events(self) -> Vec<Delivered> {
        self.events
    }
}

/// RFC 3339, of which milliseconds are kept.
fn instant(text: &str) -> Result<UnixMillis, Refused> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let parsed = parsed.map_err(|_| Refused::invalid("an alert's time is an instant of RFC 3339"))?;
    Ok(UnixMillis(parsed.as_millisecond()))
}
