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

#[cfg(test)]
mod tests {
    use sockeye_wire::Request;

    use super::*;
    use crate::sockets::Nothing;

    fn says(table: Table, body: &[u8], attributes: &[(u16, &[u8])]) -> Option<bool> {
        let request = Request::new(0, 0).body(body);
        let request = attributes.iter().fold(request, |request, (number, bytes)| request.attribute(*number, bytes));
        let row = SocketRow::read(table, &request.as_bytes()[16..], &Nothing).unwrap();
        of(&row)
    }

    #[test]
    fn a_unix_socket_without_a_name_or_with_five_digits_was_named_by_nobody() {
        let body = [1, 2, 7, 0, 9, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        for (name, expected) in
            [(&b"\x000a3f1"[..], true), (b"\x000a3f12", false), (b"\x000a3g1", false), (b"0a3f1", false)]
        {
            assert_eq!(says(Table::Unix, &body, &[(0, name)]), Some(expected), "{}", name.escape_ascii());
        }
        assert_eq!(says(Table::Unix, &body, &[]), Some(true));
    }

    #[test]
    fn a_port_id_that_is_no_process_id_was_chosen_by_the_kernel() {
        let mut body = [0; 28];
        body[0] = 16;
        body[4..8].copy_from_slice(&4711u32.to_ne_bytes());
        assert_eq!(says(Table::Netlink, &body, &[]), Some(false));
        body[4..8].copy_from_slice(&0x8000_0001u32.to_ne_bytes());
        assert_eq!(says(Table::Netlink, &body, &[]), Some(true));
    }

    #[test]
    fn a_packet_socket_that_listens_to_nothing_is_bound_to_nothing() {
        let body = |protocol: u16| [&[17, 3][..], &protocol.to_ne_bytes(), &[0; 12]].concat();
        let info = |index: u32| [&index.to_ne_bytes()[..], &[0; 20]].concat();
        assert_eq!(says(Table::Packet, &body(0), &[(0, &info(0))]), Some(true));
        assert_eq!(says(Table::Packet, &body(0), &[(0, &info(7))]), Some(false));
        assert_eq!(says(Table::Packet, &body(0x0806), &[(0, &info(0))]), Some(false));
    }
}
