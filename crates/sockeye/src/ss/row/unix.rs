//! Unix sockets.

use sockeye_query::sockets::SocketRow;
use sockeye_wire::sock_diag::unix::{UnixAttributes, UnixFile, UnixMessage, UnixQueues};

use super::{Printer, arrow, narrow, queue, read_u8, read_u32, state_name};
use crate::output::number;
use crate::ss::grid::Batch;

impl Printer<'_> {
    pub(super) fn unix(&self, batch: &mut Batch, row: &SocketRow<'_>) {
        let (message, attributes) = (UnixMessage(row.header), UnixAttributes(row.slots));
        let queues = attributes.rqlen().map(UnixQueues);
        let queues = queues.map_or((0, 0), |queues| (queue(queues.rqueue()), queue(queues.wqueue())));
        let state = message.state_number().and_then(|state| u8::try_from(state).ok()).unwrap_or(0);
        self.head(batch, unix_netid(message.socket_type()), state_name(state), queues);
        let inode = narrow(message.inode());
        let mut port = itoa::Buffer::new();
        match attributes.name() {
            Some(name) => self.end(batch, &unix_name(name), b' ', port.format(inode).as_bytes()),
            None => self.end(batch, b"*", b' ', port.format(inode).as_bytes()),
        }
        let peer = narrow(read_u32(attributes.peer()));
        self.end(batch, b"*", b' ', port.format(peer).as_bytes());
        self.processes(batch, inode);
        let out = &mut batch.text;
        if self.options.memory {
            super::memory::write(out, attributes.meminfo(), None);
        }
        if self.options.extended {
            if let Some(shutdown) = read_u8(attributes.shutdown()) {
                arrow(out, shutdown);
            }
            if let Some(file) = attributes.vfs().map(UnixFile) {
                let (major, minor) = file.device().unwrap_or((0, 0));
                out.extend_from_slice(format!(" ino:{} dev:{major}/{minor}", file.ino().unwrap_or(0)).as_bytes());
            }
            if let Some(icons) = attributes.icons() {
                out.extend_from_slice(b" peers:");
                for inode in icons.chunks_exact(4) {
                    out.push(b' ');
                    number::decimal(out, read_u32(Some(inode)).unwrap_or(0));
                }
            }
        }
    }
}

impl Printer<'_> {
    /// The columns before the rest, of a socket of which no peer is known.
    pub(in crate::ss) fn unix_columns(&self, batch: &mut Batch, kind: u8, state: u8, name: &str, inode: u32) {
        self.head(batch, unix_netid(Some(kind.into())), state_name(state), (0, 0));
        let name = if name.is_empty() { "*" } else { name };
        self.end(batch, name.as_bytes(), b' ', itoa::Buffer::new().format(inode).as_bytes());
        self.end(batch, b"*", b' ', b"0");
        self.processes(batch, inode);
    }
}

/// The name of a type of socket.
fn unix_netid(socket_type: Option<u64>) -> &'static str {
    match socket_type {
        Some(1) => "u_str",
        Some(5) => "u_seq",
        _ => "u_dgr",
    }
}

/// A name as `ss` shows it: in one that is not a path every NUL is an `@`.
fn unix_name(payload: &[u8]) -> Vec<u8> {
    if payload.first() == Some(&0) {
        payload.iter().map(|&byte| if byte == 0 { b'@' } else { byte }).collect()
    } else {
        sockeye_wire::text(payload).to_vec()
    }
}
