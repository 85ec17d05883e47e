//! What networks have in common, and which of them others leave nothing of.

use core::net::{IpAddr, Ipv6Addr};

use crate::filter::ast::Network;
use crate::filter::endpoint;

/// Networks that are put together to see whether they hold another one. Of more, each is only looked at alone.
const TOGETHER_MAX: usize = 256;

/// The addresses that are in both.
pub(super) fn common(left: &Network, right: &Network) -> Option<Network> {
    if endpoint::are_disjoint(left, right) {
        return None;
    }
    // An IPv6 network takes none of IPv4, but mapped addresses are in both.
    let (left, right) =
        if left.address.is_ipv4() == right.address.is_ipv4() { (*left, *right) } else { (mapped(left), mapped(right)) };
    Some(if left.prefix_len >= right.prefix_len { left } else { right })
}

fn mapped(network: &Network) -> Network {
    match network.address {
        IpAddr::V4(address) => Network::new(address.to_ipv6_mapped().into(), network.prefix_len + 96),
        IpAddr::V6(_) => *network,
    }
}

/// Whether every address of a network is in one of the others, alone or together.
pub(super) fn is_covered(network: &Network, others: &[Network]) -> bool {
    if others.iter().any(|other| endpoint::holds(other, network)) {
        return true;
    }
    if others.len() > TOGETHER_MAX {
        return false;
    }
    let inside: Vec<_> = others.iter().filter(|other| !endpoint::are_disjoint(network, other)).copied().collect();
    !inside.is_empty() && halves(network).is_some_and(|halves| halves.iter().all(|half| is_covered(half, &inside)))
}

/// Both halves of a network; `None` of a single address.
fn halves(network: &Network) -> Option<[Network; 2]> {
    let prefix_len = network.prefix_len + 1;
    let upper = match network.address {
        IpAddr::V4(address) => {
            IpAddr::V4((address.to_bits() | 1u32.checked_shl(32u32.checked_sub(prefix_len.into())?)?).into())
        }
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() | 1u128.checked_shl(128u32.checked_sub(prefix_len.into())?)?).into()
        }
    };
    Some([Network::new(network.address, prefix_len), Network::new(upper, prefix_len)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        let (address, prefix_len) = text.split_once('/').expect("a prefix length");
        Network::new(address.parse().expect("an address"), prefix_len.parse().expect("a number"))
    }

    fn covered(inner: &str, others: &str) -> bool {
        is_covered(&network(inner), &others.split(' ').map(network).collect::<Vec<_>>())
    }

    #[test]
    fn parts_of_a_network_hold_it_together() {
        assert!(covered("10.0.0.0/24", "10.0.0.0/25 10.0.0.128/25"));
        assert!(covered("10.0.0.0/24", "10.0.0.192/26 10.0.0.128/26 10.0.0.0/26 10.0.0.64/26"));
        assert!(covered("0.0.0.0/0", "0.0.0.0/1 128.0.0.0/1"));
        assert!(covered("10.0.0.6/31", "10.0.0.6/32 10.0.0.7/32"));
        assert!(!covered("10.0.0.0/24", "10.0.0.0/25 10.0.0.128/26"));
        assert!(!covered("10.0.0.0/24", "10.0.0.0/25 10.0.1.128/25"));
        assert!(!covered("10.0.0.7/32", "10.0.0.6/32"));
    }

    #[test]
    fn mapped_addresses_are_of_both_kinds_and_no_others_are() {
        assert!(covered("::ffff:10.0.0.0/120", "10.0.0.0/25 ::ffff:10.0.0.128/121"));
        assert!(!covered("10.0.0.0/24", "::ffff:10.0.0.0/121 ::ffff:10.0.0.128/121"));
        assert!(!covered("10.0.0.0/24", "10.0.0.0/25 ::ffff:10.0.0.128/121"));
        assert!(covered("::fffe:0:0/95", "0.0.0.0/0 ::fffe:0:0/96"));
        assert!(covered("::/0", "::/1 8000::/1"));
        let common =
            |left: &str, right: &str| common(&network(left), &network(right)).map(|network| network.to_string());
        assert_eq!(common("10.1.0.0/16", "10.0.0.0/8").as_deref(), Some("10.1.0.0/16"));
        assert_eq!(common("10.1.0.0/16", "::ffff:0:0/96").as_deref(), Some("::ffff:10.1.0.0/112"));
        assert_eq!(common("::ffff:10.1.0.0/112", "0.0.0.0/0").as_deref(), Some("::ffff:10.1.0.0/112"));
        assert_eq!(common("10.1.0.0/16", "2001:db8::/32"), None);
    }
}
