//! Fields that every table has, each in its own way, and fields that only the surroundings know.

use sockeye_wire::Slots;
use sockeye_wire::sock_diag::inet::{InetAttributes, InetMessage};
use sockeye_wire::sock_diag::memory::SocketMemory;
use sockeye_wire::sock_diag::netlink::{NetlinkAttributes, NetlinkMessage};
use sockeye_wire::sock_diag::packet::{PacketAttributes, PacketInfo, PacketMessage};
use sockeye_wire::sock_diag::smc::SmcMessage;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::tipc::{TipcAttributes, TipcMessage};
use sockeye_wire::sock_diag::unix::{UnixAttributes, UnixMessage, UnixQueues};
use sockeye_wire::sock_diag::vsock::VsockMessage;
use sockeye_wire::sock_diag::xdp::{XdpAttributes, XdpInfo, XdpMessage};
use sockeye_wire::sock_diag::{netlink, packet, unix, xdp};
use sockeye_wire::{Ask, Scalar};

use super::address;
use super::row::SocketRow;
use super::surroundings::{OwnerPart, Peer};
use super::table::Table;
use crate::Value;

/// A field that is not one place in one structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flat {
    /// Protocol or family.
    Proto,
    /// State.
    State,
    /// Receive queue; a listening socket has an accept queue instead.
    RecvQueue,
    /// Send queue; a listening socket has the limit of its accept queue instead.
    SendQueue,
    /// Accept queue of a listening socket.
    AcceptQueue,
    /// Limit of the accept queue.
    AcceptQueueLimit,
    /// Local address.
    Local,
    /// Local port.
    LocalPort,
    /// Peer address.
    Peer,
    /// Peer port.
    PeerPort,
    /// Either port.
    Port,
    /// Interface name.
    Interface,
    /// Interface index.
    Ifindex,
    /// User id.
    Uid,
    /// Inode.
    Inode,
    /// Cookie.
    Cookie,
    /// Path of the control group.
    Cgroup,
    /// Nobody bound the socket to its port or name. Of internet sockets only programs of the kernel can tell, its answers do
    /// not say it.
    AutomaticPort,
    /// A part of the owners.
    Owner(OwnerPart),
    /// Inode of the other end.
    PeerInode,
    /// Name of the other end (unix).
    PeerName,
    /// A part of the owners of the other end.
    PeerOwner(OwnerPart),
    /// Network namespace.
    Namespace,
}

