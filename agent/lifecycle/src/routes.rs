//! Where alerts go: which epochs' alerts may go to the hub or the management console of the activation in force. Says so;
//! sends none.

use alloc::{
    collections::BTreeSet,
    string::{String, ToString as _},
};

use picket_protocol::{
    documents::activation::{Activation, Endpoint, Hub, HubKind, LocallyManaged, ModeSettings},
    ids::{Epoch, Owner, SensorId},
    local_api::ProxySettings,
    time::UnixSeconds,
};

use crate::{
    connection::Connection,
    epochs::{EpochRecord, Routing},
    identity::Slot,
    stamp::Stamp,
    state::State,
};

/// Where alerts go at present. Nowhere before the activation in force has an identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes {
    /// The IoT hub.
    pub hub: Option<Route>,
    /// The management console.
    pub console: Option<Route>,
}

/// The way to one consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// On whose behalf. No connection outlives it.
    pub stamp: Stamp,
    /// The registration that the alerts come from.
    pub sensor: SensorId,
    /// Whose the consumer is.
    pub owner: Owner,
    /// How it is spoken to.
    pub to: RouteTo,
    /// Where it is, and by which CAs it is believed.
    pub endpoint: Endpoint,
    /// The certificate to authenticate with.
    pub with: Slot,
    /// Through which proxy, if any.
    pub proxy: Option<ProxySettings>,
    /// Whether the upstream confirms what it stored.
    pub confirms: bool,
    /// Which epochs' alerts may go there.
    pub epochs: BTreeSet<Epoch>,
    /// The time is at least this. It moves with every heartbeat; that alone calls for no new connection.
    pub tls_floor: UnixSeconds,
}

/// How a consumer is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTo {
    /// CloudEvents over HTTPS.
    Https,
    /// CloudEvents over MQTT 5.
    Mqtt {
        /// The sensor's own topic.
        topic: String,
    },
}

impl State {
    /// The last epochs, the oldest first.
    #[must_use]
    pub const fn epochs(&self) -> &[EpochRecord] {
        self.appliance().epochs.all()
    }

    /// Where alerts go at present.
    #[must_use]
    pub fn routes(&self) -> Routes {
        let active = self.phase().in_force();
        let enrolled = active.and_then(|active| match &active.connection {
            Some(Connection::Enrolled(enrolled)) => Some((active.accepted.activation(), enrolled.identity().slot)),
            Some(Connection::Enrolling(_)) | None => None,
        });
        let Some((activation, with)) = enrolled else { return Routes::default() };
        match &activation.mode {
            ModeSettings::CloudConnected(cloud) => {
                let hub = RouteTo::of(&cloud.hub, activation.sensor)
                    .map(|to| self.route(activation, with, to, &cloud.hub.endpoint, cloud.hub.portal_confirms));
                Routes { hub, console: None }
            }
            ModeSettings::LocallyManaged(LocallyManaged { management_console }) => {
                let route = |endpoint| self.route(activation, with, RouteTo::Https, endpoint, true);
                Routes { hub: None, console: management_console.as_ref().map(|console| route(&console.endpoint)) }
            }
        }
    }

    /// Of the epochs so far, those whose alerts would go on under this activation.
    #[must_use]
    pub fn epochs_for(&self, activation: &Activation) -> BTreeSet<Epoch> {
        let (owner, epochs) = (activation.owner(), self.epochs());
        match Routing::of(&activation.mode) {
            Routing::CloudConnected => cloud_connected(epochs, owner),
            Routing::LocallyManaged { paired: true } => paired(epochs, owner),
            Routing::LocallyManaged { paired: false } | Routing::Deactivated => BTreeSet::new(),
        }
    }

    fn route(&self, activation: &Activation, with: Slot, to: RouteTo, endpoint: &Endpoint, confirms: bool) -> Route {
        let known = self.appliance();
        Route {
            stamp: Stamp { epoch: known.epoch, cti: activation.cti },
            sensor: activation.sensor,
            owner: activation.owner(),
            to,
            endpoint: endpoint.clone(),
            with,
            proxy: self.proxy().cloned(),
            confirms,
            epochs: self.epochs_for(activation),
            tls_floor: known.clock.floor.at(known.settings.build_date),
        }
    }
}

impl RouteTo {
    pub(crate) fn of(hub: &Hub, sensor: SensorId) -> Option<Self> {
        match hub.kind {
            HubKind::Https => Some(Self::Https),
            HubKind::Mqtt => {
                let template = hub.topic_template.as_ref()?;
                Some(Self::Mqtt { topic: template.replace(Hub::TOPIC_PLACEHOLDER, &sensor.to_string()) })
            }
        }
    }
}

/// To the hub: what was detected while this owner had the sensor cloud-connected, whatever came between.
fn cloud_connected(epochs: &[EpochRecord], owner: Owner) -> BTreeSet<Epoch> {
    let cloud = epochs.iter().filter(|record| record.owner == owner && record.routing == Routing::CloudConnected);
    cloud.map(|record| record.epoch).collect()
}

/// To the management console: what was detected since this owner paired the sensor, without a break.
fn paired(epochs: &[EpochRecord], owner: Owner) -> BTreeSet<Epoch> {
    let paired =
        |record: &&EpochRecord| record.owner == owner && record.routing == Routing::LocallyManaged { paired: true };
    epochs.iter().rev().take_while(paired).map(|record| record.epoch).collect()
}
