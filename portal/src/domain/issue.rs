//! Issuing: one activation from a registration. Each issue has its own serial, cti and token.

use picket_protocol::{
    documents::activation::{Activation, CloudConnected, Endpoint, Hub, HubKind, LocallyManaged, ModeSettings, Secret},
    ids::{Cti, SensorId, Serial, TrustRootId},
    time::UnixSeconds,
};

use super::registration::{Filed, ModeChoice};

/// What is drawn anew for each issue.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Above every serial issued before.
    pub serial: Serial,
    /// Random.
    pub cti: Cti,
    /// Random; spent by a cloud-connected sensor at enrolment.
    pub token: Secret,
    /// Now.
    pub at: UnixSeconds,
}

/// What the portal is to the sensors it issues for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its trust root.
    pub trust_root: TrustRootId,
    /// Its sensor port, which is also the built-in hub's.
    pub endpoint: Endpoint,
}

impl Issuer {
    /// The hub built into the portal: the same address, so its answer is the portal's.
    #[must_use]
    pub fn built_in_hub(&self) -> Hub {
        Hub { kind: HubKind::Https, endpoint: self.endpoint.clone(), topic_template: None, portal_confirms: true }
    }

    /// The activation of `sensor` as it is filed now, with `hub` in place of the built-in one.
    #[must_use]
    pub fn activation(&self, sensor: SensorId, filed: &Filed, hub: Option<Hub>, drawn: &Drawn) -> Activation {
        let mode = match &filed.mode {
            ModeChoice::CloudConnected { automatic_ti, .. } => ModeSettings::CloudConnected(CloudConnected {
                portal: self.endpoint.clone(),
                enrolment_token: drawn.token.clone(),
                hub: hub.unwrap_or_else(|| self.built_in_hub()),
                automatic_ti: *automatic_ti,
            }),
            ModeChoice::LocallyManaged { console } => {
                ModeSettings::LocallyManaged(LocallyManaged { management_console: console.clone() })
            }
        };
        Activation {
            issuer: self.trust_root,
            sensor,
            issued_at: drawn.at,
            not_before: drawn.at,
            upload_until: filed.upload_window.until(drawn.at),
            cti: drawn.cti,
            serial: drawn.serial,
            name: filed.name.clone(),
            subscription: filed.subscription.clone(),
            site: filed.site.clone(),
            zone: filed.zone.clone(),
            tags: filed.tags.clone(),
            binding: filed.binding.clone(),
            licence_until: filed.licence_until,
            mode,
        }
    }
}
