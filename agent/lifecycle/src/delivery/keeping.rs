//! When the marks are made durable: soon after they moved, and not at every batch, since each time costs a sync.

use core::time::Duration;

use crate::{moment::BootMillis, stamp::Ticket};

/// At most this much has to be sent again after a crash.
const SOON: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Keeping {
    due: Option<BootMillis>,
    under_way: Option<Ticket>,
}

impl Keeping {
    pub(super) fn moved(&mut self, now: BootMillis) {
        self.due.get_or_insert(now.plus(SOON));
    }

    pub(super) const fn next(&self) -> Option<BootMillis> {
        match self.under_way {
            Some(_) => None,
            None => self.due,
        }
    }

    pub(super) const fn begin(&mut self, ticket: Ticket) {
        self.due = None;
        self.under_way = Some(ticket);
    }

    /// False if it is not the one under way.
    pub(super) fn ended(&mut self, ticket: Ticket, done: bool, now: BootMillis) -> bool {
        if self.under_way != Some(ticket) {
            return false;
        }
        self.under_way = None;
        if !done {
            self.moved(now);
        }
        true
    }
}
