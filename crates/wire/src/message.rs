//! Datagram → messages: the framing of `struct nlmsghdr` (include/uapi/linux/netlink.h).

use crate::bytes::{align, array, u16, u32};
use crate::error::WireError;
use crate::extack::{Done, KernelError};

/// Bytes of `struct nlmsghdr`.
pub const HEADER_LEN: usize = 16;

/// `NLM_F_REQUEST`: this is a request.
pub const NLM_F_REQUEST: u16 = 0x1;
/// `NLM_F_MULTI`: one of several messages, ended by `NLMSG_DONE`.
pub const NLM_F_MULTI: u16 = 0x2;
/// `NLM_F_ACK`: answer with an acknowledgement.
pub const NLM_F_ACK: u16 = 0x4;
/// `NLM_F_DUMP_INTR`: the dump was inconsistent because the table changed meanwhile.
pub const NLM_F_DUMP_INTR: u16 = 0x10;
/// `NLM_F_DUMP_FILTERED`: the dump was filtered as requested.
pub const NLM_F_DUMP_FILTERED: u16 = 0x20;
/// `NLM_F_DUMP` (`NLM_F_ROOT | NLM_F_MATCH`): send the whole table.
pub const NLM_F_DUMP: u16 = 0x300;
/// `NLM_F_CAPPED` (in an acknowledgement): the request was not echoed.
pub const NLM_F_CAPPED: u16 = 0x100;
/// `NLM_F_ACK_TLVS` (in an acknowledgement): extended-ack attributes follow.
pub const NLM_F_ACK_TLVS: u16 = 0x200;

/// What a message type below `NLMSG_MIN_TYPE` (16) means; everything else belongs to the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `NLMSG_NOOP`.
    Noop,
    /// `NLMSG_ERROR`: an acknowledgement, with errno 0 on success.
    Error,
    /// `NLMSG_DONE`: the end of a dump, with the dump's own errno.
    Done,
    /// `NLMSG_OVERRUN`: defined, never sent by a kernel so far.
    Overrun,
    /// A message of the protocol, with its type.
    Data(u16),
}

/// One message of a datagram.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    header: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// The message type as a number.
    #[inline]
    pub fn type_number(&self) -> u16 {
        u16::from_ne_bytes([self.header[4], self.header[5]])
    }

    /// The meaning of the message type.
    #[inline]
    pub fn kind(&self) -> Kind {
        match self.type_number() {
            1 => Kind::Noop,
            2 => Kind::Error,
            3 => Kind::Done,
            4 => Kind::Overrun,
            other => Kind::Data(other),
        }
    }

    /// `nlmsg_flags`.
    #[inline]
    pub fn flags(&self) -> u16 {
        u16::from_ne_bytes([self.header[6], self.header[7]])
    }

    /// Whether the kernel says that the table changed under this dump (`NLM_F_DUMP_INTR`).
    #[inline]
    pub fn is_interrupted(&self) -> bool {
        self.flags() & NLM_F_DUMP_INTR != 0
    }

    /// `nlmsg_seq`: the sequence number of the request that this answers, 0 on most notifications.
    #[inline]
    pub fn sequence(&self) -> u32 {
        u32::from_ne_bytes([self.header[8], self.header[9], self.header[10], self.header[11]])
    }

    /// `nlmsg_pid`: the port id of the requester. A sender writes what it likes here: it proves nothing.
    pub fn port_id(&self) -> u32 {
        u32::from_ne_bytes([self.header[12], self.header[13], self.header[14], self.header[15]])
    }

    /// `struct nlmsghdr`; what its length counts beyond these bytes is the payload.
    pub fn header(&self) -> &'a [u8; HEADER_LEN] {
        self.header
    }

    /// Everything after the header, without padding.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Reads the payload of `NLMSG_DONE`; `None` for other messages.
    pub fn done(&self) -> Option<Result<Done<'a>, WireError>> {
        (self.kind() == Kind::Done).then(|| Done::read(self.flags(), self.payload))
    }

    /// Reads the payload of `NLMSG_ERROR`; `None` for other messages.
    pub fn error(&self) -> Option<Result<KernelError<'a>, WireError>> {
        (self.kind() == Kind::Error).then(|| KernelError::read(self.flags(), self.payload))
    }
}

