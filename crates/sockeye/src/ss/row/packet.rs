//! Packet sockets.

use sockeye_query::sockets::SocketRow;
use sockeye_wire::sock_diag::memory::SocketMemory;
use sockeye_wire::sock_diag::packet::{PacketAttributes, PacketInfo, PacketMessage, PacketRing};

use super::{Details, Printer, narrow, queue, read_u32};
use crate::output::number;
use crate::ss::grid::Batch;

/// `ETH_P_ALL`: every protocol.
const ALL_PROTOCOLS: u64 = 3;
/// Bytes of `struct sock_filter`.
const INSTRUCTION_LEN: usize = 8;

/// What the columns say of a packet socket, wherever it was read.
pub(in crate::ss) struct Columns {
    pub(in crate::ss) is_raw: bool,
    pub(in crate::ss) receive_queue: i64,
    pub(in crate::ss) protocol: u64,
    pub(in crate::ss) ifindex: u32,
    pub(in crate::ss) inode: u32,
}

impl Printer<'_> {
    pub(super) fn packet(&self, batch: &mut Batch, row: &SocketRow<'_>) {
        let (message, attributes) = (PacketMessage(row.header), PacketAttributes(row.slots));
        let info = attributes.info().map(PacketInfo);
        let columns = Columns {
            is_raw: message.socket_type() == Some(3),
            receive_queue: queue(attributes.meminfo().map(SocketMemory).and_then(|memory| memory.rmem_alloc())),
            protocol: message.num().unwrap_or(0),
            ifindex: narrow(info.and_then(|info| info.index())),
            inode: narrow(message.inode()),
        };
        self.packet_columns(batch, &columns);
        let out = &mut batch.text;
        if self.options.extended {
            let details = Details {
                uid: narrow(read_u32(attributes.uid())),
                inode: columns.inode,
                cookie: message.cookie().unwrap_or(0),
                ..Details::default()
            };
            self.details(out, &details);
            if let Some(info) = info {
                self.packet_info(out, info);
            }
            for (label, ring) in [("ring_rx(", attributes.rx_ring()), ("ring_tx(", attributes.tx_ring())] {
                if let Some(ring) = ring.map(PacketRing) {
                    self.line(out);
                    out.extend_from_slice(label.as_bytes());
                    packet_ring(out, ring);
                }
            }
            if let Some(fanout) = read_u32(attributes.fanout()) {
                self.line(out);
                let kind = match fanout >> 16 & 0xffff {
                    0 => "hash".to_owned(),
                    1 => "lb".to_owned(),
                    2 => "cpu".to_owned(),
                    3 => "roll".to_owned(),
                    4 => "random".to_owned(),
                    5 => "qm".to_owned(),
                    other => format!("0x{other:x}"),
                };
                out.extend_from_slice(format!("fanout(id:{},type:{kind})", fanout & 0xffff).as_bytes());
            }
        }
        if self.options.bpf
            && let Some(filter) = attributes.filter()
        {
            self.classic_program(out, filter);
        }
        if self.options.memory {
            super::memory::write(out, attributes.meminfo(), None);
        }
    }

    /// The columns before the rest.
    pub(in crate::ss) fn packet_columns(&self, batch: &mut Batch, socket: &Columns) {
        let netid = if socket.is_raw { "p_raw" } else { "p_dgr" };
        self.head(batch, netid, "UNCONN", (socket.receive_queue, 0));
        if socket.protocol == ALL_PROTOCOLS {
            batch.text.push(b'*');
        } else {
            let name = self.names.ethertype(u16::try_from(socket.protocol).unwrap_or(0));
            batch.text.extend_from_slice(name.as_bytes());
        }
        batch.text.push(b':');
        batch.end_cell(self.grid);
        if socket.ifindex == 0 {
            batch.text.push(b'*');
        } else {
            self.interface(&mut batch.text, socket.ifindex);
        }
        batch.end_cell(self.grid);
        self.no_end(batch, b'*');
        self.processes(batch, socket.inode);
    }

    fn packet_info(&self, out: &mut Vec<u8>, info: PacketInfo<'_>) {
        self.line(out);
        super::labelled(out, b"ver:", info.version().unwrap_or(0));
        super::labelled(out, b" cpy_thresh:", info.copy_thresh().unwrap_or(0));
        out.extend_from_slice(b" flags( ");
        let flags = info.flags().unwrap_or(0);
        let words: [(u64, &[u8]); 5] =
            [(1, b"running"), (2, b" auxdata"), (4, b" origdev"), (8, b" vnethdr"), (16, b" loss")];
        for (_, word) in words.iter().filter(|(bit, _)| flags & bit != 0) {
            out.extend_from_slice(word);
        }
        if flags == 0 {
            out.push(b'0');
        }
        out.extend_from_slice(b" )");
    }

    /// A classic BPF program, an instruction after the other.
    fn classic_program(&self, out: &mut Vec<u8>, filter: &[u8]) {
        self.line(out);
        out.extend_from_slice(format!("bpf filter ({}): ", filter.len() / INSTRUCTION_LEN).as_bytes());
        for instruction in filter.chunks_exact(INSTRUCTION_LEN) {
            let code = super::read_u16(Some(instruction)).unwrap_or(0);
            let (jump_true, jump_false) = (instruction[2], instruction[3]);
            let operand = read_u32(instruction.get(4..)).unwrap_or(0);
            out.extend_from_slice(format!(" 0x{code:02x} {jump_true} {jump_false} {operand},").as_bytes());
        }
    }
}

fn packet_ring(out: &mut Vec<u8>, ring: PacketRing<'_>) {
    let values: [(&[u8], _); 5] = [
        (b"blk_size:", ring.block_size()),
        (b",blk_nr:", ring.block_nr()),
        (b",frm_size:", ring.frame_size()),
        (b",frm_nr:", ring.frame_nr()),
        (b",tmo:", ring.retire_tmo()),
    ];
    for (label, value) in values {
        super::labelled(out, label, value.unwrap_or(0));
    }
    out.extend_from_slice(b",features:");
    number::hexadecimal(out, ring.features().unwrap_or(0));
    out.push(b')');
}
