//! TCP connections towards the address: those that wait for their first answer, those that get none any more, and whether any of them
//! sent something while it was watched.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sockeye_conn::{Error, Namespace};
use sockeye_state::lives::cause::{Quantity, evidence};
use sockeye_state::lives::{Cause, Counters, causes};
use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::state::State;

use super::super::finding::{Evidence, Finding};
use super::super::kernel::Flow;
use super::super::machine::Who;
use super::{Reach, Target, sockets};
use crate::output::several::several;

/// `INET_DIAG_INFO`, bit `n - 1` for extension `n`.
const INFO: u8 = 1 << 1;
/// An interval in which the rule judges; how long it is changes nothing where nothing happens in it.
const MOMENT: Duration = Duration::from_secs(1);
/// Sources, marks and links of sockets that are told apart: each is asked a route for where there is none without them.
const FLOWS_MAX: usize = 8;
/// Connections in SYN-SENT that are named.
const STUCK_MAX: usize = 3;

/// Connections towards an address at one moment.
#[derive(Default)]
pub(super) struct Towards {
    /// Segments that each had sent, by its cookie.
    sent: HashMap<u64, Option<u32>>,
    /// Those that are being opened, and how often they asked again.
    opening: u64,
    retransmissions: u64,
    /// Some of them: those that asked most often.
    stuck: Vec<Stuck>,
    /// Those that are open on this side or the other.
    open: u64,
    /// Those of them that get no answer.
    silent: u64,
    worst: Option<Silent>,
    /// The ends on this side of those that somebody took, whose other end is open too as far as is known here.
    pub(super) taken: HashSet<SocketAddr>,
    /// What routes are asked for by them (net/ipv4/ip_output.c, `__ip_queue_xmit`): those that are being opened first.
    flows: [Vec<Flow>; 2],
    /// Every socket was looked at.
    pub(super) whole: bool,
}

/// A connection whose SYN has no answer.
struct Stuck {
    /// Both ends, of which the one on this side tells it from others.
    ends: String,
    inode: u32,
    retransmissions: u64,
}

/// A connection that gets no answer.
struct Silent {
    ends: String,
    counters: Counters,
}

impl Stuck {
    /// `10.0.0.1:44321 to 10.0.0.2:443 asked 3 times (curl[4711])`.
    fn in_words(&self, who: Who<'_>) -> String {
        let asked = several(usize::try_from(self.retransmissions).unwrap_or(usize::MAX).saturating_add(1), "time");
        let owner = who(self.inode).map(|owner| format!(" ({owner})")).unwrap_or_default();
        format!("{} asked {asked}{owner}", self.ends)
    }
}

impl Silent {
    /// How many times in a row it tried, and how much waits for that.
    fn weight(&self) -> (u8, u32) {
        let now = &self.counters;
        let tried = now.retransmits().unwrap_or(0).max(now.probes().unwrap_or(0));
        (tried, now.wqueue().unwrap_or(0))
    }

    fn finding(&self, count: u64) -> Finding {
        let now = &self.counters;
        let nothing_leaves = now.unacked() == Some(0);
        let advice = if nothing_leaves {
            "nothing that is sent leaves this host: a rule of the firewall (nft list ruleset), a full queue (sockeye qdiscs) or a \
             policy drops it here"
        } else {
            "nobody answers what is sent: it is dropped here (nft list ruleset), on the way or there, or the other end is gone"
        };
        let mut finding = Finding::new(Cause::Loss.word(), self.ends.as_str(), advice).with("sockets", count);
        for number in evidence(Cause::Loss, now, now, MOMENT) {
            // What the rule counts in an interval stands still in a moment.
            if number.value != Quantity::Count(0) {
                finding = finding.with(number.name, Evidence::Quantity(number.value));
            }
        }
        let not_sent = now.notsent_bytes().map(|bytes| ("not_sent", Quantity::Bytes(bytes.into())));
        let in_flight = now.unacked().map(|segments| ("in_flight", Quantity::Count(segments.into())));
        let rest = not_sent.into_iter().chain(in_flight);
        rest.fold(finding, |finding, (name, quantity)| finding.with(name, Evidence::Quantity(quantity)))
    }
}

