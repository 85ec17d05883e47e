//! Numbers without a pattern that a seed decides: splitmix64.

/// The generator.
#[derive(Clone)]
pub(super) struct Random(u64);

impl Random {
    /// One of a kind for each seed and stream.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut random = Self(seed ^ stream.wrapping_mul(0xd6e8_feb8_6659_fd93));
        random.next();
        random
    }

    /// Below a bound, which is not 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap_or(0)
    }

    /// Heads or tails.
    pub(super) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// One of these.
    pub(super) fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(u32::try_from(all.len()).unwrap_or(1)) as usize]
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_stream_decide_everything() {
        let numbers = |seed, stream| {
            let mut random = Random::new(seed, stream);
            (0..8).map(|_| random.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(7, 2), numbers(7, 2));
        assert_ne!(numbers(7, 2), numbers(7, 3));
        assert_ne!(numbers(7, 2), numbers(8, 2));
    }
}
