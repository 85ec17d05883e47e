//! Random numbers from a seed, so that what failed can be repeated.

use std::time::{SystemTime, UNIX_EPOCH};

/// The environment variable that sets the second seed of each test.
pub(crate) const SEED_VARIABLE: &str = "SOCKEYE_AGREEMENT_SEED";
/// The seed with which every run begins.
const FIRST_SEED: u64 = 0x5eed;

/// Seeds of one run: one that never changes, and one that is new each time.
pub(crate) fn seeds() -> [u64; 2] {
    let wished = std::env::var(SEED_VARIABLE).ok().and_then(|text| text.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| u64::from(now.subsec_nanos()));
    [FIRST_SEED, wished.unwrap_or_else(clock)]
}

/// Splitmix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % bound as u64).expect("below a usize")
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    pub(crate) fn port(&mut self) -> u16 {
        u16::try_from(self.number() & 0xffff).expect("16 bits")
    }
}
