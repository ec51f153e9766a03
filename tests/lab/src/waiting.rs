//! Waiting on a condition with a deadline; the only place in the tests that sleeps.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// How long a condition is given unless a test says otherwise: generous, since it is only spent on failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What one look at a condition found.
#[derive(Debug)]
pub enum Waited<T> {
    /// It holds, with this value.
    Holds(T),
    /// Not yet; what was seen instead, for the message of a failure.
    NotYet(String),
}

/// Looks again every few milliseconds until the condition holds.
///
/// # Errors
/// When `patience` is over (with what was last seen), or at once when a look itself fails.
pub fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Result<Waited<T>>) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        let seen = match look()? {
            Waited::Holds(value) => return Ok(value),
            Waited::NotYet(seen) => seen,
        };
        if Instant::now() >= deadline {
            bail!("waited {} s in vain until {what}; last seen: {seen}", patience.as_secs());
        }
        sleep(Duration::from_millis(15));
    }
}
