//! What lies on the way: the link, the neighbour, the queue.

use std::fmt::Write as _;

use sockeye_conn::Error;
use sockeye_state::lives::cause::Quantity;
use sockeye_wire::rtnetlink::record::{Link, Neighbour};
use sockeye_wire::rtnetlink::{Table, Wanted};

use super::super::finding::{Evidence, Finding};
use super::super::kernel::{Kernel, LINK_ERRORS, neighbour_since, number, shown};
use super::Reach;
use super::hops::Hop;

/// States of a neighbour (include/uapi/linux/neighbour.h, `NUD_*`).
const INCOMPLETE: u16 = 0x01;
const FAILED: u16 = 0x20;
const NOARP: u16 = 0x40;
/// `IFF_LOOPBACK`, `IFF_NOARP`, `IFF_POINTOPOINT`: nobody is asked for an address of the link.
const WITHOUT_NEIGHBOURS: u32 = 0x8 | 0x80 | 0x10;

/// A link that the route leaves by.
pub(super) fn link(reach: &mut Reach, kernel: &mut Kernel, ifindex: u32) -> Result<(), Error> {
    if ifindex == 0 {
        return Ok(());
    }
    let wanted = Wanted { ifindex: Some(ifindex), ..Wanted::default() };
    let mut found = None;
    reach.whole &= kernel.rows(Table::Links, &wanted, |row| {
        let Some(link) = Link::read(row.payload()).filter(|link| link.index() == ifindex) else { return };
        let errors = LINK_ERRORS.map(|(name, field)| (name, number(row, field).unwrap_or(0)));
        found = Some((shown(row, "ifname"), link.is_up(), link.carrier(), shown(row, "operstate"), errors));
    })?;
    let Some((name, up, carrier, operstate, errors)) = found else {
        reach.step("link", format!("{} is gone", kernel.interface(ifindex)));
        return Ok(());
    };
    let said = |truth: bool, yes: &'static str, no: &'static str| if truth { yes } else { no };
    let mut text = format!("{name} {}", said(up, "up", "down"));
    if let Some(carrier) = carrier {
        text.push_str(said(carrier, ", carrier", ", no carrier"));
    }
    let _ = write!(text, ", operstate {operstate}");
    for (name, count) in errors.iter().filter(|(_, count)| *count > 0) {
        let _ = write!(text, ", {name} {count}");
    }
    reach.step("link", text);
    if !up {
        let advice = "bring it up: ip link set dev NAME up; sockeye watch links tells who takes it down";
        reach.findings.push(Finding::new("link-down", name.clone(), advice).with("operstate", operstate.clone()));
    } else if carrier == Some(false) || operstate == "lowerlayerdown" {
        let advice = "nothing is at the other end: cable, switch port, or the peer of a veth that is down";
        reach.findings.push(Finding::new("no-carrier", name.clone(), advice).with("operstate", operstate));
    }
    Ok(())
}

/// The neighbour that would get the packets.
pub(super) fn neighbour(reach: &mut Reach, kernel: &mut Kernel, hop: &Hop) -> Result<(), Error> {
    let wanted = Wanted { ifindex: Some(hop.ifindex), ..Wanted::default() };
    let mut flags = 0;
    reach.whole &= kernel.rows(Table::Links, &wanted, |row| {
        if let Some(link) = Link::read(row.payload()).filter(|link| link.index() == hop.ifindex) {
            flags = link.flags();
        }
    })?;
    if flags & WITHOUT_NEIGHBOURS != 0 {
        reach.step("neighbour", "none is needed on this link");
        return Ok(());
    }
    let mut found = None;
    reach.whole &= kernel.rows(Table::Neighbours, &wanted, |row| {
        let Some(neighbour) = Neighbour::read(row.payload()) else { return };
        if neighbour.ifindex() == hop.ifindex && neighbour.address() == Some(hop.address) {
            let named = (shown(row, "state"), shown(row, "lladdr"));
            found = Some((neighbour.state(), named, number(row, "probes"), neighbour_since(row)));
        }
    })?;
    let Some((state, (named, lladdr), probes, since)) = found else {
        reach.step("neighbour", format!("{} is not known yet: the first packet will ask for it", hop.address));
        return Ok(());
    };
    let lladdr = if lladdr.is_empty() { String::new() } else { format!(" at {lladdr}") };
    reach.step("neighbour", format!("{}{lladdr} {named}", hop.address));
    if state & (INCOMPLETE | FAILED) != 0 && state & NOARP == 0 {
        let cause = if state & FAILED != 0 { "neighbour-failed" } else { "neighbour-unanswered" };
        let subject = format!("{} on {}", hop.address, kernel.interface(hop.ifindex));
        let advice = "nobody on the link answers for that address: it is off, on another network, or a wrong VLAN or \
                      prefix length";
        let mut finding = Finding::new(cause, subject, advice).with("state", named);
        if let Some(probes) = probes {
            finding = finding.with("probes", probes);
        }
        if let (true, Some(since)) = (state & FAILED != 0, since) {
            finding = finding.with("failed_ago", Evidence::Quantity(Quantity::Time(since)));
        }
        reach.findings.push(finding);
    }
    Ok(())
}

/// The queueing disciplines of a link.
pub(super) fn qdisc(reach: &mut Reach, kernel: &mut Kernel, ifindex: u32) -> Result<(), Error> {
    if ifindex == 0 {
        return Ok(());
    }
    let wanted = Wanted { ifindex: Some(ifindex), ..Wanted::default() };
    let mut found = Vec::new();
    reach.whole &= kernel.rows(Table::Qdiscs, &wanted, |row| {
        if number(row, "ifindex") != Some(ifindex.into()) {
            return;
        }
        let count = |name| number(row, name).unwrap_or(0);
        found.push((
            shown(row, "kind"),
            shown(row, "handle"),
            count("stats2.queue.drops"),
            count("stats2.queue.backlog"),
            count("stats2.queue.qlen"),
        ));
    })?;
    for (kind, handle, drops, backlog, packets) in found {
        let mut text = format!("{kind} {handle}");
        if drops + backlog > 0 {
            let _ = write!(text, ", {drops} dropped, {backlog} bytes in {packets} packets wait");
        }
        reach.step("qdisc", text);
    }
    Ok(())
}
