//! The rule and the route that the kernel would take.

use std::fmt::Write as _;
use std::net::IpAddr;

use sockeye_conn::{Error, Namespace};
use sockeye_wire::rtnetlink::Table;
use sockeye_wire::rtnetlink::record::Route;

use super::super::finding::Finding;
use super::super::kernel::{Flow, Kernel, shown};
use super::forbidden::{self, Obstacle};
use super::{Reach, Target, Way, down, source, steps};

/// Types of routes (include/uapi/linux/rtnetlink.h, `RTN_*`).
const UNICAST: u8 = 1;
const LOCAL: u8 = 2;
const BROADCAST: u8 = 3;
/// `RT_TABLE_MAIN` and `RT_TABLE_LOCAL`.
const MAIN_TABLE: u32 = 254;
const LOCAL_TABLE: u32 = 255;

/// Error numbers that a route can answer with.
const EACCES: i32 = 13;
const EINVAL: i32 = 22;
const ENETUNREACH: i32 = 101;
const EHOSTUNREACH: i32 = 113;

/// Asks for the route. `None`: there is none, and a finding says why.
pub(super) fn look(
    reach: &mut Reach,
    kernel: &mut Kernel,
    namespace: Option<&Namespace>,
) -> Result<Option<Way>, Error> {
    let (flow, answer) = ask(reach, kernel, namespace)?;
    match answer {
        Ok(record) => found(reach, kernel, &flow, &record),
        Err(errno) => {
            refused(reach, kernel, &flow, errno)?;
            Ok(None)
        }
    }
}

/// The route of packets that have what makes them take another one. `None`: it has gone since.
pub(super) fn of(reach: &mut Reach, kernel: &mut Kernel, flow: &Flow) -> Result<Option<Way>, Error> {
    match kernel.route(&reach.target, flow, false)? {
        Ok(record) => found(reach, kernel, flow, &record),
        Err(_) => Ok(None),
    }
}

/// The route of packets that have no source yet, or the error number where there is none; and what it was asked for at last. Of IPv4
/// the kernel asks again with the source that the first answer gives, and rules that are from somewhere hold of that
/// (include/net/route.h, `ip_route_connect`). Of IPv6 it does so only where there was no answer.
fn ask(
    reach: &Reach,
    kernel: &mut Kernel,
    namespace: Option<&Namespace>,
) -> Result<(Flow, Result<Vec<u8>, i32>), Error> {
    let flow = Flow { link: reach.link, ..Flow::default() };
    let first = kernel.route(&reach.target, &flow, false)?;
    let of_route = |record| {
        let route = Route::read(record).filter(|route| matches!(route.kind(), UNICAST | LOCAL))?;
        route.preferred_source().filter(IpAddr::is_ipv4)
    };
    let source = match &first {
        Ok(record) => of_route(record),
        // Where the link is said, there is no other to have a source of.
        Err(_) if reach.link.is_some() => None,
        Err(_) => source::chosen(&reach.target, namespace)?,
    };
    if source.is_none() {
        return Ok((flow, first));
    }
    let flow = Flow { source, ..flow };
    let second = kernel.route(&reach.target, &flow, false)?;
    Ok((flow, second))
}

/// Tells of a route that was found.
fn found(reach: &mut Reach, kernel: &mut Kernel, flow: &Flow, record: &[u8]) -> Result<Option<Way>, Error> {
    let ip = reach.target.ip;
    let Some(route) = Route::read(record) else { return Ok(None) };
    // Until there is a rule of somebody's, the kernel keeps `local` and `main` in one (net/ipv4/fib_trie.c,
    // fib_trie_unmerge) and calls it by the latter's name.
    let is_merged = ip.is_ipv4() && matches!(route.kind(), LOCAL | BROADCAST) && route.table() == MAIN_TABLE;
    let entry = kernel.route(&reach.target, flow, true)?.ok();
    let of_table = entry.as_deref().and_then(Route::read);
    let way = Way::of(&route, of_table.as_ref(), ip);
    let prefix = of_table.and_then(|entry| entry.destination());
    let table = if is_merged { LOCAL_TABLE } else { route.table() };
    rule(reach, kernel, flow, (table, prefix.map_or(0, |(_, prefix_len)| prefix_len)))?;
    let (prefix, protocol, kind) = {
        let row = kernel.row(Table::Routes, entry.as_deref().unwrap_or(record));
        let of = |name| row.as_ref().map_or_else(String::new, |row| shown(row, name));
        (of("dst"), of("protocol"), of("type"))
    };
    let table = match kernel.row(Table::Routes, record) {
        Some(_) if is_merged => "local".to_owned(),
        Some(row) => shown(&row, "table"),
        None => String::new(),
    };
    let ifindex = way.ifindex();
    let mut text = format!("{prefix} table {table}");
    for (word, value) in [
        ("via", route.gateway().map(|gateway| gateway.to_string())),
        ("dev", (ifindex != 0).then(|| kernel.interface(ifindex))),
        ("src", route.preferred_source().or(flow.source).map(|source| source.to_string())),
        ("proto", (!protocol.is_empty()).then_some(protocol)),
    ] {
        if let Some(value) = value {
            let _ = write!(text, " {word} {value}");
        }
    }
    if route.kind() != UNICAST {
        text = format!("{kind} {text}");
    }
    if way.count > 1 {
        let _ = write!(text, ", one of {} next hops", way.count);
    }
    reach.step("route", text);
    Ok(Some(way))
}

