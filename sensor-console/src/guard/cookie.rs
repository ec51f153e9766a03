//! The cookie of the console's sessions.

use picket_guard::cookie::SessionCookie;

/// The console's.
pub const SESSION: SessionCookie = SessionCookie::named("__Host-picket");
