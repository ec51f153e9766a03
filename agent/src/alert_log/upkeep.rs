//! What the writer does for the log between commits: keeps its bounds, moves the journal into the database, keeps the
//! reserve and the copy that a new log would need.

use std::{io::ErrorKind, sync::Arc};

use super::{
    append::Open,
    backing::Remains,
    bounds::{self, BlockKey},
    facts::InHand,
    hours,
    pack::Packer,
    writer::{COMMIT_WEIGHT, Writer},
};
use crate::{memory, store::failure::Failure};

/// How often what is too old is looked for, in seconds of the log's clock.
const EXPIRE_EVERY: u64 = 3600;
/// The journal is moved into the database when about this much stands in it: seldom, since alerts wait meanwhile. With the
/// largest transaction on top it keeps below its 16 MiB.
const CHECKPOINT_AT: usize = 12 * 1024 * 1024;
/// Most steps of dropping between two commits.
const MAX_STEPS: usize = 16;

impl Writer {
    /// Drops what must go. True when there is more to do.
    pub(super) fn keep_bounds(&mut self) -> bool {
        if self.journal >= CHECKPOINT_AT {
            self.checkpoint();
        }
        match self.expire().and_then(|more| Ok(self.drop_what_is_over()? || more)) {
            Ok(more) => more,
            Err(Failure::Corrupt(why)) => {
                // A bound that cannot be kept would fill the disk.
                match self.start_afresh(&why) {
                    Ok(()) => self.publish(),
                    Err(failure) => drop(self.failed(&failure)),
                }
                false
            }
            Err(failure) => {
                self.failed(&failure);
                false
            }
        }
    }

    /// Removes some of what is too old. True when there is more to look through.
    fn expire(&mut self) -> Result<bool, Failure> {
        let clock = self.now();
        if clock.saturating_sub(self.expired) < EXPIRE_EVERY && self.expiring.is_none() {
            return Ok(false);
        }
        self.expired = clock;
        let (max_age, from) = (self.bounds.max_age.as_secs(), self.expiring.take().unwrap_or_default());
        self.expiring = self.transact(|open| {
            if from == BlockKey::default() {
                hours::trim(open.connection)?;
            }
            bounds::expire(open, max_age, from)
        })?;
        self.dropped();
        Ok(self.expiring.is_some())
    }

    fn drop_what_is_over(&mut self) -> Result<bool, Failure> {
        let over = |bytes: u64| bytes > self.bounds.max_bytes;
        if !matches!(&self.backing, Ok(log) if bounds::used(&log.connection).is_ok_and(over)) {
            return Ok(false);
        }
        let target = self.bounds.max_bytes - self.bounds.max_bytes / 64;
        let shared = Arc::clone(&self.shared);
        let in_hand = shared.in_hand();
        let more = self.transact(|open| drop_down_to(open, target, &in_hand))?;
        drop(in_hand);
        self.dropped();
        Ok(more)
    }

    fn dropped(&mut self) {
        self.journal += MAX_STEPS * COMMIT_WEIGHT + self.packer.take_written();
        self.publish();
    }

    pub(super) fn tick(&mut self) {
        if self.backing.is_err() && self.reopen().is_err() {
            return;
        }
        if self.journal > 0 {
            self.checkpoint();
        }
        self.copy();
        self.replenish();
        // What the last minute's alerts needed, the next may not.
        self.shared.reader.rest();
        self.packer = Packer::default();
        memory::give_back();
    }

    /// Keeps what a new log would have to know, should this one be set aside.
    pub(super) fn copy(&mut self) {
        let Ok(log) = &self.backing else { return };
        let remains = Remains::of(&log.book);
        if self.copied.as_ref() == Some(&remains) {
            return;
        }
        match remains.copy(&self.shared.path) {
            Ok(()) => self.copied = Some(remains),
            Err(error) => tracing::debug!(%error, "the input's position is not copied yet"),
        }
    }

    pub(super) fn replenish(&mut self) {
        match self.reserve.replenish() {
            Ok(()) if self.standing == "full" => {
                self.standing = "ok";
                self.publish();
            }
            Ok(()) => {}
            Err(error) => {
                tracing::debug!(%error, "the alert log's reserve for a full disk cannot be made yet");
                // A small write may still fit, after a restart too: that does not make the log one that can be written.
                if error.kind() == ErrorKind::StorageFull && self.standing != "full" {
                    self.standing = "full";
                    self.publish();
                }
            }
        }
    }

    /// Moves the journal into the database as far as readers allow.
    pub(super) fn checkpoint(&mut self) {
        self.journal = 0;
        let Ok(log) = &self.backing else { return };
        if let Err(error) = log.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::debug!(%error, "the alert log's journal cannot be moved into the database yet");
        }
    }
}

/// True when the target is not reached yet, and there is more to drop.
fn drop_down_to(open: &mut Open<'_>, target: u64, in_hand: &InHand) -> Result<bool, Failure> {
    for _ in 0..MAX_STEPS {
        if bounds::used(open.connection)? <= target || !bounds::make_room(open, in_hand)? {
            return Ok(false);
        }
    }
    Ok(true)
}
