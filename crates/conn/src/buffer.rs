//! The receive buffer.

use sockeye_state::{Datagram, Received};

use crate::sys::Reception;

/// Bytes of a receive buffer. The kernel sizes the datagrams of a dump after the largest buffer it was ever offered,
/// up to 32 KiB with the overhead of its own structures; more than that brings nothing, less costs system calls
/// (`max_recvmsg_len`, net/netlink/af_netlink.c).
pub const BUFFER_LEN: usize = 32 * 1024;

/// Bytes to which a buffer may grow after a datagram that did not fit. Single messages beyond 32 KiB exist (a link
/// with hundreds of virtual functions has some 100 KiB); beyond this, truncation stays truncation and is reported.
pub const BUFFER_LEN_MAX: usize = 1024 * 1024;

/// What a buffer holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    Nothing,
    Overrun,
    Datagram(Reception),
}

/// Where datagrams are received. One for each thread, used again and again.
///
/// After a datagram that did not fit, it is larger the next time, up to [`BUFFER_LEN_MAX`]: that datagram is lost, the
/// retry of its dump can succeed.
#[derive(Debug)]
pub struct Buffer {
    holds: Holds,
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
        Self { holds: Holds::Nothing, bytes: vec![0; offer], offer }
    }

    /// Bytes that the next receive offers to the kernel.
    pub fn offer(&self) -> usize {
        self.offer
    }

    /// What the last receive into this buffer gave, for whoever hands buffers from one thread to another.
    #[inline]
    pub fn received(&self) -> Received<'_> {
        match self.holds {
            Holds::Nothing => Received::Empty,
            Holds::Overrun => Received::Overrun,
            Holds::Datagram(Reception { length, sender, truncated }) => {
                let bytes = &self.bytes[..length.min(self.bytes.len())];
                Received::Datagram(Datagram::new(bytes).from_sender(sender).cut(truncated))
            }
        }
    }

    /// Notes what a receive gave.
    #[inline]
    pub(crate) fn fill(&mut self, holds: Holds) -> Received<'_> {
        if let Holds::Datagram(Reception { length, .. }) = holds
            && length > self.bytes.len()
        {
            self.grow(length);
        }
        self.holds = holds;
        self.received()
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        if self.bytes.len() < self.offer {
            self.bytes.resize(self.offer, 0);
        }
        &mut self.bytes
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

    /// Bytes that are there of a datagram of that length.
    fn filled(buffer: &mut Buffer, length: usize) -> usize {
        let reception = Reception { length, sender: 0, truncated: length > buffer.bytes.len() };
        match buffer.fill(Holds::Datagram(reception)) {
            Received::Datagram(datagram) => datagram.bytes.len(),
            nothing => panic!("{nothing:?}"),
        }
    }

    #[test]
    fn a_datagram_that_did_not_fit_makes_the_next_offer_larger() {
        let mut buffer = Buffer::new();
        assert_eq!(buffer.bytes().len(), BUFFER_LEN);
        assert_eq!(filled(&mut buffer, 40_000), BUFFER_LEN);
        assert_eq!(buffer.bytes().len(), 65_536);
    }

    #[test]
    fn growth_ends_at_its_bound() {
        let mut buffer = Buffer::new();
        filled(&mut buffer, usize::MAX);
        assert_eq!(buffer.bytes().len(), BUFFER_LEN_MAX);
        assert_eq!(filled(&mut buffer, usize::MAX), BUFFER_LEN_MAX);
        assert_eq!(buffer.offer(), BUFFER_LEN_MAX);
    }
}
