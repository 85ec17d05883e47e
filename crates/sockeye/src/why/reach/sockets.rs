//! Whether anybody listens, where the address is one of this host.

use std::net::{IpAddr, SocketAddr};

use sockeye_conn::{Buffer, Error, Namespace};
use sockeye_state::{Dump, Step};
use sockeye_wire::sock_diag::bytecode::{Condition, Test};
use sockeye_wire::sock_diag::inet::{IPPROTO_TCP, InetQuestion, InetSocket};
use sockeye_wire::sock_diag::state::State;

use super::super::finding::Finding;
use super::Reach;
use super::hops::{Recipient, Way};
use super::towards::{Towards, end};
use crate::sockets::listing;

/// Somebody who listens on the port.
struct Listener {
    at: Option<IpAddr>,
    /// It takes no IPv4.
    v6only: bool,
    /// Packets of this link alone; 0 for all.
    ifindex: u64,
    queue: u64,
    limit: u64,
}

/// Looks at the listeners of the namespace, where one of them has to be there.
pub(super) fn look(
    reach: &mut Reach,
    way: &Way,
    towards: &Towards,
    namespace: Option<&Namespace>,
) -> Result<(), Error> {
    let (Recipient::Local, Some(port)) = (way.recipient, reach.target.port) else { return Ok(()) };
    let mut listeners = Vec::new();
    let is_port = [Test::SourcePortAtLeast(port), Test::SourcePortAtMost(port)].map(Condition::Test);
    let condition = Condition::All(is_port.into());
    reach.whole &= tcp(namespace, State::Listening.mask(), &condition, 0, |socket| {
        let message = &socket.message;
        if message.sport() == Some(port.into()) {
            listeners.push(Listener {
                at: message.source(),
                v6only: socket.attributes.v6only().is_some_and(|told| told.first().is_some_and(|&only| only != 0)),
                ifindex: message.ifindex().unwrap_or(0),
                queue: message.rqueue().unwrap_or(0),
                limit: message.wqueue().unwrap_or(0),
            });
        }
    })?;
    let ip = reach.target.ip;
    if !listeners.iter().any(|listener| listener.takes(ip, way.comes_by))
        && are_led_elsewhere(reach, &condition, towards, namespace)?
    {
        reach.step("listener", "none, and connections are open: nat, IPVS or BPF leads them elsewhere");
        return Ok(());
    }
    listening(reach, (ip, port), way.comes_by, &listeners);
    Ok(())
}

/// Whether somebody takes connections towards the target, and that is nobody who has its address and port here: of a listener that
/// has stopped, connections may be open still, with both ends on this host. The condition is that of its port.
fn are_led_elsewhere(
    reach: &mut Reach,
    condition: &Condition,
    towards: &Towards,
    namespace: Option<&Namespace>,
) -> Result<bool, Error> {
    if towards.taken.is_empty() {
        return Ok(false);
    }
    let there = reach.target.port.map(|port| SocketAddr::new(reach.target.ip, port));
    let mut elsewhere = towards.taken.clone();
    let whole = tcp(namespace, !State::Listening.mask(), condition, 0, |socket| {
        let message = &socket.message;
        if end(message.source(), message.sport()) == there
            && let Some(peer) = end(message.destination(), message.dport())
        {
            elsewhere.remove(&peer);
        }
    })?;
    reach.whole &= whole;
    if elsewhere.is_empty() {
        return Ok(false);
    }
    // Where both ends were here and have closed since the first look, only the end on this side was seen: it is not open any more.
    let still = Towards::at(&reach.target, reach.link, namespace)?;
    reach.whole &= still.whole;
    elsewhere.retain(|here| still.taken.contains(here));
    Ok(whole && !elsewhere.is_empty())
}

impl Listener {
    /// Whether a connection to this address, whose packets come by this link, is for it.
    fn takes(&self, ip: IpAddr, ifindex: u32) -> bool {
        let Some(at) = self.at else { return false };
        // An IPv6 socket that is bound to no address takes IPv4 too, unless it was told not to.
        let any = at.is_unspecified() && (ip.is_ipv4() == at.is_ipv4() || at.is_ipv6() && ip.is_ipv4() && !self.v6only);
        let is_there = self.ifindex == 0 || self.ifindex == u64::from(ifindex);
        is_there && (any || at.to_canonical() == ip.to_canonical())
    }

