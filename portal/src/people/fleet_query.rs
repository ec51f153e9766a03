//! Which sensors are asked for, as an address says it: the list's, the page's and the export's.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use picket_protocol::{documents::activation::Mode, refusal::Refusal};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::value::StrDeserializer};

use super::sensor_export::Format;
use crate::{
    clock,
    domain::{
        access::Scope,
        connection::{Connection, Health},
        refused::Refused,
    },
    portal::Portal,
    store::fleet::{self, After, FleetFilter, FleetPage, Sort},
};

/// What an address may say. What is empty was not said: forms send empty fields.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FleetQuery {
    /// In name, site, zone or tags.
    #[serde(deserialize_with = "unless_empty")]
    pub(crate) search: Option<String>,
    /// By name.
    #[serde(deserialize_with = "unless_empty")]
    pub(crate) subscription: Option<String>,
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<super::openapi::words::Mode>, inline)]
    pub(crate) mode: Option<Mode>,
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<Connection>, inline)]
    pub(crate) connection: Option<Connection>,
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<Health>, inline)]
    pub(crate) health: Option<Health>,
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<Sort>, inline)]
    pub(crate) sort: Option<Sort>,
    /// Where the page begins, as the page before said.
    #[serde(deserialize_with = "unless_empty")]
    pub(crate) after: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(crate) limit: Option<usize>,
    #[serde(deserialize_with = "yes")]
    pub(crate) deleted: bool,
    /// Of an export.
    #[serde(deserialize_with = "unless_empty")]
    #[param(value_type = Option<Format>, inline)]
    pub(crate) format: Option<Format>,
}

fn unless_empty<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { T::deserialize(StrDeserializer::new(&text)).map(Some) }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(serde::de::Error::custom) }
}

fn yes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "true" | "yes" => Ok(true),
        "" | "false" => Ok(false),
        other => Err(serde::de::Error::custom(format!("expected true or false, found {other:?}"))),
    }
}

impl FleetQuery {
    /// The page it asks for, of at most so many sensors.
    pub(crate) async fn page(&self, portal: &Portal, scope: &Scope, most: usize) -> Result<FleetPage, Refused> {
        let filter = FleetFilter {
            text: self.search.clone(),
            subscription: self.subscription_id(portal, scope).await?,
            mode: self.mode,
            connection: self.connection,
            health: self.health,
            deleted_too: self.deleted,
        };
        let after = self.after.as_deref().map(read_cursor).transpose()?;
        let limit = self.limit.unwrap_or(most).clamp(1, most);
        let query = fleet::FleetQuery { filter, sort: self.sort.unwrap_or_default(), after, limit };
        portal.store.fleet(&query, scope, portal.viewpoint(), clock::now()).await
    }

    async fn subscription_id(
        &self,
        portal: &Portal,
        scope: &Scope,
    ) -> Result<Option<picket_protocol::ids::SubscriptionId>, Refused> {
        let Some(name) = &self.subscription else { return Ok(None) };
        let known = portal.store.subscriptions(scope).await?;
        let found = known.into_iter().find(|(_, known)| known == name).map(|(id, _)| id);
        let what = || Refused::Protocol(Refusal::NotFound { what: format!("subscription {name}") });
        found.ok_or_else(what).map(Some)
    }
}

/// A place in the list as an address carries it.
pub(crate) fn cursor(after: &After) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(after).unwrap_or_default())
}

fn read_cursor(text: &str) -> Result<After, Refused> {
    let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(|| Refused::invalid("after: not what the page before said"))
}
