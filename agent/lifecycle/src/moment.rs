//! Now and chance, as values: what the shell reads from clock, dice and engine before each event. Reads none itself.

use core::time::Duration;

use picket_protocol::{time::UnixSeconds, typed_code::TypedCode};
use serde::{Deserialize, Serialize};

use crate::epochs::EngineMark;

/// Milliseconds on the boot-time clock (`CLOCK_BOOTTIME`): it runs through suspend and starts again with each boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BootMillis(pub u64);

impl BootMillis {
    /// This instant and `span` more; the end of time does not wrap.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The span since `earlier`; zero when it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Names one boot of the machine (`/proc/sys/kernel/random/boot_id`). Boot-time instants compare within one only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BootId(pub [u8; 16]);

/// The instant of an event, with fresh chance for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, which may be wrong by a century.
    pub wall: UnixSeconds,
    /// The boot-time clock, on which every wait runs.
    pub boot: BootMillis,
    /// Fresh random bytes, never used twice.
    pub entropy: [u8; 32],
    /// Where the detection engine's output stood, measured just before.
    pub engine: EngineMark,
}

/// Chance drawn from the entropy of one moment. Not for keys: for nonces, codes and jitter only.
#[derive(Debug, Clone)]
pub struct Dice {
    seed: [u64; 4],
    drawn: u64,
}

impl Dice {
    /// Takes the entropy of a moment.
    #[must_use]
    pub fn new(entropy: &[u8; 32]) -> Self {
        let mut seed = [0; 4];
        for (lane, bytes) in seed.iter_mut().zip(entropy.as_chunks::<8>().0) {
            *lane = u64::from_le_bytes(*bytes);
        }
        Self { seed, drawn: 0 }
    }

    /// A span in `[low, high]`, evenly.
    pub(crate) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let low = u64::try_from(low.as_millis()).unwrap_or(u64::MAX);
        let high = u64::try_from(high.as_millis()).unwrap_or(u64::MAX);
        let width = high.saturating_sub(low).saturating_add(1);
        let offset = (u128::from(self.draw()) * u128::from(width)) >> 64;
        Duration::from_millis(low.saturating_add(u64::try_from(offset).unwrap_or(0)))
    }

    /// A number for one use.
    pub(crate) fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.draw().to_le_bytes());
        nonce[8..].copy_from_slice(&self.draw().to_le_bytes());
        nonce
    }

    /// A code that people type.
    pub(crate) fn code(&mut self) -> TypedCode {
        TypedCode::drawn(core::array::from_fn(|_| self.draw()))
    }

    /// SplitMix64 over a lane of the seed: each draw of a moment differs, and none repeats across moments.
    fn draw(&mut self) -> u64 {
        let [a, b, c, d] = self.seed;
        let lane = [a, b, c, d][(self.drawn % 4) as usize];
        self.drawn += 1;
        let mut mixed = lane.wrapping_add(self.drawn.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
