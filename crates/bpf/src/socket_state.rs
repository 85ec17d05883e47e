//! Every change of state of every TCP socket, in all network namespaces, while it happens (tracepoint
//! `sock:inet_sock_set_state`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd as _, OwnedFd};

use crate::assembler::{Assembler, Helper, Width};
use crate::btf::{Btf, Kind};
use crate::error::Error;
use crate::program::{self, Attach, MapKind};
use crate::ring::Ring;

const DOING: &str = "follow the states of TCP sockets (BPF tracepoint)";
const TRACEPOINT: &str = "btf_trace_inet_sock_set_state";

/// `IPPROTO_TCP`, `AF_INET`.
const TCP: i32 = 6;
const AF_INET: i32 = 2;
/// `BPF_RB_NO_WAKEUP`: to be woken for each record costs the kernel more than all the rest; who reads comes by itself.
const NO_WAKEUP: i32 = 1;

/// Where the parts of a record lie.
mod at {
    pub(super) const KTIME: usize = 0;
    pub(super) const COOKIE: usize = 8;
    pub(super) const PID_TGID: usize = 16;
    pub(super) const COMM: usize = 24;
    pub(super) const NETNS: usize = 40;
    pub(super) const OLD: usize = 44;
    pub(super) const NEW: usize = 48;
    pub(super) const ERROR: usize = 52;
    pub(super) const FAMILY: usize = 56;
    pub(super) const LOCAL_PORT: usize = 58;
    pub(super) const PEER_PORT: usize = 60;
    pub(super) const LOCAL: usize = 64;
    pub(super) const PEER: usize = 80;
    pub(super) const CGROUP: usize = 96;
    /// Whether the numbers below are there.
    pub(super) const COUNTED: usize = 104;
    pub(super) const TOTALS: usize = 112;
    pub(super) const SHORT_TOTALS: usize = 144;
}
/// Bytes of a record.
const RECORD_LEN: usize = 168;

/// Totals of 64 bits, in the order in which they lie.
const TOTALS: [&str; 4] = ["bytes_acked", "bytes_received", "bytes_sent", "bytes_retrans"];
/// Totals of 32 bits.
const SHORT_TOTALS: [&str; 5] = ["total_retrans", "srtt_us", "rtt_min.s.v", "segs_in", "segs_out"];

/// What a connection has done up to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Bytes that the peer has acknowledged.
    pub bytes_acked: Option<u64>,
    /// Bytes received in order.
    pub bytes_received: Option<u64>,
    /// Bytes sent, retransmissions included.
    pub bytes_sent: Option<u64>,
    /// Bytes sent again.
    pub bytes_retrans: Option<u64>,
    /// Segments sent again.
    pub total_retrans: Option<u32>,
    /// Smoothed round-trip time in microseconds.
    pub rtt_us: Option<u32>,
    /// Smallest round-trip time in microseconds.
    pub min_rtt_us: Option<u32>,
    /// Segments received.
    pub segs_in: Option<u32>,
    /// Segments sent.
    pub segs_out: Option<u32>,
}

/// One change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketState {
    /// When, in nanoseconds since the machine started (`CLOCK_MONOTONIC`).
    pub at_ns: u64,
    /// The socket, as sock_diag calls it.
    pub cookie: u64,
    /// Inode of its network namespace.
    pub netns: u32,
    /// The kernel's numbers of its state before and from now on.
    pub old: u8,
    /// The state from now on.
    pub new: u8,
    /// The process that was running, by its number in the first pid namespace. It is the one that did it only where a
    /// process does such a thing: [`is_of_process`](Self::is_of_process).
    pub pid: u32,
    /// Its name, up to the first NUL.
    pub comm: [u8; 16],
    /// The control group of the socket.
    pub cgroup: u64,
    /// Its own address.
    pub local: IpAddr,
    /// Its own port; 0 where it has none yet or no more.
    pub local_port: u16,
    /// The address of the peer.
    pub peer: IpAddr,
    /// The port of the peer.
    pub peer_port: u16,
    /// Its error (`sk_err`), 0 for none.
    pub error: u16,
    /// What it has done up to now.
    pub totals: Totals,
}

