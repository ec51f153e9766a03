//! Tells systemd that the agent is alive. The task that owns the state holds it and nobody else: a core that hangs below
//! a runtime that lives is not alive.

use std::time::Duration;

use sd_notify::NotifyState;

/// The watchdog of the unit, if it sets one.
#[derive(Debug, Default)]
pub struct Watchdog {
    /// After how long a silence systemd ends the agent.
    patience: Option<Duration>,
}

impl Watchdog {
    /// As systemd says it.
    #[must_use]
    pub fn of_unit() -> Self {
        Self { patience: sd_notify::watchdog_enabled() }
    }

    /// How long the core may sleep before it says again that it is alive. A third: one that comes late is no hang.
    pub(crate) fn longest_sleep(&self) -> Duration {
        self.patience.map_or(Duration::MAX, |patience| patience / 3)
    }

    /// Says that it is alive.
    pub(crate) fn feed(&self) {
        if self.patience.is_some()
            && let Err(error) = sd_notify::notify(&[NotifyState::Watchdog])
        {
            tracing::debug!(%error, "the watchdog could not be fed");
        }
    }
}
