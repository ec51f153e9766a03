//! How serials are drawn. The store keeps the last one; this says which is next.

use picket_protocol::ids::Serial;

/// The next serial: max(last issued, Unix milliseconds) + 1. The clock keeps a portal that was restored from a backup
/// ahead of what it issued after that backup; the last issued keeps it ahead of a clock that was set back.
#[must_use]
pub fn next(last: Serial, unix_milliseconds: u64) -> Serial {
    Serial(last.0.max(unix_milliseconds).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restored_portal_stays_ahead_of_what_it_forgot() {
        let backed_up = next(Serial(0), 1_000);
        let forgotten = (0..3).fold(backed_up, |last, _| next(last, 2_000));
        assert!(next(backed_up, 3_000) > forgotten);
    }

    #[test]
    fn a_clock_set_back_does_not_lower_serials() {
        let issued = next(Serial(0), 5_000);
        assert_eq!(next(issued, 1_000), Serial(issued.0 + 1));
    }
}
