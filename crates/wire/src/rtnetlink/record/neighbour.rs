//! A neighbour.

use core::net::IpAddr;

use super::Fields;
use crate::Scalar;

/// A neighbour (`struct ndmsg` and `NDA_*`, include/uapi/linux/neighbour.h).
#[derive(Clone, Copy, Debug)]
pub struct Neighbour<'a>(pub(super) Fields<'a>);

const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;

impl<'a> Neighbour<'a> {
    /// Reads the payload of a message. `None`: it is too short.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        Fields::read(crate::rtnetlink::Table::Neighbours, bytes).map(Self)
    }

    /// The interface.
    pub fn ifindex(&self) -> u32 {
        self.0.header_u32(4)
    }

    /// Its address.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.address(NDA_DST)
    }

    /// The octets of its link-layer address.
    pub fn link_address(&self) -> Option<&'a [u8]> {
        self.0.payload(NDA_LLADDR)
    }

    /// `NUD_*`: 2 is reachable, 4 stale, 0x80 permanent.
    pub fn state(&self) -> u16 {
        Scalar::U16.read(self.0.header, 8).and_then(|state| u16::try_from(state).ok()).unwrap_or_default()
    }

    /// `NTF_*`: 8 is a proxy.
    pub fn flags(&self) -> u8 {
        self.0.byte(10)
    }
}
