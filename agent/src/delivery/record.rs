//! Between the alert log's words and the core's: entries become items. Decides nothing.

use picket_lifecycle::delivery::{Chunk, Content, Item};
use picket_protocol::{
    alerts::{Severity, UnixMillis, event::MAX_ENVELOPE},
    ids::Epoch,
    refusal::Refusal,
};

use crate::alert_log::{self, Entry, LogError};

/// Bytes of a skip's event, about.
const SKIP_BYTES: usize = 320;

/// What an alert's event needs beside its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Under which epoch it was detected.
    pub(super) epoch: Epoch,
    /// How grave.
    pub(super) severity: Severity,
    /// When it was detected.
    pub(super) at: UnixMillis,
    /// The engine's record.
    pub(super) text: String,
}

/// As the core takes it.
pub(super) fn chunk(chunk: alert_log::Chunk) -> Chunk<Record> {
    Chunk { items: items(chunk.entries), examined: chunk.examined, more: chunk.more }
}

/// As the core takes them.
pub(super) fn items(entries: Vec<Entry>) -> Vec<Item<Record>> {
    entries.into_iter().map(item).collect()
}

fn item(entry: Entry) -> Item<Record> {
    match entry {
        Entry::Alert(alert) => Item {
            place: alert.place,
            stream: alert.id.stream,
            from: alert.id.number,
            to: alert.id.number,
            at: Some(alert.at),
            bytes: alert.record.len() + MAX_ENVELOPE / 2,
            content: Content::Alert(Record {
                epoch: alert.epoch,
                severity: alert.severity,
                at: alert.at,
                text: alert.record,
            }),
        },
        Entry::Skip { through, skip } => Item {
            place: through,
            stream: skip.stream,
            from: skip.from,
            to: skip.to,
            at: None,
            bytes: SKIP_BYTES,
            content: Content::Skip(skip.reason),
        },
    }
}

/// A failure of the log, as every other.
pub(super) fn refusal(error: &LogError) -> Refusal {
    Refusal::StorageFailed { path: "the alert log".into(), why: error.to_string() }
}
