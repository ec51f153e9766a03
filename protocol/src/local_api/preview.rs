//! The preview: what an activation file would make of this sensor, before anybody lets it. Pure.

use alloc::{
    borrow::ToOwned as _,
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use super::{ActivationView, EndpointRole, ModeView, SensorState, Status};
use crate::{
    documents::activation::{Activation, HubKind},
    ids::Kid,
    names::Label,
    time::UnixSeconds,
    verified::Verified,
};

/// What a file would make of this sensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The whole of it in a sentence.
    pub sentence: String,
    /// How it would take over.
    pub manner: Manner,
    /// What the file says.
    pub activation: ActivationView,
    /// The key that signed it.
    pub signer: Kid,
    /// The end of its upload window.
    pub upload_until: UnixSeconds,
    /// Each value, now and then; those that stay too, so that nothing is left to guess.
    pub changes: Vec<Change>,
    /// What stays as it is, in sentences.
    pub stays: Vec<String>,
    /// What stops, in sentences.
    pub stops: Vec<String>,
    /// What the firewall must let through from this sensor. Empty: not one packet.
    pub firewall: Vec<FirewallRule>,
    /// What to think about before.
    pub warnings: Vec<String>,
}

/// How a file would take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// At once: verification alone proves it, or nothing is in force that could be lost.
    AtOnce,
    /// Once portal and hub have answered; until then what is in force stays.
    OnceProved,
    /// It is in force already; nothing would change.
    AlreadyActive,
}

/// One value, now and then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it is.
    pub what: String,
    /// Now; none when there is nothing.
    pub now: Option<String>,
    /// Then.
    pub then: Option<String>,
}

impl Change {
    /// Whether the value would change.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.now != self.then
    }
}

/// What the firewall must let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRule {
    /// A name or an address.
    pub host: String,
    /// TCP.
    pub port: u16,
    /// What for.
    pub why: String,
}

/// What a preview needs to know of the sensor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Present {
    /// What is in force, or was until a deactivation.
    pub activation: Option<ActivationView>,
    /// Whether it is in force.
    pub active: bool,
    /// The proxy's URL, if one is set.
    pub proxy: Option<String>,
    /// Alerts that are not delivered, and would not be under the file.
    pub staying: u64,
    /// The effective time, for the licence; none when nobody knows (no agent).
    pub now: Option<UnixSeconds>,
}

impl From<&Status> for Present {
    fn from(status: &Status) -> Self {
        let (activation, active) = match &status.state {
            SensorState::Unactivated => (None, false),
            SensorState::Active { active } => (Some(active.activation.clone()), true),
            SensorState::Deactivated { deactivated } => (Some(deactivated.activation.clone()), false),
        };
        Self {
            activation,
            active,
            proxy: status.proxy.as_ref().map(|proxy| proxy.url.clone()),
            staying: 0,
            now: Some(status.clock.wall.max(status.clock.floor)),
        }
    }
}

impl Preview {
    /// The preview of a verified file for the sensor as it is.
    #[must_use]
    pub fn new(file: &Verified<Activation>, already_active: bool, present: &Present) -> Self {
        let mut preview = Self::of(file, file.signer(), already_active, present);
        if file.window_overridden() {
            preview.warnings.insert(0, overridden(file.upload_until));
        }
        preview
    }

    pub(super) fn of(activation: &Activation, signer: Kid, already_active: bool, present: &Present) -> Self {
        let then = ActivationView::from(activation);
        let cloud = matches!(then.mode, ModeView::CloudConnected { .. });
        let manner = match (already_active, cloud && present.activation.is_some()) {
            (true, _) => Manner::AlreadyActive,
            (false, true) => Manner::OnceProved,
            (false, false) => Manner::AtOnce,
        };
        let in_force = present.activation.as_ref().filter(|_| present.active);
        Self {
            sentence: sentence(&then),
            manner,
            signer,
            upload_until: activation.upload_until,
            changes: changes(in_force, &then),
            stays: stays(manner, present),
            stops: in_force.map_or_else(Vec::new, |now| stops(now, &then)),
            firewall: firewall(&then.mode, present.proxy.as_deref()),
            warnings: warnings(&then, present),
            activation: then,
        }
    }
}

