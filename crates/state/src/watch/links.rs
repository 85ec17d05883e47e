//! What is known of each link: an event is of consequence to other tables only if its state or name changed.

use core::time::Duration;
use std::collections::HashMap;

use sockeye_wire::Attributes;
use sockeye_wire::rtnetlink::{AF_UNSPEC, RTM_DELLINK, RTM_NEWLINKPROP, Table};

use super::Watch;
use crate::rtnetlink::{Tables, consequence};

/// Links that are remembered. An event about one beyond them is taken for a change of everything.
const LINKS_MAX: usize = 1 << 16;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINK: u16 = 5;
const IFLA_WIRELESS: u16 = 11;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
/// Kinds of links that are made in pairs.
const PAIRED: [&[u8]; 2] = [b"veth", b"netkit"];

/// State and name of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    state: u32,
    name: [u8; 16],
    /// The address of a bridge, which its ports have in their records.
    bridge: Option<[u8; 6]>,
}

/// The links that were heard of.
#[derive(Debug, Default)]
pub(super) struct Links(HashMap<u32, Link>);

impl Links {
    /// A row of a dump tells of a link: events know better.
    pub(super) fn know(&mut self, record: &[u8]) {
        if let Some((index, link)) = read(record)
            && self.0.len() < LINKS_MAX
        {
            self.0.entry(index).or_insert(link);
        }
    }

    /// Events were lost: what is remembered would hide that links changed.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// Index and state of a link.
fn read(record: &[u8]) -> Option<(u32, Link)> {
    let word = |at: usize| Some(u32::from_ne_bytes(*record.get(at..)?.first_chunk()?));
    let mut name = [0; 16];
    let bytes = attributes(record).last(IFLA_IFNAME).unwrap_or_default();
    name.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    let address = || attributes(record).last(IFLA_ADDRESS)?.first_chunk().copied();
    let bridge = if kind(record) == b"bridge" { address() } else { None };
    Some((word(4)?, Link { state: word(8)? & consequence::LINK_STATE, name, bridge }))
}

/// The kind of a link, without its NUL; empty where it has none.
fn kind(record: &[u8]) -> &[u8] {
    let info = attributes(record).last(IFLA_LINKINFO).unwrap_or_default();
    let kind = Attributes::new(info).last(IFLA_INFO_KIND).unwrap_or_default();
    kind.strip_suffix(&[0]).unwrap_or(kind)
}

fn attributes(record: &[u8]) -> Attributes<'_> {
    Attributes::new(record.get(Table::Links.header_len()..).unwrap_or_default())
}

impl Watch {
    /// Looks at a message about a link. `false`: it is not the whole record.
    pub(super) fn link(&mut self, type_number: u16, family: u8, record: &[u8], now: Duration) -> bool {
        let Some((index, link)) = read(record) else { return false };
        // AF_BRIDGE tells of the port alone (net/bridge/br_netlink.c `br_ifinfo_notify`), a deletion only that it left;
        // RTM_NEWLINKPROP of the names; wireless extensions send an event that is no state (net/wireless/wext-core.c).
        if family != AF_UNSPEC || type_number & !3 == RTM_NEWLINKPROP {
            self.reread(index, now);
            return false;
        }
        if attributes(record).last(IFLA_WIRELESS).is_some() {
            return false;
        }
        if let Some(reread) = &mut self.reread.current
            && reread.index == index
        {
            reread.touched = true;
        }
        if type_number == RTM_DELLINK {
            self.links.0.remove(&index);
            return true;
        }
        // drivers/net/veth.c `veth_newlink`, drivers/net/netkit.c `netkit_new_link`: the peer is told of before either knows
        // the other, and nothing is told when it does.
        if attributes(record).last(IFLA_LINK) == Some(&[0; 4]) && PAIRED.contains(&kind(record)) {
            self.reread(index, now);
        }
        let before = if self.links.0.len() < LINKS_MAX { self.links.0.insert(index, link) } else { None };
        // net/bridge/br_stp_if.c `br_stp_change_bridge_id`: it is part of what is told of every port.
        if before.is_some_and(|before| before.bridge != link.bridge) {
            self.consequences(Tables::one(Table::Links), now);
        }
        if before.is_none_or(|before| before.state != link.state) {
            self.consequences(consequence::of_state(), now);
        }
        if before.is_none_or(|before| before.name != link.name) {
            self.consequences(consequence::of_name(), now);
        }
        true
    }
}
