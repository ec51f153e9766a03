//! Parts of pages that need the protocol's types; what needs none is in picket-look.

use maud::{Markup, Render as _, html};
use picket_look::{Change, Column, Definitions, Empty, Finding, Refusal, Table, exact, now_then};
use picket_protocol::{
    local_api::{ActivationView, FirewallRule, ModeView, Preview},
    refusal::Problem,
    time::UnixSeconds,
};

use crate::texts::{first_sign_in as texts, frame};

/// A refusal: title, what was found, what to do next, the code small at the end.
#[must_use]
pub fn refusal(problem: &Problem) -> Markup {
    let found: Vec<Finding<'_>> =
        problem.found.iter().map(|found| Finding { label: &found.label, value: &found.value }).collect();
    // The console's own codes are explained where they stand.
    let own = ["console.", "certificate."].iter().any(|own| problem.code.starts_with(own));
    let page = (!own).then(|| format!("/explain/{}", problem.code));
    picket_look::refusal(&Refusal {
        code: &problem.code,
        title: &problem.title,
        found: &found,
        next: &problem.next,
        page: page.as_deref(),
    })
}

/// A code of the agent's, which leads to its page.
#[must_use]
pub fn code(code: &str) -> Markup {
    html! { a href={ "/explain/" (code) } { code { (code) } } }
}

/// Where no script keeps a page alive: of when it is, and a link that loads it again. It does not load itself: whoever reads
/// it slowly, or fills something in, would lose their place.
#[must_use]
pub fn load_again(here: &str, at: UnixSeconds) -> Markup {
    html! {
        noscript { p class="help load-again" data-load-again { (frame::AS_OF) " " (exact(at)) ". " a href=(here) { (frame::LOAD_AGAIN) } } }
    }
}

/// What an activation file would make of this sensor: all that it says, and what that changes.
#[must_use]
pub fn preview(preview: &Preview) -> Markup {
    let changes: Vec<Change<'_>> = preview
        .changes
        .iter()
        .map(|change| Change { what: &change.what, now: change.now.as_deref(), then: change.then.as_deref() })
        .collect();
    html! {
        p class="lead" { (preview.sentence) }
        @for warning in &preview.warnings { (picket_look::message(picket_look::Tone::Warning, warning, "")) }
        (activation(&preview.activation).with(texts::UPLOAD_UNTIL, exact(preview.upload_until)))
        h3 { (texts::CHANGES) }
        (now_then(texts::CHANGES, &changes))
        (sentences(texts::STAYS, &preview.stays))
        (sentences(texts::STOPS, &preview.stops))
        h3 { (texts::FIREWALL) }
        (firewall(&preview.firewall))
    }
}

/// Every value of an activation.
#[must_use]
pub fn activation(activation: &ActivationView) -> Definitions {
    let list = Definitions::new()
        .with(texts::SENSOR_NAME, activation.name.as_str())
        .with(texts::SUBSCRIPTION, activation.subscription.name.as_str())
        .with_some(texts::SITE, activation.site.as_ref().map(|site| site.as_str()))
        .with_some(texts::ZONE, activation.zone.as_ref().map(|zone| zone.as_str()));
    let list = activation
        .tags
        .iter()
        .fold(list, |list, (key, value)| list.with(texts::TAG, format!("{}: {}", key.as_str(), value.as_str())));
    let list = match &activation.mode {
        ModeView::CloudConnected { portal, hub, automatic_ti } => list
            .with(texts::MODE, texts::CLOUD_CONNECTED)
            .with(texts::PORTAL, portal.as_str())
            .with(texts::HUB, hub.url.as_str())
            .with(texts::AUTOMATIC_TI, if *automatic_ti { texts::YES } else { texts::NO }),
        ModeView::LocallyManaged { management_console } => list
            .with(texts::MODE, texts::LOCALLY_MANAGED)
            .with(texts::MANAGEMENT_CONSOLE, management_console.as_deref().unwrap_or(texts::NONE)),
    };
    list.with_some(texts::LICENCE_UNTIL, activation.licence_until.map(exact))
        .with(texts::ISSUED_AT, exact(activation.issued_at))
        .with(texts::SERIAL, activation.serial.to_string())
        .with(texts::SENSOR_ID, picket_look::identifier(&activation.sensor.to_string()))
}

/// What a firewall must let through.
#[must_use]
pub fn firewall(rules: &[FirewallRule]) -> Markup {
    const COLUMNS: [Column<'static>; 3] =
        [Column::text(texts::HOST), Column::number(texts::PORT), Column::wide(texts::WHAT_FOR)];
    let rows = rules
        .iter()
        .map(|rule| vec![html! { code { (rule.host) } }, html! { (rule.port) }, html! { (rule.why) }])
        .collect();
    let empty = Empty { why: texts::NO_FIREWALL.to_owned(), next: html! {} };
    Table { caption: texts::FIREWALL, columns: &COLUMNS, rows, empty }.render()
}

fn sentences(title: &str, all: &[String]) -> Markup {
    html! {
        @if !all.is_empty() {
            h3 { (title) }
            ul { @for one in all { li { (one) } } }
        }
    }
}
