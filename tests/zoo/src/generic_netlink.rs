//! Commands of generic netlink (include/uapi/linux/genetlink.h), which here are written out: this crate must not rest on
//! what it tests.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use libc::{AF_NETLINK, NETLINK_GENERIC, NLM_F_ACK, NLM_F_REQUEST, SOCK_RAW};

use crate::{address, sys};

/// `nlmsghdr`
const HEADER_BYTES: usize = 16;

/// `genlmsghdr`
const COMMAND_BYTES: usize = 4;

/// A family of commands, and a socket that asks it.
pub(crate) struct Family {
    socket: OwnedFd,
    number: u16,
}

impl Family {
    /// That of a name.
    pub(crate) fn named(name: &str) -> io::Result<Self> {
        const CONTROLLER: u16 = 16;
        const GET_FAMILY: u8 = 3;
        const FAMILY_ID: u16 = 1;
        const FAMILY_NAME: u16 = 2;
        let controller = Self { socket: socket(NETLINK_GENERIC)?, number: CONTROLLER };
        let reply = controller.ask(GET_FAMILY, 1, &attribute(FAMILY_NAME, &text(name)))?;
        let mut rest = reply.get(HEADER_BYTES + COMMAND_BYTES..).unwrap_or_default();
        while let Some((head, _)) = rest.split_first_chunk::<4>() {
            let (len, kind) = (u16::from_ne_bytes([head[0], head[1]]), u16::from_ne_bytes([head[2], head[3]]));
            if kind == FAMILY_ID && len == 6 && rest.len() >= 6 {
                let number = u16::from_ne_bytes([rest[4], rest[5]]);
                return Ok(Self { socket: socket(NETLINK_GENERIC)?, number });
            }
            rest = rest.get(usize::from(len.max(4)).next_multiple_of(4)..).unwrap_or_default();
        }
        Err(io::Error::from_raw_os_error(libc::ENOENT))
    }

    /// Sends a command and returns the first message that comes back; an error message is an error.
    pub(crate) fn ask(&self, command: u8, version: u8, attributes: &[u8]) -> io::Result<Vec<u8>> {
        ask(&self.socket, self.number, &[&[command, version, 0, 0], attributes].concat())
    }
}

/// A Netlink socket that asks the kernel.
pub(crate) fn socket(protocol: i32) -> io::Result<OwnedFd> {
    let socket = sys::socket(AF_NETLINK, SOCK_RAW, protocol)?;
    sys::bind(&socket, &address::netlink(0, 0))?;
    Ok(socket)
}

/// One attribute with its padding.
pub(crate) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).expect("attributes here are small");
    let mut bytes = [len.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// An attribute that holds others.
pub(crate) fn nest(kind: u16, attributes: &[u8]) -> Vec<u8> {
    /// `NLA_F_NESTED`
    const NESTED: u16 = 0x8000;
    attribute(kind | NESTED, attributes)
}

/// A text as attributes hold it.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

/// Sends a message and returns the first that comes back; an error message is an error.
pub(crate) fn ask(socket: &OwnedFd, kind: u16, body: &[u8]) -> io::Result<Vec<u8>> {
    const ERROR: u16 = 2;
    let flags = u16::try_from(NLM_F_REQUEST | NLM_F_ACK).expect("five");
    let len = u32::try_from(HEADER_BYTES + body.len()).expect("requests here are small");
    let mut request = len.to_ne_bytes().to_vec();
    request.extend([kind.to_ne_bytes(), flags.to_ne_bytes()].concat());
    request.extend([0; 8]); // sequence number, port
    request.extend(body);
    sys::send_to(socket, &request, 0, &address::netlink(0, 0))?;

    let mut reply = vec![0; 8192];
    let (len, _) = rustix::net::recv(socket.as_fd(), reply.as_mut_slice(), rustix::net::RecvFlags::empty())?;
    reply.truncate(len);
    let word = |at: usize| reply.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    let kind = reply.get(4..6).map(|bytes| u16::from_ne_bytes([bytes[0], bytes[1]]));
    match (kind, word(16)) {
        (Some(ERROR), Some(error)) if error != 0 => Err(io::Error::from_raw_os_error(-error)),
        _ => Ok(reply),
    }
}
