//! The activation: what an activation file tells one sensor to become.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    cbor::fields::At,
    endpoint_url::{EndpointUrl, Scheme},
    ids::{ApplianceId, Cti, Owner, SensorId, Serial, SubscriptionId, Thumbprint, TrustRootId},
    names::{Label, SensorName},
    refusal::Refusal,
    time::UnixSeconds,
};

/// One activation, as its file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// `iss`: the trust root that signs for the issuer.
    pub issuer: TrustRootId,
    /// `sub`: the registration.
    pub sensor: SensorId,
    /// `iat`: when the portal issued it.
    pub issued_at: UnixSeconds,
    /// `nbf`: not to be uploaded before.
    pub not_before: UnixSeconds,
    /// `exp`: the end of the upload window.
    pub upload_until: UnixSeconds,
    /// `cti`: this one issue.
    pub cti: Cti,
    /// Orders the documents of this registration.
    pub serial: Serial,
    /// The sensor's name.
    pub name: SensorName,
    /// The subscription it is filed under.
    pub subscription: Subscription,
    /// Where the owner files the sensor.
    pub site: Option<Label>,
    /// Where in the site.
    pub zone: Option<Label>,
    /// key:value, at most [`Activation::MAX_TAGS`].
    pub tags: BTreeMap<Label, Label>,
    /// Which sensor may use the file.
    pub binding: Binding,
    /// Past this date the console warns; nothing stops.
    pub licence_until: Option<UnixSeconds>,
    /// The management mode with what it needs.
    pub mode: ModeSettings,
}

impl Activation {
    /// Most tags on a sensor.
    pub const MAX_TAGS: usize = 32;
    /// Longest upload window, seconds.
    pub const MAX_UPLOAD_WINDOW: i64 = 365 * 86_400;

    /// Whether it holds together: what its encoding alone does not show. Readers refuse what this refuses.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`] with the first rule it breaks.
    pub fn check(&self) -> Result<(), Refusal> {
        let at = At::document("activation");
        let opens = self.issued_at.max(self.not_before);
        let window = self.upload_until.since(opens);
        if !(1..=Self::MAX_UPLOAD_WINDOW).contains(&window) {
            return Err(at.field("exp").malformed("not 1 second to 365 days after iat and nbf"));
        }
        if self.serial > Serial::MAX {
            return Err(at.field("serial").malformed("out of range"));
        }
        if self.tags.len() > Self::MAX_TAGS {
            return Err(at.field("tags").malformed(format_args!("{}, at most {}", self.tags.len(), Self::MAX_TAGS)));
        }
        match &self.mode {
            ModeSettings::CloudConnected(cloud) => {
                cloud.portal.check(Scheme::Https, &at.field("portal"))?;
                cloud.hub.check(&at.field("hub"))
            }
            ModeSettings::LocallyManaged(local) => match &local.management_console {
                Some(console) => console.endpoint.check(Scheme::Https, &at.field("management console")),
                None => Ok(()),
            },
        }
    }

    /// Whose sensor this makes it.
    #[must_use]
    pub fn owner(&self) -> Owner {
        Owner { trust_root: self.issuer, subscription: self.subscription.id }
    }
}

/// The owner's contract at the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Its name, for people.
    pub name: Label,
}

/// Which sensor may use the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "value")]
pub enum Binding {
    /// Whichever uploads it first; the enrolment token decides at the portal.
    None,
    /// The appliance with this id.
    Appliance(ApplianceId),
    /// The sensor that holds the key of a request.
    Key(Thumbprint),
}

/// The two management modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Reports to a portal and delivers to an IoT hub.
    CloudConnected,
    /// Keeps to itself, or to one management console on the premises.
    LocallyManaged,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudConnected => "cloud-connected",
            Self::LocallyManaged => "locally-managed",
        })
    }
}

/// The mode with what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "mode")]
pub enum ModeSettings {
    /// See [`Mode::CloudConnected`].
    CloudConnected(CloudConnected),
    /// See [`Mode::LocallyManaged`].
    LocallyManaged(LocallyManaged),
}

impl ModeSettings {
    /// The mode alone.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self {
            Self::CloudConnected(_) => Mode::CloudConnected,
            Self::LocallyManaged(_) => Mode::LocallyManaged,
        }
    }
}

/// What a cloud-connected sensor needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudConnected {
    /// The portal's sensor port.
    pub portal: Endpoint,
    /// One-time; spent at the first enrolment by one key.
    pub enrolment_token: Secret,
    /// Where alerts go.
    pub hub: Hub,
    /// Whether TI packages are installed without a person.
    pub automatic_ti: bool,
}

/// What a locally managed sensor needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocallyManaged {
    /// The management console it reports to, if any. None: not one packet.
    pub management_console: Option<ManagementConsole>,
}

