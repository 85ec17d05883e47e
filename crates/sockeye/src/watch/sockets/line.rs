//! Events of sockets as lines for people.

use std::time::Duration;

use sockeye_query::Value;
use sockeye_query::filter::Record as _;
use sockeye_query::sockets::live::{Incident, LiveRow, live_catalog};
use sockeye_state::lives::{Reason, Time};

use super::super::report::rfc3339;
use super::stream::Notice;
use crate::live::calendar;
use crate::live::kinds::word;
use crate::output::several::several;
use crate::output::{escape, value};

fn begin(out: &mut Vec<u8>, at: Time, netns: Option<&[u8]>) {
    out.extend_from_slice(rfc3339(calendar(at)).as_bytes());
    if let Some(netns) = netns {
        out.push(b' ');
        escape::text(out, netns);
    }
}

/// ` tcp 10.0.0.1:4567 10.0.0.2:443`, and what happened.
pub(super) fn event(out: &mut Vec<u8>, row: &LiveRow<'_>, at: Time, netns: Option<&[u8]>) {
    begin(out, at, netns);
    let facts = &row.facts;
    let sign = match facts.event {
        "present" => '=',
        "closed" => '-',
        "opened" | "accepted" | "listening" => '+',
        // A connection that is first seen established came just now, as far as is known.
        "established" if facts.known == Some("found") => '+',
        _ if facts.incident.is_some() => '!',
        _ => '~',
    };
    out.extend_from_slice(format!(" sockets {sign} {}", facts.event).as_bytes());
    if let Some(protocol) = read(row, "proto") {
        out.push(b' ');
        value::text(out, &protocol);
    }
    end(out, row, "local", "local_port");
    end(out, row, "peer", "peer_port");
    match facts.event {
        "state" | "present" => state(out, row),
        "closed" => whole_life(out, row),
        _ => {}
    }
    if let Some(incident) = &facts.incident {
        went_wrong(out, row, incident);
    }
    owner(out, row);
    // What was there when the watch began says so by itself.
    let known = match (facts.event, facts.known) {
        ("closed" | "established" | "state", Some("found")) => " (found alive)",
        ("closed", Some("end")) => " (only its end was seen)",
        _ => "",
    };
    out.extend_from_slice(known.as_bytes());
    out.extend_from_slice(if facts.resync { b" (resync)\n" } else { b"\n" });
}

fn read<'a>(row: &'a LiveRow<'_>, name: &str) -> Option<Value<'a>> {
    row.value(live_catalog().find(name)?)
}

/// ` 10.0.0.1:443`, ` [fd00::1]:443`; a listener has no peer.
fn end(out: &mut Vec<u8>, row: &LiveRow<'_>, address: &str, port: &str) {
    let Some(address) = read(row, address) else { return };
    let Some(port) = read(row, port) else {
        if !matches!(address, Value::Address(ip) if ip.is_unspecified()) {
            out.push(b' ');
            value::text(out, &address);
        }
        return;
    };
    let (is_none, is_ipv6) = match address {
        Value::Address(ip) => (ip.is_unspecified() && port == Value::Unsigned(0), ip.is_ipv6()),
        _ => (false, false),
    };
    if is_none {
        return;
    }
    out.extend_from_slice(if is_ipv6 { b" [" } else { b" " });
    value::text(out, &address);
    out.extend_from_slice(if is_ipv6 { b"]:" } else { b":" });
    value::text(out, &port);
}

/// ` established → fin-wait-1`.
fn state(out: &mut Vec<u8>, row: &LiveRow<'_>) {
    out.push(b' ');
    if let Some(old) = row.facts.old_state {
        out.extend_from_slice(format!("{old} → ").as_bytes());
    }
    if let Some(now) = read(row, "state") {
        value::text(out, &now);
    }
}

/// ` received, NETFILTER_DROP in nf_hook_slow`, ` established, 1 segment, 5 up to now`, ` ECONNREFUSED`.
fn went_wrong(out: &mut Vec<u8>, row: &LiveRow<'_>, incident: &Incident<'_>) {
    let mut parts = Vec::new();
    let read = |name| {
        let mut text = Vec::new();
        value::text(&mut text, &read(row, name)?);
        Some(text)
    };
    if row.facts.event == "retransmit" {
        parts.extend(read("state"));
        parts.extend(incident.segments.map(|count| several(count, "segment").into_bytes()));
        let [.., retransmissions, _, _, _, _] = row.facts.totals;
        parts.extend(retransmissions.map(|count| format!("{count} up to now").into_bytes()));
    }
    parts.extend(["direction", "reason", "error"].into_iter().filter_map(read));
    if !parts.is_empty() {
        out.push(b' ');
        out.extend_from_slice(&parts.join(&b", "[..]));
    }
    if let Some(location) = read("location") {
        out.extend_from_slice(b" in ");
        out.extend_from_slice(&location);
    }
}

