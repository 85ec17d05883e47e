//! Who stands in the way where the kernel gives no route: a rule that forbids, or the route that the rules lead to.
//!
//! The kernel says only its error. So the rules are gone through as it does (net/core/fib_rules.c, `fib_rules_lookup`), for a packet of
//! this host with the source and the mark that the route was asked for. Rules that ask for more, a user among it, may decide otherwise
//! for some.

use std::collections::HashMap;
use std::net::IpAddr;

use sockeye_conn::Error;
use sockeye_query::rtnetlink::Row;
use sockeye_wire::rtnetlink::record::{Route, Rule};
use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table, Wanted};

use super::super::kernel::{Flow, Kernel, number, shown};
use super::{Reach, Target};

/// What a rule does (include/uapi/linux/fib_rules.h, `FR_ACT_*`).
const TO_TABLE: u8 = 1;
const GOTO: u8 = 2;
const BLACKHOLE: u8 = 6;
const UNREACHABLE: u8 = 7;
const PROHIBIT: u8 = 8;
/// `FIB_RULE_INVERT` and `FIB_RULE_UNRESOLVED`.
const INVERT: u64 = 2;
const UNRESOLVED: u64 = 4;
const IPPROTO_TCP: u64 = 6;
/// Types of routes (include/uapi/linux/rtnetlink.h, `RTN_*`) that forbid; one that throws leads to the next rule.
const FORBIDDING: [u8; 3] = [6, 7, 8];
const THROW: u8 = 9;

/// Who stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// The rule that forbids, or leads to the route that does.
    pub(super) rule: String,
    pub(super) route: Option<String>,
}

/// The best route of a table.
struct Best {
    prefix_len: u8,
    metric: u32,
    kind: u8,
    text: String,
}

/// A rule as it is asked.
struct Asked {
    priority: u32,
    action: u8,
    table: u32,
    goto: u32,
    suppresses: Option<u8>,
    text: String,
}

/// What is asked for of the target's family alone.
fn of_family(reach: &Reach) -> Wanted {
    let family = if reach.target.ip.is_ipv4() { AF_INET } else { AF_INET6 };
    Wanted { family: Some(family), ..Wanted::default() }
}

/// The rules that hold of a packet to there, in their order.
fn rules(reach: &mut Reach, kernel: &mut Kernel, flow: &Flow) -> Result<Vec<Asked>, Error> {
    let target = reach.target.clone();
    let mut rules = Vec::new();
    reach.whole &= kernel.rows(Table::Rules, &of_family(reach), |row| rules.extend(asked(row, &target, flow)))?;
    rules.sort_by_key(|rule: &Asked| rule.priority);
    Ok(rules)
}

/// Goes through the rules. `None`: none of them forbids, nor a route that they lead to.
pub(super) fn look(reach: &mut Reach, kernel: &mut Kernel, flow: &Flow) -> Result<Option<Obstacle>, Error> {
    let rules = rules(reach, kernel, flow)?;
    let (target, wanted) = (reach.target.clone(), of_family(reach));
    let mut best: HashMap<u32, Best> = HashMap::new();
    reach.whole &= kernel.rows(Table::Routes, &wanted, |row| {
        let Some(route) = Route::read(row.payload()) else { return };
        let (network, prefix_len) = route.destination().unwrap_or((any(target.ip), 0));
        let is_better = |known: &Best| {
            (prefix_len, std::cmp::Reverse(route.metric())) > (known.prefix_len, std::cmp::Reverse(known.metric))
        };
        if contains((network, prefix_len), target.ip) && best.get(&route.table()).is_none_or(is_better) {
            let text = format!("{} {} table {}", shown(row, "type"), shown(row, "dst"), shown(row, "table"));
            best.insert(route.table(), Best { prefix_len, metric: route.metric(), kind: route.kind(), text });
        }
    })?;
    Ok(walk(&rules, &best))
}

