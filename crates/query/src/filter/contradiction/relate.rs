//! Fields that say the same in two ways, held against each other.

use std::rc::Rc;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::filter::ast::Network;
use crate::filter::endpoint;

use super::known::{Known, intersection};
use super::{Clash, Facts, Prover};

/// Ranges of which each has to hold one of two ports; each doubles the ways to share them.
const SHARED_MAX: usize = 10;

impl Prover<'_> {
    /// Holds fields against each other that say the same in two ways: an interface by name and by index, a control group
    /// by path and by number, either port and each.
    pub(super) fn relate<'n>(&self, facts: &Facts<'n>) -> Result<(), Clash<'n>> {
        let known = |name: &str| self.catalog.find(name).and_then(|field| facts.fields.get(&field).map(Rc::as_ref));
        for (by_name, by_number) in [("dev", "ifindex"), ("cgroup", "cgroup_id")] {
            if let (Some(one), Some(other)) = (known(by_name), known(by_number))
                && let (Some(left), Some(right)) = (&one.numbers, &other.numbers)
                && intersection(left, right).is_empty()
            {
                return Err(Clash::between(&[one, other]));
            }
        }
        let is_absent = |name| known(name).is_some_and(|known: &Known<'_>| known.present == Some(false));
        let is_there = |name| known(name).filter(|known| known.present == Some(true));
        // Who holds a socket is known by his id, whatever else is.
        for (told, teller) in
            [("dev", "ifindex"), ("ifindex", "dev"), ("pid", "process"), ("pid", "fd"), ("pid", "user")]
        {
            if let (true, Some(other), Some(one)) = (is_absent(told), is_there(teller), known(told)) {
                return Err(Clash::between(&[one, other]));
            }
        }
        self.relate_families(facts)?;
        self.relate_ports(facts)
    }

    /// From an IPv4 address, mapped or not, no connection leads to one of IPv6 that is not mapped (net/ipv6/ip6_output.c,
    /// `ip6_dst_lookup_tail`). The other way round a UDP socket can be connected again, and where there is no connection
    /// the peer can be that of one that came to nothing: `tcp_disconnect` leaves it where it was, and so does a connect
    /// that failed, even of a socket that listens then.
    fn relate_families<'n>(&self, facts: &Facts<'n>) -> Result<(), Clash<'n>> {
        let known = |name: &str| self.catalog.find(name).and_then(|field| facts.fields.get(&field).map(Rc::as_ref));
        let (Some(local), Some(peer)) = (known("local"), known("peer")) else { return Ok(()) };
        let (Some(here), Some(there)) = (&local.networks, &peer.networks) else { return Ok(()) };
        if !only_v4(here) || !only_v6(there) {
            return Ok(());
        }
        let has_port = |port: &&Known<'n>| {
            port.numbers.as_ref().and_then(|ranges| ranges.first()).is_some_and(|&(from, _)| from > 0)
        };
        let connected = self.catalog.word("connected").map_or(&[][..], |word| word.values);
        let connected =
            known("pport").filter(has_port).or_else(|| known("state").filter(|state| state.is_one_of(connected)));
        match connected {
            Some(connected) => Err(Clash::between(&[local, peer, connected])),
            None => Ok(()),
        }
    }

    /// Either port is the local or the peer's.
    fn relate_ports<'n>(&self, facts: &Facts<'n>) -> Result<(), Clash<'n>> {
        let known = |name: &str| self.catalog.find(name).and_then(|field| facts.fields.get(&field).map(Rc::as_ref));
        let Some(either) = known("port") else { return Ok(()) };
        let sides = [known("lport"), known("pport")];
        let left = |side: Option<&Known<'_>>| match (side.and_then(|side| side.numbers.as_ref()), &either.numbers) {
            (Some(own), Some(allowed)) => Some(intersection(own, allowed)),
            (own, allowed) => own.or(allowed.as_ref()).cloned(),
        };
        let values = sides.map(left);
        for (side, values) in sides.into_iter().zip(&values) {
            if let Some(side) = side.filter(|_| values.as_ref().is_some_and(Vec::is_empty)) {
                return Err(Clash::between(&[side, either]));
            }
        }
        let [local, peer] = values.map(|values| values.unwrap_or_else(|| vec![(0, i128::from(u32::MAX))]));
        let wanted = &either.wanted[..either.wanted.len().min(SHARED_MAX)];
        if can_share(wanted, &local, &peer) {
            return Ok(());
        }
        let sides: Vec<_> = sides.into_iter().flatten().chain([either]).collect();
        Err(Clash::between(&sides))
    }
}

/// Whether two numbers can be found, one of each list, such that each of the wanted ranges holds one of them.
fn can_share(wanted: &[Vec<(i128, i128)>], local: &[(i128, i128)], peer: &[(i128, i128)]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    let share = |ours: &[(i128, i128)]| Some(intersection(ours, first)).filter(|left| !left.is_empty());
    share(local).is_some_and(|local| can_share(rest, &local, peer))
        || share(peer).is_some_and(|peer| can_share(rest, local, &peer))
}

/// Whether only IPv4 addresses, mapped ones included, are in all of these.
fn only_v4(networks: &[Network]) -> bool {
    networks.iter().all(|network| match network.address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => address.to_ipv4_mapped().is_some() && network.prefix_len >= 96,
    })
}

/// Whether no mapped IPv4 address is in any of these, nor the unspecified address, which is everybody's.
fn only_v6(networks: &[Network]) -> bool {
    let mapped = Network::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    let unspecified = IpAddr::from(Ipv6Addr::UNSPECIFIED);
    networks.iter().all(|network| endpoint::are_disjoint(network, &mapped) && !network.contains(unspecified))
}
