//! What can be wrong with bytes: one `Copy` enum with the place and the sizes.

use core::fmt;

/// A piece of Netlink input that does not keep its own promises.
///
/// `at` is the offset in the bytes the reader was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end before `what` does.
    Truncated {
        /// The structure that was being read, by its kernel name.
        what: &'static str,
        /// Where it begins.
        at: usize,
        /// Bytes it needs.
        need: usize,
        /// Bytes there are.
        have: usize,
    },
    /// A length field is smaller than the header it belongs to.
    BadLength {
        /// The structure whose length field it is.
        what: &'static str,
        /// Where it begins.
        at: usize,
        /// The length it claims.
        length: usize,
    },
    /// A value does not have the size that its type needs.
    BadSize {
        /// The attribute, by its kernel name.
        what: &'static str,
        /// Bytes the type needs.
        need: usize,
        /// Bytes the kernel sent.
        have: usize,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { what, at, need, have } => {
                write!(f, "{what} at byte {at} needs {need} bytes, {have} are left")
            }
            Self::BadLength { what, at, length } => {
                write!(f, "{what} at byte {at} claims a length of {length}, less than its own header")
            }
            Self::BadSize { what, need, have } => write!(f, "{what} needs {need} bytes, the kernel sent {have}"),
        }
    }
}

impl core::error::Error for WireError {}