fn sentence(then: &ActivationView) -> String {
    let at = then.site.as_ref().map_or_else(String::new, |site| format!(" at site {site}"));
    let zone = then.zone.as_ref().map_or_else(String::new, |zone| format!(", zone {zone}"));
    let how = match &then.mode {
        ModeView::CloudConnected { portal, hub, .. } => {
            format!("cloud-connected through hub {}, reporting to portal {portal}", hub.url)
        }
        ModeView::LocallyManaged { management_console: Some(url) } => {
            format!("locally managed, reporting to management console {url}")
        }
        ModeView::LocallyManaged { management_console: None } => "locally managed, sending nothing to anybody".into(),
    };
    format!("This sensor will become {} in subscription {}{at}{zone}, {how}.", then.name, then.subscription.name)
}

type Row = (&'static str, Option<String>);

/// The rows of the comparison. Always the same ones in the same order, so that two activations can be laid side by side.
fn rows(view: &ActivationView) -> Vec<Row> {
    let (portal, hub, ti, console) = match &view.mode {
        ModeView::CloudConnected { portal, hub, automatic_ti } => (
            Some(portal.clone()),
            Some(format!("{} ({})", hub.url, hub_kind(hub.kind))),
            Some(if *automatic_ti { "automatic" } else { "by hand" }.to_owned()),
            None,
        ),
        ModeView::LocallyManaged { management_console } => {
            (None, None, Some("by hand".to_owned()), management_console.clone())
        }
    };
    vec![
        ("name", Some(view.name.to_string())),
        ("mode", Some(view.mode.mode().to_string())),
        ("subscription", Some(format!("{} ({})", view.subscription.name, view.subscription.id))),
        ("site", view.site.as_ref().map(Label::to_string)),
        ("zone", view.zone.as_ref().map(Label::to_string)),
        ("tags", tags(&view.tags)),
        ("portal", portal),
        ("IoT hub", hub),
        ("management console", console),
        ("TI updates", ti),
        ("licence until", view.licence_until.map(|until| until.to_string())),
        ("sensor id", Some(view.sensor.to_string())),
        ("serial", Some(view.serial.to_string())),
        ("trust root", Some(view.issuer.to_string())),
    ]
}

fn tags(tags: &BTreeMap<Label, Label>) -> Option<String> {
    let pairs: Vec<String> = tags.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    (!pairs.is_empty()).then(|| pairs.join(", "))
}

const fn hub_kind(kind: HubKind) -> &'static str {
    match kind {
        HubKind::Https => "HTTPS",
        HubKind::Mqtt => "MQTT",
    }
}

fn changes(now: Option<&ActivationView>, then: &ActivationView) -> Vec<Change> {
    let mut before: BTreeMap<&str, Option<String>> = now.map(rows).into_iter().flatten().collect();
    let rows = rows(then).into_iter().map(|(what, then)| {
        let now = before.remove(what).flatten();
        Change { what: what.to_owned(), now, then }
    });
    rows.filter(|change| change.now.is_some() || change.then.is_some()).collect()
}

fn stays(manner: Manner, present: &Present) -> Vec<String> {
    let mut stays = vec!["Alerts and past activations stay on this sensor.".to_owned()];
    if present.staying > 0 && manner != Manner::AlreadyActive {
        let alerts = if present.staying == 1 { "alert that is" } else { "alerts that are" };
        stays.push(format!("{} {alerts} not delivered would not be sent to anybody.", present.staying));
    }
    match (manner, present.active) {
        (Manner::OnceProved, true) => stays
            .insert(0, "What is in force stays in force until the portal and the IoT hub have answered.".to_owned()),
        (Manner::OnceProved, false) => {
            stays.insert(0, "The sensor stays deactivated until the portal and the IoT hub have answered.".to_owned());
        }
        (Manner::AtOnce | Manner::AlreadyActive, _) => {}
    }
    stays
}

