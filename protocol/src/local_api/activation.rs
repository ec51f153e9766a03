//! An activation as people see it: all that its file says, less certificates and tokens.

use alloc::{collections::BTreeMap, string::String};

use serde::{Deserialize, Serialize};

use crate::{
    documents::activation::{Activation, HubKind, Mode, ModeSettings, Subscription},
    ids::{Cti, SensorId, Serial, TrustRootId},
    names::{Label, SensorName},
    time::UnixSeconds,
};

/// An activation without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationView {
    /// The trust root it was signed under.
    pub issuer: TrustRootId,
    /// The registration.
    pub sensor: SensorId,
    /// Its order.
    pub serial: Serial,
    /// This one issue.
    pub cti: Cti,
    /// When the portal issued it.
    pub issued_at: UnixSeconds,
    /// The sensor's name: the file's, or the one set since.
    pub name: SensorName,
    /// Whom the sensor belongs to at the issuer.
    pub subscription: Subscription,
    /// Where it is filed.
    pub site: Option<Label>,
    /// Where in the site.
    pub zone: Option<Label>,
    /// key:value.
    pub tags: BTreeMap<Label, Label>,
    /// Past this date the console warns; nothing stops.
    pub licence_until: Option<UnixSeconds>,
    /// The mode with its addresses.
    #[serde(flatten)]
    pub mode: ModeView,
}

/// A management mode with its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case")]
pub enum ModeView {
    /// See [`Mode::CloudConnected`].
    CloudConnected {
        /// The portal's URL.
        portal: String,
        /// Where alerts go.
        hub: HubView,
        /// Whether TI packages are installed without a person.
        automatic_ti: bool,
    },
    /// See [`Mode::LocallyManaged`].
    LocallyManaged {
        /// The management console's URL, if there is one.
        management_console: Option<String>,
    },
}

/// An IoT hub's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubView {
    /// How it is spoken to.
    pub kind: HubKind,
    /// Where it is.
    pub url: String,
}

impl ModeView {
    /// The mode alone.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self {
            Self::CloudConnected { .. } => Mode::CloudConnected,
            Self::LocallyManaged { .. } => Mode::LocallyManaged,
        }
    }
}

impl From<&Activation> for ActivationView {
    fn from(activation: &Activation) -> Self {
        Self {
            issuer: activation.issuer,
            sensor: activation.sensor,
            serial: activation.serial,
            cti: activation.cti,
            issued_at: activation.issued_at,
            name: activation.name.clone(),
            subscription: activation.subscription.clone(),
            site: activation.site.clone(),
            zone: activation.zone.clone(),
            tags: activation.tags.clone(),
            licence_until: activation.licence_until,
            mode: ModeView::from(&activation.mode),
        }
    }
}

impl From<&ModeSettings> for ModeView {
    fn from(settings: &ModeSettings) -> Self {
        match settings {
            ModeSettings::CloudConnected(cloud) => Self::CloudConnected {
                portal: cloud.portal.url.clone(),
                hub: HubView { kind: cloud.hub.kind, url: cloud.hub.endpoint.url.clone() },
                automatic_ti: cloud.automatic_ti,
            },
            ModeSettings::LocallyManaged(local) => Self::LocallyManaged {
                management_console: local.management_console.as_ref().map(|console| console.endpoint.url.clone()),
            },
        }
    }
}
