//! A network interface.

use super::Fields;
use crate::Attributes;

/// A network interface (`struct ifinfomsg` and `IFLA_*`, include/uapi/linux/if_link.h).
#[derive(Clone, Copy, Debug)]
pub struct Link<'a>(pub(super) Fields<'a>);

const IFF_UP: u32 = 1;
const IFF_LOWER_UP: u32 = 1 << 16;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_CARRIER: u16 = 33;

impl<'a> Link<'a> {
    /// Reads the payload of a message. `None`: it is too short.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        Fields::read(crate::rtnetlink::Table::Links, bytes).map(Self)
    }

    /// Its index.
    pub fn index(&self) -> u32 {
        self.0.header_u32(4)
    }

    /// Its name: up to 15 bytes, which need not be text.
    pub fn name(&self) -> Option<&'a [u8]> {
        self.0.text(IFLA_IFNAME)
    }

    /// `IFF_*`.
    pub fn flags(&self) -> u32 {
        self.0.header_u32(8)
    }

    /// Somebody switched it on.
    pub fn is_up(&self) -> bool {
        self.flags() & IFF_UP != 0
    }

    /// The layer below is up.
    pub fn is_lower_up(&self) -> bool {
        self.flags() & IFF_LOWER_UP != 0
    }

    /// Largest packet, in bytes.
    pub fn mtu(&self) -> Option<u32> {
        self.0.u32(IFLA_MTU)
    }

    /// `IF_OPER_*` (RFC 2863): 2 is down, 6 is up, 0 is unknown.
    pub fn operstate(&self) -> Option<u8> {
        self.0.payload(IFLA_OPERSTATE)?.first().copied()
    }

    /// There is a signal.
    pub fn carrier(&self) -> Option<bool> {
        self.0.payload(IFLA_CARRIER)?.first().map(|&carrier| carrier != 0)
    }

    /// The octets of its link-layer address.
    pub fn address(&self) -> Option<&'a [u8]> {
        self.0.payload(IFLA_ADDRESS)
    }

    /// The bridge, bond or VRF that it is a part of.
    pub fn master(&self) -> Option<u32> {
        self.0.u32(IFLA_MASTER)
    }

    /// The link that it is made upon, or the other end; in another namespace where `IFLA_LINK_NETNSID` is there.
    pub fn lower(&self) -> Option<u32> {
        self.0.u32(IFLA_LINK)
    }

    /// What it is: `veth`, `bridge`, `vxlan`; `None` for hardware and the loopback device.
    pub fn kind(&self) -> Option<&'a [u8]> {
        Attributes::new(self.0.payload(IFLA_LINKINFO)?).last(IFLA_INFO_KIND).map(crate::text)
    }
}
