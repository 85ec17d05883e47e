//! `-E`: sockets as they are destroyed, and what was lost of them.

use sockeye_conn::{Buffer, Namespace};
use sockeye_query::filter::{Decision, Expression};
use sockeye_query::sockets::{SocketRow, Table};
use sockeye_state::Received;
use sockeye_wire::{Kind, Message, Messages, Scalar};

use super::complain;
use super::listing::{Output, Writer};
use super::selection::{Chosen, Family, Table as Named};
use crate::output::json::Json;
use crate::output::run::Line;
use crate::output::sink::Sink;
use crate::rows::{Row, Take as _};
use crate::sockets::listing;
use crate::sockets::system::Place;

/// Groups of sock_diag that tell of destroyed sockets (include/uapi/linux/sock_diag.h, `enum sknetlink_groups`).
const GROUPS: [(Family, Named, u32); 4] = [
    (Family::Inet, Named::Tcp, 1),
    (Family::Inet, Named::Udp, 2),
    (Family::Inet6, Named::Tcp, 3),
    (Family::Inet6, Named::Udp, 4),
];

/// Bytes of messages that may wait: a busy server closes thousands of connections while a line is written.
const RECEIVE_BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// `IPPROTO_TCP` and `IPPROTO_UDP`.
const PROTOCOLS: [(u64, Table); 2] = [(6, Table::Tcp), (17, Table::Udp)];

/// Follows until nobody reads any more. An error ends it.
pub(super) fn follow(
    chosen: Chosen,
    filter: &Expression,
    output: &Output<'_>,
    namespace: Option<&Namespace>,
    place: &Place<'_>,
) -> anyhow::Result<()> {
    let mut socket = listing::open(namespace)?;
    socket.set_receive_buffer(RECEIVE_BUFFER_BYTES)?;
    let mut joined = false;
    for (family, table, group) in GROUPS {
        if chosen.has(table) && chosen.has_family(family) {
            socket.join(group)?;
            joined = true;
        }
    }
    if !joined {
        anyhow::bail!("the kernel tells of destroyed TCP and UDP sockets only (-t, -u)");
    }
    let mut teller = Teller::of(output);
    let mut buffer = Buffer::new();
    let mut losses = Losses { told: socket.drops(), goes_on: false };
    loop {
        let received = if losses.goes_on { socket.try_receive(&mut buffer) } else { socket.receive(&mut buffer) };
        match received? {
            Received::Datagram(datagram) if datagram.sender == 0 => {
                for message in Messages::new(datagram.bytes).map_while(Result::ok) {
                    let Some(row) = destroyed(&message, place) else { continue };
                    if filter.decide(&row) != Decision::Yes {
                        continue;
                    }
                    if !teller.tell(&row) {
                        return Ok(());
                    }
                }
            }
            Received::Overrun => {
                losses.goes_on = true;
                if !teller.gap(losses.take(socket.drops())) {
                    return Ok(());
                }
            }
            Received::Empty => {
                losses.goes_on = false;
                let more = losses.take(socket.drops());
                if more.is_some() && !teller.gap(more) {
                    return Ok(());
                }
            }
            _ => {}
        }
    }
}

/// What the kernel dropped. It says so once, and goes on to drop until everything that waits is read.
struct Losses {
    /// The count up to which it was told.
    told: Option<u32>,
    goes_on: bool,
}

impl Losses {
    /// How many were lost since the last time; `None`: it is not known, or there was none.
    fn take(&mut self, drops: Option<u32>) -> Option<u32> {
        let lost = self.told.zip(drops).map(|(before, now)| now.wrapping_sub(before));
        self.told = drops;
        lost.filter(|&lost| lost > 0)
    }
}

/// Tells of sockets, in the form that was asked for.
enum Teller<'t, 'o> {
    /// As rows of the text, each at once.
    Text(Writer<'t, 'o>),
    /// As JSON, an object a line.
    Json { json: Box<Json>, line: Line, out: Vec<u8>, sink: &'t Sink },
}

impl<'t, 'o> Teller<'t, 'o> {
    fn of(output: &'t Output<'o>) -> Self {
        let options = output.printer.options;
        if !options.json {
            return Self::Text(output.writer());
        }
        let json = Box::new(super::json::rows(options));
        Self::Json { json, line: Line::default(), out: Vec::new(), sink: output.sink }
    }

    /// `false`: nobody reads any more.
    fn tell(&mut self, row: &SocketRow<'_>) -> bool {
        match self {
            Self::Text(writer) => {
                writer.take(Row::Socket(row));
                writer.write();
                writer.is_open()
            }
            Self::Json { json, line, out, sink } => {
                json.row(out, line, Row::Socket(row));
                out.push(b'\n');
                sink.write(out)
            }
        }
    }

    /// A loss: a line on stderr, and where there are objects, one in its place among the sockets.
    fn gap(&mut self, lost: Option<u32>) -> bool {
        let sockets = match lost {
            Some(1) => "1 socket".to_owned(),
            Some(lost) => format!("{lost} sockets"),
            None => "an unknown number of sockets".to_owned(),
        };
        complain(&format!("gap: {sockets} went unseen, because they were destroyed faster than they were read"));
        let Self::Json { out, sink, .. } = self else { return true };
        let lost = lost.map_or_else(|| "null".to_owned(), |lost| lost.to_string());
        out.extend_from_slice(format!("{{\"gap\":{{\"lost\":{lost}}}}}\n").as_bytes());
        sink.write(out)
    }
}

/// The socket that a notification tells of.
fn destroyed<'a>(message: &Message<'a>, place: &'a Place<'_>) -> Option<SocketRow<'a>> {
    if !matches!(message.kind(), Kind::Data(_)) {
        return None;
    }
    // Any table of the internet reads it alike; which one it is stands in an attribute.
    let row = SocketRow::read(Table::Tcp, message.payload(), place).ok()?;
    let protocol = sockeye_wire::sock_diag::inet::InetAttributes(row.slots).protocol();
    let protocol = protocol.and_then(|payload| Scalar::U8.read(payload, 0));
    let table = PROTOCOLS.into_iter().find(|(number, _)| Some(*number) == protocol).map(|(_, table)| table);
    SocketRow::read(table?, message.payload(), place).ok()
}