/// The first rule that leads to this table, where a route of this length was found. `None`: a rule of somebody does, or none.
pub(super) fn leads(
    reach: &mut Reach,
    kernel: &mut Kernel,
    flow: &Flow,
    (table, prefix_len): (u32, u8),
) -> Result<Option<String>, Error> {
    Ok(leading(&rules(reach, kernel, flow)?, table, prefix_len))
}

fn leading(rules: &[Asked], table: u32, prefix_len: u8) -> Option<String> {
    let mut least = 0;
    for rule in rules {
        if rule.priority < least {
            continue;
        }
        match rule.action {
            GOTO => least = rule.goto,
            TO_TABLE if rule.table == table && rule.suppresses.is_none_or(|most| prefix_len > most) => {
                return Some(format!("{}: {}", rule.priority, rule.text));
            }
            _ => {}
        }
    }
    None
}

fn walk(rules: &[Asked], best: &HashMap<u32, Best>) -> Option<Obstacle> {
    let mut least = 0;
    for rule in rules {
        if rule.priority < least {
            continue;
        }
        let this = || format!("{}: {}", rule.priority, rule.text);
        match rule.action {
            BLACKHOLE | UNREACHABLE | PROHIBIT => return Some(Obstacle { rule: this(), route: None }),
            GOTO => least = rule.goto,
            TO_TABLE => match best.get(&rule.table) {
                Some(route) if rule.suppresses.is_some_and(|most| route.prefix_len <= most) => {}
                Some(route) if route.kind == THROW => {}
                Some(route) if FORBIDDING.contains(&route.kind) => {
                    return Some(Obstacle { rule: this(), route: Some(route.text.clone()) });
                }
                // It leads somewhere: what forbids is another's, and not found here.
                Some(_) => return None,
                None => {}
            },
            _ => {}
        }
    }
    None
}

/// The rule, where it holds of a packet to there.
fn asked(row: &Row<'_>, target: &Target, flow: &Flow) -> Option<Asked> {
    let rule = Rule::read(row.payload())?;
    let flags = number(row, "flags").unwrap_or(0);
    let is_inverted = flags & INVERT != 0;
    let is_for = rule.destination().is_none_or(|network| contains(network, target.ip));
    // What has no source yet is from no network (net/ipv4/fib_rules.c, fib4_rule_match; net/ipv6/fib6_rules.c, fib6_rule_match).
    let is_from = rule.source().is_none_or(|network| flow.source.is_some_and(|source| contains(network, source)));
    let is_marked = rule.mark().is_none_or(|(mark, mask)| (mark ^ flow.mark) & mask == 0);
    let other = ["uid_range.start", "sport_range.start", "tun_id", "l3mdev", "flowlabel", "dscp"];
    let is_of_some = rule.oif_name().is_some()
        // What this host sends comes from the loopback device.
        || rule.iif_name().is_some_and(|name| name != b"lo")
        || number(row, "tos").is_some_and(|tos| tos != 0)
        || other.iter().any(|name| number(row, name).is_some());
    let is_protocol = number(row, "ip_proto").is_none_or(|protocol| target.port.is_some() && protocol == IPPROTO_TCP);
    let is_port = number(row, "dport_range.start").is_none_or(|start| {
        let end = number(row, "dport_range.end").unwrap_or(start);
        target.port.is_some_and(|port| (start..=end).contains(&port.into()))
    });
    // Where it is to go on there is no rule: the kernel takes the next one.
    let is_nowhere = rule.action() == GOTO && flags & UNRESOLVED != 0;
    if is_of_some || is_nowhere || (is_for && is_from && is_marked && is_protocol && is_port) == is_inverted {
        return None;
    }
    let text = match rule.action() {
        TO_TABLE => format!("lookup {}", shown(row, "table")),
        _ => shown(row, "action"),
    };
    let goto = number(row, "goto").and_then(|goto| u32::try_from(goto).ok()).unwrap_or(0);
    // -1 for none.
    let suppresses = number(row, "suppress_prefixlen").and_then(|bits| u8::try_from(bits).ok());
    Some(Asked { priority: rule.priority(), action: rule.action(), table: rule.table(), goto, suppresses, text })
}

