//! What Overview shows of a status. Pure.

use maud::{Markup, html};
use picket_look::{Button, Definitions, Tone, badge, button_link, chart::number, exact, identifier, span, when};
use picket_protocol::{
    local_api::{
        Active, Deactivated, HubStatus, ModeView, SensorState, SeverityHour, Status, UpstreamKind, UpstreamStatus,
        health_advice,
    },
    refusal::Problem,
    time::UnixSeconds,
};

use super::{chart::chart, health};
use crate::{parts::load_again, texts::overview as texts};

/// The page. Its parts carry ids, by which they are replaced while somebody looks.
pub(super) fn overview(status: &Status, hours: Option<&[SeverityHour]>) -> Markup {
    html! {
        (load_again("/", now(status)))
        div class="stack" data-live="/events/overview" { (parts(status, hours)) }
    }
}

/// Every part that can change.
pub(super) fn parts(status: &Status, hours: Option<&[SeverityHour]>) -> Markup {
    let now = now(status);
    html! {
        (lead(status))
        div class="panels" id="overview-panels" {
            (activation(status))
            (connections(status, now))
            section class="panel whole" {
                div class="panel-head" {
                    h2 { (texts::LAST_DAY) }
                    a href="/alerts" { (texts::ALL_ALERTS) }
                }
                (chart(hours, now))
            }
            (health_panel(status, now))
            (alerts(status, now))
            (sensor(status))
        }
    }
}

/// The agent's effective time: what its own times are measured by.
pub(crate) fn now(status: &Status) -> UnixSeconds {
    status.clock.wall.max(status.clock.floor)
}

/// The mode in words.
pub(crate) const fn mode(state: &SensorState) -> &'static str {
    match state {
        SensorState::Unactivated => texts::UNACTIVATED,
        SensorState::Deactivated { .. } => texts::DEACTIVATED,
        SensorState::Active { active } => match active.activation.mode {
            ModeView::CloudConnected { .. } => texts::CLOUD,
            ModeView::LocallyManaged { .. } => texts::LOCAL,
        },
    }
}

fn lead(status: &Status) -> Markup {
    let (word, sentence) = match &status.state {
        SensorState::Unactivated => ("none", texts::LEAD_UNACTIVATED),
        SensorState::Deactivated { .. } => ("none", texts::LEAD_DEACTIVATED),
        SensorState::Active { active } => match &active.activation.mode {
            ModeView::CloudConnected { .. } => ("cloud-connected", texts::LEAD_CLOUD),
            ModeView::LocallyManaged { management_console: Some(_) } => ("locally-managed", texts::LEAD_LOCAL_CONSOLE),
            ModeView::LocallyManaged { management_console: None } => ("locally-managed", texts::LEAD_LOCAL),
        },
    };
    html! {
        section id="overview-lead" data-mode=(word) data-epoch=(status.epoch) {
            p class="lead" { strong { (mode(&status.state)) "." } " " (sentence) }
        }
    }
}

fn activation(status: &Status) -> Markup {
    let list = match &status.state {
        SensorState::Unactivated => Definitions::new().with(texts::STATE, badge(Tone::Notice, texts::UNACTIVATED)),
        SensorState::Active { active } => in_force(active),
        SensorState::Deactivated { deactivated } => ended(deactivated),
    };
    html! {
        section class="panel" {
            h2 { (texts::STATUS) }
            (list.with(texts::EPOCH, status.epoch.to_string()))
            @if status.candidate.is_some() {
                p { (badge(Tone::Notice, texts::PROVING)) }
                (button_link(Button::Secondary, "/settings/reactivation", texts::SHOW_REACTIVATION, None))
            }
        }
    }
}

fn in_force(active: &Active) -> Definitions {
    let view = &active.activation;
    let state = if active.proof.complete() { (Tone::Ok, texts::ACTIVE) } else { (Tone::Notice, texts::PENDING) };
    let mode = match view.mode {
        ModeView::CloudConnected { .. } => texts::CLOUD,
        ModeView::LocallyManaged { .. } => texts::LOCAL,
    };
    Definitions::new()
        .with(texts::STATE, badge(state.0, state.1))
        .with(texts::MODE, mode)
        .with(texts::SINCE, exact(active.committed_at))
        .with(texts::SUBSCRIPTION, view.subscription.name.to_string())
        .with_some(texts::SITE, view.site.as_ref().map(ToString::to_string))
        .with_some(texts::ZONE, view.zone.as_ref().map(ToString::to_string))
        .with_some(texts::LICENCE, view.licence_until.map(exact))
}

