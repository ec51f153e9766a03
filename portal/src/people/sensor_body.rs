//! What a person says of a sensor: all fields may be left out when editing; left out keeps, null removes.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use picket_protocol::{
    documents::activation::{Binding, Certificate, Endpoint, ManagementConsole, Mode, Secret, Subscription},
    endpoint_url::{EndpointUrl, Scheme},
    ids::{ApplianceId, SubscriptionId},
    keys,
    names::{Label, SensorName},
    reading,
    time::UnixSeconds,
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::words;
use crate::{
    authority::certificates,
    domain::{
        refused::Refused,
        registration::{Filed, HubId, ModeChoice, UploadWindow},
    },
};

/// The fields of the onboarding form.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SensorFields)]
pub(crate) struct SensorBody {
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    name: Option<SensorName>,
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    subscription: Option<Label>,
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    site: Option<Option<Label>>,
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    zone: Option<Option<Label>>,
    #[schema(value_type = Option<HashMap<String, String>>)]
    #[serde(default)]
    tags: Option<BTreeMap<Label, Label>>,
    #[serde(default)]
    pub(crate) mode: Option<ModeBody>,
    #[serde(default)]
    automatic_ti: Option<bool>,
    #[schema(value_type = Option<words::NextBinding>)]
    #[serde(default)]
    binding: Option<BindingBody>,
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    licence_until: Option<Option<jiff::civil::Date>>,
    #[schema(value_type = Option<u32>)]
    #[serde(default)]
    upload_days: Option<UploadWindow>,
}

/// The mode of the next file.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NextMode)]
#[serde(deny_unknown_fields, tag = "mode", rename_all = "kebab-case")]
pub(crate) enum ModeBody {
    CloudConnected {
        /// Null is the one built into the portal.
        #[serde(default, deserialize_with = "said")]
        #[schema(value_type = Option<Uuid>)]
        hub: Option<Option<Uuid>>,
        #[serde(default)]
        automatic_ti: Option<bool>,
    },
    LocallyManaged {
        #[serde(default)]
        console: Option<ConsoleBody>,
    },
}

/// A management console, with a pairing token made there.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NextConsole)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsoleBody {
    url: String,
    ca_pem: String,
    #[schema(value_type = String)]
    pairing_token: Secret,
}

/// Which sensor may use the next file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", content = "value", rename_all = "kebab-case")]
pub(crate) enum BindingBody {
    None,
    Appliance(ApplianceId),
    /// A request document in base64: binds to its key.
    Request(String),
}

impl ModeBody {
    pub(crate) const fn mode(&self) -> Mode {
        match self {
            Self::CloudConnected { .. } => Mode::CloudConnected,
            Self::LocallyManaged { .. } => Mode::LocallyManaged,
        }
    }
}

pub(super) fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl SensorBody {
    /// A new registration.
    pub(crate) fn filed(self, new_subscription: SubscriptionId) -> Result<Filed, Refused> {
        let missing = |field: &str| Refused::invalid(format!("{field} is needed"));
        let base = Filed {
            name: self.name.clone().ok_or_else(|| missing("name"))?,
            subscription: Subscription {
                id: new_subscription,
                name: self.subscription.clone().ok_or_else(|| missing("subscription"))?,
            },
            site: None,
            zone: None,
            tags: BTreeMap::new(),
            mode: ModeChoice::CloudConnected { hub: None, automatic_ti: false },
            binding: Binding::None,
            licence_until: None,
            upload_window: UploadWindow::default(),
        };
        self.apply(base, new_subscription)
    }

    /// What is filed with these changes.
    pub(crate) fn apply(self, mut filed: Filed, new_subscription: SubscriptionId) -> Result<Filed, Refused> {
        filed.name = self.name.unwrap_or(filed.name);
        if let Some(name) = self.subscription {
            filed.subscription = Subscription { id: new_subscription, name };
        }
        filed.site = self.site.unwrap_or(filed.site);
        filed.zone = self.zone.unwrap_or(filed.zone);
        filed.tags = self.tags.unwrap_or(filed.tags);
        if let Some(mode) = self.mode {
            filed.mode = mode.choice(&filed.mode)?;
        }
        if let Some(wish) = self.automatic_ti {
            match &mut filed.mode {
                ModeChoice::CloudConnected { automatic_ti, .. } => *automatic_ti = wish,
                ModeChoice::LocallyManaged { .. } if wish => {
                    return Err(Refused::invalid("automatic TI updates need a cloud-connected sensor"));
                }
                ModeChoice::LocallyManaged { .. } => {}
            }
        }
        if let Some(binding) = self.binding {
            filed.binding = binding.binding()?;
        }
        if let Some(date) = self.licence_until {
            filed.licence_until = date.map(midnight).transpose()?;
        }
        filed.upload_window = self.upload_days.unwrap_or(filed.upload_window);
        Ok(filed)
    }
}

impl ModeBody {
    /// What was left out stays while the mode stays. A console does not: its pairing token served one file.
    fn choice(self, filed: &ModeChoice) -> Result<ModeChoice, Refused> {
        Ok(match self {
            Self::CloudConnected { hub, automatic_ti } => {
                let (filed_hub, filed_ti) = match filed {
                    ModeChoice::CloudConnected { hub, automatic_ti } => (*hub, *automatic_ti),
                    ModeChoice::LocallyManaged { .. } => (None, false),
                };
                ModeChoice::CloudConnected {
                    hub: hub.map_or(filed_hub, |said| said.map(HubId)),
                    automatic_ti: automatic_ti.unwrap_or(filed_ti),
                }
            }
            Self::LocallyManaged { console } => {
                ModeChoice::LocallyManaged { console: console.map(ConsoleBody::console).transpose()? }
            }
        })
    }
}

impl ConsoleBody {
    fn console(self) -> Result<ManagementConsole, Refused> {
        let endpoint = endpoint(self.url, &self.ca_pem, Scheme::Https)?;
        Ok(ManagementConsole { endpoint, pairing_token: self.pairing_token })
    }
}

impl BindingBody {
    fn binding(self) -> Result<Binding, Refused> {
        Ok(match self {
            Self::None => Binding::None,
            Self::Appliance(id) => Binding::Appliance(id),
            Self::Request(text) => {
                let bytes = STANDARD.decode(text.trim()).map_err(|_| Refused::invalid("the request is not base64"))?;
                let request = reading::read_request(&bytes)?;
                Binding::Key(keys::thumbprint(&request.public_key))
            }
        })
    }
}

/// An address with its CAs, checked as the sensor will.
pub(crate) fn endpoint(url: String, ca_pem: &str, scheme: Scheme) -> Result<Endpoint, Refused> {
    EndpointUrl::parse(&url, scheme).map_err(|error| Refused::invalid(format!("url: {error}")))?;
    let certificates = certificates::parse_certificates(ca_pem.as_bytes())
        .map_err(|error| Refused::invalid(format!("ca_pem: {error}")))?;
    if certificates.len() > Endpoint::MAX_CA_CERTIFICATES {
        return Err(Refused::invalid(format!("ca_pem: at most {} certificates", Endpoint::MAX_CA_CERTIFICATES)));
    }
    let ca_certificates = certificates.iter().map(|certificate| Certificate(certificate.to_vec())).collect();
    Ok(Endpoint { url, ca_certificates })
}

fn midnight(date: jiff::civil::Date) -> Result<UnixSeconds, Refused> {
    let start = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| Refused::invalid(error.to_string()))?;
    Ok(UnixSeconds(start.timestamp().as_second()))
}
