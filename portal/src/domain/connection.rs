//! How a sensor stands, as people see it: connected or not, healthy or not. Computed when asked, stored nowhere.

use picket_protocol::{
    documents::activation::Mode,
    heartbeat::{Component, DesiredState},
    ids::Serial,
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use super::chain::Suspicion;

/// The interval of a sensor that does not say its own, seconds.
pub const DEFAULT_INTERVAL: u32 = 60;

/// Everything that is known about how a sensor stands.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The mode of the file last issued.
    pub mode: Mode,
    /// Whether this upstream ever hears a sensor of that mode.
    pub reports_here: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// When it was last heard with an activation in force.
    pub last_seen: Option<UnixSeconds>,
    /// The interval it keeps.
    pub interval_seconds: u32,
    /// The serial in force, by its own word.
    pub committed: Option<Serial>,
    /// The highest serial issued and not voided.
    pub issued: Option<Serial>,
    /// Components that said they are not well.
    pub troubled: Troubled,
    /// What its chain of heartbeats shows.
    pub suspicion: Suspicion,
    /// Since when the portal listens: before that it heard nobody.
    pub listening_since: UnixSeconds,
}

/// Components that are not well, one bit each in the order of [`Component::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Troubled(pub u8);

impl Troubled {
    /// With one component more.
    #[must_use]
    pub fn with(self, component: Component) -> Self {
        Self(self.0 | Self::bit(component))
    }

    /// Whether it is among them.
    #[must_use]
    pub fn has(self, component: Component) -> bool {
        self.0 & Self::bit(component) != 0
    }

    /// What that leaves of the sensor's work.
    #[must_use]
    pub fn ability(self) -> Ability {
        let cannot_work = [Component::Engine, Component::AlertLog, Component::Disk, Component::ControlState];
        if cannot_work.into_iter().any(|component| self.has(component)) {
            Ability::CannotWork
        } else if self.has(Component::Hub) {
            Ability::MissesHub
        } else {
            Ability::Works
        }
    }

    fn bit(component: Component) -> u8 {
        Component::ALL.iter().position(|known| *known == component).map_or(0, |position| 1 << position)
    }
}

/// What a sensor can do, by its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// All that it should.
    Works,
    /// It does not reach its hub.
    MissesHub,
    /// It cannot do its work.
    CannotWork,
}

/// Whether the sensor is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// Never heard in force.
    NeverConnected,
    /// Heard lately.
    Connected,
    /// Not heard for max(5 min, 3 intervals).
    Disconnected,
    /// Its mode sends nothing here.
    DoesNotReport,
}

impl Connection {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NeverConnected, Self::Connected, Self::Disconnected, Self::DoesNotReport];
}

/// Health at the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// All is well.
    Ok,
    /// Not heard.
    Disconnected,
    /// Heard, but it cannot do its work.
    Unavailable,
    /// Its first file was not taken into force yet.
    PendingActivation,
    /// A further file was not taken into force yet.
    PendingReactivation,
    /// Heard here, but it does not reach its hub.
    PartiallyConnected,
    /// Deleted.
    Deactivated,
    /// Its disk was restored from an earlier copy.
    Restored,
    /// Two sensors speak with its key.
    PossibleClone,
    /// Its mode sends nothing here.
    NotReported,
}

impl Health {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Disconnected,
        Self::Unavailable,
        Self::PendingActivation,
        Self::PendingReactivation,
        Self::PartiallyConnected,
        Self::Deactivated,
        Self::Restored,
        Self::PossibleClone,
        Self::NotReported,
    ];
}

/// After how many seconds of silence a sensor counts as disconnected. The interval is the sensor's own word, and none may
/// excuse itself for longer than the longest there is.
#[must_use]
pub fn disconnected_after(interval_seconds: u32) -> i64 {
    (3 * i64::from(interval_seconds.min(*DesiredState::INTERVALS.end()))).max(300)
}

impl Facts {
    /// Whether the sensor is heard.
    #[must_use]
    pub fn connection(&self, now: UnixSeconds) -> Connection {
        let silent = if self.reports_here { Connection::Disconnected } else { Connection::DoesNotReport };
        let Some(seen) = self.last_seen else {
            return if self.reports_here { Connection::NeverConnected } else { Connection::DoesNotReport };
        };
        let silent_since = if self.reports_here { seen.max(self.listening_since) } else { seen };
        if now.since(silent_since) > disconnected_after(self.interval_seconds) {
            return silent;
        }
        Connection::Connected
    }

