//! What is read of a socket.

use super::{code::*, record::*};
use crate::{
    assembler::*,
    btf::{Btf, Member},
    error::Error,
};

/// What the smallest round-trip time is before there is one (net/ipv4/tcp.c, tcp_init_sock).
pub(super) const MIN_RTT_NONE: u32 = u32::MAX;

const AF_INET: i32 = 2;
const AF_INET6: i32 = 10;

/// `TCP_TIME_WAIT`: what is left of a socket; it is smaller, and has no more than what all have in common.
pub(super) const TIME_WAIT: i32 = 6;

/// `TCP_NEW_SYN_RECV`: a request that is none yet; smaller too.
const NEW_SYN_RECV: i32 = 12;

/// Which counters this kernel has.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of names")]
pub(super) struct Known {
    pub(super) protocol: bool,
    pub(super) sequence: bool,
    pub(super) segments: bool,
    pub(super) bytes_acked: bool,
    pub(super) bytes_received: bool,
    pub(super) bytes_sent: bool,
    pub(super) bytes_retrans: bool,
    pub(super) total_retrans: bool,
    pub(super) srtt: bool,
    pub(super) min_rtt: bool,
    pub(super) segs_in: bool,
    pub(super) segs_out: bool,
}

impl Known {
    pub(super) fn of(btf: &Btf) -> Self {
        let has = |at| COUNTERS.iter().any(|counter| counter.at == at && counter.member(btf).is_some());
        Self {
            protocol: protocol(btf).is_some(),
            sequence: sequence(btf).is_some(),
            segments: super::kinds::segments(btf).is_some(),
            bytes_acked: has(BYTES_ACKED),
            bytes_received: has(BYTES_RECEIVED),
            bytes_sent: has(BYTES_SENT),
            bytes_retrans: has(BYTES_RETRANS),
            total_retrans: has(TOTAL_RETRANS),
            srtt: has(SRTT),
            min_rtt: has(MIN_RTT),
            segs_in: has(SEGS_IN),
            segs_out: has(SEGS_OUT),
        }
    }
}

/// A counter of `struct tcp_sock`, and where it goes.
pub(super) struct Counter {
    name: &'static str,
    at: i16,
    bytes: u32,
}

const COUNTERS: [Counter; 9] = [
    Counter { name: "bytes_acked", at: BYTES_ACKED, bytes: 8 },
    Counter { name: "bytes_received", at: BYTES_RECEIVED, bytes: 8 },
    Counter { name: "bytes_sent", at: BYTES_SENT, bytes: 8 },
    Counter { name: "bytes_retrans", at: BYTES_RETRANS, bytes: 8 },
    Counter { name: "total_retrans", at: TOTAL_RETRANS, bytes: 4 },
    Counter { name: "srtt_us", at: SRTT, bytes: 4 },
    Counter { name: "rtt_min", at: MIN_RTT, bytes: 4 },
    Counter { name: "segs_in", at: SEGS_IN, bytes: 4 },
    Counter { name: "segs_out", at: SEGS_OUT, bytes: 4 },
];

impl Counter {
    /// Its place; `None` where the kernel has none of this size.
    fn member(&self, btf: &Btf) -> Option<Member> {
        let found = btf.member("tcp_sock", self.name)?;
        if self.name != "rtt_min" {
            return Some(found).filter(|found| found.bytes == self.bytes && found.bits.is_none());
        }
        // Three samples, the best first, each with its time (include/linux/win_minmax.h).
        let value = btf.member("minmax_sample", "v").filter(|value| value.bytes == self.bytes)?;
        let samples = btf.member("tcp_sock", "rtt_min.s")?;
        Some(Member { offset: samples.offset + value.offset, ..value })
    }
}

/// The protocol of a socket, where it is a number of its own (since Linux 5.6).
fn protocol(btf: &Btf) -> Option<Member> {
    btf.member("sock", "sk_protocol").filter(|found| found.bytes == 2 && found.bits.is_none())
}

/// The first byte that is not acknowledged, and the one behind the last that is to be sent.
pub(super) fn sequence(btf: &Btf) -> Option<[Member; 2]> {
    let number = |name| btf.member("tcp_sock", name).filter(|found| found.bytes == 4 && found.bits.is_none());
    Some([number("snd_una")?, number("write_seq")?])
}

/// A member of what all sockets have in common, which other structures begin with under various names.
pub(super) fn common(btf: &Btf, path: &str) -> Result<Member, Error> {
    btf.need("sock_common", path)
}

