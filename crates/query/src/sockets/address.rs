//! Local and peer address of a socket: IP addresses, or what stands for an address in other families.

use sockeye_wire::sock_diag::inet::InetMessage;
use sockeye_wire::sock_diag::netlink::NetlinkMessage;
use sockeye_wire::sock_diag::packet::PacketMessage;
use sockeye_wire::sock_diag::smc::SmcMessage;
use sockeye_wire::sock_diag::unix::{UnixAttributes, UnixName};
use sockeye_wire::sock_diag::vsock::VsockMessage;
use sockeye_wire::sock_diag::xdp::{XdpAttributes, XdpInfo};
use sockeye_wire::{Holds, Meaning, Number, Scalar};

use super::flat::{other_end, tipc};
use super::place::from_number;
use super::row::SocketRow;
use super::table::Table;
use crate::Value;

/// Local address: an IP address, a path or abstract name, a protocol, a context id.
pub(super) fn local<'a>(row: &SocketRow<'a>) -> Option<Value<'a>> {
    match row.table {
        Table::Unix => UnixAttributes(row.slots).name().map(unix_name),
        Table::Packet => PacketMessage(row.header).num().map(ethertype),
        Table::Netlink => NetlinkMessage(row.header).netlink_protocol().map(netlink_protocol),
        Table::Vsock => VsockMessage(row.header).src_cid().map(context_id),
        Table::Tipc => {
            Scalar::U32.read(tipc(row)?.addr()?, 0).map(|node| from_number(node, Scalar::U32, Meaning::Hexadecimal))
        }
        Table::Xdp => None,
        Table::Smc => SmcMessage(row.header).source().map(Value::Address),
        _ => InetMessage(row.header).source().map(Value::Address),
    }
}

/// Peer address.
pub(super) fn peer<'a>(row: &SocketRow<'a>) -> Option<Value<'a>> {
    match row.table {
        Table::Unix => peer_name(row),
        Table::Vsock => VsockMessage(row.header).dst_cid().map(context_id),
        Table::Packet | Table::Netlink | Table::Tipc | Table::Xdp => None,
        Table::Smc => SmcMessage(row.header).destination().map(Value::Address),
        _ => InetMessage(row.header).destination().map(Value::Address),
    }
}

/// Local port; a raw socket has its protocol there, a Netlink socket its port id, an XDP socket its queue.
#[inline]
pub(super) fn local_port(row: &SocketRow<'_>) -> Option<u64> {
    match row.table {
        Table::Netlink => NetlinkMessage(row.header).portid(),
        Table::Vsock => VsockMessage(row.header).src_port(),
        Table::Tipc => Scalar::U32.read(tipc(row)?.reference()?, 0),
        Table::Xdp => XdpInfo(XdpAttributes(row.slots).info()?).queue_id(),
        Table::Unix | Table::Packet => None,
        Table::Smc => SmcMessage(row.header).sport(),
        _ => InetMessage(row.header).sport(),
    }
}

/// Peer port.
#[inline]
pub(super) fn peer_port(row: &SocketRow<'_>) -> Option<u64> {
    match row.table {
        Table::Netlink => NetlinkMessage(row.header).dst_portid(),
        Table::Vsock => VsockMessage(row.header).dst_port(),
        Table::Unix | Table::Packet | Table::Tipc | Table::Xdp => None,
        Table::Smc => SmcMessage(row.header).dport(),
        _ => InetMessage(row.header).dport(),
    }
}

/// A path, or an abstract name, whose leading NUL is written as `@` everywhere.
pub(super) fn unix_name(payload: &[u8]) -> Value<'_> {
    match UnixName::read(payload) {
        // A path may begin like that too.
        UnixName::Path(path) if path.starts_with(b"@") => Value::AtName { shown: path.to_vec(), is_abstract: false },
        UnixName::Path(path) => Value::Text(path),
        UnixName::Abstract(name) => Value::AtName { shown: [b"@", name].concat(), is_abstract: true },
    }
}

/// Name of the other end of a unix socket.
pub(super) fn peer_name<'a>(row: &SocketRow<'a>) -> Option<Value<'a>> {
    Some(match unix_name(&other_end(row)?.name?) {
        Value::Text(path) => Value::Owned(path.to_vec()),
        Value::AtName { shown, is_abstract } => Value::AtName { shown, is_abstract },
        _ => return None,
    })
}

/// An Ethernet protocol (include/uapi/linux/if_ether.h): the common ones by name.
pub(crate) fn ethertype(number: u64) -> Value<'static> {
    match number {
        0 => Value::Word("none"),
        0x0003 => Value::Word("all"),
        0x0800 => Value::Word("ip"),
        0x0806 => Value::Word("arp"),
        0x8100 => Value::Word("802.1q"),
        0x86dd => Value::Word("ipv6"),
        0x8847 => Value::Word("mpls"),
        0x8863 => Value::Word("ppp-disc"),
        0x8864 => Value::Word("ppp-ses"),
        0x888e => Value::Word("eapol"),
        0x88cc => Value::Word("lldp"),
        other => Value::Owned(format!("{other:#06x}").into_bytes()),
    }
}

/// A part of the kernel that netlink sockets talk to.
pub(crate) fn netlink_protocol(number: u64) -> Value<'static> {
    let field = NetlinkMessage::LAYOUT.fields.iter().find(|field| field.name == "netlink_protocol");
    match field.map(|field| field.holds) {
        Some(Holds::Number(Number { scalar, meaning, .. })) => match from_number(number, scalar, meaning) {
            named @ Value::Word(_) => named,
            _ => Value::Owned(number.to_string().into_bytes()),
        },
        _ => Value::Owned(number.to_string().into_bytes()),
    }
}

/// A context id (include/uapi/linux/vm_sockets.h).
pub(crate) fn context_id(number: u64) -> Value<'static> {
    match number {
        0 => Value::Word("hypervisor"),
        1 => Value::Word("local"),
        2 => Value::Word("host"),
        other => Value::Owned(other.to_string().into_bytes()),
    }
}
