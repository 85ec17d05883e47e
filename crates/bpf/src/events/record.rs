//! The record in the ring, the same for every kind of event, and the way from it to an event.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::socket::{Known, MIN_RTT_NONE};
use super::{EventKind, event::*};
use crate::btf::Btf;

/// Bytes of a record, a multiple of eight.
pub(super) const BYTES: i16 = 176;

// Places of its parts. What a program does not fill in is zero.
pub(super) const TIME: i16 = 0;
pub(super) const COOKIE: i16 = 8;
pub(super) const NETNS_COOKIE: i16 = 16;
pub(super) const CGROUP: i16 = 24;
pub(super) const NETNS: i16 = 32;
pub(super) const PID: i16 = 36;
pub(super) const COMM: i16 = 40;
/// Of a dropped packet, which no process is named of: where in the kernel.
pub(super) const LOCATION: i16 = 40;
pub(super) const KIND: i16 = 56;
pub(super) const OLD_STATE: i16 = 57;
/// Of a dropped packet, in the place of the old state: [`CAME_IN`], [`MADE_HERE`], or nothing where that is not known.
pub(super) const WAY: i16 = 57;
/// The new state, or the only one.
pub(super) const STATE: i16 = 58;
/// Whether there is a socket.
pub(super) const HAS_SOCKET: i16 = 59;
pub(super) const FAMILY: i16 = 60;
/// In the machine's order.
pub(super) const LOCAL_PORT: i16 = 62;
/// In the network's order.
pub(super) const PEER_PORT: i16 = 64;
pub(super) const PROTOCOL: i16 = 66;
/// An error, a reason or a number of segments.
pub(super) const NUMBER: i16 = 68;
pub(super) const LOCAL: i16 = 72;
pub(super) const PEER: i16 = 88;
/// Whether the counters are there.
pub(super) const HAS_COUNTERS: i16 = 104;
/// Whether it is the second program's.
pub(super) const IS_SECOND: i16 = 105;
/// The port that packets of a TCP socket come from, in the network's order: it stays when the socket has given its port back.
pub(super) const SOURCE_PORT: i16 = 106;
/// Where the packet is the record's source: the beginning of its headers.
pub(super) const HEADERS: i16 = 112;
pub(super) const BYTES_ACKED: i16 = 112;
pub(super) const BYTES_RECEIVED: i16 = 120;
pub(super) const BYTES_SENT: i16 = 128;
pub(super) const BYTES_RETRANS: i16 = 136;
pub(super) const TOTAL_RETRANS: i16 = 144;
pub(super) const SRTT: i16 = 148;
pub(super) const MIN_RTT: i16 = 152;
pub(super) const SEGS_IN: i16 = 156;
pub(super) const SEGS_OUT: i16 = 160;
/// The socket's own flags, `enum sock_flags` (include/net/sock.h).
pub(super) const FLAGS: i16 = 164;
/// Of the socket's file, where a process did it.
pub(super) const INODE: i16 = 168;
/// In its place, where the socket is closed: whether all that it was to send is acknowledged, the FIN too.
pub(super) const ALL_ACKED: i16 = 168;

/// Bytes of a packet's headers that are recorded: of IPv6 and the two ports behind it.
pub(super) const HEADERS_BYTES: i16 = 64;

// Kinds of records.
pub(super) const STATE_CHANGE: u8 = 1;
pub(super) const RETRANSMIT: u8 = 2;
pub(super) const RETRANSMIT_REQUEST: u8 = 3;
pub(super) const RESET_SENT: u8 = 4;
pub(super) const RESET_RECEIVED: u8 = 5;
pub(super) const DROPPED: u8 = 6;
pub(super) const ERROR: u8 = 7;

// States of TCP (include/net/tcp_states.h).
const ESTABLISHED: u8 = 1;
const SYN_SENT: u8 = 2;
pub(super) const SYN_RECV: u8 = 3;
const FIN_WAIT1: u8 = 4;
const FIN_WAIT2: u8 = 5;
pub(super) const CLOSE: u8 = 7;
const CLOSE_WAIT: u8 = 8;
const LAST_ACK: u8 = 9;
pub(super) const LISTEN: u8 = 10;
const CLOSING: u8 = 11;