impl Code<'_> {
    /// `to` becomes the namespace of a socket.
    pub(super) fn namespace(&mut self, to: Register, socket: Register) -> Result<(), Error> {
        let net = common(self.btf, "skc_net.net")?;
        self.get(to, socket, net)
    }

    /// Fills in what all sockets have: cookie, namespace, state, addresses and ports.
    pub(super) fn common(&mut self) -> Result<(), Error> {
        self.steps.store_number(RECORD, HAS_SOCKET, 1, Width::One);
        self.steps.copy(R1, SOCKET);
        self.steps.call(Helper::GetSocketCookie);
        self.steps.store(RECORD, COOKIE, R0, Width::Eight);
        self.namespace(R2, SOCKET)?;
        self.named_namespace(R2)?;
        self.ends()
    }

    /// Fills in the state, the addresses and the ports.
    pub(super) fn ends(&mut self) -> Result<(), Error> {
        let btf = self.btf;
        self.record(STATE, SOCKET, common(btf, "skc_state")?)?;
        self.record(LOCAL_PORT, SOCKET, common(btf, "skc_num")?)?;
        self.record(PEER_PORT, SOCKET, common(btf, "skc_dport")?)?;
        // Stored before the addresses: they depend on it.
        let family = common(btf, "skc_family")?;
        self.record(FAMILY, SOCKET, family)?;
        let (six, done) = (self.steps.label(), self.steps.label());
        self.steps.jump_if(R1, Is::NotEqual, AF_INET, six);
        self.record(LOCAL, SOCKET, common(btf, "skc_rcv_saddr")?)?;
        self.record(PEER, SOCKET, common(btf, "skc_daddr")?)?;
        self.steps.jump(done);
        self.steps.place(six);
        self.steps.jump_if(R1, Is::NotEqual, AF_INET6, done);
        for (at, path) in [(LOCAL, "skc_v6_rcv_saddr"), (PEER, "skc_v6_daddr")] {
            // A kernel without IPv6 has no such sockets.
            let Some(address) = btf.member("sock_common", path).filter(|address| address.bytes == 16) else { continue };
            for (part, further) in [(0, 0), (8, 8)] {
                let half = Member { offset: address.offset + further, bytes: 8, ..address };
                self.record(at + part, SOCKET, half)?;
            }
        }
        self.steps.place(done);
        Ok(())
    }

    /// Fills in the number and the cookie of a namespace.
    pub(super) fn named_namespace(&mut self, net: Register) -> Result<(), Error> {
        let btf = self.btf;
        self.record(NETNS, net, btf.need("net", "ns.inum")?)?;
        self.record_if(NETNS_COOKIE, net, btf.member("net", "net_cookie").filter(|cookie| cookie.bytes == 8))
    }

    /// Fills in what only whole sockets have, and leaves it out where what is left of one, or not yet one, stands for it.
    pub(super) fn whole(&mut self) -> Result<(), Error> {
        let btf = self.btf;
        let not = self.steps.label();
        self.get(R1, SOCKET, common(btf, "skc_state")?)?;
        self.steps.jump_if(R1, Is::Equal, TIME_WAIT, not);
        self.steps.jump_if(R1, Is::Equal, NEW_SYN_RECV, not);
        self.record_if(PROTOCOL, SOCKET, protocol(btf))?;
        // Before Linux 5.15 the pointer was one of two things, and had no name.
        let cgroup = btf.member("sock", "sk_cgrp_data.cgroup").filter(|cgroup| cgroup.is_pointer);
        if let (Some(cgroup), Some(node), Some(id)) =
            (cgroup, btf.member("cgroup", "kn"), btf.member("kernfs_node", "id").filter(|id| id.bytes == 8))
        {
            self.get(R2, SOCKET, cgroup)?;
            self.steps.jump_if(R2, Is::Equal, 0, not);
            self.get(R2, R2, node)?;
            self.steps.jump_if(R2, Is::Equal, 0, not);
            self.record(CGROUP, R2, id)?;
        }
        self.steps.place(not);
        Ok(())
    }

    /// Fills in what TCP has counted; goes to `not` if it is no socket of TCP.
    pub(super) fn counters(&mut self, not: Label) -> Result<(), Error> {
        self.source_port(not)?;
        self.steps.store_number(RECORD, HAS_COUNTERS, 1, Width::One);
        for counter in &COUNTERS {
            let member = counter.member(self.btf);
            self.record_if(counter.at, OTHER, member)?;
        }
        Ok(())
    }

    /// The socket as TCP has it, with the port that its packets come from; goes to `not` if it is none of TCP.
    pub(super) fn source_port(&mut self, not: Label) -> Result<(), Error> {
        self.steps.copy(R1, SOCKET);
        self.steps.call(Helper::SkcToTcpSock);
        self.steps.jump_if(R0, Is::Equal, 0, not);
        self.steps.copy(OTHER, R0);
        let port = self.btf.member("tcp_sock", "inet_conn.icsk_inet.inet_sport").filter(|port| port.bytes == 2);
        self.record_if(SOURCE_PORT, OTHER, port)
    }
}
