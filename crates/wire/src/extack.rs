//! Acknowledgements: `NLMSG_ERROR`, `NLMSG_DONE`, and the extended-ack attributes behind both.

use crate::attribute::Attributes;
use crate::bytes::{align, i32, u32};
use crate::error::WireError;
use crate::message::{HEADER_LEN, NLM_F_ACK_TLVS, NLM_F_CAPPED, echoed_header};

/// What the kernel says beside an errno (`enum nlmsgerr_attrs`), with `NETLINK_EXT_ACK` on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtendedAck<'a> {
    /// `NLMSGERR_ATTR_MSG`: a sentence, without its NUL.
    pub message: Option<&'a [u8]>,
    /// `NLMSGERR_ATTR_OFFS`: offset of the offending attribute in the request.
    pub offset: Option<u32>,
    /// `NLMSGERR_ATTR_MISS_TYPE`: the attribute that the request lacks.
    pub missing_attribute: Option<u32>,
}

impl<'a> ExtendedAck<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let mut read = Self::default();
        for attribute in Attributes::new(bytes).map_while(Result::ok) {
            match attribute.number {
                1 => read.message = Some(attribute.payload.strip_suffix(&[0]).unwrap_or(attribute.payload)),
                2 => read.offset = u32(attribute.payload, 0),
                5 => read.missing_attribute = u32(attribute.payload, 0),
                _ => {}
            }
        }
        read
    }
}

/// `NLMSG_DONE`: how a dump ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done<'a> {
    /// 0, or the errno (positive) with which the dump broke off.
    pub errno: i32,
    /// What the kernel added.
    pub extended: ExtendedAck<'a>,
}

impl<'a> Done<'a> {
    pub(crate) fn read(flags: u16, payload: &'a [u8]) -> Result<Self, WireError> {
        let status =
            i32(payload, 0).ok_or(WireError::Truncated { what: "NLMSG_DONE", at: 0, need: 4, have: payload.len() })?;
        // The dumper's return value: negative is an errno, a positive one is its own business.
        let errno = if status < 0 { status.saturating_neg() } else { 0 };
        let extended = if flags & NLM_F_ACK_TLVS == 0 {
            ExtendedAck::default()
        } else {
            ExtendedAck::read(payload.get(4..).unwrap_or_default())
        };
        Ok(Self { errno, extended })
    }
}

/// `NLMSG_ERROR` (`struct nlmsgerr`): the answer to a request, errno 0 when it is an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelError<'a> {
    /// Errno (positive); 0 on success.
    pub errno: i32,
    /// Type of the request that this answers.
    pub request_type: u16,
    /// Sequence number of the request that this answers.
    pub request_sequence: u32,
    /// What the kernel added.
    pub extended: ExtendedAck<'a>,
}

impl<'a> KernelError<'a> {
    pub(crate) fn read(flags: u16, payload: &'a [u8]) -> Result<Self, WireError> {
        let need = 4 + HEADER_LEN;
        let truncated = WireError::Truncated { what: "nlmsgerr", at: 0, need, have: payload.len() };
        let status = i32(payload, 0).ok_or(truncated)?;
        let echo = payload.get(4..).ok_or(truncated)?;
        let (request_type, request_sequence) = echoed_header(echo).ok_or(truncated)?;
        let extended = if flags & NLM_F_ACK_TLVS == 0 {
            ExtendedAck::default()
        } else {
            // Only the header of the request is echoed when capped or when there was no error.
            let echoed = if flags & NLM_F_CAPPED != 0 || status == 0 {
                HEADER_LEN
            } else {
                align(u32(echo, 0).map_or(HEADER_LEN, |length| length as usize).max(HEADER_LEN))
            };
            ExtendedAck::read(echo.get(echoed..).unwrap_or_default())
        };
        Ok(Self { errno: status.saturating_neg(), request_type, request_sequence, extended })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(length: u32, type_number: u16, sequence: u32) -> Vec<u8> {
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend_from_slice(&type_number.to_ne_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&sequence.to_ne_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes
    }

    fn sentence(text: &[u8]) -> Vec<u8> {
        let mut bytes = u16::try_from(4 + text.len() + 1).unwrap().to_ne_bytes().to_vec();
        bytes.extend_from_slice(&1u16.to_ne_bytes());
        bytes.extend_from_slice(text);
        bytes.push(0);
        bytes
    }

    #[test]
    fn done_carries_the_errno_and_the_sentence() {
        let mut payload = (-2i32).to_ne_bytes().to_vec();
        payload.extend_from_slice(&sentence(b"no such family"));
        let done = Done::read(NLM_F_ACK_TLVS, &payload).unwrap();
        assert_eq!(done.errno, 2);
        assert_eq!(done.extended.message, Some(&b"no such family"[..]));
    }

    #[test]
    fn the_echoed_request_is_skipped_before_the_sentence() {
        let mut payload = (-22i32).to_ne_bytes().to_vec();
        payload.extend_from_slice(&header(22, 20, 9));
        payload.extend_from_slice(&[1, 2, 3, 4, 5, 6, 0, 0]);
        payload.extend_from_slice(&sentence(b"bad"));
        let error = KernelError::read(NLM_F_ACK_TLVS, &payload).unwrap();
        assert_eq!((error.errno, error.request_type, error.request_sequence), (22, 20, 9));
        assert_eq!(error.extended.message, Some(&b"bad"[..]));
    }

    #[test]
    fn a_capped_error_has_its_sentence_right_behind_the_header() {
        let mut payload = (-1i32).to_ne_bytes().to_vec();
        payload.extend_from_slice(&header(500, 20, 9));
        payload.extend_from_slice(&sentence(b"capped"));
        let error = KernelError::read(NLM_F_ACK_TLVS | NLM_F_CAPPED, &payload).unwrap();
        assert_eq!(error.extended.message, Some(&b"capped"[..]));
    }

    #[test]
    fn errno_of_the_lowest_integer_does_not_overflow() {
        let payload = i32::MIN.to_ne_bytes();
        let done = Done::read(0, &payload).unwrap();
        assert_eq!(done.errno, i32::MAX);
    }
}