/// The changes, from one state to another, that no packet can have made: the process that runs is the one that did it. A packet is
/// handled by whatever process happens to run, and the name of that costs as much as all counters together.
pub(super) const BY_A_PROCESS: [(u8, u8); 5] =
    [(CLOSE, SYN_SENT), (CLOSE, LISTEN), (ESTABLISHED, FIN_WAIT1), (CLOSE_WAIT, LAST_ACK), (LISTEN, CLOSE)];

/// Those that only a packet makes: TCP has looked at the clock when it came, and once more takes a quarter of the program's time.
/// (One that is restored, `TCP_REPAIR`, is established without a packet, at the time of the last one that it had.)
pub(super) const BY_A_PACKET: [(u8, u8); 5] = [
    (SYN_SENT, ESTABLISHED),
    (SYN_RECV, ESTABLISHED),
    (ESTABLISHED, CLOSE_WAIT),
    (FIN_WAIT1, FIN_WAIT2),
    (FIN_WAIT1, CLOSING),
];

/// `SOCK_DEAD`: no file is there any more.
const DEAD: u32 = 1 << 0;
/// `SOCK_DONE`: the peer said that it sends no more.
const DONE: u32 = 1 << 1;

// Ways of packets.
pub(super) const CAME_IN: u8 = 1;
pub(super) const MADE_HERE: u8 = 2;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// Of a packet of IPv4, where it begins in the whole of which it is a fragment (`IP_OFFSET`, include/net/ip.h).
const FRAGMENT_OFFSET: u16 = 0x1fff;

/// Makes events of records.
#[derive(Debug)]
pub(super) struct Decoder {
    known: Known,
    drop_reasons: Names,
    reset_reasons: Names,
}

/// The names of an enumeration's numbers.
type Names = Vec<(u32, Box<str>)>;

impl Decoder {
    pub(super) fn new(btf: &Btf) -> Self {
        let names = |enumeration, prefix: &str| {
            let mut values: Names = btf.values(enumeration).unwrap_or_default();
            for (_, name) in &mut values {
                if let Some(rest) = name.strip_prefix(prefix) {
                    *name = rest.into();
                }
            }
            values.sort();
            values
        };
        Self {
            known: Known::of(btf),
            drop_reasons: names("skb_drop_reason", "SKB_DROP_REASON_"),
            reset_reasons: names("sk_rst_reason", "SK_RST_REASON_"),
        }
    }

