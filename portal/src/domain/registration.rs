//! A registration: what the owner says a sensor is, and how it is managed.

use std::collections::BTreeMap;

use picket_protocol::{
    documents::{
        activation::{Activation, Binding, ManagementConsole, Mode, Subscription},
        deactivation::Deactivation,
    },
    heartbeat::DesiredState,
    ids::{Cti, SensorId, Serial, TrustRootId},
    names::{Label, SensorName},
    refusal::Refusal,
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::refused::Refused;

/// One sensor as the portal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its id.
    pub id: SensorId,
    /// How the portal came to know it.
    pub origin: Origin,
    /// What the owner says.
    pub filed: Filed,
    /// When it was registered.
    pub created_at: UnixSeconds,
    /// The serial that a heartbeat last said is in force.
    pub committed: Option<Serial>,
    /// A reissued file that waits to be handed to the sensor.
    pub push: Option<Push>,
    /// Its end, if it was deleted.
    pub deletion: Option<Deletion>,
}

/// What the owner says of a sensor; all of it can be edited or reissued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filed {
    /// Its name.
    pub name: SensorName,
    /// Whose it is.
    pub subscription: Subscription,
    /// Where it stands.
    pub site: Option<Label>,
    /// Where in the site.
    pub zone: Option<Label>,
    /// key:value.
    pub tags: BTreeMap<Label, Label>,
    /// The mode of the next file.
    pub mode: ModeChoice,
    /// Which appliance may use the next file.
    pub binding: Binding,
    /// Past this the sensor warns.
    pub licence_until: Option<UnixSeconds>,
    /// How long a file may be uploaded.
    pub upload_window: UploadWindow,
}

/// How the portal came to know a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Onboarded by a person.
    Onboarded,
    /// From a certificate of this portal's CA: registered after the backup that the portal was restored from.
    Adopted,
    /// Paired with this management console.
    Paired,
}

impl Origin {
    /// The origin as it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Onboarded => "onboarded",
            Self::Adopted => "adopted",
            Self::Paired => "paired",
        }
    }
}

/// Names a hub at the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HubId(pub Uuid);

/// The mode of the files issued for a sensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "mode", deny_unknown_fields)]
pub enum ModeChoice {
    /// Reports to this portal, delivers to a hub.
    CloudConnected {
        /// None: the one built into the portal.
        hub: Option<HubId>,
        /// TI packages without a person.
        automatic_ti: bool,
    },
    /// Keeps to itself, or to a management console.
    LocallyManaged {
        /// The console, with a pairing token made there.
        console: Option<ManagementConsole>,
    },
}

impl ModeChoice {
    /// The mode alone.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self {
            Self::CloudConnected { .. } => Mode::CloudConnected,
            Self::LocallyManaged { .. } => Mode::LocallyManaged,
        }
    }
}

/// Days for which a file may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct UploadWindow(u32);

impl UploadWindow {
    /// The allowed days.
    pub const DAYS: std::ops::RangeInclusive<u32> = 1..=365;

    /// When a file issued now must have been uploaded.
    #[must_use]
    pub fn until(self, now: UnixSeconds) -> UnixSeconds {
        now.plus(i64::from(self.0) * 86_400)
    }
}

impl Default for UploadWindow {
    fn default() -> Self {
        Self(30)
    }
}

impl TryFrom<u32> for UploadWindow {
    type Error = String;

    fn try_from(days: u32) -> Result<Self, String> {
        let fits = Self::DAYS.contains(&days);
        fits.then_some(Self(days)).ok_or_else(|| format!("an upload window has 1 to 365 days, found {days}"))
    }
}

impl From<UploadWindow> for u32 {
    fn from(window: UploadWindow) -> Self {
        window.0
    }
}

/// A reissued file on its way to the sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Its serial.
    pub serial: Serial,
    /// The activation file.
    pub file: Vec<u8>,
}

/// How a registration ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Above every activation it ends.
    pub serial: Serial,
    /// The deactivation's id.
    pub cti: Cti,
    /// Why.
    pub reason: Label,
    /// By whom.
    pub decided_by: Label,
    /// When.
    pub at: UnixSeconds,
    /// When the sensor acknowledged it.
    pub acknowledged_at: Option<UnixSeconds>,
}

impl Deletion {
    /// The document that tells the sensor.
    #[must_use]
    pub fn document(&self, issuer: TrustRootId, sensor: SensorId) -> Deactivation {
        Deactivation {
            issuer,
            sensor,
            issued_at: self.at,
            cti: self.cti,
            serial: self.serial,
            reason: self.reason.to_string(),
            decided_by: self.decided_by.to_string(),
        }
    }
}

impl Filed {
    /// Refuses what no activation could carry.
    ///
    /// # Errors
    /// More tags than an activation has room for.
    pub fn check(&self) -> Result<(), Refused> {
        if self.tags.len() > Activation::MAX_TAGS {
            return Err(Refused::invalid(format!("at most {} tags", Activation::MAX_TAGS)));
        }
        Ok(())
    }
}

/// Whether a file of this mode may be handed to its sensor without anybody going there.
///
/// # Errors
/// When it may not.
pub fn may_be_pushed(mode: Mode) -> Result<(), Refused> {
    match mode {
        Mode::CloudConnected => Ok(()),
        Mode::LocallyManaged => Err(Refused::invalid("only a cloud-connected file can be pushed")),
    }
}

impl Registration {
    /// Whether a file may be issued for it.
    ///
    /// # Errors
    /// When it is deleted, or nobody has said yet whose it is.
    pub fn may_have_a_file(&self) -> Result<(), Refused> {
        if self.deletion.is_some() {
            return Err(Refusal::Deleted { sensor: self.id }.into());
        }
        match self.origin {
            Origin::Onboarded => Ok(()),
            Origin::Adopted | Origin::Paired => {
                Err(Refused::invalid("adopt the sensor first: edit its name and subscription"))
            }
        }
    }

    /// What its heartbeats are answered with.
    #[must_use]
    pub fn desired(&self, interval_seconds: Option<u32>) -> DesiredState {
        match (self.origin, &self.filed.mode) {
            (Origin::Onboarded, ModeChoice::CloudConnected { automatic_ti, .. }) => DesiredState {
                name: Some(self.filed.name.clone()),
                site: self.filed.site.clone(),
                zone: self.filed.zone.clone(),
                tags: self.filed.tags.clone(),
                automatic_ti: Some(*automatic_ti),
                interval_seconds,
            },
            // The owner has said nothing about it here: it keeps what its activation says.
            _ => DesiredState { interval_seconds, ..DesiredState::default() },
        }
    }
}