fn refused(reach: &mut Reach, kernel: &mut Kernel, flow: &Flow, errno: i32) -> Result<(), Error> {
    let obstacle = forbidden::look(reach, kernel, flow)?;
    let is_missing = errno == ENETUNREACH && obstacle.is_none();
    if is_missing && (went_with_its_link(reach, kernel)? || link_is_off(reach, kernel)?) {
        return Ok(());
    }
    // A rule that says `unreachable` answers as if there were none (net/ipv4/fib_rules.c, fib4_rule_action).
    let errno = if errno == ENETUNREACH && obstacle.is_some() { EHOSTUNREACH } else { errno };
    let subject = Target { port: None, ..reach.target.clone() }.to_string();
    let (cause, text, advice) = match errno {
        ENETUNREACH => (
            "no-route",
            "none: no table has a route to it",
            "add a route, or see why the default route is gone: sockeye routes dst = default",
        ),
        EHOSTUNREACH => (
            "unreachable-route",
            "of type unreachable",
            "a route or a rule of type `unreachable` stands in the way: sockeye routes type = unreachable; sockeye rules",
        ),
        EACCES => (
            "prohibited-route",
            "of type prohibit",
            "a route or a rule of type `prohibit` stands in the way: sockeye routes type = prohibit; sockeye rules",
        ),
        EINVAL => (
            "blackhole-route",
            "of type blackhole",
            "a route or a rule of type `blackhole` swallows it: sockeye routes type = blackhole; sockeye rules",
        ),
        _ => ("no-route", "refused", "the kernel gives no route, for the reason that its error number says"),
    };
    let mut finding = Finding::new(cause, subject, advice).with("errno", u64::from(errno.unsigned_abs()));
    if let Some(source) = flow.source {
        // Without it there would be a way.
        finding = finding.with("source", source.to_string());
    }
    let Some(Obstacle { rule, route }) = obstacle else {
        reach.step("route", text);
        reach.findings.push(finding);
        return Ok(());
    };
    reach.step("rule", rule.clone());
    finding = finding.with("rule", rule);
    match route {
        Some(route) => {
            reach.step("route", route.clone());
            finding = finding.with("route", route);
        }
        None => reach.step("route", "none is asked for: the rule forbids it"),
    }
    reach.findings.push(finding);
    Ok(())
}

/// Whether the route went with the link that is down: then that is the finding.
fn went_with_its_link(reach: &mut Reach, kernel: &mut Kernel) -> Result<bool, Error> {
    let Some((ifindex, address)) = down::link_of(reach, kernel)? else { return Ok(false) };
    let found = reach.findings.len();
    let steps = reach.steps.len();
    steps::link(reach, kernel, ifindex)?;
    // Since then it may have come up, or be gone.
    let Some(finding) = reach.findings.get_mut(found) else { return Ok(false) };
    finding.evidence.push(("address", address.as_str().into()));
    let text = format!("none: {address} is on a link that is down");
    reach.steps.insert(steps, super::Step { name: "route", text });
    Ok(true)
}

/// Whether the link that the target names is not there to be used: then that is the finding. Its routes went with it, and without a
/// carrier it has none of IPv6 yet (net/ipv6/addrconf.c, `addrconf_notify`).
fn link_is_off(reach: &mut Reach, kernel: &mut Kernel) -> Result<bool, Error> {
    let Some(ifindex) = reach.link else { return Ok(false) };
    let (found, steps) = (reach.findings.len(), reach.steps.len());
    steps::link(reach, kernel, ifindex)?;
    let is_off = reach.findings.len() > found;
    if is_off {
        reach.steps.insert(steps, super::Step { name: "route", text: "none: it went with its link".to_owned() });
    } else {
        reach.steps.truncate(steps);
    }
    Ok(is_off)
}

/// The first rule that leads to the table in which the route was found, and holds of such a packet of this host.
fn rule(reach: &mut Reach, kernel: &mut Kernel, flow: &Flow, (table, prefix_len): (u32, u8)) -> Result<(), Error> {
    let text = match forbidden::leads(reach, kernel, flow, (table, prefix_len))? {
        Some(rule) => rule,
        None => format!("one with a condition of its own leads to table {table}: sockeye rules"),
    };
    reach.step("rule", text);
    Ok(())
}