/// Iterator over the messages of one datagram.
///
/// Ends after the first error: once a length is wrong, nothing after it can be found.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Messages<'a> {
    /// Messages of `datagram`, as `recvmsg` gave it.
    pub fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram, at: 0 }
    }

    fn fail(&mut self, error: WireError) -> Result<Message<'a>, WireError> {
        self.rest = &[];
        Err(error)
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let at = self.at;
        let have = self.rest.len();
        let Some(header) = self.rest.first_chunk::<HEADER_LEN>() else {
            return Some(self.fail(WireError::Truncated { what: "nlmsghdr", at, need: HEADER_LEN, have }));
        };
        let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
        if length < HEADER_LEN {
            return Some(self.fail(WireError::BadLength { what: "nlmsghdr", at, length }));
        }
        let Some(payload) = self.rest.get(HEADER_LEN..length) else {
            return Some(self.fail(WireError::Truncated { what: "nlmsghdr", at, need: length, have }));
        };
        let step = align(length).min(have);
        self.rest = &self.rest[step..];
        self.at += step;
        Some(Ok(Message { header, payload }))
    }
}

/// The header of a message that an error echoes, without its payload.
pub(crate) fn echoed_header(bytes: &[u8]) -> Option<(u16, u32)> {
    array::<HEADER_LEN>(bytes, 0)?;
    Some((u16(bytes, 4)?, u32(bytes, 8)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(type_number: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let length = u32::try_from(HEADER_LEN + payload.len()).unwrap();
        bytes.extend_from_slice(&length.to_ne_bytes());
        bytes.extend_from_slice(&type_number.to_ne_bytes());
        bytes.extend_from_slice(&0x0012u16.to_ne_bytes());
        bytes.extend_from_slice(&0x0a0b_0c0du32.to_ne_bytes());
        bytes.extend_from_slice(&77u32.to_ne_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn an_unpadded_last_message_is_whole() {
        let bytes = message(20, b"abcde");
        let messages: Vec<_> = Messages::new(&bytes).map(Result::unwrap).collect();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].payload(), b"abcde");
        assert_eq!(messages[0].kind(), Kind::Data(20));
        assert_eq!(messages[0].sequence(), 0x0a0b_0c0d);
        assert_eq!(messages[0].port_id(), 77);
        assert!(messages[0].is_interrupted());
    }

    #[test]
    fn a_padded_message_is_followed_by_the_next() {
        let mut bytes = message(20, b"abcde");
        bytes.extend_from_slice(&[0xa5; 3]);
        bytes.extend_from_slice(&message(21, b""));
        let kinds: Vec<_> = Messages::new(&bytes).map(|m| m.unwrap().kind()).collect();
        assert_eq!(kinds, [Kind::Data(20), Kind::Data(21)]);
    }

    #[test]
    fn a_length_below_the_header_ends_the_datagram() {
        let mut bytes = message(20, b"");
        bytes[..4].copy_from_slice(&15_u32.to_ne_bytes());
        let results: Vec<_> = Messages::new(&bytes).collect();
        assert_eq!(results.len(), 1);
        assert_eq!(results[0].unwrap_err(), WireError::BadLength { what: "nlmsghdr", at: 0, length: 15 });
    }

    #[test]
    fn a_length_past_the_end_says_how_much_is_missing() {
        let bytes = &message(20, b"abcdefgh")[..20];
        let error = Messages::new(bytes).next().unwrap().unwrap_err();
        assert_eq!(error, WireError::Truncated { what: "nlmsghdr", at: 0, need: 24, have: 20 });
    }
}