/// States (include/net/tcp_states.h).
const ESTABLISHED: u8 = 1;
const SYN_SENT: u8 = 2;
const FIN_WAIT1: u8 = 4;
const CLOSE: u8 = 7;
const CLOSE_WAIT: u8 = 8;
const LAST_ACK: u8 = 9;
const LISTEN: u8 = 10;

impl SocketState {
    /// Whether the process that was running did it: others happen when a packet comes, whoever is running then.
    pub fn is_of_process(&self) -> bool {
        matches!(
            (self.old, self.new),
            (CLOSE, SYN_SENT | LISTEN) | (ESTABLISHED, FIN_WAIT1) | (CLOSE_WAIT, LAST_ACK) | (LISTEN, CLOSE)
        )
    }
}

/// Changes of state, from the moment it is opened.
#[derive(Debug)]
pub struct SocketStates {
    ring: Ring,
    lost: OwnedFd,
    /// Totals that this kernel has.
    has: Has,
    _link: OwnedFd,
}

/// Which totals this kernel has.
#[derive(Clone, Copy, Debug)]
struct Has {
    totals: [bool; TOTALS.len()],
    short: [bool; SHORT_TOTALS.len()],
}

impl SocketStates {
    /// Assembles and loads the program, with a ring of so many bytes, and lets it be told of changes to the states whose
    /// bits are set in `new_states` (bit `n` for state `n`).
    pub fn open(btf: &Btf, ring_bytes: u32, new_states: u32) -> Result<Self, Error> {
        let id =
            btf.id(Kind::Typedef, TRACEPOINT).ok_or(Error::lacks(DOING, "this tracepoint with its types (5.5)"))?;
        // socket, old state, new state: kernels could hand on others, in another order.
        if btf.arguments(TRACEPOINT) != Some(3) {
            return Err(Error::lacks(DOING, "the tracepoint with the three arguments that are known"));
        }
        let ring = Ring::open(DOING, ring_bytes)?;
        let lost = program::map(DOING, MapKind::Array, 4, 8, 1)?;
        let has = Has {
            totals: TOTALS.map(|name| btf.offset("tcp_sock", name).is_some()),
            short: SHORT_TOTALS.map(|name| short_offset(btf, name).is_some()),
        };
        let code = assemble(btf, &ring, &lost, new_states).ok_or(Error::lacks(DOING, "the types that this needs"))?;
        let program = program::load(DOING, code, Attach::Tracepoint, id)?;
        let link = program::trace(DOING, &program)?;
        Ok(Self { ring, lost, has, _link: link })
    }

    /// Reads what happened since the last time. Nobody is woken when something happens: come every 10 or 20 ms.
    pub fn read(&mut self, each: &mut dyn FnMut(&SocketState)) {
        let has = self.has;
        self.ring.read(&mut |record| {
            if let Some(state) = decode(record, has) {
                each(&state);
            }
        });
    }

    /// Changes that did not fit into the ring, since it was opened: exactly so many.
    pub fn lost(&self) -> Result<u64, Error> {
        program::number(&self.lost).map_err(|source| Error::refused(DOING, source))
    }
}

/// Where a total of 32 bits lies in `struct tcp_sock`; the smallest round trip is the first of three samples.
fn short_offset(btf: &Btf, name: &str) -> Option<i16> {
    match name {
        // struct minmax { struct minmax_sample { u32 t; u32 v; } s[3]; }
        "rtt_min.s.v" => btf.offset("tcp_sock", "rtt_min")?.checked_add(4),
        name => btf.offset("tcp_sock", name),
    }
}