    /// The event of a record; `None` where it is of a kind that is not known.
    pub(super) fn event(&self, record: Record<'_>) -> Option<Event<'_>> {
        let kind = record.byte(KIND);
        let socket = self.socket(record);
        let state = record.byte(STATE);
        let number = record.word(NUMBER);
        let has_socket = record.byte(HAS_SOCKET) != 0;
        let total_retrans = || Some(record.word(TOTAL_RETRANS)).filter(|_| self.known.total_retrans && has_socket);
        let counters = || (record.byte(HAS_COUNTERS) != 0).then(|| self.counters(record));
        Some(match kind {
            STATE_CHANGE => Event::State(StateChange {
                socket,
                old_state: record.byte(OLD_STATE),
                new_state: state,
                process: Self::process(record),
                inode: Some(record.double(INODE)).filter(|inode| *inode != 0 && state != CLOSE),
                is_all_acked: (state == CLOSE && self.known.sequence).then(|| record.byte(ALL_ACKED) != 0),
                is_orphaned: record.word(FLAGS) & DEAD != 0,
                is_done: record.word(FLAGS) & DONE != 0,
                error: Some(number).filter(|number| *number != 0),
                counters: counters(),
            }),
            RETRANSMIT => Event::Retransmit(Retransmit {
                socket,
                state,
                segments: self.known.segments.then(|| u16::try_from(number).unwrap_or(u16::MAX)),
                total_retrans: total_retrans(),
                counters: counters(),
            }),
            RETRANSMIT_REQUEST => {
                Event::Retransmit(Retransmit { socket, state, segments: Some(1), total_retrans: None, counters: None })
            }
            RESET_SENT | RESET_RECEIVED => Event::Reset(Reset {
                // Of a packet that a listener answers, or nobody, the ends are in the packet.
                socket: match (has_socket, kind, state) {
                    (true, RESET_SENT, LISTEN) | (false, ..) => packet(record, socket, Direction::Received),
                    (true, ..) => socket,
                },
                direction: if kind == RESET_SENT { Direction::Sent } else { Direction::Received },
                state: has_socket.then_some(state),
                reason: if kind == RESET_SENT { name(&self.reset_reasons, number) } else { None },
            }),
            DROPPED => {
                let direction = match record.byte(WAY) {
                    CAME_IN => Some(Direction::Received),
                    MADE_HERE => Some(Direction::Sent),
                    _ => None,
                };
                Event::Dropped(Dropped {
                    socket: packet(record, socket, direction.unwrap_or(Direction::Received)),
                    direction,
                    reason: name(&self.drop_reasons, number),
                    location: Some(record.double(LOCATION)).filter(|place| *place != 0),
                })
            }
            ERROR => Event::Error(SocketError { socket, state, error: number }),
            _ => return None,
        })
    }

    fn socket(&self, record: Record<'_>) -> SocketId {
        let family = record.half(FAMILY);
        let address = |at: i16| match family {
            AF_INET => IpAddr::V4(Ipv4Addr::from(record.array(at))),
            _ => IpAddr::V6(Ipv6Addr::from(record.array(at))),
        };
        // One that begins to connect has no port yet, or still the one of the connection that it had before.
        let begins = record.kind() == Some(EventKind::State) && record.byte(STATE) == SYN_SENT;
        let own_port = Some(record.half(LOCAL_PORT)).filter(|port| *port != 0 || begins);
        SocketId {
            time_ns: record.double(TIME),
            cookie: record.double(COOKIE),
            netns: record.word(NETNS),
            netns_cookie: Some(record.double(NETNS_COOKIE)).filter(|cookie| *cookie != 0),
            cgroup_id: Some(record.double(CGROUP)).filter(|id| *id != 0),
            family,
            protocol: Some(record.half(PROTOCOL)).filter(|_| self.known.protocol),
            local: Endpoint {
                address: address(LOCAL),
                port: own_port.unwrap_or_else(|| u16::from_be_bytes(record.array(SOURCE_PORT))),
            },
            peer: Endpoint { address: address(PEER), port: u16::from_be_bytes(record.array(PEER_PORT)) },
        }
    }

    /// Who did it.
    fn process(record: Record<'_>) -> Option<Process> {
        let certain = BY_A_PROCESS.contains(&record.change());
        let pid = Some(record.word(PID)).filter(|pid| *pid != 0 && certain)?;
        Some(Process { pid, comm: record.array(COMM) })
    }

    fn counters(&self, record: Record<'_>) -> Counters {
        let known = &self.known;
        Counters {
            bytes_acked: known.bytes_acked.then(|| record.double(BYTES_ACKED)),
            bytes_received: known.bytes_received.then(|| record.double(BYTES_RECEIVED)),
            bytes_sent: known.bytes_sent.then(|| record.double(BYTES_SENT)),
            bytes_retrans: known.bytes_retrans.then(|| record.double(BYTES_RETRANS)),
            total_retrans: known.total_retrans.then(|| record.word(TOTAL_RETRANS)),
            // In eighths (include/linux/tcp.h).
            rtt_us: known.srtt.then(|| record.word(SRTT) >> 3).filter(|rtt| *rtt != 0),
            min_rtt_us: known.min_rtt.then(|| record.word(MIN_RTT)).filter(|rtt| *rtt != MIN_RTT_NONE),
            segs_in: known.segs_in.then(|| record.word(SEGS_IN)),
            segs_out: known.segs_out.then(|| record.word(SEGS_OUT)),
        }
    }
}

/// The socket that a packet is for, or by which it was sent, by the addresses in its headers; those of the socket where these
/// are none of IP.
fn packet(record: Record<'_>, socket: SocketId, direction: Direction) -> SocketId {
    let headers: [u8; HEADERS_BYTES as usize] = record.array(HEADERS);
    let address = |at: usize| -> [u8; 16] { std::array::from_fn(|index| headers[at + index]) };
    let (family, protocol, length, source, destination) = match headers[0] >> 4 {
        4 => {
            let four = |at: usize| IpAddr::V4(Ipv4Addr::from(std::array::from_fn(|index| headers[at + index])));
            (AF_INET, headers[9], usize::from(headers[0] & 15) * 4, four(12), four(16))
        }
        6 => {
            let six = |at| IpAddr::V6(Ipv6Addr::from(address(at)));
            (AF_INET6, headers[6], 40, six(8), six(24))
        }
        _ => return without_headers(socket),
    };
    // What is behind the first fragment begins in the middle of what was sent. (IPv6 has a protocol of its own for fragments.)
    let is_behind = family == AF_INET && u16::from_be_bytes([headers[6], headers[7]]) & FRAGMENT_OFFSET != 0;
    let has_ports = has_ports(protocol.into()) && !is_behind;
    let port = |at: usize| match headers.get(length + at..).and_then(|rest| rest.first_chunk()) {
        Some(port) if has_ports => u16::from_be_bytes(*port),
        _ => 0,
    };
    let (source, destination) =
        (Endpoint { address: source, port: port(0) }, Endpoint { address: destination, port: port(2) });
    let (local, peer) = match direction {
        Direction::Received => (destination, source),
        Direction::Sent => (source, destination),
    };
    SocketId { family, protocol: Some(protocol.into()), local, peer, ..socket }
}

/// Those that begin with two ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
fn has_ports(protocol: u16) -> bool {
    matches!(protocol, 6 | 17 | 33 | 132 | 136)
}

/// The socket that sent a packet which has no headers yet: a raw one has its protocol where others have a port.
fn without_headers(mut socket: SocketId) -> SocketId {
    if !socket.protocol.is_some_and(has_ports) {
        (socket.local.port, socket.peer.port) = (0, 0);
    }
    socket
}

fn name(names: &Names, number: u32) -> Option<(u32, &str)> {
    let at = names.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    Some((number, &names[at].1))
}

/// The bytes of a record.
#[derive(Clone, Copy)]
pub(super) struct Record<'r>(&'r [u8; BYTES as usize]);