impl Flat {
    /// The value in a row.
    pub(super) fn value<'a>(self, row: &SocketRow<'a>) -> Option<Value<'a>> {
        match self {
            Self::Proto => Some(Value::Word(row.table.name())),
            Self::State => row.state().map(|state| match state {
                State::Unknown(number) => Value::Unsigned(number.into()),
                known => Value::Word(known.name()),
            }),
            Self::Local => address::local(row),
            Self::Peer => address::peer(row),
            Self::Port => {
                let ports: Vec<_> = [Self::LocalPort, Self::PeerPort]
                    .iter()
                    .filter_map(|port| port.number(row))
                    .map(Value::Unsigned)
                    .collect();
                (!ports.is_empty()).then_some(Value::List(ports))
            }
            Self::Interface => {
                let index = u32::try_from(Self::Ifindex.number(row)?).ok()?;
                let gone = || row.surroundings.knows_interfaces().then_some(Value::Interface { index, name: None });
                row.surroundings.interface(index).map(Value::Owned).or_else(gone)
            }
            Self::Cookie => self.number(row).map(Value::Hexadecimal),
            Self::Cgroup => row.surroundings.cgroup(cgroup_id(row)?).map(Value::Text),
            Self::Owner(_) if is_of_the_kernel(row) => Some(Value::List(Vec::new())),
            Self::Owner(part) => row.surroundings.owners(u32::try_from(Self::Inode.number(row)?).ok()?, part),
            Self::PeerInode => other_end(row).map(|peer| Value::Unsigned(peer.inode.into())),
            Self::PeerName => address::peer_name(row),
            Self::PeerOwner(part) => row.surroundings.owners(other_end(row)?.inode, part),
            Self::Namespace => row.surroundings.namespace().map(Value::Text),
            Self::AutomaticPort => super::automatic::of(row).map(Value::Truth),
            _ => self.number(row).map(Value::Unsigned),
        }
    }

    /// What a request must ask for, so that the rows of a table can say this.
    pub(super) fn asks(self, table: Table) -> Vec<Ask> {
        match (self, table) {
            (Self::RecvQueue | Self::SendQueue | Self::AcceptQueue | Self::AcceptQueueLimit, Table::Unix) => {
                vec![Ask::Show(unix::SHOW_RQLEN)]
            }
            (Self::RecvQueue | Self::SendQueue, Table::Packet) => vec![Ask::Show(packet::SHOW_MEMINFO)],
            (Self::RecvQueue | Self::SendQueue, Table::Netlink) => vec![Ask::Show(netlink::SHOW_MEMINFO)],
            (Self::RecvQueue | Self::SendQueue, Table::Xdp) => vec![Ask::Show(xdp::SHOW_MEMINFO)],
            (Self::Local, Table::Unix) => vec![Ask::Show(unix::SHOW_NAME)],
            (Self::Peer | Self::PeerInode | Self::PeerName | Self::PeerOwner(_), Table::Unix) => {
                vec![Ask::Show(unix::SHOW_PEER)]
            }
            (Self::Uid, Table::Unix) => vec![Ask::Show(unix::SHOW_UID)],
            (Self::Uid | Self::Local | Self::Interface | Self::Ifindex, Table::Packet) => {
                vec![Ask::Show(packet::SHOW_INFO)]
            }
            (Self::Uid | Self::LocalPort | Self::Port | Self::Interface | Self::Ifindex, Table::Xdp) => {
                vec![Ask::Show(xdp::SHOW_INFO)]
            }
            _ => Vec::new(),
        }
    }

    /// The value in a row, for fields that are numbers.
    #[inline]
    pub(super) fn number(self, row: &SocketRow<'_>) -> Option<u64> {
        match self {
            Self::RecvQueue if !is_listening(row) => queues(row).map(|(receive, _)| receive),
            Self::SendQueue if !is_listening(row) => queues(row).map(|(_, send)| send),
            Self::AcceptQueue if is_listening(row) => queues(row).map(|(receive, _)| receive),
            Self::AcceptQueueLimit if is_listening(row) => queues(row).map(|(_, send)| send),
            Self::LocalPort => address::local_port(row),
            Self::PeerPort => address::peer_port(row),
            Self::Ifindex => ifindex(row).filter(|&index| index != 0),
            Self::Uid => uid(row),
            Self::Inode => inode(row).filter(|&inode| inode != 0),
            Self::Cookie => cookie(row).filter(|&cookie| cookie != 0),
            _ => None,
        }
    }
}

/// Owners as a filter sees them: where not everybody could be looked at, there may be others. What has no inode nobody
/// holds, whatever could be seen: it waits to be accepted, or its program has closed it.
pub(super) fn owners<'a>(flat: Flat, row: &SocketRow<'a>) -> Option<Value<'a>> {
    let (inode, part) = match flat {
        Flat::PeerOwner(part) => (other_end(row)?.inode, part),
        Flat::Owner(_) if is_of_the_kernel(row) => return Some(Value::List(Vec::new())),
        Flat::Owner(part) => (u32::try_from(inode(row)?).ok()?, part),
        _ => return flat.value(row),
    };
    if inode == 0 {
        return Some(Value::List(Vec::new()));
    }
    let seen = row.surroundings.deciding_owners(inode, part);
    if row.surroundings.deciding_owners_unknown().is_none() {
        return seen;
    }
    Some(match seen {
        Some(Value::List(list)) => Value::Incomplete(list),
        _ => Value::Incomplete(Vec::new()),
    })
}

/// Whether the queues of this row are those of a listening socket.
#[inline]
pub(super) fn is_listening(row: &SocketRow<'_>) -> bool {
    row.state() == Some(State::Listening)
}

/// TIPC puts everything into one nest.
pub(super) fn tipc<'a>(row: &SocketRow<'a>) -> Option<TipcAttributes<'a>> {
    TipcMessage(row.slots).socket().map(|nest| TipcAttributes(Slots::read(nest)))
}

/// Whether the kernel itself holds the other end of its users' sockets here: no process owns it.
fn is_of_the_kernel(row: &SocketRow<'_>) -> bool {
    row.table == Table::Netlink && NetlinkMessage(row.header).portid() == Some(0)
}

