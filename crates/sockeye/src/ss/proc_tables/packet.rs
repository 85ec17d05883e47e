//! `/proc/net/packet` (net/packet/af_packet.c, `packet_seq_show`).

use sockeye_query::sockets::Table;
use sockeye_wire::Request;
use sockeye_wire::sock_diag::packet::AF_PACKET;

use super::{Source, number};
use crate::output::number::decimal;
use crate::ss::listing::Writer;
use crate::ss::row::PacketColumns;
use crate::ss::selection::Table as Named;

/// `SOCK_RAW`.
const RAW: u64 = 3;

pub(super) fn list(text: &str, source: &Source<'_>, writer: &mut Writer<'_, '_>) {
    for line in text.lines().skip(1) {
        // POINTER REFERENCES TYPE PROTOCOL INTERFACE RUNNING MEMORY UID INODE
        let words: Vec<&str> = line.split_whitespace().collect();
        let word = |at: usize, base| number(words.get(at).copied(), base);
        let (Some(kind), Some(protocol), Some(inode)) = (word(2, 10), word(3, 16), word(8, 10)) else { continue };
        let uid = word(7, 10).unwrap_or(0);
        let table = if kind == RAW { Named::PacketRaw } else { Named::PacketDatagram };
        let columns = PacketColumns {
            is_raw: kind == RAW,
            receive_queue: word(6, 10).map_or(0, u64::cast_signed),
            protocol,
            ifindex: word(4, 10).and_then(|index| u32::try_from(index).ok()).unwrap_or(0),
            inode: u32::try_from(inode).unwrap_or(0),
        };
        if !source.chosen.has(table) || !source.takes(Table::Packet, &message(&columns, kind, uid)) {
            continue;
        }
        let open = writer.row(|printer, batch| {
            printer.packet_columns(batch, &columns);
            if printer.options.extended {
                let out = &mut batch.text;
                if uid != 0 {
                    out.extend_from_slice(b" uid:");
                    decimal(out, uid);
                }
                out.extend_from_slice(b" ino:");
                decimal(out, inode);
                out.extend_from_slice(b" sk:0");
            }
        });
        if !open {
            break;
        }
    }
}

/// The socket as `struct packet_diag_msg` with interface and user, for the filter.
fn message(columns: &PacketColumns, kind: u64, uid: u64) -> Vec<u8> {
    let mut body = vec![AF_PACKET, u8::try_from(kind).unwrap_or(0)];
    body.extend_from_slice(&u16::try_from(columns.protocol).unwrap_or(0).to_ne_bytes());
    body.extend_from_slice(&columns.inode.to_ne_bytes());
    body.extend_from_slice(&[0; 8]);
    let mut info = [0; 24];
    info[..4].copy_from_slice(&columns.ifindex.to_ne_bytes());
    let uid = u32::try_from(uid).unwrap_or(0).to_ne_bytes();
    Request::new(0, 0).body(&body).attribute(0, &info).attribute(5, &uid).as_bytes()[16..].to_vec()
}
