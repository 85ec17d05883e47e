//! Kinds of records: what no record of a table can be at once, however its fields are compared.

use core::ops::{BitAnd, BitOr, Not};

/// Rows of kinds: tables, or whatever a catalog divides its records by first.
pub const KINDS_ROWS: usize = 16;

/// A set of kinds: for each of some rows a mask. Of sockets a row is a table, and a bit one of its states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(pub [u32; KINDS_ROWS]);

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self([u32::MAX; KINDS_ROWS]);
    /// No kind.
    pub const NONE: Self = Self([0; KINDS_ROWS]);

    /// Whether no kind is left.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }
}

impl BitAnd for Kinds {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(core::array::from_fn(|row| self.0[row] & other.0[row]))
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(core::array::from_fn(|row| self.0[row] | other.0[row]))
    }
}

impl Not for Kinds {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0.map(|mask| !mask))
    }
}
