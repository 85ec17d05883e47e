//! Number types inside kernel structures, and how to read one.

use crate::bytes;

/// The type of one number in a structure or attribute, with its byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scalar {
    /// `__u8`.
    U8,
    /// `__u16`, host byte order.
    U16,
    /// `__u32`, host byte order.
    U32,
    /// `__u64`, host byte order.
    U64,
    /// `__s8`.
    I8,
    /// `__s16`, host byte order.
    I16,
    /// `__s32`, host byte order.
    I32,
    /// `__s64`, host byte order.
    I64,
    /// `__be16`.
    Be16,
    /// `__be32`.
    Be32,
    /// `__be64`.
    Be64,
    /// A `__be16` that was put into the lower half of a `__u32`.
    Be16Low,
    /// A bitfield inside one byte, numbered from the least significant bit on little-endian machines.
    Bits {
        /// First bit, counted as the compiler of a little-endian kernel lays it out.
        low: u8,
        /// Number of bits.
        width: u8,
    },
    /// Bits of a `__u32` that the kernel put together by shifts, numbered by their worth on every machine.
    U32Bits {
        /// First bit, the one of least worth is 0.
        low: u8,
        /// Number of bits.
        width: u8,
    },
    /// A 64-bit number in two `__u32`, the lower half first on every machine.
    U32Pair,
}

