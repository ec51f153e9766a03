//! Which boot of the machine this is, and the instant of an event. Reads clocks and dice, decides nothing.

use std::{fs, time::Duration};

use picket_lifecycle::{
    epochs::EngineMark,
    moment::{BootId, BootMillis, Moment},
};

use crate::{clock, credentials, entropy};

/// The kernel's id of this boot. One that cannot be read counts as a new boot: nothing of an earlier one is believed.
#[must_use]
pub fn boot_id() -> BootId {
    let read = credentials::text("boot-id").or_else(|| fs::read_to_string("/proc/sys/kernel/random/boot_id").ok());
    let id = read.and_then(|text| text.trim().parse::<uuid::Uuid>().ok()).map(uuid::Uuid::into_bytes);
    BootId(id.unwrap_or_else(|| entropy::draw().unwrap_or_default()))
}

/// Now, for an event; `engine` was measured just before.
pub(super) fn moment(engine: EngineMark) -> Moment {
    // Without entropy jitter is lost and nonces repeat; no secret is made of it, and the sensor goes on.
    Moment {
        wall: clock::wall(),
        boot: BootMillis(millis(clock::since_boot())),
        entropy: entropy::draw().unwrap_or_default(),
        engine,
    }
}

/// Now, for a look: nothing begins by it, so nothing is measured.
pub(super) fn glance() -> Moment {
    moment(EngineMark::Unknown)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