/// An on-premises management console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagementConsole {
    /// Its sensor port.
    pub endpoint: Endpoint,
    /// One-time; spent at pairing by one key.
    pub pairing_token: Secret,
}

/// An HTTPS (or MQTTS) server and the CAs it is believed by. System roots are never used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `https://host[:port]` without path, query or user; `mqtts://host[:port]` for an MQTT hub. At most 255 bytes.
    pub url: String,
    /// CA certificates in DER; 1 to 8.
    pub ca_certificates: Vec<Certificate>,
}

impl Endpoint {
    /// Most bytes in a URL.
    pub const MAX_URL: usize = 255;
    /// Most CA certificates of an endpoint.
    pub const MAX_CA_CERTIFICATES: usize = 8;

    /// What is wrong with it, if anything is: in which field, and why.
    ///
    /// # Errors
    /// The field, and why.
    pub(crate) fn judge(&self, scheme: Scheme) -> Result<(), (&'static str, String)> {
        EndpointUrl::parse(&self.url, scheme).map_err(|error| ("url", error.to_string()))?;
        let certificates = &self.ca_certificates;
        if !(1..=Self::MAX_CA_CERTIFICATES).contains(&certificates.len()) {
            return Err(("CA certificates", format!("{}, must be 1 to 8", certificates.len())));
        }
        if certificates.iter().any(|certificate| !Certificate::LENGTHS.contains(&certificate.0.len())) {
            return Err(("CA certificates", "empty or too long".into()));
        }
        Ok(())
    }

    fn check(&self, scheme: Scheme, at: &At<'_>) -> Result<(), Refusal> {
        self.judge(scheme).map_err(|(field, why)| at.field(field).malformed(why))
    }
}

/// A certificate in DER. In JSON its base64: the agent's state holds several, and stores them with every heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Certificate(pub Vec<u8>);

impl TryFrom<String> for Certificate {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self)
    }
}

impl From<Certificate> for String {
    fn from(certificate: Certificate) -> Self {
        STANDARD.encode(certificate.0)
    }
}

impl Certificate {
    /// Fewest and most bytes of one.
    pub const LENGTHS: core::ops::RangeInclusive<usize> = 1..=4096;
}

/// An IoT hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// How it is spoken to.
    pub kind: HubKind,
    /// Where it is.
    pub endpoint: Endpoint,
    /// MQTT only: the topic, with `{sensor_id}` in it.
    pub topic_template: Option<String>,
    /// Whether the portal reads this hub and confirms what it stored.
    pub portal_confirms: bool,
}

impl Hub {
    /// Where the sensor id stands in a topic template.
    pub const TOPIC_PLACEHOLDER: &str = "{sensor_id}";
    /// Most bytes of a topic template.
    pub const MAX_TOPIC: usize = 256;

    fn check(&self, at: &At<'_>) -> Result<(), Refusal> {
        self.endpoint.check(self.kind.scheme(), at)?;
        match (self.kind, &self.topic_template) {
            (HubKind::Https, None) => Ok(()),
            (HubKind::Mqtt, Some(topic)) if is_topic(topic) => Ok(()),
            (HubKind::Https, Some(_)) => Err(at.field("topic template").malformed("an HTTPS hub has none")),
            (HubKind::Mqtt, _) => Err(at.field("topic template").malformed("not a topic with {sensor_id} in it")),
        }
    }
}

/// A topic to publish to (MQTT 5 §4.7), with the sensor's own place in it: no wildcards, no control characters.
fn is_topic(topic: &str) -> bool {
    let forbidden = |character: char| matches!(character, '+' | '#') || character.is_control();
    topic.len() <= Hub::MAX_TOPIC && !topic.contains(forbidden) && topic.matches(Hub::TOPIC_PLACEHOLDER).count() == 1
}

/// How an IoT hub is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HubKind {
    /// CloudEvents over HTTPS.
    Https,
    /// MQTT 5 over mutual TLS.
    Mqtt,
}

impl HubKind {
    /// The scheme of its address.
    #[must_use]
    pub const fn scheme(self) -> Scheme {
        match self {
            Self::Https => Scheme::Https,
            Self::Mqtt => Scheme::Mqtts,
        }
    }
}

/// A token. Never printed; erased when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Fewest and most characters: 22 base64url characters are 128 bits.
    pub const LENGTHS: core::ops::RangeInclusive<usize> = 22..=128;

    /// Takes visible ASCII of an allowed length.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        let fits = Self::LENGTHS.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(Zeroizing::new(text)))
    }

    /// The token itself. For the one request that spends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text).ok_or("not a token")
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        (*secret.0).clone()
    }
}
