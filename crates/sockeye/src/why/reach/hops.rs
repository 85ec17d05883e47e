//! The way out: the next hop that the kernel names, and those beside it that other connections take.

use std::fmt::Write as _;
use std::net::IpAddr;

use sockeye_conn::Error;
use sockeye_wire::rtnetlink::record::Route;

use super::super::kernel::Kernel;
use super::{Reach, steps};

/// Types of routes (include/uapi/linux/rtnetlink.h, `RTN_*`).
const LOCAL: u8 = 2;
const BROADCAST: u8 = 3;
const MULTICAST: u8 = 5;

/// Next hops of a route that are looked at; of more only the number is told.
const HOPS_MAX: usize = 16;

/// Who gets the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    /// This host.
    Local,
    /// A neighbour on a link.
    Neighbour,
    /// Everybody there, or whoever joined a group: no neighbour is asked for.
    Many,
}

/// A next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    pub(super) ifindex: u32,
    /// A router, or the address itself.
    pub(super) address: IpAddr,
    weight: u16,
}

/// The way out.
pub(super) struct Way {
    pub(super) recipient: Recipient,
    /// The one that the kernel names first, then the others of the same route.
    pub(super) hops: Vec<Hop>,
    /// All of them, those that are not looked at too.
    pub(super) count: usize,
    /// The link that has the address, where it is one of this host: packets of this host go over loopback, and count as come by that one
    /// (net/ipv4/route.c, `ip_route_output_key_hash_rcu`, for `inet_iif`; net/ipv6/ip6_input.c, `ip6_rcv_core`).
    pub(super) comes_by: u32,
}

impl Way {
    /// The way by a route as it was resolved for an address, and by its entry in the table.
    pub(super) fn of(route: &Route<'_>, entry: Option<&Route<'_>>, to: IpAddr) -> Self {
        let recipient = match route.kind() {
            LOCAL => Recipient::Local,
            BROADCAST | MULTICAST => Recipient::Many,
            _ => Recipient::Neighbour,
        };
        let mut named = Hop { ifindex: route.oif().unwrap_or(0), address: route.gateway().unwrap_or(to), weight: 1 };
        let hop = |hop: sockeye_wire::rtnetlink::record::Hop<'_>| Hop {
            ifindex: hop.oif(),
            address: hop.gateway().unwrap_or(to),
            weight: hop.weight(),
        };
        let mut others: Vec<_> = entry.map(|entry| entry.hops().map(hop).collect()).unwrap_or_default();
        let is_named = |hop: &Hop| (hop.ifindex, hop.address) == (named.ifindex, named.address);
        if let Some(at) = others.iter().position(is_named) {
            named = others.remove(at);
        }
        let count = others.len() + 1;
        others.truncate(HOPS_MAX - 1);
        others.insert(0, named);
        let comes_by = entry.and_then(Route::oif).or_else(|| route.oif()).unwrap_or(0);
        Self { recipient, hops: others, count, comes_by }
    }

    /// The link that the route leaves by.
    pub(super) fn ifindex(&self) -> u32 {
        self.hops[0].ifindex
    }

    /// Every link of it, once.
    pub(super) fn links(&self) -> Vec<u32> {
        let mut links: Vec<_> = self.hops.iter().map(|hop| hop.ifindex).filter(|&ifindex| ifindex != 0).collect();
        links.sort_unstable();
        links.dedup();
        links
    }
}

/// Looks at the link, the neighbour and the queues of each.
pub(super) fn look(reach: &mut Reach, kernel: &mut Kernel, way: &Way) -> Result<(), Error> {
    let mut seen = Vec::new();
    for (at, hop) in way.hops.iter().enumerate() {
        if at > 0 {
            let mut text = format!("{} dev {}", hop.address, kernel.interface(hop.ifindex));
            let _ = write!(text, " weight {}, of other connections", hop.weight);
            reach.step("next hop", text);
        }
        let found = reach.findings.len();
        let is_new = !seen.contains(&hop.ifindex);
        seen.push(hop.ifindex);
        if is_new {
            steps::link(reach, kernel, hop.ifindex)?;
        }
        match way.recipient {
            Recipient::Local => {}
            Recipient::Neighbour => steps::neighbour(reach, kernel, hop)?,
            Recipient::Many => reach.step("neighbour", "none is asked for: everybody on the link gets it"),
        }
        if is_new {
            steps::qdisc(reach, kernel, hop.ifindex)?;
        }
        if way.count > 1 {
            for finding in &mut reach.findings[found..] {
                finding.evidence.push(("next_hops", u64::try_from(way.count).unwrap_or(u64::MAX).into()));
            }
        }
    }
    if way.count > way.hops.len() {
        reach.step("next hop", format!("{} more are not looked at", way.count - way.hops.len()));
    }
    Ok(())
}
