//! What is attacked: something that reads bytes, and how bytes for it are made.

use crate::random::Random;

/// Bytes that reading may hold beside four times its input: what is made once for any input.
pub const SLACK: usize = 64 * 1024;

/// Reads an input, and tells whether it was understood as far as what it is about: an attack that is turned away at the
/// door proves nothing.
pub type Reader<'t> = Box<dyn FnMut(&[u8]) -> bool + 't>;

/// Something that reads bytes of others.
pub trait Target: Sync {
    /// An input, the same one for the same numbers.
    fn input(&self, random: &mut Random) -> Vec<u8>;

    /// A reader, one for each thread.
    fn reader(&self) -> Reader<'_>;

    /// Bytes that reading may hold beside four times its input.
    fn slack(&self, _input: &[u8]) -> usize {
        SLACK
    }
}

/// A target by its name.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it reads, in one line.
    pub about: &'static str,
    /// What reading may hold beyond four times its input and [`SLACK`], in a few words for the report; mostly nothing. Why, stands in
    /// ARCHITECTURE.md.
    pub beyond: &'static str,
    /// Makes it, with what its inputs are made of.
    pub make: fn() -> Box<dyn Target>,
}

impl core::fmt::Debug for Entry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}