fn ended(deactivated: &Deactivated) -> Definitions {
    Definitions::new()
        .with(texts::STATE, badge(Tone::Critical, texts::DEACTIVATED))
        .with(texts::REASON, &deactivated.reason)
        .with(texts::DECIDED_BY, &deactivated.decided_by)
        .with(texts::SINCE, exact(deactivated.at))
        .with(texts::SUBSCRIPTION, deactivated.activation.subscription.name.to_string())
}

fn sensor(status: &Status) -> Markup {
    let addresses = html! {
        @if status.addresses.is_empty() { span class="muted" { (texts::NO_ADDRESSES) } }
        @for address in &status.addresses { div { (identifier(address)) } }
    };
    html! {
        section class="panel whole" {
            h2 { (texts::SENSOR) }
            (Definitions::new()
                .with(texts::NAME, name(&status.state))
                .with(texts::ADDRESSES, addresses)
                .with(texts::VERSION, &status.agent.version)
                .with(texts::UPTIME, span(status.agent.uptime_seconds)))
        }
    }
}

/// The sensor's name, or that it has none.
pub(crate) fn name(state: &SensorState) -> String {
    match state {
        SensorState::Unactivated => texts::NO_NAME.to_owned(),
        SensorState::Active { active } => active.activation.name.to_string(),
        SensorState::Deactivated { deactivated } => deactivated.activation.name.to_string(),
    }
}

fn connections(status: &Status, now: UnixSeconds) -> Markup {
    html! {
        section class="panel" {
            h2 { (texts::CONNECTIONS) }
            @if status.upstream.is_none() && status.hub.is_none() { p class="muted" { (texts::NO_CONNECTIONS) } }
            @if let Some(upstream) = &status.upstream { (self::upstream(upstream, now)) }
            @if let Some(hub) = &status.hub { (hub_entry(hub, now)) }
        }
    }
}

/// The portal or management console, and how the connection to it is.
pub(crate) fn upstream(upstream: &UpstreamStatus, now: UnixSeconds) -> Markup {
    let kind = match upstream.kind {
        UpstreamKind::Portal => texts::PORTAL,
        UpstreamKind::ManagementConsole => texts::MANAGEMENT_CONSOLE,
    };
    let (tone, word) = health::link(upstream.link);
    connection(kind, &upstream.url, (tone, word), upstream.last_answer, upstream.problem.as_ref(), now)
}

fn hub_entry(hub: &HubStatus, now: UnixSeconds) -> Markup {
    connection(texts::HUB, &hub.url, health::link(hub.link), hub.last_accepted, hub.problem.as_ref(), now)
}

fn connection(
    what: &str,
    url: &str,
    (tone, word): (Tone, &str),
    last: Option<UnixSeconds>,
    problem: Option<&Problem>,
    now: UnixSeconds,
) -> Markup {
    let contact = html! { @match last { Some(at) => (when(at, now)), None => (texts::NEVER) } };
    html! {
        (Definitions::new().with(what, html! {
            div { (badge(tone, word)) }
            div { (identifier(url)) }
            @if let Some(problem) = problem { p class="help" { (problem.detail) } }
        }).with(texts::LAST_CONTACT, contact))
    }
}

fn health_panel(status: &Status, now: UnixSeconds) -> Markup {
    let list = status.health.iter().fold(Definitions::new(), |list, (component, health)| {
        let tone = health::tone(&health.code);
        let word = if tone == Tone::Ok { texts::OK } else { &health.code };
        list.with(
            health::component(*component),
            html! {
                (badge(tone, word))
                @if tone != Tone::Ok {
                    " " (when(health.since, now))
                    @if let Some(advice) = health_advice(&health.code) { p class="help" { (advice) } }
                }
            },
        )
    });
    html! {
        section class="panel" {
            h2 { (texts::HEALTH) }
            @if status.health.is_empty() { p class="muted" { (texts::NOT_REPORTED) } }
            (list)
        }
    }
}

fn alerts(status: &Status, now: UnixSeconds) -> Markup {
    let alerts = &status.alerts;
    let taken: u64 = alerts.streams.iter().map(|stream| stream.head).sum();
    let dropped: u64 = alerts.streams.iter().flat_map(|stream| stream.dropped.values()).sum();
    let oldest = alerts.streams.iter().filter_map(|stream| stream.oldest_undelivered).min();
    let mut list = Definitions::new().with(texts::TAKEN_IN, html! { span class="big" { (number(taken)) } });
    for consumer in &alerts.consumers {
        list = list.with(texts::BACKLOG, number(consumer.backlog));
        list = list.with_some(texts::UNCONFIRMED, consumer.unconfirmed.map(number));
    }
    list = list
        .with_some(texts::OLDEST, oldest.map(|at| when(at, now)))
        .with(texts::DROPPED, number(dropped))
        .with(texts::SOURCE, identifier(&alerts.source));
    html! { section class="panel" { h2 { (texts::ALERTS) } (list) } }
}
