//! Chance by seed: SplitMix64.

/// A sequence of numbers; the same seed gives the same one.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn of_seed(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(crate) const fn percent(&mut self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }
}