impl Scalar {
    /// Bytes this number takes.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bits { .. } => 1,
            Self::U16 | Self::I16 | Self::Be16 => 2,
            Self::U32 | Self::I32 | Self::Be32 | Self::Be16Low | Self::U32Bits { .. } => 4,
            Self::U64 | Self::I64 | Self::Be64 | Self::U32Pair => 8,
        }
    }

    /// Bits that the number can have.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Bits { width, .. } | Self::U32Bits { width, .. } => width as u32,
            Self::U8 | Self::I8 => 8,
            Self::U16 | Self::I16 | Self::Be16 | Self::Be16Low => 16,
            Self::U32 | Self::I32 | Self::Be32 => 32,
            Self::U64 | Self::I64 | Self::Be64 | Self::U32Pair => 64,
        }
    }

    /// Whether the number may be below zero: [`Scalar::read`] then gives it as the 64 bits of an `i64`.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::I64)
    }

    /// The value at `at`, sign-extended where it is signed; `None` where the bytes end before it does.
    #[inline]
    pub fn read(self, bytes: &[u8], at: usize) -> Option<u64> {
        match self {
            Self::U8 => bytes.get(at).map(|&byte| u64::from(byte)),
            Self::U16 => bytes::u16(bytes, at).map(u64::from),
            Self::U32 => bytes::u32(bytes, at).map(u64::from),
            Self::U64 | Self::I64 => bytes::array(bytes, at).map(u64::from_ne_bytes),
            Self::I8 => bytes.get(at).map(|&byte| i64::from(byte.cast_signed()).cast_unsigned()),
            Self::I16 => bytes::array(bytes, at).map(|raw| i64::from(i16::from_ne_bytes(raw)).cast_unsigned()),
            Self::I32 => bytes::i32(bytes, at).map(|value| i64::from(value).cast_unsigned()),
            Self::Be16 => bytes::array(bytes, at).map(|raw| u64::from(u16::from_be_bytes(raw))),
            Self::Be32 => bytes::array(bytes, at).map(|raw| u64::from(u32::from_be_bytes(raw))),
            Self::Be16Low => {
                // The lower half as a number is the bytes of the network order in the order of the host.
                let half = bytes::u32(bytes, at).and_then(|word| u16::try_from(word & 0xffff).ok())?;
                Some(u64::from(u16::from_be(half)))
            }
            Self::Be64 => bytes::array(bytes, at).map(u64::from_be_bytes),
            Self::Bits { low, width } => {
                // C lays bitfields out from the least significant bit on little-endian machines and from the most
                // significant one on big-endian machines.
                let shift = if cfg!(target_endian = "big") { 8u8.saturating_sub(low + width) } else { low };
                let mask = (1u64 << width) - 1;
                bytes.get(at).map(|&byte| (u64::from(byte) >> shift) & mask)
            }
            Self::U32Bits { low, width } => {
                let mask = (1u64 << width) - 1;
                bytes::u32(bytes, at).map(|word| (u64::from(word) >> low) & mask)
            }
            Self::U32Pair => {
                let low = bytes::u32(bytes, at)?;
                let high = bytes::u32(bytes, at.checked_add(4)?)?;
                Some(u64::from(high) << 32 | u64::from(low))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_orders_differ() {
        let bytes = [0x12, 0x34, 0x56, 0x78];
        assert_eq!(Scalar::Be16.read(&bytes, 0), Some(0x1234));
        assert_eq!(Scalar::Be32.read(&bytes, 0), Some(0x1234_5678));
        assert_eq!(Scalar::U32.read(&bytes, 0), Some(u64::from(u32::from_ne_bytes(bytes))));
        let long = [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0];
        assert_eq!(Scalar::Be64.read(&long, 0), Some(0x1234_5678_9abc_def0));
    }

    #[test]
    fn signed_values_keep_their_sign() {
        assert_eq!(Scalar::I8.read(&[0, 0xfd], 1).map(u64::cast_signed), Some(-3));
        assert_eq!(Scalar::I16.read(&(-4i16).to_ne_bytes(), 0).map(u64::cast_signed), Some(-4));
        assert_eq!(Scalar::I32.read(&(-5i32).to_ne_bytes(), 0).map(u64::cast_signed), Some(-5));
        assert_eq!(Scalar::I64.read(&(-6i64).to_ne_bytes(), 0).map(u64::cast_signed), Some(-6));
        assert_eq!(Scalar::I16.read(&0x1234i16.to_ne_bytes(), 0), Some(0x1234));
        assert!(Scalar::I8.is_signed() && Scalar::I64.is_signed() && !Scalar::U64.is_signed());
    }

    /// The first member of a structure is in the lowest bits of a little-endian machine, and in the highest of the other.
    #[test]
    fn bitfields_count_from_where_the_machine_begins() {
        let (first, second) = if cfg!(target_endian = "big") { (9, 7) } else { (7, 9) };
        assert_eq!(Scalar::Bits { low: 0, width: 4 }.read(&[0x97], 0), Some(first));
        assert_eq!(Scalar::Bits { low: 4, width: 4 }.read(&[0x97], 0), Some(second));
    }

    #[test]
    fn parts_of_words_do_not_depend_on_the_byte_order() {
        let word = 0x0006_0102u32.to_ne_bytes();
        assert_eq!(Scalar::U32Bits { low: 0, width: 16 }.read(&word, 0), Some(0x0102));
        assert_eq!(Scalar::U32Bits { low: 16, width: 8 }.read(&word, 0), Some(6));
        let pair = [0x89ab_cdefu32.to_ne_bytes(), 0x0123_4567u32.to_ne_bytes()].concat();
        assert_eq!(Scalar::U32Pair.read(&pair, 0), Some(0x0123_4567_89ab_cdef));
        assert_eq!(Scalar::U32Pair.read(&pair[..7], 0), None);
        let info = (0x0007_0000u32 | u32::from(0x86ddu16.to_be())).to_ne_bytes();
        assert_eq!(Scalar::Be16Low.read(&info, 0), Some(0x86dd));
        assert_eq!(Scalar::U32Bits { low: 16, width: 16 }.read(&info, 0), Some(7));
    }

    #[test]
    fn a_value_that_crosses_the_end_is_absent() {
        assert_eq!(Scalar::U64.read(&[0; 11], 4), None);
        assert_eq!(Scalar::U64.read(&[0; 12], usize::MAX), None);
    }
}
