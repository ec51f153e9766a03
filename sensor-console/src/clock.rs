//! Reads the clocks: the wall clock, which may be wrong, and the boot clock, which no one can set.
//!
//! Decides nothing. Sessions and pace run on the boot clock.

use std::time::{SystemTime, UNIX_EPOCH};

pub use picket_guard::clock::since_boot;
use picket_protocol::time::UnixSeconds;

/// When this program was built.
#[must_use]
pub fn build_date() -> UnixSeconds {
    UnixSeconds(env!("PICKET_BUILD_DATE").parse().expect("the build script writes a number"))
}

/// The wall clock, to the second. May be anything; before 1970 it is 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the console reads the wall clock")]
pub fn wall() -> UnixSeconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixSeconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
