//! A delivery as people see it. Shows; decides nothing.

use picket_protocol::alerts::UnixMillis;

use super::{Delivery, Place};
use crate::{moment::BootMillis, pursuit::FailedTry};

/// What was counted since the delivery began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Alerts that the hub acknowledged.
    pub delivered: u64,
    /// Skips that the hub acknowledged, or would not take.
    pub skips: u64,
    /// Skips that the hub would not take.
    pub refused_skips: u64,
    /// Numbers that were read to be sent again.
    pub again: u64,
    /// Numbers that the portal lacks and the log has not.
    pub unavailable: u64,
    /// Alerts that went aside.
    pub set_aside: u64,
    /// Failures of the hub or of the way to it.
    pub failures: u64,
}

/// How a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View<'a> {
    /// Acknowledged up to this place.
    pub delivered: Place,
    /// How many numbers are acknowledged and not confirmed; nothing where nobody confirms.
    pub unconfirmed: Option<u64>,
    /// How many events are under way.
    pub in_flight: usize,
    /// When the oldest was detected of what is known to be undelivered.
    pub oldest_undelivered: Option<UnixMillis>,
    /// The last failure of the hub, if no success came after it.
    pub last_failure: Option<&'a FailedTry>,
    /// When the hub is tried again.
    pub next_try: Option<BootMillis>,
    /// Whether the log could not be read or written just now.
    pub log_failure: Option<&'a FailedTry>,
    /// What was counted.
    pub counts: Counts,
}

impl<T> Delivery<T> {
    /// How it stands.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        let numbers =
            |sum: u64, range: &super::Acknowledged| sum.saturating_add((range.to - range.from).saturating_add(1));
        View {
            delivered: self.marks.delivered,
            unconfirmed: self.terms.confirms.then(|| self.marks.unconfirmed.iter().fold(0, numbers)),
            in_flight: self.first.in_flight() + self.again.in_flight(),
            oldest_undelivered: self.first.oldest().and_then(|item| item.at),
            last_failure: self.hub.last_failure(),
            next_try: self.hub.next(),
            log_failure: self.storage.last_failure(),
            counts: self.counts,
        }
    }
}