/// Receive and send queue. Families without queue lengths of their own say how much memory the queues take.
#[inline]
fn queues(row: &SocketRow<'_>) -> Option<(u64, u64)> {
    let memory = match row.table {
        Table::Unix => {
            let queues = UnixQueues(UnixAttributes(row.slots).rqlen()?);
            return Some((queues.rqueue()?, queues.wqueue()?));
        }
        Table::Vsock | Table::Tipc | Table::Smc => return None,
        Table::Packet => PacketAttributes(row.slots).meminfo()?,
        Table::Netlink => NetlinkAttributes(row.slots).meminfo()?,
        Table::Xdp => XdpAttributes(row.slots).meminfo()?,
        _ => {
            let message = InetMessage(row.header);
            return Some((message.rqueue()?, message.wqueue()?));
        }
    };
    let memory = SocketMemory(memory);
    Some((memory.rmem_alloc()?, memory.wmem_alloc()?))
}

/// Whether the kernel says that the socket is bound to no interface.
pub(super) fn is_bound_to_none(row: &SocketRow<'_>) -> bool {
    ifindex(row) == Some(0)
}

fn ifindex(row: &SocketRow<'_>) -> Option<u64> {
    match row.table {
        Table::Packet => PacketInfo(PacketAttributes(row.slots).info()?).index(),
        Table::Xdp => XdpInfo(XdpAttributes(row.slots).info()?).ifindex(),
        Table::Smc => SmcMessage(row.header).ifindex(),
        table if table.ip_protocol().is_some() => InetMessage(row.header).ifindex(),
        _ => None,
    }
}

/// TIME-WAIT belongs to no program any more and SYN-RECV to none yet: the kernel fills their user and inode with zero,
/// and so it does for a connection that nobody has accepted.
fn has_no_owner(message: &InetMessage<'_>) -> bool {
    message.inode() == Some(0) && matches!(message.state(), Some(State::TimeWait | State::SynReceived))
}

fn uid(row: &SocketRow<'_>) -> Option<u64> {
    let number = |payload| Scalar::U32.read(payload, 0);
    match row.table {
        Table::Unix => UnixAttributes(row.slots).uid().and_then(number),
        Table::Packet => PacketAttributes(row.slots).uid().and_then(number),
        Table::Xdp => XdpAttributes(row.slots).uid().and_then(number),
        Table::Smc => SmcMessage(row.header).uid(),
        Table::Tipc => tipc(row)?.uid().and_then(number),
        Table::Netlink | Table::Vsock => None,
        _ => {
            let message = InetMessage(row.header);
            message.uid().filter(|_| !has_no_owner(&message))
        }
    }
}

fn inode(row: &SocketRow<'_>) -> Option<u64> {
    match row.table {
        Table::Unix => UnixMessage(row.header).inode(),
        Table::Packet => PacketMessage(row.header).inode(),
        Table::Xdp => XdpMessage(row.header).inode(),
        Table::Netlink => NetlinkMessage(row.header).inode(),
        Table::Vsock => VsockMessage(row.header).inode(),
        Table::Smc => SmcMessage(row.header).inode(),
        Table::Tipc => Scalar::U32.read(tipc(row)?.inode()?, 0),
        _ => InetMessage(row.header).inode(),
    }
}

fn cookie(row: &SocketRow<'_>) -> Option<u64> {
    match row.table {
        Table::Unix => UnixMessage(row.header).cookie(),
        Table::Packet => PacketMessage(row.header).cookie(),
        Table::Xdp => XdpMessage(row.header).cookie(),
        Table::Netlink => NetlinkMessage(row.header).cookie(),
        Table::Vsock => VsockMessage(row.header).cookie(),
        Table::Smc => SmcMessage(row.header).cookie(),
        Table::Tipc => Scalar::U64.read(tipc(row)?.cookie()?, 0),
        _ => InetMessage(row.header).cookie(),
    }
}

fn cgroup_id(row: &SocketRow<'_>) -> Option<u64> {
    row.table.ip_protocol()?;
    Scalar::U64.read(InetAttributes(row.slots).cgroup_id()?, 0)
}

/// The other end of the socket, where it is on this machine.
pub(super) fn other_end(row: &SocketRow<'_>) -> Option<Peer> {
    row.surroundings.peer(row)
}
