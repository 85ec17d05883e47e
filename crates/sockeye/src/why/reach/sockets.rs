//! Sockets at either end: those that still wait for an answer, and whether anybody listens where the address is ours.

use std::net::IpAddr;

use sockeye_conn::{Buffer, Error, Namespace};
use sockeye_state::{Dump, Step};
use sockeye_wire::sock_diag::inet::{IPPROTO_TCP, InetQuestion, InetSocket};
use sockeye_wire::sock_diag::state::State;

use super::super::finding::Finding;
use super::{Reach, Way};
use crate::sockets::listing;

/// Connections that wait for an answer.
#[derive(Default)]
struct Waiting {
    count: u64,
    retransmissions: u64,
}

/// Looks at the sockets of the namespace.
pub(super) fn look(reach: &mut Reach, way: &Way, namespace: Option<&Namespace>) -> Result<(), Error> {
    let target = reach.target.clone();
    let mut waiting = Waiting::default();
    let mut listeners = Vec::new();
    let states = State::SynSent.mask() | State::Listening.mask();
    let whole = tcp(namespace, states, |socket| {
        let message = &socket.message;
        match message.state() {
            Some(State::SynSent) => {
                let is_it = message.destination().map(|ip| ip.to_canonical()) == Some(target.ip.to_canonical())
                    && target.port.is_none_or(|port| message.dport() == Some(port.into()));
                if is_it {
                    waiting.count += 1;
                    waiting.retransmissions += message.timer_retrans().unwrap_or(0);
                }
            }
            Some(State::Listening) if target.port.is_some_and(|port| message.sport() == Some(port.into())) => {
                listeners.push((message.source(), message.rqueue().unwrap_or(0), message.wqueue().unwrap_or(0)));
            }
            _ => {}
        }
    })?;
    reach.whole &= whole;
    if waiting.count > 0 {
        let (count, again) = (waiting.count, waiting.retransmissions);
        reach.step("sockets", format!("{count} in SYN-SENT towards it, {again} SYNs sent again"));
        if again > 0 {
            let advice = "the SYN gets no answer: a firewall drops it on the way or there, or the answer is lost";
            let finding = Finding::new("syn-unanswered", target.to_string(), advice);
            reach.findings.push(finding.with("sockets", count).with("syn_retransmissions", again));
        }
    }
    if let (true, Some(port)) = (way.is_local, target.port) {
        listening(reach, target.ip, port, &listeners);
    }
    Ok(())
}

fn listening(reach: &mut Reach, ip: IpAddr, port: u16, listeners: &[(Option<IpAddr>, u64, u64)]) {
    let takes = |at: &Option<IpAddr>| match at {
        // An IPv6 socket that is bound to no address takes IPv4 too, unless it was told not to.
        Some(at) => at.is_unspecified() && (at.is_ipv6() || ip.is_ipv4()) || at.to_canonical() == ip.to_canonical(),
        None => false,
    };
    let mine: Vec<_> = listeners.iter().filter(|(at, ..)| takes(at)).collect();
    if mine.is_empty() {
        let elsewhere: Vec<_> = listeners.iter().filter_map(|(at, ..)| at.as_ref()).map(ToString::to_string).collect();
        reach.step("listener", "none");
        let advice = "start the program, or make it listen on this address: a TCP connection is refused";
        let finding = Finding::new("no-listener", format!("port {port}"), advice);
        reach.findings.push(if elsewhere.is_empty() {
            finding
        } else {
            finding.with("listens_on", elsewhere.join(" "))
        });
        return;
    }
    for (at, queue, limit) in mine {
        let at = at.map_or_else(String::new, |at| at.to_string());
        reach.step("listener", format!("{at} port {port}, {queue} of {limit} wait to be accepted"));
        // The kernel takes one more than the limit (include/net/sock.h, sk_acceptq_is_full).
        if queue > limit {
            let advice = "the program accepts too slowly: it is busy or stuck, or its backlog is too small";
            let finding = Finding::new("accept-queue-full", format!("port {port}"), advice);
            reach.findings.push(finding.with("accept_queue", *queue).with("accept_queue_limit", *limit));
        }
    }
}

/// Every TCP socket in one of these states. `false`: not all of them.
fn tcp(namespace: Option<&Namespace>, states: u32, mut each: impl FnMut(&InetSocket<'_>)) -> Result<bool, Error> {
    let mut socket = listing::open(namespace)?;
    let mut buffer = Buffer::new();
    let question =
        InetQuestion { family: 0, protocol: IPPROTO_TCP, extensions: 0, states, bytecode: &[], bpf_storages: false };
    let mut dump = Dump::new(socket.send(question.dump())?);
    while dump.handle(socket.receive(&mut buffer)?, |message| {
        if let Ok(read) = InetSocket::read(message.payload()) {
            each(&read);
        }
    }) == Step::Continue
    {}
    Ok(dump.into_conclusion().is_whole())
}
