//! Whether the kernel chose where a socket is bound to, as far as a row says so.

use sockeye_wire::sock_diag::netlink::NetlinkMessage;
use sockeye_wire::sock_diag::packet::{PacketAttributes, PacketInfo, PacketMessage};
use sockeye_wire::sock_diag::unix::{UnixAttributes, UnixName};
use sockeye_wire::sock_diag::vsock::VsockMessage;

use super::row::SocketRow;
use super::table::Table;

/// Hexadecimal digits of a name that the kernel gives to a unix socket (net/unix/af_unix.c, `unix_autobind`).
const NAME_DIGITS: usize = 5;
/// The last port of vsock that is kept for whoever names it (`LAST_RESERVED_PORT`, net/vmw_vsock/af_vsock.c).
const VSOCK_RESERVED_PORT_MAX: u64 = 1023;

/// `None` for the internet families, whose rows do not say it, and where nothing is ever bound.
pub(super) fn of(row: &SocketRow<'_>) -> Option<bool> {
    Some(match row.table {
        Table::Unix => match UnixAttributes(row.slots).name().map(UnixName::read) {
            None => true,
            Some(UnixName::Abstract(name)) => name.len() == NAME_DIGITS && name.iter().all(u8::is_ascii_hexdigit),
            Some(UnixName::Path(_)) => false,
        },
        // On every interface, for no protocol.
        Table::Packet => {
            let index = PacketAttributes(row.slots).info().and_then(|info| PacketInfo(info).index());
            PacketMessage(row.header).num() == Some(0) && index.unwrap_or(0) == 0
        }
        // What is no process id was chosen at random, and is negative as a number with a sign.
        Table::Netlink => NetlinkMessage(row.header).portid()? > 0x7fff_ffff,
        Table::Vsock => VsockMessage(row.header).src_port()? > VSOCK_RESERVED_PORT_MAX,
        _ => return None,
    })
}
