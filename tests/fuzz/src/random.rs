//! Numbers without an end, the same ones for the same seed.

/// Draws numbers (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.draw() >> 1).unwrap_or(0) % bound
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.below(of.len())) }
    }

    /// A byte, every second time one at an edge.
    pub fn byte(&mut self) -> u8 {
        const TELLING: [u8; 8] = [0, 1, 3, 4, 0x7f, 0x80, 0xfe, 0xff];
        match self.below(2) {
            0 => TELLING[self.below(TELLING.len())],
            _ => u8::try_from(self.below(256)).unwrap_or(0),
        }
    }

    /// A number of 64 bits, mostly one at an edge of some width, or small.
    pub fn number(&mut self) -> u64 {
        let edge = 1u64.checked_shl(u32::try_from(self.below(65)).unwrap_or(0)).unwrap_or(0);
        match self.below(5) {
            0 => edge,
            1 => edge.wrapping_sub(1),
            2 => edge.wrapping_neg(),
            3 => self.draw() % 256,
            _ => self.draw(),
        }
    }

    /// A number of 16 bits, mostly small.
    pub fn short(&mut self) -> u16 {
        let [low, high, ..] = match self.below(3) {
            0 => self.number(),
            _ => self.draw() % 64,
        }
        .to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}