fn assemble(btf: &Btf, ring: &Ring, lost: &OwnedFd, new_states: u32) -> Option<Assembler> {
    let place = |at: usize| i16::try_from(at).unwrap_or(0);
    let sock = |path| btf.offset("sock", path);
    let common = |path: &str| btf.offset("sock", &format!("__sk_common.{path}"));
    let mut code = Assembler::default();
    let [end, full, ipv6, addressed, uncounted, submit] = std::array::from_fn(|_| code.label());
    code.copy(6, 1).load(Width::Double, 7, 6, 0).load(Width::Double, 8, 6, 16);
    code.load(Width::Half, 1, 7, sock("sk_protocol")?).jump_unless(1, TCP, end);
    code.set(1, new_states.cast_signed()).shift_right(1, 8).and(1, 1).jump_if(1, 0, end);
    code.map(1, ring.map.as_raw_fd()).set(2, i32::try_from(RECORD_LEN).ok()?).set(3, 0).call(Helper::RingReserve);
    code.jump_if(0, 0, full).copy(9, 0);

    code.call(Helper::KtimeGetNs).store(Width::Double, 9, place(at::KTIME), 0);
    code.copy(1, 7).call(Helper::GetSocketCookie).store(Width::Double, 9, place(at::COOKIE), 0);
    code.call(Helper::GetCurrentPidTgid).store(Width::Double, 9, place(at::PID_TGID), 0);
    code.copy(1, 9).add(1, i32::try_from(at::COMM).ok()?).set(2, 16).call(Helper::GetCurrentComm);
    code.load(Width::Double, 1, 7, common("skc_net.net")?);
    code.load(Width::Word, 1, 1, btf.offset("net", "ns.inum")?).store(Width::Word, 9, place(at::NETNS), 1);
    code.load(Width::Double, 1, 6, 8).store(Width::Word, 9, place(at::OLD), 1);
    code.store(Width::Word, 9, place(at::NEW), 8);
    code.load(Width::Word, 1, 7, sock("sk_err")?).store(Width::Word, 9, place(at::ERROR), 1);
    code.load(Width::Half, 1, 7, common("skc_family")?).store(Width::Half, 9, place(at::FAMILY), 1);
    code.load(Width::Half, 2, 7, common("skc_num")?).store(Width::Half, 9, place(at::LOCAL_PORT), 2);
    code.load(Width::Half, 2, 7, common("skc_dport")?).store(Width::Half, 9, place(at::PEER_PORT), 2);
    for half in [at::LOCAL, at::PEER, at::LOCAL + 8, at::PEER + 8] {
        code.store_constant(9, place(half), 0);
    }
    code.jump_unless(1, AF_INET, ipv6);
    code.load(Width::Word, 1, 7, common("skc_rcv_saddr")?).store(Width::Word, 9, place(at::LOCAL), 1);
    code.load(Width::Word, 1, 7, common("skc_daddr")?).store(Width::Word, 9, place(at::PEER), 1);
    code.jump(addressed).place(ipv6);
    // A kernel without IPv6 has no such sockets.
    if let (Some(local), Some(peer)) = (common("skc_v6_rcv_saddr"), common("skc_v6_daddr")) {
        for (from, to) in [(local, at::LOCAL), (peer, at::PEER)] {
            for half in [0, 8] {
                code.load(Width::Double, 1, 7, from.checked_add(half)?).store(Width::Double, 9, place(to) + half, 1);
            }
        }
    }
    code.place(addressed);
    // Before 5.15 the pointer was shared with another, by its lowest bit.
    code.store_constant(9, place(at::CGROUP), 0);
    if let (Some(cgroup), Some(node), Some(id)) =
        (sock("sk_cgrp_data.cgroup"), btf.offset("cgroup", "kn"), btf.offset("kernfs_node", "id"))
    {
        code.load(Width::Double, 1, 7, cgroup).load(Width::Double, 1, 1, node).load(Width::Double, 1, 1, id);
        code.store(Width::Double, 9, place(at::CGROUP), 1);
    }
    code.store_constant(9, place(at::COUNTED), 0);
    for part in (at::TOTALS..RECORD_LEN).step_by(8) {
        code.store_constant(9, place(part), 0);
    }
    code.copy(1, 7).call(Helper::SkcToTcpSock).jump_if(0, 0, uncounted);
    code.store_constant(9, place(at::COUNTED), 1);
    for (index, name) in TOTALS.iter().enumerate() {
        if let Some(offset) = btf.offset("tcp_sock", name) {
            code.load(Width::Double, 1, 0, offset).store(Width::Double, 9, place(at::TOTALS + 8 * index), 1);
        }
    }
    for (index, name) in SHORT_TOTALS.iter().enumerate() {
        if let Some(offset) = short_offset(btf, name) {
            code.load(Width::Word, 1, 0, offset).store(Width::Word, 9, place(at::SHORT_TOTALS + 4 * index), 1);
        }
    }
    code.place(uncounted).jump(submit).place(submit);
    code.copy(1, 9).set(2, NO_WAKEUP).call(Helper::RingSubmit).jump(end);

    code.place(full);
    code.store_constant(10, -8, 0).map(1, lost.as_raw_fd()).copy(2, 10).add(2, -8).call(Helper::MapLookup);
    code.jump_if(0, 0, end).set(1, 1).add_atomically(0, 0, 1);
    code.place(end).exit();
    Some(code)
}

