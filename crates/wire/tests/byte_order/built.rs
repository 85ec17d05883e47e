//! Messages as a kernel of either byte order sends them, put together by hand from its headers and not from the tables.

use super::swap::Order;

/// A message in the making: numbers of the machine in one order, of the network in another.
pub(crate) struct Builder {
    order: Order,
    bytes: Vec<u8>,
}

impl Builder {
    fn own(mut self, number: u64, length: usize) -> Self {
        match self.order {
            Order::Big => self.bytes.extend(&number.to_be_bytes()[8 - length..]),
            Order::Little => self.bytes.extend(&number.to_le_bytes()[..length]),
        }
        self
    }

    fn u16(self, number: u16) -> Self {
        self.own(number.into(), 2)
    }

    fn u32(self, number: u32) -> Self {
        self.own(number.into(), 4)
    }

    fn octets(mut self, octets: &[u8]) -> Self {
        self.bytes.extend(octets);
        self
    }

    /// `struct nlattr` and what stands behind it.
    fn attribute(self, number: u16, payload: impl FnOnce(Self) -> Self) -> Self {
        let inner = payload(Self { order: self.order, bytes: Vec::new() }).bytes;
        let length = u16::try_from(inner.len() + 4).expect("short");
        let mut outer = self.u16(length).u16(number).octets(&inner);
        outer.bytes.resize(outer.bytes.len().next_multiple_of(4), 0);
        outer
    }
}

/// `struct nlmsghdr` and what stands behind it.
fn message(order: Order, kind: u16, payload: impl FnOnce(Builder) -> Builder) -> Vec<u8> {
    let inner = payload(Builder { order, bytes: Vec::new() }).bytes;
    let length = u32::try_from(inner.len() + 16).expect("short");
    let head = Builder { order, bytes: Vec::new() }.u32(length).u16(kind).u16(0x0102).u32(0x0304_0506).u32(0x0708_090a);
    head.octets(&inner).bytes
}

/// A TCP socket: `struct inet_diag_msg` (include/uapi/linux/inet_diag.h), its mark, its class of service, its cgroup.
pub(crate) fn socket(order: Order) -> Vec<u8> {
    message(order, 20, |body| {
        let body = body.octets(&[2, 1, 2, 3]);
        // idiag_sport and idiag_dport are __be16, the addresses __be32[4]; the rest is the machine's.
        let body = body.octets(&[0x1f, 0x90, 0xc3, 0x50]).octets(&[10, 1, 2, 3]).octets(&[0; 12]);
        let body = body.octets(&[10, 4, 5, 6]).octets(&[0; 12]).u32(0x0102_0304).u32(0x1122_3344).u32(0x5566_7788);
        let body = body.u32(0x0001_0203).u32(0x0004_0506).u32(0x0007_0809).u32(0x000a_0b0c).u32(0x000d_0e0f);
        let body = body.attribute(15, |mark| mark.u32(0xa1a2_a3a4)).attribute(5, |tos| tos.octets(&[0x2e]));
        // INET_DIAG_CGROUP_ID: a __u64.
        body.attribute(21, |cgroup| cgroup.own(0x0102_0304_0506_0708, 8))
    })
}

/// A link: `struct ifinfomsg` (include/uapi/linux/rtnetlink.h), its MTU and name, and a VLAN of 802.1ad.
pub(crate) fn link(order: Order) -> Vec<u8> {
    message(order, 16, |body| {
        let body = body.octets(&[0, 0]).u16(772).u32(0x0102_0304).u32(0x0001_1043).u32(0x0506_0708);
        let body = body.attribute(4, |mtu| mtu.u32(0x0001_05dc)).attribute(3, |name| name.octets(b"eth0.7\0"));
        // IFLA_LINKINFO: IFLA_INFO_KIND, IFLA_INFO_DATA with IFLA_VLAN_ID (machine) and IFLA_VLAN_PROTOCOL (network).
        body.attribute(18, |info| {
            info.attribute(1, |kind| kind.octets(b"vlan\0")).attribute(2, |data| {
                data.attribute(1, |id| id.u16(0x0703)).attribute(5, |protocol| protocol.octets(&[0x88, 0xa8]))
            })
        })
    })
}

/// A route: `struct rtmsg`, its table, and two next hops (`struct rtnexthop`) with a gateway each.
pub(crate) fn route(order: Order) -> Vec<u8> {
    message(order, 24, |body| {
        let body = body.octets(&[2, 24, 0, 0, 0xfc, 4, 0, 1]).u32(0x0001_0203);
        let body =
            body.attribute(1, |destination| destination.octets(&[10, 7, 8, 0])).attribute(15, |t| t.u32(0x0405_0607));
        body.attribute(9, |hops| {
            let hop = |hops: Builder, flags: u8, weight: u8, index: u32, last: u8| {
                let hops = hops.u16(16).octets(&[flags, weight]).u32(index);
                hops.attribute(5, |gateway| gateway.octets(&[10, 0, 0, last]))
            };
            hop(hop(hops, 4, 1, 0x0002_0304, 9), 1, 6, 0x0005_0607, 10)
        })
    })
}

/// A filter: `struct tcmsg`, whose last number is a priority and, as its lower half, a protocol (`__be16`).
pub(crate) fn filter(order: Order) -> Vec<u8> {
    message(order, 44, |body| {
        let body = body.octets(&[0; 4]).u32(0x0102_0304).u32(0x8000_0800).u32(0xffff_fff2);
        // ETH_P_ARP, 0x0806: in memory 08 06 on either machine, and so another number on each.
        let body = match order {
            Order::Little => body.octets(&[0x08, 0x06, 0x68, 0x01]),
            Order::Big => body.octets(&[0x01, 0x68, 0x08, 0x06]),
        };
        body.attribute(1, |kind| kind.octets(b"u32\0"))
    })
}