    /// How the sensor is.
    #[must_use]
    pub fn health(&self, now: UnixSeconds) -> Health {
        if self.deleted {
            return Health::Deactivated;
        }
        match self.suspicion {
            Suspicion::PossibleClone { .. } => return Health::PossibleClone,
            Suspicion::Restored { .. } => return Health::Restored,
            Suspicion::None => {}
        }
        match self.connection(now) {
            Connection::DoesNotReport => return Health::NotReported,
            Connection::NeverConnected => return Health::PendingActivation,
            Connection::Disconnected => return Health::Disconnected,
            Connection::Connected => {}
        }
        if self.issued > self.committed {
            return Health::PendingReactivation;
        }
        match self.troubled.ability() {
            Ability::CannotWork => Health::Unavailable,
            Ability::MissesHub => Health::PartiallyConnected,
            Ability::Works => Health::Ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn connected() -> Facts {
        Facts {
            mode: Mode::CloudConnected,
            reports_here: true,
            deleted: false,
            last_seen: Some(NOW),
            interval_seconds: 60,
            committed: Some(Serial(5)),
            issued: Some(Serial(5)),
            troubled: Troubled::default(),
            suspicion: Suspicion::None,
            listening_since: NOW.plus(-10_000),
        }
    }

    #[test]
    fn disconnected_after_five_minutes_or_three_intervals() {
        let facts = connected();
        assert_eq!(facts.connection(NOW.plus(300)), Connection::Connected);
        assert_eq!(facts.connection(NOW.plus(301)), Connection::Disconnected);
        let slow = Facts { interval_seconds: 900, ..facts };
        assert_eq!(slow.connection(NOW.plus(2700)), Connection::Connected);
        assert_eq!(slow.connection(NOW.plus(2701)), Connection::Disconnected);
        let boundless = Facts { interval_seconds: u32::MAX, ..facts };
        assert_eq!(boundless.connection(NOW.plus(2701)), Connection::Disconnected);
    }

    #[test]
    fn a_portal_that_was_down_blames_nobody_at_once() {
        let facts = Facts { listening_since: NOW.plus(5000), ..connected() };
        assert_eq!(facts.connection(NOW.plus(5001)), Connection::Connected);
        assert_eq!(facts.connection(NOW.plus(5301)), Connection::Disconnected);
    }

    #[test]
    fn a_further_file_pends_while_the_earlier_one_speaks() {
        assert_eq!(connected().health(NOW), Health::Ok);
        let further = Facts { issued: Some(Serial(6)), ..connected() };
        assert_eq!(further.health(NOW), Health::PendingReactivation);
        let first = Facts { last_seen: None, committed: None, ..connected() };
        assert_eq!(first.health(NOW), Health::PendingActivation);
    }

    #[test]
    fn a_locally_managed_sensor_is_not_called_disconnected() {
        let local = Facts { mode: Mode::LocallyManaged, reports_here: false, last_seen: None, ..connected() };
        assert_eq!((local.connection(NOW), local.health(NOW)), (Connection::DoesNotReport, Health::NotReported));
        let not_yet_uploaded = Facts { last_seen: Some(NOW), issued: Some(Serial(6)), ..local };
        assert_eq!(not_yet_uploaded.connection(NOW), Connection::Connected);
        assert_eq!(not_yet_uploaded.health(NOW), Health::PendingReactivation);
        assert_eq!(not_yet_uploaded.connection(NOW.plus(301)), Connection::DoesNotReport);
    }

    #[test]
    fn what_a_component_says_shows() {
        let hub = Facts { troubled: Troubled::default().with(Component::Hub), ..connected() };
        assert_eq!(hub.health(NOW), Health::PartiallyConnected);
        let engine = Facts { troubled: hub.troubled.with(Component::Engine), ..connected() };
        assert_eq!(engine.health(NOW), Health::Unavailable);
        let clone = Facts { suspicion: Suspicion::PossibleClone { since: NOW }, ..engine };
        assert_eq!(clone.health(NOW), Health::PossibleClone);
    }
}
