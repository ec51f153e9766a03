//! System messages: what people should hear until its cause is gone, made of a status. Pure; one value for console and
//! picketctl.

use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{cmp::Reverse, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{Active, FirewallRule, Link, SensorState, Status, health_advice, preview};
use crate::{heartbeat::Component, refusal::Problem, time::UnixSeconds};

const DAY: i64 = 86_400;
/// Before a licence ends, people hear of it.
const LICENCE_DAYS: i64 = 30;
/// The sensor renews with 30 days left: with this many, renewing has failed for long.
const CERTIFICATE_DAYS: i64 = 7;

/// How pressing a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// Good to know.
    Info,
    /// Something will stop, or is not as it should be.
    Warning,
    /// Something has stopped.
    Error,
}

/// Something that people should hear until its cause is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// A stable word, or the code of a refusal.
    pub code: String,
    /// How pressing.
    pub severity: Gravity,
    /// What is so: a sentence without full stop.
    pub title: String,
    /// What to do next, in order.
    pub next: Vec<String>,
}

impl Message {
    /// All that a status gives cause for, the gravest first.
    #[must_use]
    pub fn of(status: &Status) -> Vec<Self> {
        let now = status.clock.wall.max(status.clock.floor);
        let mut messages = Vec::new();
        match &status.state {
            SensorState::Unactivated => {}
            SensorState::Active { active } => messages.extend(of_active(active, now, &status.addresses)),
            SensorState::Deactivated { deactivated } => messages.push(Self::new(
                "activation.deactivated",
                Gravity::Error,
                format!("The portal ended this activation: {}, says {}", deactivated.reason, deactivated.decided_by),
                &[
                    "Nothing is sent; detecting and storing go on",
                    "To use the sensor again, upload a new activation file",
                ],
            )),
        }
        messages.extend(of_link(status));
        messages.extend(of_clock(status));
        messages.extend(of_certificate(status, now));
        messages.extend(of_health(status));
        messages.sort_by_key(|message| Reverse(message.severity));
        messages
    }

    fn new(code: &str, severity: Gravity, title: impl Into<String>, next: &[&str]) -> Self {
        let next = next.iter().map(|step| (*step).to_owned()).collect();
        Self { code: code.to_owned(), severity, title: title.into(), next }
    }

    fn problem(problem: &Problem, severity: Gravity) -> Self {
        let Problem { code, title, next, .. } = problem.clone();
        Self { code, severity, title, next }
    }
}

/// What a firewall must let through now: for the activation in force, and for a candidate that is being proved.
#[must_use]
pub fn firewall_now(status: &Status) -> Vec<FirewallRule> {
    let proxy = status.proxy.as_ref().map(|proxy| proxy.url.as_str());
    let active = match &status.state {
        SensorState::Active { active } => Some(&active.activation.mode),
        SensorState::Unactivated | SensorState::Deactivated { .. } => None,
    };
    let candidate = status.candidate.as_ref().map(|candidate| &candidate.activation.mode);
    let mut rules = active.map_or_else(Vec::new, |mode| preview::firewall(mode, proxy));
    for rule in candidate.map_or_else(Vec::new, |mode| preview::firewall(mode, proxy)) {
        if !rules.iter().any(|known| (&known.host, known.port) == (&rule.host, rule.port)) {
            rules.push(rule);
        }
    }
    rules
}

fn of_active(active: &Active, now: UnixSeconds, addresses: &[String]) -> Vec<Message> {
    let mut messages = Vec::new();
    if let Some(until) = active.activation.licence_until {
        let next = &["Have the licence renewed; nothing stops until then, or after"];
        match until.since(now) {
            left if left < 0 => {
                messages.push(Message::new(
                    "licence-over",
                    Gravity::Warning,
                    format!("The licence ended on {until}"),
                    next,
                ));
            }
            left if left < LICENCE_DAYS * DAY => {
                messages.push(Message::new(
                    "licence-ends",
                    Gravity::Info,
                    format!("The licence ends on {until}"),
                    next,
                ));
            }
            _ => {}
        }
    }
    if active.signer_withdrawn {
        messages.push(Message::new(
            "signer-withdrawn",
            Gravity::Info,
            "The key that signed the activation in force was withdrawn since",
            &["Nothing stops; have the portal issue a new file, and upload it when it suits"],
        ));
    }
    messages.extend(address_in_name(&active.activation.name.to_string(), addresses));
    messages
}

/// People put a sensor's address into its name to find it; one that is another machine's leads them astray.
fn address_in_name(name: &str, addresses: &[String]) -> Option<Message> {
    let other = |found: &IpAddr| !addresses.iter().any(|own| own.parse() == Ok(*found));
    let words = name.split([' ', '_', '-']);
    let found = words.filter_map(|word| word.parse::<IpAddr>().ok()).find(other)?;
    if addresses.is_empty() {
        return None;
    }
    Some(Message::new(
        "name-address",
        Gravity::Warning,
        format!("The name says {found}, which is none of this sensor's addresses ({})", addresses.join(", ")),
        &["Correct the name, or the sensor's address"],
    ))
}

fn of_link(status: &Status) -> Option<Message> {
    let upstream = status.upstream.as_ref()?;
    match upstream.link {
        Link::Rejected => upstream.problem.as_ref().map(|problem| Message::problem(problem, Gravity::Error)),
        Link::Disconnected => Some(Message::new(
            "disconnected",
            Gravity::Warning,
            format!("{} does not answer", upstream.url),
            &["Check the endpoints: picketctl check", "Alerts are kept, and delivered once it answers"],
        )),
        Link::Pending | Link::Connected | Link::Retrying | Link::ClockWrong => None,
    }
}

fn of_clock(status: &Status) -> Option<Message> {
    let clock = &status.clock;
    let next = &["Set the sensor's clock, or its NTP server"];
    if clock.wall < clock.floor {
        let title =
            format!("This sensor's clock is behind: it says {}, and it is {} at least", clock.wall, clock.floor);
        return Some(Message::new("clock-behind", Gravity::Warning, title, next));
    }
    let drift = clock.drift_seconds?;
    let title = format!("This sensor's clock is off by {drift} s");
    Some(Message::new("clock-drift", Gravity::Warning, title, next))
}

fn of_certificate(status: &Status, now: UnixSeconds) -> Option<Message> {
    let until = status.upstream.as_ref()?.certificate_until?;
    let next = &["Check that the portal answers: picketctl check", "The sensor renews it by itself once it can"];
    match until.since(now) {
        left if left < 0 => {
            let title = format!("This sensor's certificate expired on {until}");
            Some(Message::new("certificate-expired", Gravity::Error, title, next))
        }
        left if left < CERTIFICATE_DAYS * DAY => {
            let title = format!("This sensor's certificate expires on {until} and could not be renewed yet");
            Some(Message::new("certificate-expires", Gravity::Warning, title, next))
        }
        _ => None,
    }
}

fn of_health(status: &Status) -> impl Iterator<Item = Message> + '_ {
    let watched = [Component::ControlState, Component::Disk, Component::AlertLog, Component::Engine];
    watched.into_iter().filter_map(|component| {
        let code = status.health.get(&component)?.code.as_str();
        let advice = health_advice(code)?;
        let (title, next) = advice.split_once(": ").unwrap_or((advice, "Look at the sensor's log"));
        let severity = if code == "disk-low" { Gravity::Warning } else { Gravity::Error };
        Some(Message::new(code, severity, title, &[&sentence(next)]))
    })
}

/// A clause as a sentence begins, without full stop.
fn sentence(clause: &str) -> String {
    let mut characters = clause.trim_end_matches('.').chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}
