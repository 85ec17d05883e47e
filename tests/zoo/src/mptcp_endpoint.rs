//! Endpoints of multipath TCP: the addresses from which the kernel opens further subflows. They are set by generic
//! netlink (include/uapi/linux/mptcp_pm.h), which here is written out: this crate must not rest on what it tests.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd as _, OwnedFd};

use libc::{AF_NETLINK, NETLINK_GENERIC, NLM_F_ACK, NLM_F_REQUEST, SOCK_RAW};

use crate::{address, sys};

/// `nlmsghdr` and `genlmsghdr`
const HEADERS_BYTES: usize = 16 + 4;

/// `NLA_F_NESTED`
const NESTED: u16 = 0x8000;

/// Lets clients of this namespace open a second subflow from an address.
pub(crate) fn add(from: Ipv4Addr) -> io::Result<()> {
    const ADD_ADDRESS: u8 = 1;
    const ADDRESS: u16 = 1;
    const OPENS_SUBFLOWS: u32 = 2;
    let socket = sys::socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC)?;
    sys::bind(&socket, &address::netlink(0, 0))?;
    let family = family(&socket, b"mptcp_pm\0")?;
    let inner = [
        attribute(1, &2_u16.to_ne_bytes()), // AF_INET
        attribute(3, &from.octets()),
        attribute(6, &OPENS_SUBFLOWS.to_ne_bytes()),
    ]
    .concat();
    ask(&socket, family, ADD_ADDRESS, &attribute(ADDRESS | NESTED, &inner)).map(drop)
}

/// The number of a generic netlink family.
fn family(socket: &OwnedFd, name: &[u8]) -> io::Result<u16> {
    const CONTROLLER: u16 = 16;
    const GET_FAMILY: u8 = 3;
    const FAMILY_ID: u16 = 1;
    const FAMILY_NAME: u16 = 2;
    let reply = ask(socket, CONTROLLER, GET_FAMILY, &attribute(FAMILY_NAME, name))?;
    let mut rest = reply.get(HEADERS_BYTES..).unwrap_or_default();
    while let Some((head, _)) = rest.split_first_chunk::<4>() {
        let (len, kind) = (u16::from_ne_bytes([head[0], head[1]]), u16::from_ne_bytes([head[2], head[3]]));
        if kind == FAMILY_ID && len == 6 && rest.len() >= 6 {
            return Ok(u16::from_ne_bytes([rest[4], rest[5]]));
        }
        rest = rest.get(usize::from(len.max(4)).next_multiple_of(4)..).unwrap_or_default();
    }
    Err(io::Error::from_raw_os_error(libc::ENOENT))
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).expect("attributes here are small");
    let mut bytes = [len.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Sends a command and returns the first message that comes back; an error message is an error.
fn ask(socket: &OwnedFd, family: u16, command: u8, attributes: &[u8]) -> io::Result<Vec<u8>> {
    const ERROR: u16 = 2;
    let flags = u16::try_from(NLM_F_REQUEST | NLM_F_ACK).expect("five");
    let len = u32::try_from(HEADERS_BYTES + attributes.len()).expect("requests here are small");
    let mut request = len.to_ne_bytes().to_vec();
    request.extend([family.to_ne_bytes(), flags.to_ne_bytes()].concat());
    request.extend([0; 8]); // sequence number, port
    request.extend([command, 1, 0, 0]); // command, version
    request.extend(attributes);
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
