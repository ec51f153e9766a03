//! What a delivery wants done. The shell does it and reports what came of it; nothing here does any.

use alloc::string::String;

use picket_protocol::{alerts::AlertId, ids::StreamId};

use super::{event::BatchId, item::Place, marks::Marks};
use crate::stamp::Ticket;

/// One thing to do. Each but [`DeliveryEffect::Recall`] is answered by one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEffect {
    /// Send these items ([`Delivery::batch`](super::Delivery::batch)) after those of every earlier batch.
    Send(BatchId),
    /// Close the connection; nothing of what is under way is sent any more, and no result of it is awaited.
    Recall,
    /// Read the log for this consumer.
    Read {
        /// Names the attempt.
        ticket: Ticket,
        /// Behind this place.
        after: Place,
        /// About so many bytes at most, but one item in any case.
        max_bytes: usize,
    },
    /// Read numbers again that were delivered once.
    ReadRange {
        /// Names the attempt.
        ticket: Ticket,
        /// Of this stream.
        stream: StreamId,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// About so many bytes at most, but one item in any case.
        max_bytes: usize,
    },
    /// Put an alert aside that the hub will never take. Its number becomes a skip.
    SetAside {
        /// Names the attempt.
        ticket: Ticket,
        /// Which alert.
        id: AlertId,
        /// What the hub said.
        why: String,
    },
    /// Make the marks durable.
    Keep {
        /// Names the attempt.
        ticket: Ticket,
        /// The marks.
        marks: Marks,
    },
}
