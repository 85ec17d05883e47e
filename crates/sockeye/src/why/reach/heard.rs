//! What the kernel told of the address while it was watched: dropped packets, resets, segments sent again, errors.

mod meaning;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sockeye_conn::{Error, Namespace};
use sockeye_state::lives::{Direction, Incident, Trouble};
use sockeye_wire::sock_diag::state::State;

use super::super::finding::Finding;
use super::{Reach, Target};
use crate::live;
use crate::live::kinds::Kinds;
use crate::live::own_addresses::Local;
use crate::live::trace::{Heard as Told, Trace};
use crate::output::several::several;
use meaning::{FIREWALL, NO_SOCKET, between, dropped, error, is_refusal, refused_here, reset, says_nothing};

/// Time between two reads of what the kernel told: much less than fills the ring.
const SLICE: Duration = Duration::from_millis(20);
/// Bytes of events that may wait until then: of more than a million a second some are lost, and counted.
const RING_BYTES: u32 = 16 << 20;
/// Troubles that are told apart by way, reason and place; the kernel has fewer. Of more only the number is known.
const KINDS_MAX: usize = 200;

/// Resets that were answers of the own firewall, and whose packets were not yet told as dropped when the last was read: one for a
/// processor, rather more.
const UNDER_WAY_MAX: u64 = 16;

/// What makes troubles one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    trouble: u8,
    sent: Option<bool>,
    reason: String,
    location: String,
}

/// Troubles of one kind.
#[derive(Clone, Debug)]
struct Seen {
    count: u64,
    trouble: Trouble,
    direction: Option<Direction>,
    state: Option<State>,
    error: Option<u32>,
    /// Whoever it happened to first.
    local: SocketAddr,
    peer: SocketAddr,
}

/// What was heard of an address.
#[derive(Debug, Default)]
pub(super) struct Heard {
    seen: BTreeMap<Key, Seen>,
    /// Those for which there was no room, here.
    more: u64,
    /// Events of these kinds that the kernel had no room for, whoever they were of.
    lost: u64,
    /// Why nothing could be heard, or what not.
    missing: Vec<String>,
    pub(super) listens: bool,
    listened: Duration,
}

/// Listens for so long.
pub(super) fn listen(target: &Target, namespace: Option<&Namespace>, time: Duration) -> Result<Heard, Error> {
    let netns = match namespace {
        Some(namespace) => namespace.identity().inode,
        None => Namespace::current()?.identity().inode,
    };
    let mut heard = Heard::default();
    let mut trace = match Trace::open(Kinds::ALL.without(Kinds::STATE), Some(netns), RING_BYTES) {
        Ok(trace) => Some(trace),
        Err(error) => {
            heard
                .missing
                .push(error.capability().map_or_else(|| error.to_string(), |needed| format!("needs {needed}")));
            None
        }
    };
    if let Some(trace) = &trace {
        heard.listens = true;
        heard.missing.extend(trace.missing().iter().map(|one| one.error.to_string()));
    }
    // What it takes until there is something to hear is not time to listen; and one kind is heard a moment before the other, so
    // that counts of two kinds can be held against each other only from now on.
    let (began, since) = (Instant::now(), live::now());
    loop {
        let left = time.saturating_sub(began.elapsed());
        std::thread::sleep(left.min(SLICE));
        if let Some(trace) = &mut trace {
            let lost = trace.lost();
            trace.read(&mut |_, told| {
                if let Told::Incident(incident) = told
                    && incident.at >= since
                    && concerns(target, incident)
                {
                    heard.take(incident);
                }
            });
            heard.lost += lost.map_or(0, |lost| lost.incidents().map(|(_, lost)| lost).sum());
        }
        if left.is_zero() {
            heard.listened = began.elapsed();
            return Ok(heard);
        }
    }
}

/// Whether it is about a packet or a socket of that address.
fn concerns(target: &Target, incident: &Incident) -> bool {
    let is_it = |end: SocketAddr| {
        end.ip().to_canonical() == target.ip.to_canonical() && target.port.is_none_or(|port| end.port() == port)
    };
    is_it(incident.peer) || is_it(incident.local)
}

