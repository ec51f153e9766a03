//! How a hub is spoken to, whichever kind it is. A client sends what it is given, once, in order; when to send, and
//! what a failure means, is the core's.

use std::future::Future;

use picket_lifecycle::{
    delivery::{BatchId, Item, NotAccepted},
    event::Failure,
};

use super::record::Record;

/// A connection to a hub, opened when it is needed.
pub(super) trait HubClient: Send {
    /// Sends these items after those of every batch before. They are copied.
    fn send(&mut self, batch: BatchId, items: &[Item<Record>]);

    /// What ended next. Waits for ever while nothing is under way; dropping the future loses nothing.
    fn ended(&mut self) -> impl Future<Output = Ended> + Send;

    /// Closes the connection. Nothing that is under way is sent any more, and none of it is told as ended.
    fn recall(&mut self);
}

/// What ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// A batch.
    Batch {
        /// Which.
        batch: BatchId,
        /// About how many bytes it cost on the wire.
        wire_bytes: u64,
        /// What the hub said.
        result: Result<(), NotAccepted>,
    },
    /// The connection, and everything that was under way on it.
    Line(Failure),
}
