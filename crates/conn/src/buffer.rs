//! The receive buffer.

/// Bytes of a receive buffer. The kernel sizes the datagrams of a dump after the largest buffer it was ever offered,
/// up to 32 KiB with the overhead of its own structures; more than that brings nothing, less costs system calls
/// (`max_recvmsg_len`, net/netlink/af_netlink.c).
pub const BUFFER_LEN: usize = 32 * 1024;

/// Bytes to which a buffer may grow after a datagram that did not fit. Single messages beyond 32 KiB exist (a link
/// with hundreds of virtual functions has some 100 KiB); beyond this, truncation stays truncation and is reported.
pub const BUFFER_LEN_MAX: usize = 1024 * 1024;

/// Where datagrams are received. One for each thread, used again and again.
///
/// After a datagram that did not fit, it is larger the next time, up to [`BUFFER_LEN_MAX`]: that datagram is lost, the
/// retry of its dump can succeed.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// Bytes the next receive offers.
    offer: usize,
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new()
    }
}

impl Buffer {
    /// A buffer of [`BUFFER_LEN`] bytes.
    pub fn new() -> Self {
        Self::with_offer(BUFFER_LEN)
    }

    pub(crate) fn with_offer(offer: usize) -> Self {
        Self { bytes: vec![0; offer], offer }
    }

    /// Bytes that the next receive offers to the kernel.
    pub fn offer(&self) -> usize {
        self.offer
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        if self.bytes.len() < self.offer {
            self.bytes.resize(self.offer, 0);
        }
        &mut self.bytes
    }

    /// The first `length` bytes, which the last receive filled; all of them, and a larger offer from now on, where the
    /// datagram was longer.
    #[inline]
    pub(crate) fn filled(&mut self, length: usize) -> &[u8] {
        if length > self.bytes.len() {
            self.grow(length);
        }
        &self.bytes[..length.min(self.bytes.len())]
    }

    #[cold]
    fn grow(&mut self, length: usize) {
        let wanted = length.checked_next_power_of_two().unwrap_or(BUFFER_LEN_MAX);
        self.offer = wanted.clamp(self.offer, BUFFER_LEN_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_that_did_not_fit_makes_the_next_offer_larger() {
        let mut buffer = Buffer::new();
        assert_eq!(buffer.bytes().len(), BUFFER_LEN);
        assert_eq!(buffer.filled(40_000).len(), BUFFER_LEN);
        assert_eq!(buffer.bytes().len(), 65_536);
    }

    #[test]
    fn growth_ends_at_its_bound() {
        let mut buffer = Buffer::new();
        buffer.filled(usize::MAX);
        assert_eq!(buffer.bytes().len(), BUFFER_LEN_MAX);
        assert_eq!(buffer.filled(usize::MAX).len(), BUFFER_LEN_MAX);
        assert_eq!(buffer.offer(), BUFFER_LEN_MAX);
    }
}
