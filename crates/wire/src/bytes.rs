//! Reads of integers at an offset: `None` where the bytes end before the value does.
//!
//! Netlink payloads are aligned to four bytes only, so an eight-byte value is copied out, never cast.

/// The `N` bytes at `at`.
#[inline]
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// A 16-bit value in host byte order.
#[inline]
pub(crate) fn u16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_ne_bytes)
}

/// A 32-bit value in host byte order.
#[inline]
pub(crate) fn u32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_ne_bytes)
}

/// A 32-bit signed value in host byte order.
#[inline]
pub(crate) fn i32(bytes: &[u8], at: usize) -> Option<i32> {
    array(bytes, at).map(i32::from_ne_bytes)
}

/// `length` rounded up to the four bytes on which messages and attributes begin.
#[inline]
pub(crate) const fn align(length: usize) -> usize {
    length.saturating_add(3) & !3
}
