//! Where an alert stands: confirmed, delivered, waiting, or kept here and why. Reads the consumers' marks.

use picket_lifecycle::routes::{Route, Routes};
use picket_protocol::{
    alerts::DropReason,
    local_api::{AlertStanding, EndpointRole, ModeView, SensorState, Status},
};

use crate::{
    alert_log::{ConsumerMarks, LogError, LoggedAlert, console_consumer, hub_consumer},
    alerts::Alerts,
};

pub(super) async fn standing(alerts: &Alerts, status: &Status, alert: &LoggedAlert) -> Result<AlertStanding, LogError> {
    let (stream, number) = (alert.id.stream, alert.id.number);
    let entries = alerts.log().range(stream, number, number, 1).await?;
    if let Some(skip) = entries.iter().find_map(|entry| entry.skip()) {
        return Ok(AlertStanding::Kept { why: left_out(skip.reason).to_owned() });
    }
    let Routes { hub, console } = alerts.routes();
    let takes = |route: &Route| route.epochs.contains(&alert.epoch);
    let (role, consumer, confirms) = match (hub.filter(takes), console.filter(takes)) {
        (Some(route), _) => (EndpointRole::Hub, hub_consumer(&route.owner), route.confirms),
        (None, Some(route)) => (EndpointRole::ManagementConsole, console_consumer(&route.owner), route.confirms),
        (None, None) => return Ok(without_route(status, alert)),
    };
    let marks = alerts.log().consumer(&consumer).await?;
    Ok(by_marks(&marks, alert, role, confirms))
}

pub(super) fn by_marks(
    marks: &ConsumerMarks,
    alert: &LoggedAlert,
    role: EndpointRole,
    confirms: bool,
) -> AlertStanding {
    if alert.place > marks.delivered {
        return AlertStanding::Waiting { to: role };
    }
    let number = alert.id.number;
    let confirmed = marks.confirmed.get(&alert.id.stream).is_some_and(|word| {
        number <= word.up_to && !word.lacks.iter().any(|(from, to)| (*from..=*to).contains(&number))
    });
    if confirms && confirmed { AlertStanding::Confirmed { by: role } } else { AlertStanding::Delivered { by: role } }
}

/// Nobody takes it at present.
pub(super) fn without_route(status: &Status, alert: &LoggedAlert) -> AlertStanding {
    let kept = |why: String| AlertStanding::Kept { why };
    let active = match &status.state {
        SensorState::Unactivated => return kept("this sensor is not activated".to_owned()),
        SensorState::Deactivated { .. } => return kept("this sensor is deactivated, so nothing is sent".to_owned()),
        SensorState::Active { active } => active,
    };
    match &active.activation.mode {
        ModeView::CloudConnected { .. } if alert.epoch == status.epoch => {
            AlertStanding::Waiting { to: EndpointRole::Hub }
        }
        ModeView::LocallyManaged { management_console: Some(_) } if alert.epoch == status.epoch => {
            AlertStanding::Waiting { to: EndpointRole::ManagementConsole }
        }
        ModeView::LocallyManaged { management_console: None } => {
            kept("this sensor is locally managed and has no management console".to_owned())
        }
        ModeView::CloudConnected { .. } | ModeView::LocallyManaged { .. } => kept(format!(
            "it was detected under an earlier activation (epoch {}), whose alerts do not go where the present one sends",
            alert.epoch.0
        )),
    }
}

const fn left_out(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Full => "the alert log was full, so it was left out of delivery",
        DropReason::Age => "it was too old to be kept for delivery",
        DropReason::Poison => "the hub refuses this record for good, so it was set aside",
        DropReason::Held => "it cannot be said under which activation it was detected, so it is sent to nobody",
    }
}
