//! `/proc/net/netlink` (net/netlink/af_netlink.c, `netlink_seq_show`).

use sockeye_query::sockets::Table;
use sockeye_wire::sock_diag::netlink::{AF_NETLINK, MESSAGE_LEN};

use super::{Source, number};
use crate::ss::listing::Writer;
use crate::ss::row::NetlinkSocket;

pub(super) fn list(text: &str, source: &Source<'_>, writer: &mut Writer<'_, '_>) {
    for line in text.lines().skip(1) {
        // POINTER PROTOCOL PORTID GROUPS READ WRITTEN CALLBACK LOCKS DROPS INODE
        let words: Vec<&str> = line.split_whitespace().collect();
        let word = |at: usize, base| number(words.get(at).copied(), base);
        let (Some(protocol), Some(portid)) = (word(1, 10), word(2, 10)) else { continue };
        let narrow = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        let socket = NetlinkSocket {
            protocol: u8::try_from(protocol).unwrap_or(0),
            portid: narrow(Some(portid)).cast_signed(),
            queues: (word(4, 10).map_or(0, u64::cast_signed), word(5, 10).map_or(0, u64::cast_signed)),
            peer: None,
            inode: narrow(word(9, 10)),
            cookie: word(0, 16).unwrap_or(0),
            callback: word(6, 16).unwrap_or(0),
            groups: narrow(word(3, 16)),
        };
        if !source.takes(Table::Netlink, &message(&socket)) {
            continue;
        }
        if !writer.row(|printer, batch| printer.netlink_socket(batch, &socket, None)) {
            break;
        }
    }
}

/// The socket as `struct netlink_diag_msg`, for the filter.
fn message(socket: &NetlinkSocket) -> [u8; MESSAGE_LEN] {
    let mut message = [0; MESSAGE_LEN];
    message[0] = AF_NETLINK;
    message[2] = socket.protocol;
    message[4..8].copy_from_slice(&socket.portid.to_ne_bytes());
    message[16..20].copy_from_slice(&socket.inode.to_ne_bytes());
    message
}
