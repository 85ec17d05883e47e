//! The socket tables of the kernel.

use sockeye_wire::Space;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::{inet, netlink, packet, smc, tipc, unix, vsock, xdp};

/// One table: a family, or a protocol of the internet families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Table {
    /// TCP.
    Tcp,
    /// MPTCP.
    Mptcp,
    /// UDP.
    Udp,
    /// UDP-Lite (removed in 7.0).
    UdpLite,
    /// Raw IP.
    Raw,
    /// SCTP.
    Sctp,
    /// Unix domain.
    Unix,
    /// Packet (link layer).
    Packet,
    /// Netlink.
    Netlink,
    /// Virtual machine sockets.
    Vsock,
    /// AF_XDP.
    Xdp,
    /// TIPC.
    Tipc,
    /// SMC.
    Smc,
}

impl Table {
    /// Every table, in the order in which they are listed.
    pub const ALL: [Self; 13] = [
        Self::Tcp,
        Self::Mptcp,
        Self::Udp,
        Self::UdpLite,
        Self::Raw,
        Self::Sctp,
        Self::Unix,
        Self::Packet,
        Self::Netlink,
        Self::Vsock,
        Self::Xdp,
        Self::Tipc,
        Self::Smc,
    ];

    /// Its name, which is also the value of the field `proto`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Mptcp => "mptcp",
            Self::Udp => "udp",
            Self::UdpLite => "udplite",
            Self::Raw => "raw",
            Self::Sctp => "sctp",
            Self::Unix => "unix",
            Self::Packet => "packet",
            Self::Netlink => "netlink",
            Self::Vsock => "vsock",
            Self::Xdp => "xdp",
            Self::Tipc => "tipc",
            Self::Smc => "smc",
        }
    }

    /// The table of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// `IPPROTO_*`, for the internet families.
    pub const fn ip_protocol(self) -> Option<u16> {
        match self {
            Self::Tcp => Some(inet::IPPROTO_TCP),
            Self::Mptcp => Some(inet::IPPROTO_MPTCP),
            Self::Udp => Some(inet::IPPROTO_UDP),
            Self::UdpLite => Some(inet::IPPROTO_UDPLITE),
            Self::Raw => Some(inet::IPPROTO_RAW),
            Self::Sctp => Some(inet::IPPROTO_SCTP),
            _ => None,
        }
    }

    /// States that its sockets can be in, as a mask; states that have no name yet are among them.
    pub const fn states(self) -> u32 {
        let named = (1 << (State::BoundInactive.number() + 1)) - 1;
        let (established, unconnected) = (State::Established.mask(), State::Unconnected.mask());
        match self {
            // Datagram sockets borrow two of TCP's states (kernel udp_connect, __udp_disconnect), Netlink names its own
            // two like them, and unix sockets can also listen (net/unix/af_unix.c).
            Self::Udp | Self::UdpLite | Self::Raw | Self::Netlink => established | unconnected | !named,
            Self::Unix => established | unconnected | State::Listening.mask() | !named,
            Self::Packet | Self::Xdp => unconnected,
            // One that is neither connected nor listening is bound, or in no table (inet_diag_dump_icsk).
            Self::Tcp => !unconnected,
            // Nobody else leaves something behind that waits.
            _ => !State::TimeWait.mask(),
        }
    }

    /// What its messages are made of.
    pub const fn space(self) -> &'static Space {
        match self {
            Self::Unix => &unix::UnixAttributes::SPACE,
            Self::Packet => &packet::PacketAttributes::SPACE,
            Self::Netlink => &netlink::NetlinkAttributes::SPACE,
            Self::Vsock => &vsock::VsockAttributes::SPACE,
            Self::Xdp => &xdp::XdpAttributes::SPACE,
            Self::Tipc => &tipc::TipcMessage::SPACE,
            Self::Smc => &smc::SmcAttributes::SPACE,
            _ => &inet::InetAttributes::SPACE,
        }
    }

    /// This table alone.
    pub const fn set(self) -> Tables {
        Tables(1 << self as u16)
    }
}

/// A set of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tables(u16);

impl Tables {
    /// No table.
    pub const NONE: Self = Self(0);
    /// Every table.
    pub const ALL: Self = Self((1 << Table::ALL.len()) - 1);
    /// The tables whose rows are `inet_diag_msg`.
    pub const INET: Self = Self(
        Table::Tcp.set().0
            | Table::Mptcp.set().0
            | Table::Udp.set().0
            | Table::UdpLite.set().0
            | Table::Raw.set().0
            | Table::Sctp.set().0,
    );

    /// Tables of either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tables of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Tables that are not in this set.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }

    /// Whether this table is in the set.
    pub const fn has(self, table: Table) -> bool {
        self.0 & table.set().0 != 0
    }

    /// Whether no table is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The tables, in their order.
    pub fn iter(self) -> impl Iterator<Item = Table> {
        Table::ALL.into_iter().filter(move |&table| self.has(table))
    }
}

impl FromIterator<Table> for Tables {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        tables.into_iter().fold(Self::NONE, |set, table| set.or(table.set()))
    }
}
