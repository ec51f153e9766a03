//! The one place where the portal reads a clock.

use std::time::{SystemTime, UNIX_EPOCH};

use picket_protocol::time::UnixSeconds;

/// The wall clock, to the second.
#[must_use]
pub fn now() -> UnixSeconds {
    UnixSeconds(i64::try_from(unix_milliseconds() / 1000).unwrap_or(i64::MAX))
}

/// The wall clock in Unix milliseconds: what serials are drawn by. A clock before 1970 counts as 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the portal reads the wall clock")]
pub fn unix_milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
