//! Batches as an agent sends them: CloudEvents up to its bound of bytes, packed by zstd at its level. Made before the
//! clock runs.

use std::rc::Rc;

use anyhow::{Context, Result};
use picket_lab::generator;
use picket_protocol::{
    alerts::{AlertId, Severity, UnixMillis, event::AlertEvent},
    ids::{Epoch, SensorId, StreamId},
};

/// As the agent has them: the bytes of its batches, what its alert log counts beside a record, and how hard it packs.
const BATCH_BYTES: usize = 256 * 1024;
const EVENT_BYTES: usize = 256;
const LEVEL: i32 = 1;

/// What is sent in a round.
pub(super) struct Share {
    /// Of each sensor its bodies, in order; a body that stands twice is sent twice.
    pub(super) bodies: Vec<Vec<Rc<[u8]>>>,
    /// Alerts sent, and how many of them for the first time.
    pub(super) sent: usize,
    pub(super) new: usize,
}

/// The stream of one sensor.
pub(super) struct Stream {
    sensor: SensorId,
    id: StreamId,
    /// Alerts numbered so far.
    pub(super) head: u64,
}

impl Stream {
    pub(super) const fn new(sensor: SensorId) -> Self {
        Self { sensor, id: StreamId::from_bytes(*sensor.as_bytes()), head: 0 }
    }

    /// The next batch, and how many alerts are in it.
    pub(super) fn batch(&mut self, first_flow: u64) -> Result<(Rc<[u8]>, usize)> {
        let (mut text, mut count, mut bytes) = (String::from("["), 0, 0);
        loop {
            let line = generator::line(first_flow + self.head);
            let record = std::str::from_utf8(&line)?.trim_end();
            bytes += record.len() + EVENT_BYTES;
            if bytes > BATCH_BYTES {
                break;
            }
            if count > 0 {
                text.push(',');
            }
            self.head += 1;
            count += 1;
            self.event(record).write(&mut text);
        }
        text.push(']');
        let packed = zstd::bulk::compress(text.as_bytes(), LEVEL).context("pack a batch")?;
        Ok((packed.into(), count))
    }

    fn event<'a>(&self, record: &'a str) -> AlertEvent<'a> {
        AlertEvent {
            id: AlertId { stream: self.id, number: self.head },
            sensor: self.sensor,
            epoch: Epoch(1),
            severity: Severity::Medium,
            at: UnixMillis(1_800_000_000_000),
            record,
        }
    }
}
