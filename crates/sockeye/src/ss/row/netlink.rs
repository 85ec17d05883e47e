//! Netlink sockets.

use sockeye_query::sockets::SocketRow;
use sockeye_wire::sock_diag::memory::SocketMemory;
use sockeye_wire::sock_diag::netlink::{NetlinkAttributes, NetlinkMessage};

use super::{Printer, narrow, queue};
use crate::output::{escape, number};
use crate::ss::grid::Batch;
use crate::ss::names;

/// `NETLINK_CONNECTED`.
const CONNECTED: u64 = 1;

/// What is said of a Netlink socket, wherever it was read.
pub(in crate::ss) struct Socket {
    pub(in crate::ss) protocol: u8,
    /// Minus one where the kernel gave it a number that is no process id.
    pub(in crate::ss) portid: i32,
    pub(in crate::ss) queues: (i64, i64),
    /// Group and port id that it is connected to.
    pub(in crate::ss) peer: Option<(u32, i32)>,
    pub(in crate::ss) inode: u32,
    pub(in crate::ss) cookie: u64,
    pub(in crate::ss) callback: u64,
    pub(in crate::ss) groups: u32,
}

impl Printer<'_> {
    pub(super) fn netlink(&self, batch: &mut Batch, row: &SocketRow<'_>) {
        let (message, attributes) = (NetlinkMessage(row.header), NetlinkAttributes(row.slots));
        let memory = attributes.meminfo().map(SocketMemory);
        let connected = message.netlink_state() == Some(CONNECTED);
        let peer = (narrow(message.dst_group()), narrow(message.dst_portid()).cast_signed());
        let socket = Socket {
            protocol: message.netlink_protocol().and_then(|protocol| u8::try_from(protocol).ok()).unwrap_or(0),
            portid: narrow(message.portid()).cast_signed(),
            queues: (
                queue(memory.and_then(|memory| memory.rmem_alloc())),
                queue(memory.and_then(|memory| memory.wmem_alloc())),
            ),
            peer: connected.then_some(peer),
            inode: narrow(message.inode()),
            cookie: message.cookie().unwrap_or(0),
            callback: 0,
            groups: narrow(super::read_u32(attributes.groups())),
        };
        self.netlink_socket(batch, &socket, attributes.meminfo());
    }

    /// Everything that is said of it. The details stand in the column of processes where there is one, as in `ss`.
    pub(in crate::ss) fn netlink_socket(&self, batch: &mut Batch, socket: &Socket, memory: Option<&[u8]>) {
        self.head(batch, "nl", "UNCONN", socket.queues);
        batch.text.extend_from_slice(self.names.netlink(socket.protocol).as_bytes());
        batch.text.push(b':');
        batch.end_cell(self.grid);
        self.port(&mut batch.text, socket.portid);
        batch.end_cell(self.grid);
        match socket.peer {
            Some((group, portid)) => {
                let mut number = itoa::Buffer::new();
                batch.text.extend_from_slice(number.format(group.cast_signed()).as_bytes());
                batch.text.push(b':');
                batch.end_cell(self.grid);
                batch.text.extend_from_slice(number.format(portid).as_bytes());
                batch.end_cell(self.grid);
            }
            None => self.no_end(batch, b'*'),
        }
        if let Some(users) = self.users {
            users.write(&mut batch.text, socket.inode);
        } else {
            batch.end_cell(self.grid);
        }
        if self.options.extended {
            let out = &mut batch.text;
            out.extend_from_slice(b" sk=");
            number::hex_digits(out, socket.cookie);
            out.extend_from_slice(b" cb=");
            number::hex_digits(out, socket.callback);
            out.extend_from_slice(format!(" groups=0x{:08x}", socket.groups).as_bytes());
        }
        if self.options.memory && memory.is_some() {
            batch.text.push(b'\t');
            super::memory::write(&mut batch.text, memory, None);
        }
        if self.users.is_some() {
            batch.end_cell(self.grid);
        }
    }

    /// A port id, which mostly is the process id of whoever opened the socket: then its name says more.
    fn port(&self, out: &mut Vec<u8>, portid: i32) {
        match portid {
            -1 => out.push(b'*'),
            0 if !self.names.numeric => out.extend_from_slice(b"kernel"),
            portid => {
                let known = (portid > 0 && !self.names.numeric).then(|| process_name(portid)).flatten();
                if let Some(name) = known {
                    escape::text(out, &name);
                    out.push(b'/');
                }
                number::signed(out, portid.into());
            }
        }
    }
}

/// The name of the process with this number, if there is one.
fn process_name(pid: i32) -> Option<Vec<u8>> {
    let stat = std::fs::read(names::proc_root().join(format!("{pid}/stat"))).ok()?;
    let from = stat.iter().position(|&byte| byte == b'(')? + 1;
    let to = stat.iter().rposition(|&byte| byte == b')')?;
    stat.get(from..to).filter(|name| !name.is_empty()).map(<[u8]>::to_vec)
}