fn any(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// Whether an address is in a network.
fn contains((network, prefix_len): (IpAddr, u8), ip: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()) << 96,
        IpAddr::V6(ip) => ip.to_bits(),
    };
    network.is_ipv4() == ip.is_ipv4()
        && (bits(network) ^ bits(ip)).checked_shr(128_u32.saturating_sub(prefix_len.into())).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses_alone() {
        let is =
            |network: &str, prefix_len, ip: &str| contains((network.parse().unwrap(), prefix_len), ip.parse().unwrap());
        assert!(is("10.9.0.0", 16, "10.9.255.1") && !is("10.9.0.0", 16, "10.10.0.1"));
        assert!(is("10.9.8.7", 32, "10.9.8.7") && !is("10.9.8.7", 32, "10.9.8.6"));
        assert!(is("0.0.0.0", 0, "203.0.113.9") && !is("0.0.0.0", 0, "fd00::1"));
        assert!(is("fd00::", 8, "fd12::1") && !is("fd00::", 8, "fe80::1"));
        // No kernel says so, and bytes can.
        assert!(is("fd00::7", 200, "fd00::7") && !is("fd00::7", 200, "fd00::6"));
    }

    fn rule(priority: u32, action: u8, table: u32) -> Asked {
        Asked { priority, action, table, goto: 0, suppresses: None, text: format!("{action} {table}") }
    }

    fn route(kind: u8, prefix_len: u8) -> Best {
        Best { prefix_len, metric: 0, kind, text: format!("type {kind}") }
    }

    #[test]
    fn the_rule_that_leads_is_the_first_that_does_not_suppress() {
        let suppressing = Asked { suppresses: Some(0), ..rule(300, TO_TABLE, 254) };
        let rules = [rule(0, TO_TABLE, 255), suppressing, rule(32766, TO_TABLE, 254)];
        let found = |prefix_len| leading(&rules, 254, prefix_len);
        assert_eq!((found(0), found(16)), (Some("32766: 1 254".to_owned()), Some("300: 1 254".to_owned())));
        let jump = Asked { goto: 5, ..rule(1, GOTO, 0) };
        assert_eq!(leading(&[jump, rule(3, TO_TABLE, 9), rule(7, TO_TABLE, 9)], 9, 24), Some("7: 1 9".to_owned()));
        assert_eq!(leading(&rules, 50, 24), None);
    }

    #[test]
    fn rules_are_gone_through_in_their_order() {
        let best = [(7, route(8, 24)), (8, route(THROW, 24)), (9, route(1, 0)), (10, route(6, 0))].into();
        let found = |rules: &[Asked]| walk(rules, &best).map(|found| (found.rule, found.route));
        let forbids = |rule: &str| Some((rule.to_owned(), None));
        assert_eq!(found(&[rule(3, PROHIBIT, 0), rule(4, TO_TABLE, 9)]), forbids("3: 8 0"));
        // A table without such a route, and one whose route throws, leave it to the next rule.
        assert_eq!(found(&[rule(1, TO_TABLE, 99), rule(2, TO_TABLE, 8), rule(3, PROHIBIT, 0)]), forbids("3: 8 0"));
        assert_eq!(found(&[rule(2, TO_TABLE, 9), rule(3, PROHIBIT, 0)]), None);
        let route = Some(("5: 1 7".to_owned(), Some("type 8".to_owned())));
        assert_eq!(found(&[rule(5, TO_TABLE, 7)]), route);
        let jump = Asked { goto: 5, ..rule(1, GOTO, 0) };
        assert_eq!(found(&[jump, rule(3, PROHIBIT, 0), rule(5, TO_TABLE, 7)]), route);
        let suppressing = Asked { suppresses: Some(0), ..rule(1, TO_TABLE, 10) };
        assert_eq!(found(&[suppressing, rule(5, TO_TABLE, 7)]), route);
    }
}
