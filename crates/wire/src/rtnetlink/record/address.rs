//! An address of an interface.

use core::net::IpAddr;

use super::Fields;

/// An address of an interface (`struct ifaddrmsg` and `IFA_*`, include/uapi/linux/if_addr.h).
#[derive(Clone, Copy, Debug)]
pub struct Address<'a>(pub(super) Fields<'a>);

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_FLAGS: u16 = 8;

impl<'a> Address<'a> {
    /// Reads the payload of a message. `None`: it is too short.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        Fields::read(crate::rtnetlink::Table::Addresses, bytes).map(Self)
    }

    /// The interface.
    pub fn ifindex(&self) -> u32 {
        self.0.header_u32(4)
    }

    /// The address itself.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.address(IFA_LOCAL).or_else(|| self.0.address(IFA_ADDRESS))
    }

    /// Bits of the prefix: of the other end's, where there is one.
    pub fn prefix_len(&self) -> u8 {
        self.0.byte(1)
    }

    /// The address of the other end, of a point-to-point link.
    pub fn peer(&self) -> Option<IpAddr> {
        let local = self.0.address(IFA_LOCAL)?;
        self.0.address(IFA_ADDRESS).filter(|&address| address != local)
    }

    /// Where everybody in the network is reached.
    pub fn broadcast(&self) -> Option<IpAddr> {
        self.0.address(IFA_BROADCAST)
    }

    /// `RT_SCOPE_*`: 0 is everywhere, 253 the link, 254 this machine.
    pub fn scope(&self) -> u8 {
        self.0.byte(3)
    }

    /// `IFA_F_*`.
    pub fn flags(&self) -> u32 {
        self.0.u32(IFA_FLAGS).unwrap_or_else(|| self.0.byte(2).into())
    }

    /// The name of the interface, or an alias of old.
    pub fn label(&self) -> Option<&'a [u8]> {
        self.0.text(IFA_LABEL)
    }
}
