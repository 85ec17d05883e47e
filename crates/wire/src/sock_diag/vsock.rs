//! Sockets between virtual machines and their host: `struct vsock_diag_req` and `struct vsock_diag_msg`
//! (include/uapi/linux/vm_sockets_diag.h, net/vmw_vsock/diag.c). There are no attributes, and dumps only.

use super::SOCK_DIAG_BY_FAMILY;
use super::state::State;
use crate::error::WireError;
use crate::message::NLM_F_DUMP;
use crate::{Request, Slots};

/// `AF_VSOCK`.
pub const AF_VSOCK: u8 = 40;
/// Bytes of `struct vsock_diag_msg`.
pub const MESSAGE_LEN: usize = 32;

crate::layout! {
    /// One socket of a virtual machine or its host (`struct vsock_diag_msg`).
    pub struct VsockMessage = vsock_diag_msg {
        /// Address family: 40.
        vdiag_family => family: u8 @ 0, OneOf(crate::names![(40, "vsock")]), (4, 15);
        /// Kind of socket.
        vdiag_type => socket_type: u8 @ 1, OneOf(super::SOCKET_TYPES), (4, 15);
        /// State of the socket.
        vdiag_state => state_number: u8 @ 2, Identifier, (4, 15);
        /// Directions that are shut down.
        vdiag_shutdown => shutdown: u8 @ 3, SetOf(crate::names![(1, "receive"), (2, "send")]), (4, 15);
        /// Own context: 0 the hypervisor, 1 this machine, 2 the host; none where any will do.
        vdiag_src_cid => src_cid: u32 @ 4, Identifier, (4, 15), unset 0xffff_ffff;
        /// Own port; none where any will do.
        vdiag_src_port => src_port: u32 @ 8, Identifier, (4, 15), unset 0xffff_ffff;
        /// Context of the peer; none where there is none.
        vdiag_dst_cid => dst_cid: u32 @ 12, Identifier, (4, 15), unset 0xffff_ffff;
        /// Port of the peer; none where there is none.
        vdiag_dst_port => dst_port: u32 @ 16, Identifier, (4, 15), unset 0xffff_ffff;
        /// Inode of the socket.
        vdiag_ino => inode: u32 @ 20, Identifier, (4, 15);
        /// Identity of the socket, never used twice until the next boot.
        vdiag_cookie => cookie: u32pair @ 24, Hexadecimal, (4, 15);
    }
}

impl VsockMessage<'_> {
    /// State of the socket.
    #[inline]
    pub fn state(&self) -> Option<State> {
        self.0.get(2).map(|&number| State::from_number(number))
    }
}

crate::attributes! {
    /// Attributes behind one `vsock_diag_msg`: none so far.
    pub struct VsockAttributes = "vsock_diag", header Some(&VsockMessage::LAYOUT), MESSAGE_LEN; {}
}

/// One socket of a virtual machine or its host.
#[derive(Clone, Copy, Debug)]
pub struct VsockSocket<'a> {
    /// The fixed part.
    pub message: VsockMessage<'a>,
    /// What follows it, which is nothing in the kernels we know.
    pub attributes: VsockAttributes<'a>,
}

impl<'a> VsockSocket<'a> {
    /// Reads the payload of an answer.
    #[inline]
    pub fn read(payload: &'a [u8]) -> Result<Self, WireError> {
        let Some((header, rest)) = payload.split_at_checked(MESSAGE_LEN) else {
            return Err(WireError::Truncated { what: "vsock_diag_msg", at: 0, need: MESSAGE_LEN, have: payload.len() });
        };
        Ok(Self { message: VsockMessage(header), attributes: VsockAttributes(Slots::read(rest)) })
    }
}

/// A question about sockets of virtual machines.
#[derive(Clone, Copy, Debug)]
pub struct VsockQuestion {
    /// States, bit `n` for state `n`.
    pub states: u32,
}

impl VsockQuestion {
    /// The request for every socket in these states.
    pub fn dump(&self) -> Request {
        let mut body = [0; 24];
        body[0] = AF_VSOCK;
        body[4..8].copy_from_slice(&self.states.to_ne_bytes());
        Request::new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP).body(&body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Vec<u8> {
        let mut bytes = vec![40, 5, 1, 3];
        for word in [2, 1024, 17, u32::MAX, 600_613, 0xfeed_0002, 0x9] {
            bytes.extend_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    #[test]
    fn every_field_reads_back() {
        let bytes = message();
        let message = VsockSocket::read(&bytes).unwrap().message;
        assert_eq!((message.family(), message.socket_type(), message.shutdown()), (Some(40), Some(5), Some(3)));
        assert_eq!((message.state_number(), message.state()), (Some(1), Some(State::Established)));
        assert_eq!((message.src_cid(), message.src_port()), (Some(2), Some(1024)));
        assert_eq!((message.dst_cid(), message.dst_port()), (Some(17), None));
        assert_eq!((message.inode(), message.cookie()), (Some(600_613), Some(0x9_feed_0002)));
    }

    #[test]
    fn a_short_message_is_an_error_and_an_attribute_is_unknown() {
        let mut bytes = message();
        assert!(VsockSocket::read(&bytes[..31]).is_err());
        bytes.extend_from_slice(Request::new(0, 0).attribute(3, &[1]).as_bytes().get(16..).unwrap());
        assert!(VsockSocket::read(&bytes).unwrap().attributes.0.has_unknown(&VsockAttributes::SPACE));
    }

    #[test]
    fn the_request_is_what_the_kernel_wants() {
        let request = VsockQuestion { states: 0x482 }.dump();
        let bytes = request.as_bytes();
        assert_eq!((bytes.len(), &bytes[16..20]), (40, &[40, 0, 0, 0][..]));
        assert_eq!((&bytes[20..24], &bytes[24..]), (&0x482u32.to_ne_bytes()[..], &[0; 16][..]));
    }
}
