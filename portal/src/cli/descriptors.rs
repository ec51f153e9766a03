//! How many files the server may have open: each sensor's connection is one. Opens none.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Kept for the database, the people's API and files, however many sensors there are.
const OTHERS: u64 = 256;

/// Raises the limit to what the system allows, and says for how many connections of sensors that is room.
///
/// Most systems start a program with room for 1024 and allow far more.
///
/// # Errors
/// When the system does not say.
pub(super) fn room_for_connections() -> nix::Result<usize> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let limit = match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!(%error, soft, "the number of open files could not be raised");
            soft
        }
    };
    // Some room even where there is next to none.
    Ok(usize::try_from(limit.saturating_sub(OTHERS).max(16)).unwrap_or(usize::MAX))
}
