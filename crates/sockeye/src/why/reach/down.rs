//! A network whose link is down: the kernel takes its routes away with it, and says only that there is none.

use std::collections::HashSet;
use std::net::IpAddr;

use sockeye_conn::Error;
use sockeye_wire::rtnetlink::record::{Address, Link};
use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table, Wanted};

use super::super::kernel::Kernel;
use super::Reach;

/// The link that is down and has an address whose network holds the target, with that address. Of several networks it is the smallest,
/// as a route would be chosen. IPv6 keeps addresses of a link that is down only where it was told to (`keep_addr_on_down`).
pub(super) fn link_of(reach: &mut Reach, kernel: &mut Kernel) -> Result<Option<(u32, String)>, Error> {
    let mut down = HashSet::new();
    let named = reach.link;
    let mut whole = kernel.rows(Table::Links, &Wanted::default(), |row| {
        let Some(link) = Link::read(row.payload()) else { return };
        if !link.is_up() && named.is_none_or(|named| named == link.index()) {
            down.insert(link.index());
        }
    })?;
    let target = reach.target.ip;
    let family = if target.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut best: Option<(u8, u32, String)> = None;
    whole &= kernel.rows(Table::Addresses, &Wanted { family: Some(family), ..Wanted::default() }, |row| {
        let Some(address) = Address::read(row.payload()).filter(|one| down.contains(&one.ifindex())) else { return };
        let (Some(own), prefix_len) = (address.address(), address.prefix_len()) else { return };
        // Of a point-to-point link the network is that of the other end.
        let holds = target == own || is_within(target, address.peer().unwrap_or(own), prefix_len);
        if holds && best.as_ref().is_none_or(|(least, ..)| *least < prefix_len) {
            best = Some((prefix_len, address.ifindex(), format!("{own}/{prefix_len}")));
        }
    })?;
    reach.whole &= whole;
    Ok(best.map(|(_, ifindex, address)| (ifindex, address)))
}

/// Whether an address is in a network of so many bits.
fn is_within(ip: IpAddr, network: IpAddr, prefix_len: u8) -> bool {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let (ip, network, bits) = (octets(ip), octets(network), usize::from(prefix_len));
    let (whole, rest) = (bits / 8, bits % 8);
    let is_same = |at: usize, mask: u8| match (ip.get(at), network.get(at)) {
        (Some(one), Some(other)) => (one ^ other) & mask == 0,
        _ => false,
    };
    let last = rest == 0 || is_same(whole, !(0xff >> rest));
    ip.len() == network.len() && (0..whole).all(|at| is_same(at, 0xff)) && last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_ends_within_an_octet_too() {
        let within = |ip: &str, network: &str, bits| is_within(ip.parse().unwrap(), network.parse().unwrap(), bits);
        assert!(within("10.9.0.177", "10.9.0.129", 25) && !within("10.9.0.7", "10.9.0.129", 25));
        assert!(within("10.9.0.7", "10.9.0.7", 32) && !within("10.9.0.6", "10.9.0.7", 32));
        assert!(within("fd09:0:0:1::7", "fd09:0:0:3::1", 62) && !within("fd09:0:0:4::7", "fd09:0:0:3::1", 62));
        assert!(within("203.0.113.9", "10.9.0.1", 0) && !within("203.0.113.9", "fd09::1", 0));
        assert!(!within("10.9.0.7", "10.9.0.7", 33), "no such prefix");
    }
}
