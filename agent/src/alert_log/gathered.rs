//! Alerts on their way into the log: what is known of each, and their records one behind another in one piece of memory.
//! A piece of memory for each would cost about as much as reading it.

use picket_protocol::{
    alerts::{Severity, UnixMillis},
    ids::Epoch,
};

/// An alert that is not in the log yet, without its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAlert {
    /// Under which epoch it was detected.
    pub epoch: Epoch,
    /// Nobody can say under which of two owners it was detected: kept and exportable, never delivered.
    pub held: bool,
    /// How grave.
    pub severity: Severity,
    /// When it was detected, as the detection engine says.
    pub at: UnixMillis,
}

/// Alerts that go into the log together, in order.
#[derive(Debug, Clone, Default)]
pub struct NewAlerts {
    alerts: Vec<(NewAlert, usize)>,
    records: String,
}

impl NewAlerts {
    /// Adds an alert with the engine's record: one JSON value, untouched.
    pub fn push(&mut self, alert: NewAlert, record: &str) {
        self.records.push_str(record);
        self.alerts.push((alert, self.records.len()));
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.alerts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Bytes of all records.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.records.len()
    }

    /// Lets go of them and keeps their memory for the next, unless it is more than `most` bytes of records.
    pub fn clear(&mut self, most: usize) {
        self.alerts.clear();
        self.records.clear();
        if self.records.capacity() > most {
            self.records = String::new();
        }
    }

    /// Each with its record.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NewAlert, &str)> + Clone {
        let starts = std::iter::once(0).chain(self.alerts.iter().map(|(_, end)| *end));
        self.alerts.iter().zip(starts).map(|((alert, end), start)| (*alert, &self.records[start..*end]))
    }
}