impl Towards {
    /// Looks at those of a namespace, where the target is on this link.
    pub(super) fn at(target: &Target, link: Option<u32>, namespace: Option<&Namespace>) -> Result<Self, Error> {
        let mut towards = Self::default();
        let states = !State::Listening.mask();
        let condition = target.condition(link);
        towards.whole = sockets::tcp(namespace, states, &condition, INFO, |socket| towards.take(target, socket))?;
        Ok(towards)
    }

    fn take(&mut self, target: &Target, socket: &InetSocket<'_>) {
        let message = &socket.message;
        let is_it = message.destination().map(|ip| ip.to_canonical()) == Some(target.ip)
            && target.port.is_none_or(|port| message.dport() == Some(port.into()));
        let (Some(cookie), Some(state)) = (message.cookie(), message.state()) else { return };
        if !is_it {
            return;
        }
        let counters = Counters::of(socket);
        let is_opening = state == State::SynSent;
        if is_opening || is_open(state) {
            self.take_flow(socket, usize::from(!is_opening));
        }
        self.sent.insert(cookie, counters.segs_out());
        match state {
            State::SynSent => {
                self.opening += 1;
                let retransmissions = message.timer_retrans().unwrap_or(0);
                self.retransmissions += retransmissions;
                self.take_stuck(socket, retransmissions);
            }
            state if is_open(state) => {
                self.open += 1;
                let is_silent = is_silent(&counters);
                if state == State::Established && !is_silent && was_heard(&counters) {
                    self.taken.extend(end(message.source(), message.sport()));
                }
                if is_silent {
                    self.silent += 1;
                    let silent = Silent { ends: ends(socket), counters };
                    if self.worst.as_ref().is_none_or(|worst| worst.weight() < silent.weight()) {
                        self.worst = Some(silent);
                    }
                }
            }
            _ => {}
        }
    }

    fn take_stuck(&mut self, socket: &InetSocket<'_>, retransmissions: u64) {
        let at = self.stuck.partition_point(|other| other.retransmissions >= retransmissions);
        if at < STUCK_MAX {
            let inode = socket.message.inode().and_then(|inode| u32::try_from(inode).ok()).unwrap_or(0);
            self.stuck.insert(at, Stuck { ends: ends(socket), inode, retransmissions });
            self.stuck.truncate(STUCK_MAX);
        }
    }

    fn take_flow(&mut self, socket: &InetSocket<'_>, rank: usize) {
        let link = socket.message.ifindex().and_then(|index| u32::try_from(index).ok()).filter(|&index| index != 0);
        let source = socket.message.source().map(|source| source.to_canonical());
        let mark = socket.attributes.mark().and_then(|told| told.first_chunk().copied()).map_or(0, u32::from_ne_bytes);
        let flow = Flow { link, source, mark };
        if let Some(flows) = self.flows.get_mut(rank)
            && flows.len() < FLOWS_MAX
            && !flows.contains(&flow)
        {
            flows.push(flow);
        }
    }

    /// What routes are asked for by connections that are being opened or are open.
    pub(super) fn flows(&self) -> impl Iterator<Item = Flow> {
        self.flows.iter().flatten().copied()
    }

    /// Whether any is being opened.
    pub(super) fn is_opening(&self) -> bool {
        self.opening > 0
    }

    /// Connections that are being opened or are open.
    pub(super) fn count(&self) -> u64 {
        self.opening + self.open
    }

    /// How many sent something since `before`: those that are new, and those that sent more.
    pub(super) fn tried_since(&self, before: &Self) -> u64 {
        self.sent.iter().filter(|(cookie, sent)| before.sent.get(cookie) != Some(sent)).count() as u64
    }

