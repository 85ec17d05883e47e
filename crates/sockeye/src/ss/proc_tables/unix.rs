//! `/proc/net/unix` (net/unix/af_unix.c, `unix_seq_show`).

use sockeye_query::sockets::Table;
use sockeye_wire::Request;
use sockeye_wire::sock_diag::unix::AF_UNIX;

use super::{Source, number};
use crate::ss::listing::Writer;
use crate::ss::selection::Table as Named;

/// `__SO_ACCEPTCON`: the socket listens.
const LISTENS: u64 = 1 << 16;
/// States of unix sockets in this file, from 1 on (include/uapi/linux/net.h, `socket_state`), in the numbers of TCP.
const STATES: [u8; 4] = [7, 2, 1, 11];

struct Line {
    kind: u8,
    state: u8,
    inode: u32,
    name: String,
}

pub(super) fn list(text: &str, source: &Source<'_>, writer: &mut Writer<'_, '_>) {
    let mut lines: Vec<Line> = text.lines().skip(1).filter_map(Line::read).collect();
    lines.retain(|line| {
        let table = match line.kind {
            1 => Named::UnixStream,
            5 => Named::UnixSeqpacket,
            _ => Named::UnixDatagram,
        };
        source.chosen.has(table) && source.has_state(line.state) && source.takes(Table::Unix, &line.message())
    });
    lines.sort_by_key(|line| (line.kind, line.inode));
    for line in lines {
        let open = writer.row(|printer, batch| {
            printer.unix_columns(batch, line.kind, line.state, &line.name, line.inode);
        });
        if !open {
            break;
        }
    }
}

impl Line {
    /// `POINTER: REFERENCES PROTOCOL FLAGS TYPE STATE INODE NAME`.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        words.next().filter(|word| word.ends_with(':'))?;
        let (flags, kind) = (number(words.nth(2), 16)?, number(words.next(), 16)?);
        let state = number(words.next(), 16)?;
        let inode = number(words.next(), 10)?;
        let connected = usize::try_from(state).ok().and_then(|state| STATES.get(state.checked_sub(1)?).copied());
        Some(Self {
            kind: u8::try_from(kind).ok()?,
            state: if flags & LISTENS != 0 { 10 } else { connected.unwrap_or(0) },
            inode: u32::try_from(inode).ok()?,
            name: words.next().unwrap_or_default().to_owned(),
        })
    }

    /// The socket as `struct unix_diag_msg` with its name, for the filter.
    fn message(&self) -> Vec<u8> {
        let mut body = vec![AF_UNIX, self.kind, self.state, 0];
        body.extend_from_slice(&self.inode.to_ne_bytes());
        body.extend_from_slice(&[0; 8]);
        let mut name = self.name.clone().into_bytes();
        if name.first() == Some(&b'@') {
            name[0] = 0;
        }
        let request = Request::new(0, 0).body(&body);
        let request = if name.is_empty() { request } else { request.attribute(0, &name) };
        request.as_bytes()[16..].to_vec()
    }
}
