//! The domain's words for how a sensor stands, as conditions: `standings` is `s`, `contacts` is `c`. What the clock says is
//! bound, so that the same rows answer rightly at any time. The tests hold them against the domain.

use picket_protocol::{documents::activation::Mode, time::UnixSeconds};

use crate::{
    database::Builder,
    domain::{
        connection::{Ability, Connection, Health, disconnected_after},
        role::Role,
    },
    store::{standings, views::Viewpoint},
};

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) viewpoint: Viewpoint,
    pub(super) now: UnixSeconds,
}

impl Asked {
    /// The column `cloud` of the sensors that are ever heard here.
    fn heard(self) -> u8 {
        let mode = match self.viewpoint.role {
            Role::Portal => Mode::CloudConnected,
            Role::ManagementConsole => Mode::LocallyManaged,
        };
        u8::from(mode == Mode::CloudConnected)
    }

    /// Whoever is more patient than this is not called disconnected: nobody listened for so long.
    fn listened(self) -> i64 {
        self.now.since(self.viewpoint.listening_since)
    }

    /// Leaves those that should be heard and are not. Of `contacts` alone, so that they are a range of its index.
    pub(super) fn push_disconnected(self, query: &mut Builder) {
        query.push(" AND c.cloud = ").push_bind(self.heard()).push(" AND c.last_seen > 0");
        // Nobody counts as disconnected sooner.
        query.push(" AND c.last_seen < ").push_bind(self.now.0 - disconnected_after(0));
        query.push(" AND c.last_seen + c.patience < ").push_bind(self.now.0);
        query.push(" AND c.patience < ").push_bind(self.listened());
    }

    /// Leaves those that are so connected.
    pub(super) fn push_connection(self, query: &mut Builder, wanted: Connection) {
        let (heard, now) = (self.heard(), self.now.0);
        match wanted {
            Connection::NeverConnected => {
                query.push(" AND c.last_seen = 0 AND c.cloud = ").push_bind(heard);
            }
            Connection::Disconnected => self.push_disconnected(query),
            Connection::DoesNotReport => {
                query.push(" AND c.cloud <> ").push_bind(heard);
                query.push(" AND (c.last_seen = 0 OR c.last_seen + c.patience < ").push_bind(now).push(")");
            }
            Connection::Connected => {
                query.push(" AND c.last_seen > 0 AND (c.last_seen + c.patience >= ").push_bind(now);
                query.push(" OR (c.cloud = ").push_bind(heard);
                query.push(" AND c.patience >= ").push_bind(self.listened()).push("))");
            }
        }
    }

    /// Leaves those that are so well.
    pub(super) fn push_health(self, query: &mut Builder, wanted: Health) {
        let (suspicion, connection) = match wanted {
            Health::Deactivated => {
                query.push(" AND s.deleted = 1");
                return;
            }
            Health::PossibleClone => (2, None),
            Health::Restored => (1, None),
            Health::NotReported => (0, Some(Connection::DoesNotReport)),
            Health::PendingActivation => (0, Some(Connection::NeverConnected)),
            Health::Disconnected => (0, Some(Connection::Disconnected)),
            Health::PendingReactivation | Health::Unavailable | Health::PartiallyConnected | Health::Ok => {
                (0, Some(Connection::Connected))
            }
        };
        query.push(format!(" AND s.deleted + 0 = 0 AND s.suspicion = {suspicion}"));
        if suspicion > 0 {
            query.push(" AND s.suspicion > 0"); // as the index of the few says it
        }
        if let Some(connection) = connection {
            self.push_connection(query, connection);
        }
        let able = match wanted {
            Health::PendingReactivation => {
                query.push(" AND s.pending = 1");
                return;
            }
            Health::Ok => Ability::Works,
            Health::PartiallyConnected => Ability::MissesHub,
            Health::Unavailable => Ability::CannotWork,
            Health::Deactivated
            | Health::PossibleClone
            | Health::Restored
            | Health::NotReported
            | Health::PendingActivation
            | Health::Disconnected => return,
        };
        query.push(format!(" AND s.pending = 0 AND c.ability = {}", standings::ability(able)));
    }
}
