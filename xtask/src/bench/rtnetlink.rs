//! Requests of rtnetlink, written by hand and sent many at a time: what makes the load of `bench tables`.

use std::io;
use std::os::fd::OwnedFd;

use anyhow::{Context, Result, bail};

use super::sys;

pub(super) const HEADER_LEN: usize = 16;
pub(super) const NLMSG_ERROR: u16 = 2;
pub(super) const NLMSG_DONE: u16 = 3;
pub(super) const NLM_F_REQUEST: u16 = 1;
pub(super) const NLM_F_DUMP: u16 = 0x300;
const NLM_F_ACK: u16 = 4;
const NLM_F_CREATE: u16 = 0x400;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;

/// Bytes of one datagram: the kernel works through its requests in one go.
const DATAGRAM_LEN: usize = 32 * 1024;
/// Bytes of an answer: an acknowledgement, or an error with the request in it.
const ANSWER_LEN: usize = 8 * 1024;

/// A message in the making.
pub(super) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// A message with the structure of its family behind the header.
    pub(super) fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER_LEN];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(flags | NLM_F_REQUEST).to_ne_bytes());
        bytes.extend_from_slice(body);
        Self { bytes }
    }

    /// Appends an attribute.
    pub(super) fn attribute(mut self, number: u16, payload: &[u8]) -> Self {
        let length = u16::try_from(4 + payload.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&number.to_ne_bytes());
        self.bytes.extend_from_slice(payload);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// The bytes, with their length in front.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes
    }

    /// What stands behind the header: a nest without its own.
    fn nest(self) -> Vec<u8> {
        self.bytes[HEADER_LEN..].to_vec()
    }
}

/// Sends requests, many a datagram.
pub(super) struct Batch {
    socket: OwnedFd,
    waiting: Vec<u8>,
    last: usize,
}

impl Batch {
    pub(super) fn new() -> Result<Self> {
        let socket = sys::rtnetlink().context("cannot open a socket for rtnetlink")?;
        Ok(Self { socket, waiting: Vec::with_capacity(DATAGRAM_LEN), last: 0 })
    }

    /// Adds a request.
    pub(super) fn push(&mut self, message: Message) -> Result<()> {
        let message = message.finish();
        if self.waiting.len() + message.len() > DATAGRAM_LEN {
            self.flush()?;
        }
        self.last = self.waiting.len();
        self.waiting.extend_from_slice(&message);
        Ok(())
    }

    /// Sends what waits, and waits until the kernel has done it. Only the last request is acknowledged; what was wrong
    /// with others comes before that.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let flags = &mut self.waiting[self.last + 6..self.last + 8];
        let with_ack = u16::from_ne_bytes([flags[0], flags[1]]) | NLM_F_ACK;
        flags.copy_from_slice(&with_ack.to_ne_bytes());
        sys::send(&self.socket, &self.waiting).context("cannot send requests to rtnetlink")?;
        let mut answer = [0; ANSWER_LEN];
        let length = sys::receive(&self.socket, &mut answer).context("rtnetlink does not answer")?;
        self.waiting.clear();
        match error(answer.get(..length).unwrap_or(&answer)) {
            Some(0) => Ok(()),
            Some(errno) => bail!("rtnetlink refuses: {}", io::Error::from_raw_os_error(errno)),
            None => bail!("rtnetlink answers with something else"),
        }
    }
}

/// The errno in an `NLMSG_ERROR`, 0 in an acknowledgement.
fn error(answer: &[u8]) -> Option<i32> {
    let kind = u16::from_ne_bytes(*answer.get(4..)?.first_chunk()?);
    let errno = i32::from_ne_bytes(*answer.get(HEADER_LEN..)?.first_chunk()?);
    (kind == NLMSG_ERROR).then_some(-errno)
}

/// A pair of virtual links with these indices and names.
pub(super) fn veth(index: u32, name: &str, peer_index: u32, peer: &str) -> Message {
    const IFLA_IFNAME: u16 = 3;
    const IFLA_LINKINFO: u16 = 18;
    const IFLA_INFO_KIND: u16 = 1;
    const IFLA_INFO_DATA: u16 = 2;
    const VETH_INFO_PEER: u16 = 1;
    let name_of = |name: &str| [name.as_bytes(), &[0]].concat();
    let mut peer_of = link(peer_index, 0).to_vec();
    peer_of.extend(Message::new(0, 0, &[]).attribute(IFLA_IFNAME, &name_of(peer)).nest());
    let data = Message::new(0, 0, &[]).attribute(VETH_INFO_PEER, &peer_of).nest();
    let info = Message::new(0, 0, &[]).attribute(IFLA_INFO_KIND, b"veth").attribute(IFLA_INFO_DATA, &data).nest();
    Message::new(RTM_NEWLINK, NLM_F_CREATE, &link(index, 0))
        .attribute(IFLA_IFNAME, &name_of(name))
        .attribute(IFLA_LINKINFO, &info)
}

/// A link is to be up.
pub(super) fn up(index: u32) -> Message {
    const IFF_UP: u32 = 1;
    Message::new(RTM_NEWLINK, 0, &link(index, IFF_UP))
}

/// `struct ifinfomsg`: family, padding, type, index, flags, change.
fn link(index: u32, flags: u32) -> [u8; 16] {
    let mut link = [0; 16];
    link[4..8].copy_from_slice(&index.to_ne_bytes());
    link[8..12].copy_from_slice(&flags.to_ne_bytes());
    link[12..16].copy_from_slice(&flags.to_ne_bytes());
    link
}

/// An address of a link.
pub(super) fn address(index: u32, address: &[u8], prefix_len: u8) -> Message {
    const IFA_ADDRESS: u16 = 1;
    const IFA_LOCAL: u16 = 2;
    /// Others need not be asked whether they have it.
    const IFA_F_NODAD: u8 = 2;
    let [a, b, c, d] = index.to_ne_bytes();
    let body = [family(address), prefix_len, IFA_F_NODAD, 0, a, b, c, d];
    Message::new(RTM_NEWADDR, NLM_F_CREATE, &body).attribute(IFA_LOCAL, address).attribute(IFA_ADDRESS, address)
}

/// A route by a gateway.
pub(super) fn route(destination: &[u8], prefix_len: u8, gateway: &[u8], index: u32) -> Message {
    const RTA_DST: u16 = 1;
    const RTA_OIF: u16 = 4;
    const RTA_GATEWAY: u16 = 5;
    const RT_TABLE_MAIN: u8 = 254;
    const RTPROT_STATIC: u8 = 4;
    const RTN_UNICAST: u8 = 1;
    let body = [family(destination), prefix_len, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, 0, RTN_UNICAST, 0, 0, 0, 0];
    Message::new(RTM_NEWROUTE, NLM_F_CREATE, &body)
        .attribute(RTA_DST, destination)
        .attribute(RTA_GATEWAY, gateway)
        .attribute(RTA_OIF, &index.to_ne_bytes())
}

fn family(address: &[u8]) -> u8 {
    let family = if address.len() == 4 { libc::AF_INET } else { libc::AF_INET6 };
    u8::try_from(family).unwrap_or_default()
}