fn stops(now: &ActivationView, then: &ActivationView) -> Vec<String> {
    let before = destinations(&now.mode);
    let after = destinations(&then.mode);
    let mut stops: Vec<String> = before
        .iter()
        .filter(|(_, url)| !after.iter().any(|(_, kept)| kept == url))
        .map(|(role, url)| format!("Nothing is sent to {role} {url} any more."))
        .collect();
    if (now.issuer, now.subscription.id) != (then.issuer, then.subscription.id) {
        stops.push("Alerts detected under the present owner are not delivered to the new one.".to_owned());
    }
    stops
}

fn destinations(mode: &ModeView) -> Vec<(EndpointRole, &str)> {
    match mode {
        ModeView::CloudConnected { portal, hub, .. } => {
            vec![(EndpointRole::Portal, portal.as_str()), (EndpointRole::Hub, hub.url.as_str())]
        }
        ModeView::LocallyManaged { management_console } => {
            management_console.iter().map(|url| (EndpointRole::ManagementConsole, url.as_str())).collect()
        }
    }
}

pub(super) fn firewall(mode: &ModeView, proxy: Option<&str>) -> Vec<FirewallRule> {
    let mut rules: Vec<FirewallRule> = Vec::new();
    for (role, url) in destinations(mode) {
        let why = why(role);
        let (reached, why) = match proxy {
            Some(proxy) => (proxy, format!("the proxy, on the way to {url}: {why}")),
            None => (url, why.to_owned()),
        };
        let Some((host, port)) = host_and_port(reached) else { continue };
        match rules.iter_mut().find(|rule| (rule.host.as_str(), rule.port) == (host, port)) {
            Some(rule) => rule.why = format!("{}; {why}", rule.why),
            None => rules.push(FirewallRule { host: host.to_owned(), port, why }),
        }
    }
    rules
}

const fn why(role: EndpointRole) -> &'static str {
    match role {
        EndpointRole::Portal => "the portal: identity, heartbeats",
        EndpointRole::Hub => "the IoT hub: alerts",
        EndpointRole::ManagementConsole => "the management console: identity, heartbeats, alerts",
    }
}

/// Host and port of a URL whose form the reading has checked already.
fn host_and_port(url: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let default = match scheme {
        "https" => 443,
        "mqtts" => 8883,
        "socks5" | "socks5h" => 1080,
        _ => 8080,
    };
    match authority.rsplit_once(':') {
        // The colons of a bare IPv6 address in brackets are not a port's.
        Some((host, port)) if !port.ends_with(']') => Some((host, port.parse().ok()?)),
        _ => Some((authority, default)),
    }
}

fn overridden(upload_until: UnixSeconds) -> String {
    format!(
        "The file was to be uploaded until {upload_until}, which by this sensor's clock is over or cannot be told. \
         Activating it all the same is recorded."
    )
}

const WARN_BEFORE_LICENCE_ENDS: i64 = 30 * 86_400;

fn warnings(then: &ActivationView, present: &Present) -> Vec<String> {
    let mut warnings = Vec::new();
    if let (Some(until), Some(now)) = (then.licence_until, present.now) {
        match until.since(now) {
            left if left < 0 => warnings.push(format!("The licence ended on {until}. Nothing stops; renew it.")),
            left if left < WARN_BEFORE_LICENCE_ENDS => warnings.push(format!("The licence ends on {until}.")),
            _ => {}
        }
    }
    if let Some(now) = present.activation.as_ref().filter(|now| now.issuer != then.issuer) {
        warnings.push(format!(
            "The file comes from another issuer (trust root {}…) than the present activation (trust root {}…).",
            then.issuer.short(),
            now.issuer.short()
        ));
    }
    warnings
}