impl<'r> Record<'r> {
    /// `None` for bytes that are none.
    pub(super) fn of(bytes: &'r [u8]) -> Option<Self> {
        bytes.first_chunk().map(Self).filter(|record| record.kind().is_some())
    }

    /// What it tells of.
    pub(super) fn kind(self) -> Option<EventKind> {
        Some(match self.byte(KIND) {
            STATE_CHANGE => EventKind::State,
            RETRANSMIT | RETRANSMIT_REQUEST => EventKind::Retransmit,
            RESET_SENT | RESET_RECEIVED => EventKind::Reset,
            DROPPED => EventKind::Drop,
            ERROR => EventKind::Error,
            _ => return None,
        })
    }

    /// A change of state: from which to which.
    pub(super) fn change(self) -> (u8, u8) {
        (self.byte(OLD_STATE), self.byte(STATE))
    }

    fn array<const N: usize>(self, at: i16) -> [u8; N] {
        let at = usize::try_from(at).unwrap_or(0);
        std::array::from_fn(|index| self.0.get(at + index).copied().unwrap_or(0))
    }

    pub(super) fn byte(self, at: i16) -> u8 {
        self.array::<1>(at)[0]
    }

    fn half(self, at: i16) -> u16 {
        u16::from_ne_bytes(self.array(at))
    }

    fn word(self, at: i16) -> u32 {
        u32::from_ne_bytes(self.array(at))
    }

    pub(super) fn double(self, at: i16) -> u64 {
        u64::from_ne_bytes(self.array(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ports of a dropped packet of IPv4 with this fragment field, whose headers are followed by 7081 and 7082.
    fn ports_of(fragment: [u8; 2]) -> (u16, u16) {
        let mut bytes = [0; BYTES as usize];
        bytes[KIND as usize] = DROPPED;
        let headers = &mut bytes[HEADERS as usize..];
        (headers[0], headers[9]) = (0x45, 17);
        headers[6..8].copy_from_slice(&fragment);
        headers[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
        headers[20..24].copy_from_slice(&[0x1b, 0xa9, 0x1b, 0xaa]);
        let known = Known { protocol: true, ..Known::default() };
        let decoder = Decoder { known, drop_reasons: Vec::new(), reset_reasons: Vec::new() };
        let event = decoder.event(Record::of(&bytes).expect("a record")).expect("of a kind that is known");
        let socket = event.socket();
        assert_eq!((socket.protocol, socket.peer.address), (Some(17), Ipv4Addr::new(10, 0, 0, 1).into()));
        (socket.peer.port, socket.local.port)
    }

    #[test]
    fn only_the_first_fragment_of_a_packet_has_ports() {
        // Whole, not to be cut; the first of several; one behind it, and the last.
        assert_eq!(ports_of([0x40, 0]), (7081, 7082));
        assert_eq!(ports_of([0x20, 0]), (7081, 7082));
        assert_eq!(ports_of([0x20, 0xb9]), (0, 0));
        assert_eq!(ports_of([0, 0xb9]), (0, 0));
    }
}
