//! Events on the way to a hub: one alone, or a batch, packed. Writes bytes; sends none.

use std::io;

use picket_lifecycle::delivery::{Content, Item};
use picket_protocol::{
    alerts::{
        AlertId, Skip,
        event::{AlertEvent, write_skip},
    },
    ids::SensorId,
};

use super::record::Record;

/// Fast, and records of one engine are much alike.
const LEVEL: i32 = 1;

/// Appends an item's event.
pub(super) fn write_event(item: &Item<Record>, sensor: SensorId, out: &mut String) {
    let Item { stream, from, to, .. } = *item;
    match &item.content {
        Content::Alert(Record { epoch, severity, at, text }) => {
            let id = AlertId { stream, number: from };
            AlertEvent { id, sensor, epoch: *epoch, severity: *severity, at: *at, record: text }.write(out);
        }
        Content::Skip(reason) => write_skip(&Skip { stream, from, to, reason: *reason }, sensor, out),
    }
}

/// A CloudEvents batch, JSON.
pub(super) fn batch(items: &[Item<Record>], sensor: SensorId) -> String {
    let bytes: usize = items.iter().map(|item| item.bytes).sum();
    let mut out = String::with_capacity(bytes + items.len() * 64 + 2);
    for (position, item) in items.iter().enumerate() {
        out.push(if position == 0 { '[' } else { ',' });
        write_event(item, sensor, &mut out);
    }
    out.push(']');
    out
}

/// Packed by zstd. Takes a few milliseconds per MiB of the processor's time.
///
/// # Errors
/// Only when there is no memory.
pub(super) fn pack(body: &str) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(body.as_bytes(), LEVEL)
}

/// About what so many bytes over TLS and TCP cost on the wire: 22 bytes per TLS record of 16 KiB, 52 per segment of 1448
/// (IPv4, TCP, timestamps).
pub(super) const fn on_the_wire(bytes: u64) -> u64 {
    let tls = bytes + 22 * bytes.div_ceil(16 * 1024);
    tls + 52 * tls.div_ceil(1448)
}

#[cfg(test)]
mod tests {
    use picket_lifecycle::delivery::Place;
    use picket_protocol::{
        alerts::{DropReason, Severity, UnixMillis, event},
        ids::{Epoch, StreamId},
    };

    use super::*;

    #[test]
    fn a_batch_is_read_as_it_was_meant_and_shrinks() {
        let sensor = SensorId::from_bytes([7; 16]);
        let text = r#"{"event_type":"alert","alert":{"signature":"ET SCAN"}}"#.to_owned();
        let record = Record { epoch: Epoch(3), severity: Severity::High, at: UnixMillis(1), text: text.clone() };
        let alert = Item {
            place: Place(1),
            stream: StreamId::from_bytes([1; 16]),
            from: 1,
            to: 1,
            at: None,
            bytes: 400,
            content: Content::Alert(record),
        };
        let skip = Item { from: 2, to: 9, content: Content::Skip(DropReason::Full), ..alert.clone() };
        let body = batch(&[alert.clone(), skip], sensor);
        let events = event::read_batch(body.as_bytes()).unwrap();
        assert_eq!(events.len(), 2);
        assert!(matches!(&events[0].content, event::Content::Alert { record, .. } if *record == text));
        assert!(matches!(&events[1].content, event::Content::Skip(skip) if (skip.from, skip.to) == (2, 9)));
        let many = batch(&vec![alert; 100], sensor);
        let packed = pack(&many).unwrap();
        assert!(packed.len() * 4 < many.len(), "{} of {}", packed.len(), many.len());
        assert_eq!(zstd::decode_all(&*packed).unwrap(), many.as_bytes());
    }

    #[test]
    fn counts_what_lies_around_the_bytes() {
        assert_eq!(on_the_wire(0), 0);
        assert_eq!(on_the_wire(100), 100 + 22 + 52);
        assert_eq!(on_the_wire(16_384), 16_384 + 22 + 12 * 52);
    }
}