fn decode(record: &[u8], has: Has) -> Option<SocketState> {
    if record.len() < RECORD_LEN {
        return None;
    }
    let double = |at: usize| record[at..].first_chunk().copied().map_or(0, u64::from_ne_bytes);
    let word = |at: usize| record[at..].first_chunk().copied().map_or(0, u32::from_ne_bytes);
    let half = |at: usize| record[at..].first_chunk().copied().map_or(0, u16::from_ne_bytes);
    let address = |at: usize| {
        if i32::from(half(at::FAMILY)) == AF_INET {
            record[at..].first_chunk::<4>().map(|octets| IpAddr::V4(Ipv4Addr::from(*octets)))
        } else {
            record[at..].first_chunk::<16>().map(|octets| IpAddr::V6(Ipv6Addr::from(*octets)))
        }
    };
    let counted = word(at::COUNTED) != 0;
    let total = |index: usize| (counted && has.totals[index]).then(|| double(at::TOTALS + 8 * index));
    let short = |index: usize| (counted && has.short[index]).then(|| word(at::SHORT_TOTALS + 4 * index));
    let small = |number: u32| u8::try_from(number).unwrap_or(0);
    Some(SocketState {
        at_ns: double(at::KTIME),
        cookie: double(at::COOKIE),
        netns: word(at::NETNS),
        old: small(word(at::OLD)),
        new: small(word(at::NEW)),
        pid: u32::try_from(double(at::PID_TGID) >> 32).unwrap_or(0),
        comm: record[at::COMM..].first_chunk().copied()?,
        cgroup: double(at::CGROUP),
        local: address(at::LOCAL)?,
        local_port: half(at::LOCAL_PORT),
        peer: address(at::PEER)?,
        peer_port: u16::from_be(half(at::PEER_PORT)),
        error: u16::try_from(word(at::ERROR)).unwrap_or(0),
        totals: Totals {
            bytes_acked: total(0),
            bytes_received: total(1),
            bytes_sent: total(2),
            bytes_retrans: total(3),
            total_retrans: short(0),
            // Kept in eighths; none before the first sample.
            rtt_us: short(1).map(|rtt| rtt >> 3).filter(|&rtt| rtt != 0),
            min_rtt_us: short(2).filter(|&rtt| rtt != u32::MAX && rtt != 0),
            segs_in: short(3),
            segs_out: short(4),
        },
    })
}
