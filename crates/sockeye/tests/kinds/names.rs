//! The kernel's numbers and the words that sockeye must have for them, said here once more so that a mistake in one
//! place does not hide in the other.

use sockeye_zoo::{Expected, state};

use crate::observed::Observed;

// include/linux/socket.h and include/uapi/linux/in.h
pub(crate) const AF_UNIX: i32 = 1;
pub(crate) const AF_INET: i32 = 2;
pub(crate) const AF_INET6: i32 = 10;
pub(crate) const AF_NETLINK: i32 = 16;
pub(crate) const AF_PACKET: i32 = 17;
pub(crate) const AF_VSOCK: i32 = 40;
pub(crate) const AF_XDP: i32 = 44;
pub(crate) const AF_TIPC: i32 = 30;
pub(crate) const AF_SMC: i32 = 43;
pub(crate) const IPPROTO_ICMP: i32 = 1;
pub(crate) const IPPROTO_TCP: i32 = 6;
pub(crate) const IPPROTO_UDP: i32 = 17;
pub(crate) const IPPROTO_ICMPV6: i32 = 58;
pub(crate) const IPPROTO_SCTP: i32 = 132;
pub(crate) const IPPROTO_UDPLITE: i32 = 136;
pub(crate) const IPPROTO_MPTCP: i32 = 262;
pub(crate) const SOCK_RAW: i32 = 3;

/// Protocols that have a sock_diag module in some kernels only.
pub(crate) const MAY_BE_MISSING: [&str; 4] = ["raw", "sctp", "vsock", "xdp"];

/// `SHUT_…` of sock_diag: bit by direction.
pub(crate) const SHUTDOWN: [(u32, &str); 2] = [(1, "receive"), (2, "send")];
/// `idiag_timer`
pub(crate) const TIMERS: [&str; 5] = ["off", "on", "keepalive", "timewait", "persist"];
/// `TCPI_OPT_…`
pub(crate) const TCP_OPTIONS: [(u32, &str); 6] =
    [(1, "timestamps"), (2, "sack"), (4, "wscale"), (8, "ecn"), (16, "ecn-seen"), (32, "syn-data")];
/// `SOCK_…`
const SOCKET_TYPES: [&str; 6] = ["", "stream", "dgram", "raw", "rdm", "seqpacket"];
/// `NETLINK_…`
const NETLINK_PROTOCOLS: [(i32, &str); 7] = [
    (0, "route"),
    (2, "usersock"),
    (4, "sock-diag"),
    (6, "xfrm"),
    (12, "netfilter"),
    (15, "kobject-uevent"),
    (16, "generic"),
];
/// `ETH_P_LLDP`
const LLDP: i32 = 0x88cc;

/// The word for a state. A TCP socket that is closed and has a port is bound-inactive.
pub(crate) fn state(expected: &Expected) -> &'static str {
    match expected.state {
        state::CLOSE if protocol(expected) == "tcp" => "bound-inactive",
        state::ESTABLISHED => "established",
        state::SYN_SENT => "syn-sent",
        state::SYN_RECV => "syn-recv",
        state::FIN_WAIT1 => "fin-wait-1",
        state::FIN_WAIT2 => "fin-wait-2",
        state::TIME_WAIT => "time-wait",
        state::CLOSE => "unconnected",
        state::CLOSE_WAIT => "close-wait",
        state::LAST_ACK => "last-ack",
        state::LISTEN => "listening",
        state::CLOSING => "closing",
        other => panic!("no specimen has state {other}"),
    }
}

/// The word for family and protocol.
pub(crate) fn protocol(expected: &Expected) -> &'static str {
    match (expected.family, expected.protocol) {
        (AF_INET | AF_INET6, _) if expected.socket_type == SOCK_RAW => "raw",
        (AF_INET | AF_INET6, IPPROTO_TCP) => "tcp",
        (AF_INET | AF_INET6, IPPROTO_UDP) => "udp",
        (AF_INET | AF_INET6, IPPROTO_UDPLITE) => "udplite",
        (AF_INET | AF_INET6, IPPROTO_MPTCP) => "mptcp",
        (AF_INET | AF_INET6, IPPROTO_SCTP) => "sctp",
        (AF_INET | AF_INET6, IPPROTO_ICMP | IPPROTO_ICMPV6) => "ping",
        (AF_UNIX, _) => "unix",
        (AF_PACKET, _) => "packet",
        (AF_NETLINK, _) => "netlink",
        (AF_VSOCK, _) => "vsock",
        (AF_XDP, _) => "xdp",
        (AF_TIPC, _) => "tipc",
        (AF_SMC, _) => "smc",
        other => panic!("no word for family and protocol {other:?}"),
    }
}

/// Compares what says of which family and type a socket is.
pub(crate) fn family(row: &mut Observed<'_>, family: i32, number: i32, socket_type: i32) {
    match family {
        AF_INET => address_has(row, false),
        AF_INET6 => address_has(row, true),
        AF_PACKET if number == LLDP => row.equal("/local_address", "lldp"),
        AF_PACKET => row.equal("/local_address", format!("{number:#06x}")),
        AF_NETLINK => {
            let found = NETLINK_PROTOCOLS.iter().find(|(protocol, _)| *protocol == number);
            let (_, name) = found.unwrap_or_else(|| panic!("no word for Netlink protocol {number}"));
            row.equal("/local_address", *name);
            row.equal("/netlink_protocol", *name);
        }
        _ => {}
    }
    let socket_type = SOCKET_TYPES[usize::try_from(socket_type).expect("a small number")];
    match family {
        // All are of one type, or the protocol says which.
        AF_INET | AF_INET6 | AF_SMC => row.absent("/socket_type"),
        AF_TIPC => row.equal("/tipc/type", socket_type),
        _ => row.equal("/socket_type", socket_type),
    }
}

fn address_has(row: &mut Observed<'_>, colons: bool) {
    let address = row.value("/local_address").and_then(|address| address.as_str());
    if address.is_none_or(|address| address.contains(':') != colons) {
        row.mistake("/local_address", if colons { "IPv6" } else { "IPv4" });
    }
}
