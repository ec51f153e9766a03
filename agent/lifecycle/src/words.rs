//! Activations in words, for audit records. Never a secret.

use alloc::{format, string::String};

use picket_protocol::documents::activation::Activation;

/// One line that tells an activation from every other.
pub(crate) fn describe(activation: &Activation) -> String {
    let Activation { name, serial, sensor, subscription, .. } = activation;
    let mode = activation.mode.mode();
    format!("{mode} {name}, serial {serial}, sensor {sensor}, subscription {} ({})", subscription.name, subscription.id)
}
