//! The frame around a page's own part: navigation, identity strip, system messages; bare in flows and before the sign-in.

use maud::Markup;
use picket_look::{Icon, Identity, Layout, Message, NavLink, Person, Tone, bare, page as framed, words};
use picket_protocol::{
    heartbeat::Component,
    local_api::{Gravity, Message as SystemMessage, SensorState, Status},
};

use crate::{
    agent::NoAnswer, clock, console::Console, first_sign_in, guard::SignedIn, page::Page, refused,
    texts::frame as texts, tls::import::Seen,
};

const SIGN_OUT: &str = "/sign-out";
/// Seconds before the end of the certificate.
const CERTIFICATE_WARNING: i64 = 30 * 86_400;

/// Around pages of people who signed in.
#[must_use]
pub(crate) fn signed_in(console: &Console, by: &SignedIn, path: &str, page: &Page) -> Markup {
    let in_flow = first_sign_in::due(console, by).is_some();
    let facts = Facts::of(by.agent());
    let messages: Vec<Message> = messages(by.agent()).into_iter().chain(own_certificate(console, by)).collect();
    let nav = [
        link("/", texts::OVERVIEW, Icon::Overview, path == "/"),
        link("/alerts", texts::ALERTS, Icon::Alerts, path.starts_with("/alerts")),
        link("/settings", texts::SETTINGS, Icon::Settings, path.starts_with("/settings")),
        link("/account", texts::ACCOUNT, Icon::People, path.starts_with("/account")),
    ];
    let layout = Layout {
        title: &page.title,
        site: &facts.name,
        nav: &nav,
        above: page.above,
        identity: Some(facts.identity()),
        messages: &messages,
        person: Some(Person { name: by.name.as_str(), role: by.role.word(), sign_out: SIGN_OUT }),
        csrf: &by.csrf,
    };
    if in_flow { bare(&layout, &page.body) } else { framed(&layout, &page.body) }
}

/// Around pages before the sign-in. They say nothing of the sensor but what stands in them.
#[must_use]
pub(crate) fn open(page: &Page) -> Markup {
    let layout = Layout {
        title: &page.title,
        site: texts::PRODUCT,
        nav: &[],
        above: page.above,
        identity: None,
        messages: &[],
        person: None,
        csrf: "",
    };
    bare(&layout, &page.body)
}

const fn link(href: &'static str, label: &'static str, icon: Icon, current: bool) -> NavLink<'static> {
    NavLink { href, label, icon, current }
}

/// What the identity strip says.
struct Facts {
    name: String,
    mode: &'static str,
    health: (Tone, &'static str),
    appliance: String,
}

impl Facts {
    fn of(status: &Result<Status, NoAnswer>) -> Self {
        let Ok(status) = status else {
            let health = (Tone::Critical, texts::NO_AGENT);
            return Self { name: texts::UNKNOWN.to_owned(), mode: "", health, appliance: String::new() };
        };
        let (name, mode) = match &status.state {
            SensorState::Unactivated => (texts::UNNAMED.to_owned(), texts::UNACTIVATED),
            SensorState::Active { active } => {
                (active.activation.name.as_str().to_owned(), mode_word(&active.activation.mode))
            }
            SensorState::Deactivated { deactivated } => {
                (deactivated.activation.name.as_str().to_owned(), texts::DEACTIVATED)
            }
        };
        Self { name, mode, health: health(status), appliance: status.appliance.to_string() }
    }

    fn identity(&self) -> Identity<'_> {
        Identity {
            what: words::IDENTITY,
            name: &self.name,
            mode: self.mode,
            health: self.health,
            appliance: &self.appliance,
        }
    }
}

const fn mode_word(mode: &picket_protocol::local_api::ModeView) -> &'static str {
    match mode {
        picket_protocol::local_api::ModeView::CloudConnected { .. } => texts::CLOUD_CONNECTED,
        picket_protocol::local_api::ModeView::LocallyManaged { .. } => texts::LOCALLY_MANAGED,
    }
}

/// The worst of what its components say: what detection and storage need weighs more than a link.
fn health(status: &Status) -> (Tone, &'static str) {
    let bad = |component: &Component| status.health.get(component).is_some_and(|health| health.code != "ok");
    if [Component::Engine, Component::AlertLog, Component::Disk].iter().any(bad) {
        (Tone::Critical, texts::IMPAIRED)
    } else if status.health.values().any(|health| health.code != "ok") {
        (Tone::Warning, texts::NOT_ALL_WELL)
    } else {
        (Tone::Ok, texts::HEALTHY)
    }
}

/// What stands on every page until its cause is gone.
fn messages(status: &Result<Status, NoAnswer>) -> Vec<Message> {
    match status {
        Ok(status) => SystemMessage::of(status).into_iter().map(shown).collect(),
        Err(error) => {
            let problem = refused::no_agent(error);
            vec![Message { tone: Tone::Critical, code: problem.code, title: problem.title, next: problem.next }]
        }
    }
}

/// The console's own certificate, from 30 days before it ends.
fn own_certificate(console: &Console, by: &SignedIn) -> Option<Message> {
    let until = Seen::of(&console.certificate.leaf())?.not_after;
    let floor = by.agent().as_ref().map_or(clock::build_date(), |status| status.clock.floor);
    let left = until.0.saturating_sub(clock::wall().max(floor).0);
    let (tone, title) = match left {
        ..=0 => (Tone::Critical, texts::CERTIFICATE_OVER),
        1..=CERTIFICATE_WARNING => (Tone::Warning, texts::CERTIFICATE_ENDING),
        _ => return None,
    };
    let next = vec![texts::CERTIFICATE_NEXT.to_owned()];
    Some(Message { tone, code: "console-certificate".to_owned(), title: format!("{title} {until}"), next })
}

fn shown(message: SystemMessage) -> Message {
    let tone = match message.severity {
        Gravity::Info => Tone::Notice,
        Gravity::Warning => Tone::Warning,
        Gravity::Error => Tone::Critical,
    };
    Message { tone, code: message.code, title: message.title, next: message.next }
}
