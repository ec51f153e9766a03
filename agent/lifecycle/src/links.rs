//! How the links to upstream and hub are: told apart as pending, connected, retrying, disconnected, rejected, and this
//! sensor's own clock. *Deleted* is none of them: only a signed deactivation says it. A hub that takes probes may still
//! refuse alerts: then what the delivery says is its health.

use core::time::Duration;

use picket_protocol::{heartbeat::Component, local_api::Link};

use crate::{
    appliance::Appliance,
    connection::{Connection, is_rejection},
    health::OK,
    moment::Moment,
    phase::Phase,
    pursuit::Pursuit,
    turn::Turn,
};

/// Health of a link that was never up and never failed.
const PENDING: &str = "pending";

/// Records the health of clock, upstream and hub as it is now.
pub(crate) fn report(phase: &Phase, turn: &mut Turn<'_>) {
    let clock = turn.appliance.clock.health(turn.appliance.settings.build_date, turn.now);
    turn.report_health(Component::Clock, clock);
    let Some(connection) = phase.in_force().and_then(|active| active.connection.as_ref()) else { return };
    turn.report_health(Component::Upstream, code(upstream(connection)));
    if let Connection::Enrolled(enrolled) = connection
        && let Some(hub) = &enrolled.hub
    {
        let is = match (code(&hub.pursuit), turn.appliance.hub_takes.clone()) {
            (OK, takes) if !takes.is_empty() => takes,
            (is, _) => is.into(),
        };
        turn.report_health(Component::Hub, &is);
    }
}

/// What the upstream's link hangs on now.
pub(crate) const fn upstream(connection: &Connection) -> &Pursuit {
    match connection {
        Connection::Enrolling(enrolling) => &enrolling.pursuit,
        Connection::Enrolled(enrolled) => &enrolled.heartbeat,
    }
}

fn code(pursuit: &Pursuit) -> &'static str {
    match (pursuit.last_failure(), pursuit.last_success()) {
        (Some(failure), _) => failure.why.code(),
        (None, Some(_)) => OK,
        (None, None) => PENDING,
    }
}

/// How a link is; without a success for `gone_after` it is disconnected.
pub(crate) fn link(pursuit: &Pursuit, gone_after: Duration, appliance: &Appliance, now: &Moment) -> Link {
    if let Some(failure) = pursuit.last_failure() {
        if is_rejection(&failure.why) {
            return Link::Rejected;
        }
        if appliance.clock.to_blame(&failure.why, now) {
            return Link::ClockWrong;
        }
    }
    let Some(success) = pursuit.last_success() else { return Link::Pending };
    // An answer of an earlier boot: counted from this start, since nobody knows how long the machine was off.
    let since = now.boot.since(success.boot.unwrap_or(appliance.started_at));
    if since >= gone_after {
        Link::Disconnected
    } else if pursuit.last_failure().is_some() {
        Link::Retrying
    } else {
        Link::Connected
    }
}