/// Whether this host was neither end of a packet, going by its addresses: the kernel says only that it was received.
fn is_passed_on(seen: &Seen, own: &Local) -> bool {
    let is_own = |end: SocketAddr| own.has(end.ip());
    let is_packet = seen.trouble == Trouble::Drop && seen.direction == Some(Direction::Received);
    is_packet && !is_own(seen.local) && !is_own(seen.peer)
}

impl Heard {
    fn take(&mut self, incident: &Incident) {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
        let key = Key {
            trouble: incident.trouble as u8,
            sent: incident.direction.map(|direction| direction == Direction::Sent),
            reason: match incident.error {
                Some(error) => std::io::Error::from_raw_os_error(i32::try_from(error).unwrap_or(0)).to_string(),
                None => text(&incident.reason),
            },
            location: text(&incident.location),
        };
        let count = incident.segments.filter(|_| incident.trouble == Trouble::Retransmit).unwrap_or(1);
        if self.seen.len() >= KINDS_MAX && !self.seen.contains_key(&key) {
            self.more += 1;
            return;
        }
        let seen = self.seen.entry(key).or_insert(Seen {
            count: 0,
            trouble: incident.trouble,
            direction: incident.direction,
            state: incident.state,
            error: incident.error,
            local: incident.local,
            peer: incident.peer,
        });
        seen.count += count;
    }

    fn sum(&self, trouble: Trouble) -> u64 {
        self.seen.values().filter(|seen| seen.trouble == trouble).map(|seen| seen.count).sum()
    }

    /// Whether somebody was answered that nobody has the port.
    fn refused(&self) -> bool {
        self.seen.iter().any(|(key, seen)| seen.trouble == Trouble::Reset && key.reason == NO_SOCKET)
    }

    /// The way of the packets that the firewall of this host drops and answers itself, by a reset for each
    /// (net/ipv4/netfilter/nf_reject_ipv4.c, `nf_send_reset`): those that are sent to there, or, where that is this host, those that
    /// arrive. `true`: they are sent.
    fn refused_by_us(&self) -> Option<bool> {
        let dropped = |(key, seen): (&Key, &Seen)| {
            let is_ours = key.reason == FIREWALL && seen.trouble == Trouble::Drop;
            let sent = key.sent.filter(|_| is_ours)?;
            // Whoever is refused has the ends of what was sent, and the other way round of what arrived; each attempt has a port of its
            // own, and only the first of either kind is known.
            let (here, there) = if sent { (seen.local, seen.peer) } else { (seen.peer, seen.local) };
            let answers = |one: &Seen| {
                let is_between_them = (one.local.ip(), one.peer) == (here.ip(), there);
                is_refusal(one) && is_between_them && one.count <= seen.count + UNDER_WAY_MAX
            };
            self.seen.values().any(answers).then_some(sent)
        };
        self.seen.iter().find_map(dropped)
    }

    /// Whether packets were dropped here that explain something: not those that every connection drops.
    fn has_telling_drops(&self) -> bool {
        self.seen.iter().any(|(key, seen)| seen.trouble == Trouble::Drop && dropped(key, seen).is_some())
    }

    /// Errors that sockets got, and that nothing else explains that was heard: a reset, or a packet that was dropped here.
    fn unexplained(&self) -> impl Iterator<Item = Finding> {
        let is_explained = self.has_telling_drops() || self.sum(Trouble::Reset) > 0;
        let errors = self.seen.values().filter(move |seen| !is_explained && seen.trouble == Trouble::Error);
        errors.filter_map(|seen| Some(error(seen.error?, seen)))
    }

