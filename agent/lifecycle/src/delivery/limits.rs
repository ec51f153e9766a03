//! How much is sent at once. Numbers only.

use core::num::NonZeroU32;

use picket_protocol::wire::MAX_EVENTS;

/// How a hub is delivered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a batch, but one item in any case.
    pub batch_bytes: usize,
    /// Most items of a batch.
    pub batch_items: usize,
    /// Most batches under way.
    pub in_flight: usize,
    /// Most bytes under way, but one batch in any case.
    pub in_flight_bytes: usize,
    /// Most bytes on the wire, in kbit/s.
    pub kilobits_per_second: Option<NonZeroU32>,
}

/// Fewest bytes to which a batch is cut, because of a cap or because the hub takes no more.
pub(super) const SMALLEST_BATCH: usize = 16 * 1024;

impl Limits {
    /// HTTPS: large batches on one connection. While the hub stores one, the next is made ready. Twice as large would pack
    /// no better, and cost 3 MiB of memory.
    pub const HTTPS: Self = Self {
        batch_bytes: 256 * 1024,
        batch_items: MAX_EVENTS,
        in_flight: 2,
        in_flight_bytes: 512 * 1024,
        kilobits_per_second: None,
    };
    /// MQTT: one event per message, and many under way on one connection, which keeps their order.
    pub const MQTT: Self = Self {
        batch_bytes: 512 * 1024,
        batch_items: 1,
        in_flight: 4096,
        in_flight_bytes: 1024 * 1024,
        kilobits_per_second: None,
    };

    /// The same under a cap. A batch takes at most about two seconds of it.
    #[must_use]
    pub fn capped(self, kilobits_per_second: Option<NonZeroU32>) -> Self {
        let Some(cap) = kilobits_per_second else { return self };
        let two_seconds = usize::try_from(cap.get()).unwrap_or(usize::MAX).saturating_mul(2 * 1000 / 8);
        let batch_bytes = self.batch_bytes.min(two_seconds.max(SMALLEST_BATCH));
        Self { batch_bytes, kilobits_per_second, ..self }
    }
}