    /// Says what there is; `who` is asked of connections that are being opened alone.
    pub(super) fn tell(&self, reach: &mut Reach, who: Who<'_>) {
        let mut told = Vec::new();
        if self.opening > 0 {
            told.push(format!("{} in SYN-SENT towards it, {} SYNs sent again", self.opening, self.retransmissions));
        }
        told.extend(self.stuck.iter().map(|one| one.in_words(who)));
        let named = self.stuck.len() as u64;
        if self.opening > named {
            told.push(format!("{} more", self.opening - named));
        }
        if self.open > 0 {
            told.push(format!("{} towards it", several(self.open, "connection")));
        }
        if let Some(worst) = &self.worst {
            told.push(match self.silent {
                1 => format!("1 gets no answer: {}", worst.ends),
                several => format!("{several} get no answer, the worst is {}", worst.ends),
            });
        }
        if told.is_empty() {
            told.push("no TCP connection towards it".to_owned());
        }
        reach.step("sockets", told.join(", "));
    }

    /// Who holds those that are named, each once.
    fn owners(&self, who: Who<'_>) -> Option<String> {
        let mut owners: Vec<String> = Vec::new();
        for owner in self.stuck.iter().filter_map(|one| who(one.inode)) {
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        (!owners.is_empty()).then(|| owners.join(", "))
    }

    /// Says what is wrong with them, where there is a way: without one, that explains it.
    pub(super) fn judge(&self, reach: &mut Reach, who: Who<'_>) {
        if self.opening > 0 && self.retransmissions > 0 {
            let advice = "the SYN gets no answer: a firewall drops it on the way or there, or the answer is lost";
            let finding = Finding::new("syn-unanswered", reach.target.to_string(), advice);
            let finding = finding.with("sockets", self.opening).with("syn_retransmissions", self.retransmissions);
            reach.findings.push(finding.held_by(self.owners(who)));
        }
        reach.findings.extend(self.worst.as_ref().map(|worst| worst.finding(self.silent)));
    }
}

/// Whether a connection is open on this side or the other.
fn is_open(state: State) -> bool {
    use State::{CloseWait, Closing, Established, FinWait1, FinWait2, LastAck};
    matches!(state, Established | CloseWait | FinWait1 | FinWait2 | Closing | LastAck)
}

/// Whether nobody answers: held against itself nothing was sent and nothing was lost, and this is what the rule has left.
fn is_silent(now: &Counters) -> bool {
    causes(now, now, MOMENT).contains(Cause::Loss)
}

/// Whether the other end was heard beyond the handshake, of which our SYN counts as one byte acknowledged (net/ipv4/tcp_input.c,
/// `tcp_snd_una_update`). An idle connection may have none: the kernel answers a SYN before anybody takes the connection (a full accept
/// queue, TCP_DEFER_ACCEPT), and when the listener goes it forgets those that wait so without a reset
/// (net/ipv4/inet_connection_sock.c, `reqsk_timer_handler`).
fn was_heard(now: &Counters) -> bool {
    now.bytes_received().is_some_and(|bytes| bytes > 0) || now.bytes_acked().is_some_and(|bytes| bytes > 1)
}

/// An end of a socket; IPv4 is IPv4, also where the socket has it as IPv6.
pub(super) fn end(ip: Option<IpAddr>, port: Option<u64>) -> Option<SocketAddr> {
    Some(SocketAddr::new(ip?.to_canonical(), port?.try_into().ok()?))
}

/// `10.0.0.1:4567 to 10.0.0.2:443`.
fn ends(socket: &InetSocket<'_>) -> String {
    let told = |ip, port| end(ip, port).map_or_else(|| "?".to_owned(), |end| end.to_string());
    let message = &socket.message;
    format!("{} to {}", told(message.source(), message.sport()), told(message.destination(), message.dport()))
}