    /// Its address, and what it takes of that.
    fn name(&self) -> String {
        let at = self.at.map_or_else(String::new, |at| at.to_string());
        let only = if self.v6only { " (IPv6 alone)" } else { "" };
        let link = if self.ifindex == 0 { String::new() } else { format!(" (interface {} alone)", self.ifindex) };
        format!("{at}{only}{link}")
    }
}

fn listening(reach: &mut Reach, (ip, port): (IpAddr, u16), ifindex: u32, listeners: &[Listener]) {
    let mine: Vec<_> = listeners.iter().filter(|listener| listener.takes(ip, ifindex)).collect();
    if mine.is_empty() {
        let elsewhere: Vec<_> = listeners.iter().map(Listener::name).collect();
        reach.step("listener", "none");
        let advice = "start the program, or make it listen on this address: a TCP connection is refused, unless nat (nft, iptables), \
                      IPVS or BPF leads it elsewhere";
        let finding = Finding::new("no-listener", format!("port {port}"), advice);
        reach.findings.push(if elsewhere.is_empty() {
            finding
        } else {
            finding.with("listens_on", elsewhere.join(", "))
        });
        return;
    }
    for listener in mine {
        let (at, queue, limit) = (listener.name(), listener.queue, listener.limit);
        reach.step("listener", format!("{at} port {port}, {queue} of {limit} wait to be accepted"));
        // The kernel takes one more than the limit (include/net/sock.h, sk_acceptq_is_full).
        if queue > limit {
            let advice = "the program accepts too slowly: it is busy or stuck, or its backlog is too small";
            let finding = Finding::new("accept-queue-full", format!("port {port}"), advice);
            reach.findings.push(finding.with("accept_queue", queue).with("accept_queue_limit", limit));
        }
    }
}

/// Every TCP socket in one of these states for which the condition holds, and perhaps others, with these extensions. `false`: not
/// all of them.
pub(super) fn tcp(
    namespace: Option<&Namespace>,
    states: u32,
    condition: &Condition,
    extensions: u8,
    mut each: impl FnMut(&InetSocket<'_>),
) -> Result<bool, Error> {
    let mut socket = listing::open(namespace)?;
    let mut buffer = Buffer::new();
    let bytecode = condition.assemble().unwrap_or_default();
    let question =
        InetQuestion { family: 0, protocol: IPPROTO_TCP, extensions, states, bytecode: &bytecode, bpf_storages: false };
    let mut dump = Dump::new(socket.send(question.dump())?);
    while dump.handle(socket.receive(&mut buffer)?, |message| {
        if let Ok(read) = InetSocket::read(message.payload()) {
            each(&read);
        }
    }) == Step::Continue
    {}
    Ok(dump.into_conclusion().is_whole())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_takes_what_it_was_not_told_to_leave() {
        let takes = |at: &str, v6only, link, ip: &str| {
            let at = Some(at.parse().unwrap());
            Listener { at, v6only, ifindex: link, queue: 0, limit: 5 }.takes(ip.parse().unwrap(), 1)
        };
        assert!(takes("0.0.0.0", false, 0, "127.0.0.1") && !takes("0.0.0.0", false, 0, "::1"));
        assert!(
            takes("::", false, 0, "127.0.0.1") && !takes("::", true, 0, "127.0.0.1") && takes("::", true, 0, "::1")
        );
        assert!(takes("127.0.0.1", false, 0, "127.0.0.1") && !takes("127.0.0.2", false, 0, "127.0.0.1"));
        assert!(takes("::ffff:127.0.0.1", false, 0, "127.0.0.1"));
        assert!(takes("0.0.0.0", false, 1, "127.0.0.1") && !takes("0.0.0.0", false, 7, "127.0.0.1"));
    }
}
