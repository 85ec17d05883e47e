//! A nexthop object.

use core::net::IpAddr;

use super::Fields;
use crate::Scalar;

/// A nexthop object, or a group of them (`struct nhmsg` and `NHA_*`, include/uapi/linux/nexthop.h).
#[derive(Clone, Copy, Debug)]
pub struct Nexthop<'a>(pub(super) Fields<'a>);

const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;
/// Bytes of `struct nexthop_grp`.
const MEMBER_LEN: usize = 8;

impl<'a> Nexthop<'a> {
    /// Reads the payload of a message. `None`: it is too short.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        Fields::read(crate::rtnetlink::Table::Nexthops, bytes).map(Self)
    }

    /// Its id.
    pub fn id(&self) -> Option<u32> {
        self.0.u32(NHA_ID)
    }

    /// The address of the next hop.
    pub fn gateway(&self) -> Option<IpAddr> {
        self.0.address(NHA_GATEWAY)
    }

    /// The interface that packets leave by.
    pub fn oif(&self) -> Option<u32> {
        self.0.u32(NHA_OIF)
    }

    /// Ids of the members of a group, each with its share.
    pub fn members(&self) -> impl Iterator<Item = (u32, u16)> + use<'a> {
        self.0.payload(NHA_GROUP).unwrap_or_default().chunks_exact(MEMBER_LEN).filter_map(|member| {
            let id = u32::try_from(Scalar::U32.read(member, 0)?).ok()?;
            // The kernel counts from zero, in a byte and since 6.12 in one more above it.
            Some((id, (u16::from(member[5]) << 8 | u16::from(member[4])).saturating_add(1)))
        })
    }
}
