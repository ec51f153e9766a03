//! How the sensor is called and where its owner files it. Cloud-connected: the portal's; locally managed: the file's at
//! commit, then editable.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use picket_protocol::{
    documents::activation::{Activation, ModeSettings},
    heartbeat::DesiredState,
    names::{Label, SensorName},
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};

/// Name, site, zone, tags and the TI choice in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// The name.
    pub name: SensorName,
    /// The site.
    pub site: Option<Label>,
    /// The zone.
    pub zone: Option<Label>,
    /// key:value.
    pub tags: BTreeMap<Label, Label>,
    /// Whether TI packages are installed without a person.
    pub automatic_ti: bool,
}

impl Filing {
    /// As the file says.
    pub(crate) fn of(activation: &Activation) -> Self {
        Self {
            name: activation.name.clone(),
            site: activation.site.clone(),
            zone: activation.zone.clone(),
            tags: activation.tags.clone(),
            automatic_ti: match &activation.mode {
                ModeSettings::CloudConnected(cloud) => cloud.automatic_ti,
                ModeSettings::LocallyManaged(_) => false,
            },
        }
    }

    /// As the portal wishes. An answer with a name carries the whole filing; one without says nothing of it.
    pub(crate) fn wished(&self, desired: &DesiredState) -> Self {
        let Some(name) = desired.name.clone() else { return self.clone() };
        Self {
            name,
            site: desired.site.clone(),
            zone: desired.zone.clone(),
            tags: desired.tags.clone(),
            automatic_ti: desired.automatic_ti.unwrap_or(self.automatic_ti),
        }
    }

    /// In words, for the audit.
    pub(crate) fn words(&self) -> String {
        let none = || String::from("none");
        let site = self.site.as_ref().map_or_else(none, Label::to_string);
        let zone = self.zone.as_ref().map_or_else(none, Label::to_string);
        let tags: Vec<String> = self.tags.iter().map(|(key, value)| format!("{key}:{value}")).collect();
        let ti = if self.automatic_ti { "automatic" } else { "by hand" };
        format!("site {site}, zone {zone}, tags [{}], TI updates {ti}", tags.join(", "))
    }
}

/// Reads a name as a person typed it.
pub(crate) fn typed_name(text: &str) -> Result<SensorName, Refusal> {
    text.parse().map_err(|why: picket_protocol::names::InvalidName| Refusal::InvalidName {
        found: text.chars().take(SensorName::MAX_LENGTH + 1).collect(),
        why: why.to_string(),
    })
}
