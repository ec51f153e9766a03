//! Steps 9 to 11: may this sensor take this activation now? Time, binding, serial.

use super::ReadingContext;
use crate::{
    documents::activation::{Activation, Binding},
    floors::Floors,
    ids::Kid,
    refusal::Refusal,
};

/// What an activation that passed is to this sensor.
pub(super) enum Standing {
    New,
    AlreadyActive,
}

/// Judged by the wall clock alone. True if only an admin's override let the upload window pass.
///
/// `nbf` counts only beyond `iat`: a file that may be uploaded as soon as it is issued is not stopped by a slow clock.
pub(super) fn check_time(activation: &Activation, context: &ReadingContext<'_>) -> Result<bool, Refusal> {
    let now = context.wall_clock;
    let not_before = activation.not_before;
    if not_before > activation.issued_at && now < not_before {
        return Err(Refusal::NotYetValid { not_before, now });
    }
    match check_window(activation, context) {
        Err(_) if context.override_window => Ok(true),
        checked => checked.map(|()| false),
    }
}

fn check_window(activation: &Activation, context: &ReadingContext<'_>) -> Result<(), Refusal> {
    let (now, build_date, until) = (context.wall_clock, context.build_date, activation.upload_until);
    if now < build_date {
        return Err(Refusal::ClockUnusable { now, build_date });
    }
    if now >= until {
        return Err(Refusal::UploadWindowOver { until, now });
    }
    Ok(())
}

pub(super) fn check_binding(activation: &Activation, context: &ReadingContext<'_>) -> Result<(), Refusal> {
    match &activation.binding {
        Binding::Appliance(bound_to) if bound_to != context.appliance => {
            Err(Refusal::WrongAppliance { bound_to: bound_to.clone(), this: context.appliance.clone() })
        }
        Binding::Key(bound_to) if !context.keys.contains(bound_to) => Err(Refusal::WrongKey { bound_to: *bound_to }),
        Binding::None | Binding::Appliance(_) | Binding::Key(_) => Ok(()),
    }
}

pub(super) fn check_serial(
    activation: &Activation,
    floors: &Floors,
    withdrawn: impl Fn(&Kid) -> bool,
) -> Result<Standing, Refusal> {
    let identity = |issuer, sensor, serial, cti| (issuer, sensor, serial, cti);
    let this = identity(activation.issuer, activation.sensor, activation.serial, activation.cti);
    let active = floors.active().map(|active| identity(active.issuer, active.sensor, active.serial, active.cti));
    if active == Some(this) {
        return Ok(Standing::AlreadyActive);
    }
    match floors.floor(activation.issuer, activation.sensor, withdrawn) {
        Some(floor) if activation.serial <= floor => Err(Refusal::OlderThanActive { found: activation.serial, floor }),
        _ => Ok(Standing::New),
    }
}