/// ` after 1s 204ms, closed-here, sent 4096 bytes, received 20, 0 retransmissions, rtt 31us, min 12us`.
fn whole_life(out: &mut Vec<u8>, row: &LiveRow<'_>) {
    let facts = &row.facts;
    let [sent, acked, received, again, retransmissions, _, _, rtt, min_rtt] = facts.totals;
    let time = |microseconds: u64| humantime::format_duration(Duration::from_micros(microseconds)).to_string();
    let mut parts = Vec::new();
    if let Some(duration) = facts.duration_us {
        parts.push(format!("after {}", time(duration)));
    }
    parts.extend(facts.end.map(str::to_owned));
    // What is acknowledged has SYN and FIN in it; what was sent is the bytes of the application, some of them twice.
    let once = sent.map(|sent| sent.saturating_sub(again.unwrap_or(0))).or(acked);
    parts.extend(once.map(|bytes| format!("sent {bytes} bytes")));
    parts.extend(received.map(|bytes| format!("received {bytes}")));
    parts.extend(retransmissions.map(|count| format!("{count} retransmissions")));
    parts.extend(rtt.filter(|&rtt| rtt > 0).map(|rtt| format!("rtt {}", time(rtt))));
    parts.extend(min_rtt.filter(|&rtt| rtt > 0).map(|rtt| format!("min {}", time(rtt))));
    out.push(b' ');
    out.extend_from_slice(parts.join(", ").as_bytes());
    if let Some(why) = read(row, "why").filter(|_| facts.why != Some(0)) {
        out.extend_from_slice(b", why: ");
        value::text(out, &why);
    }
}

/// ` by curl[4711]`.
fn owner(out: &mut Vec<u8>, row: &LiveRow<'_>) {
    let list = |name| match read(row, name) {
        Some(Value::List(values) | Value::Incomplete(values)) => values,
        _ => Vec::new(),
    };
    let (pids, names) = (list("pid"), list("process"));
    for (at, (pid, name)) in pids.iter().zip(&names).enumerate() {
        // The same process with several descriptors is one.
        if pids[..at].contains(pid) {
            continue;
        }
        out.extend_from_slice(if at == 0 { b" by " } else { b", " });
        value::text(out, name);
        out.push(b'[');
        value::text(out, pid);
        out.push(b']');
    }
    if !pids.is_empty() && row.owned_by_listener() {
        out.extend_from_slice(b" (who listens)");
    }
}

/// A gap, or its end.
pub(super) fn notice(out: &mut Vec<u8>, notice: &Notice<'_>, at: Time, netns: Option<&[u8]>) {
    match notice {
        Notice::Gap(gap) => {
            begin(out, crate::live::now(), netns);
            let lost = match (gap.reason, gap.lost) {
                (Reason::Dump, _) => "a dump was not whole".to_owned(),
                (Reason::Untold, _) => "the kernel did not tell all of a connection's changes".to_owned(),
                (Reason::TooMany, _) => "there are more sockets than can be followed".to_owned(),
                (_, Some(lost)) => format!("{} lost", several(lost, "event")),
                (_, None) => "an unknown number of events lost".to_owned(),
            };
            out.extend_from_slice(format!(" sockets gap: {lost} since {}\n", rfc3339(calendar(at))).as_bytes());
        }
        Notice::Synced(at) => {
            begin(out, *at, netns);
            out.extend_from_slice(b" sockets synced\n");
        }
        Notice::Gone => {
            begin(out, at, netns);
            out.extend_from_slice(b" sockets gap: the namespace is gone\n");
        }
        Notice::Lost(kind, lost) => {
            begin(out, crate::live::now(), netns);
            let lost = several(*lost, &format!("{} event", word(*kind)));
            out.extend_from_slice(format!(" sockets gap: {lost} lost since {}\n", rfc3339(calendar(at))).as_bytes());
        }
        Notice::Unfound(lost) => {
            begin(out, crate::live::now(), netns);
            let (lost, since) = (several(*lost, "event"), rfc3339(calendar(at)));
            let sentence = format!(" sockets gap: {lost} of a network namespace that was not found, since {since}\n");
            out.extend_from_slice(sentence.as_bytes());
        }
        Notice::Sources { .. } => {}
    }
}
