//! Time, binding and serial: the document is sound, and not for this sensor now.

use picket_protocol::time::UnixSeconds;

use super::refused;
use crate::{
    Made, accepted,
    cast::{self, DAY, ISSUED, NOW},
    manifest::Layer::{self, Binding, Serial, Time},
};

pub(super) fn all() -> Vec<Made> {
    [time(), binding(), serial()].into_iter().flatten().collect()
}

fn plain(layer: Layer, code: &str, name: &str, context: &str, why: &str) -> Made {
    let bytes = accepted::file(&cast::chain(2), &accepted::plain_cose());
    refused(layer, code, name, bytes, why).in_context(context)
}

fn time() -> Vec<Made> {
    let later = accepted::changed(cast::local(), |activation| {
        activation.not_before = UnixSeconds(NOW + 1);
        activation.upload_until = UnixSeconds(NOW + 30 * DAY);
    });
    let later = || accepted::around(accepted::payload(&later));
    let past = accepted::changed(cast::local(), |activation| {
        activation.issued_at = UnixSeconds(ISSUED - 60 * DAY);
        activation.not_before = activation.issued_at;
        activation.upload_until = UnixSeconds(NOW);
    });
    vec![
        refused(Time, "not-yet-valid", "not-yet-valid", later(), "valid from the next second on")
            .repaired("valid-from-a-past-date"),
        refused(
            Time,
            "not-yet-valid",
            "not-yet-valid-overridden",
            later(),
            "the override is for the window's end alone",
        )
        .in_context("overridden")
        .repaired("valid-and-overridden"),
        refused(
            Time,
            "upload-window-over",
            "window-over-now",
            accepted::around(accepted::payload(&past)),
            "exp is this second",
        ),
        plain(Time, "upload-window-over", "window-over-at-its-end", "clock-at-window-end", "on exp itself"),
        plain(
            Time,
            "upload-window-over",
            "window-over-in-2099",
            "clock-at-2099",
            "by the wall clock, though it may be wrong",
        ),
        plain(Time, "clock-unusable", "clock-unusable", "clock-at-1970", "before the software was built"),
    ]
}

fn binding() -> Vec<Made> {
    let bound = |activation| accepted::around(accepted::payload(&activation));
    let other = accepted::changed(cast::cloud(), |activation| {
        activation.binding = picket_protocol::documents::activation::Binding::Appliance(cast::appliance(0xb2));
    });
    vec![
        refused(Binding, "wrong-appliance", "bound-to-another-appliance", bound(other), "another appliance id")
            .repaired("bound-to-appliance"),
        refused(
            Binding,
            "wrong-appliance",
            "on-another-appliance",
            bound(accepted::bound_to_appliance()),
            "the right file elsewhere",
        )
        .in_context("another-appliance")
        .repaired("bound-to-appliance"),
        refused(
            Binding,
            "wrong-key",
            "key-not-held",
            bound(accepted::bound_to_key()),
            "this sensor did not make the request",
        )
        .in_context("no-keys")
        .repaired("bound-to-key"),
    ]
}

fn serial() -> Vec<Made> {
    const OLDER: &str = "older-than-active";
    vec![
        plain(Serial, OLDER, "older-than-active", "active-newer", "a serial above it is in force"),
        plain(Serial, OLDER, "serial-of-another-issue", "active-same-serial", "the serial in force with another cti"),
        plain(
            Serial,
            OLDER,
            "floor-of-another-sensor",
            "held-before-another",
            "a commit raises every sensor held before",
        ),
        plain(Serial, OLDER, "floor-of-deactivation", "deactivated", "what a deactivation ended cannot come back"),
        plain(
            Serial,
            OLDER,
            "floor-of-standing-signer",
            "floor-below-withdrawn-one",
            "the withdrawn key's floor falls away, the standing one's holds",
        ),
    ]
}