    /// Says what was heard, and what it means.
    /// `is_local`: the address is one of this host, as are `own`.
    pub(super) fn tell(&self, reach: &mut Reach, is_local: bool, own: &Local) {
        let reasons = self.missing.join("; ");
        if !self.listens {
            return reach.step("heard", format!("nothing of drops and resets: {reasons}"));
        }
        let counts = [
            (Trouble::Drop, "dropped packet", ""),
            (Trouble::Reset, "reset", ""),
            (Trouble::Retransmit, "segment", " sent again"),
            (Trouble::Error, "error", ""),
        ];
        let counts = counts.into_iter().map(|(trouble, what, after)| (self.sum(trouble), what, after));
        let told: Vec<_> = counts
            .filter(|(count, ..)| *count > 0)
            .map(|(count, what, after)| format!("{}{after}", several(count, what)))
            .collect();
        let mut text = if told.is_empty() { "nothing that went wrong with it".to_owned() } else { told.join(", ") };
        let time = Duration::from_millis(u64::try_from(self.listened.as_millis()).unwrap_or(u64::MAX));
        let _ = write!(text, ", in {}", humantime::format_duration(time));
        if self.lost + self.more > 0 {
            let _ = write!(text, "; {} lost, of whomever", several(self.lost + self.more, "event"));
            reach.whole = false;
        }
        let drops = self.seen.iter().filter(|(key, seen)| seen.trouble == Trouble::Drop && says_nothing(key));
        let unknown: u64 = drops.map(|(_, seen)| seen.count).sum();
        if unknown > 0 {
            let _ = write!(
                text,
                "; of {} the kernel gives no reason, and no place without CAP_SYSLOG",
                several(unknown, "drop")
            );
        }
        if !reasons.is_empty() {
            let _ = write!(text, "; not heard: {reasons}");
        }
        reach.step("heard", text);
        let (refused, by_us) = (self.refused(), self.refused_by_us());
        // Where this host is the other end, too, it says itself why it refuses.
        let is_said = by_us.is_some() || is_local && (self.has_telling_drops() || !reach.findings.is_empty());
        let findings = self.seen.iter().filter_map(|(key, seen)| {
            let finding = match seen.trouble {
                Trouble::Drop if by_us.is_some() && key.reason == FIREWALL && key.sent == by_us => {
                    Some(refused_here(key, seen))
                }
                Trouble::Drop => dropped(key, seen).filter(|_| !(refused && key.reason == NO_SOCKET)),
                Trouble::Reset => Some(reset(key, seen)).filter(|_| !(is_said && is_refusal(seen))),
                _ => None,
            };
            finding.map(|finding| between(finding, seen, !is_local && is_passed_on(seen, own)))
        });
        let subject = reach.target.to_string().into_bytes();
        let findings =
            findings.chain(self.unexplained()).map(|finding| Finding { subject: subject.clone(), ..finding });
        // What was seen to happen explains what is only inferred: a SYN that this host drops has no answer.
        reach.findings.splice(0..0, findings.collect::<Vec<_>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sockeye_state::lives::Totals;

    fn incident(local: &str, peer: &str) -> Incident {
        Incident {
            at: Duration::ZERO,
            trouble: Trouble::Drop,
            cookie: None,
            protocol: Some(6),
            state: None,
            local: local.parse().unwrap(),
            peer: peer.parse().unwrap(),
            cgroup: None,
            direction: Some(Direction::Sent),
            reason: None,
            location: None,
            segments: None,
            totals: Totals::default(),
            error: None,
        }
    }

    #[test]
    fn it_concerns_an_address_at_either_end_with_its_port() {
        let asked = |word: &str| Target::read(word).unwrap();
        let packet = incident("10.9.0.1:40000", "10.9.0.7:443");
        for (word, holds) in [
            ("10.9.0.7", true),
            ("10.9.0.7:443", true),
            ("10.9.0.7:80", false),
            ("10.9.0.1", true),
            ("10.9.0.1:443", false),
            ("10.9.0.8", false),
            ("::ffff:10.9.0.7", true),
        ] {
            assert_eq!(concerns(&asked(word), &packet), holds, "{word}");
        }
    }

    #[test]
    fn what_every_connection_drops_is_nothing_that_is_wrong() {
        let finding = |reason: &str, location: &str| {
            let mut heard = Heard { listens: true, ..Heard::default() };
            let (reason, location) = (Some(reason.into()), Some(location.into()));
            heard.take(&Incident { reason, location, ..incident("10.9.0.1:40000", "10.9.0.7:443") });
            let (key, seen) = heard.seen.iter().next().unwrap();
            dropped(key, seen).is_some()
        };
        assert!(!finding("OTHERHOST", "ip_rcv_core"), "a link that listens to all frames");
        assert!(!finding("TCP_OLD_DATA", "tcp_data_queue") && !finding("TCP_TOO_OLD_ACK", "tcp_ack"));
        for read in ["tcp_rcv_state_process", "tcp_v4_rcv", "tcp_v6_rcv", "sk_stream_kill_queues"] {
            assert!(!finding("NOT_SPECIFIED", read), "{read}");
        }
        assert!(!finding("QUEUE_PURGE", "inet_sock_destruct") && finding("QUEUE_PURGE", "unix_release_sock"));
        assert!(finding("NOT_SPECIFIED", "ip_rcv_core") && finding("TCP_RESET", "tcp_rcv_state_process"));
        assert!(finding("TCP_MD5UNEXPECTED", "tcp_v4_rcv"));
        // A kernel that gives no reasons, and one that keeps back the place: it may be any of these.
        assert!(!finding("", "tcp_v4_rcv") && finding("", "ip_rcv_core"));
        assert!(!finding("NOT_SPECIFIED", "") && !finding("", "") && finding("NETFILTER_DROP", ""));
    }

    #[test]
    fn only_a_drop_that_is_a_finding_explains_an_error() {
        let unexplained = |reason: &str, location: &str| {
            let mut heard = Heard::default();
            let packet = incident("10.9.0.1:40000", "10.9.0.7:443");
            heard.take(&Incident { reason: Some(reason.into()), location: Some(location.into()), ..packet.clone() });
            heard.take(&Incident { trouble: Trouble::Error, error: Some(113), direction: None, ..packet });
            heard.unexplained().count()
        };
        assert_eq!(unexplained("NOT_SPECIFIED", "tcp_rcv_state_process"), 1);
        assert_eq!(unexplained("TCP_OLD_DATA", "tcp_data_queue"), 1);
        assert_eq!(unexplained("NETFILTER_DROP", "nf_hook_slow"), 0);
    }

    #[test]
    fn a_place_explains_what_has_no_reason() {
        let advice = |reason: &str, location: &str| {
            let mut heard = Heard::default();
            let (reason, location) = (Some(reason.into()), Some(location.into()));
            heard.take(&Incident { reason, location, ..incident("10.9.0.1:40000", "10.9.0.7:443") });
            let (key, seen) = heard.seen.iter().next().unwrap();
            dropped(key, seen).unwrap().advice
        };
        for (location, reason) in [("ip_error", "IP_INNOROUTES"), ("neigh_invalidate", "NEIGH_FAILED")] {
            assert_eq!(advice("NOT_SPECIFIED", location), advice(reason, "elsewhere"), "{location}");
        }
        assert_ne!(advice("NEIGH_FAILED", "ip_error"), advice("IP_INNOROUTES", "ip_error"), "a reason says more");
    }

    #[test]
    fn what_goes_between_others_is_passed_on() {
        let mut own = Local::default();
        own.add(sockeye_query::filter::Network::host("10.9.0.1".parse().unwrap()));
        let is = |local: &str, peer: &str, direction| {
            let mut heard = Heard::default();
            heard.take(&Incident { direction: Some(direction), ..incident(local, peer) });
            is_passed_on(heard.seen.values().next().unwrap(), &own)
        };
        assert!(is("10.8.0.7:443", "10.9.0.7:40000", Direction::Received));
        assert!(!is("10.9.0.1:443", "10.9.0.7:40000", Direction::Received));
        assert!(!is("10.8.0.7:443", "10.9.0.1:40000", Direction::Received));
        assert!(!is("127.0.0.3:443", "127.0.0.3:40000", Direction::Received));
        assert!(!is("10.8.0.7:443", "10.9.0.7:40000", Direction::Sent));
    }

    #[test]
    fn troubles_of_one_kind_are_one_and_of_too_many_only_the_number_is_known() {
        let mut heard = Heard::default();
        for number in 0..300_u16 {
            let mut packet = incident("10.9.0.1:40000", "10.9.0.7:443");
            packet.reason = Some(format!("REASON_{}", number % 250).into());
            heard.take(&packet);
        }
        assert_eq!((heard.seen.len(), heard.sum(Trouble::Drop), heard.more), (KINDS_MAX, 250, 50));
        assert_eq!(heard.seen.values().map(|seen| seen.count).max(), Some(2));
    }
}
