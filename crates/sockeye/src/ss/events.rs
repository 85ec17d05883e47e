//! `-E`: sockets as they are destroyed, and what was lost of them.

use sockeye_conn::{Buffer, Namespace};
use sockeye_query::filter::{Decision, Expression};
use sockeye_query::sockets::{SocketRow, Table};
use sockeye_state::Received;
use sockeye_wire::{Kind, Message, Messages, Scalar};

use super::listing::Output;
use super::selection::{Chosen, Family, Table as Named};
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
    let mut writer = output.writer();
    let mut buffer = Buffer::new();
    let mut told = socket.drops();
    loop {
        match socket.receive(&mut buffer)? {
            Received::Datagram(datagram) if datagram.sender == 0 => {
                for message in Messages::new(datagram.bytes).map_while(Result::ok) {
                    let Some(row) = destroyed(&message, place) else { continue };
                    if filter.decide(&row) != Decision::Yes {
                        continue;
                    }
                    writer.take(Row::Socket(&row));
                    writer.write();
                    if !writer.is_open() {
                        return Ok(());
                    }
                }
            }
            Received::Overrun => {
                let drops = socket.drops();
                let lost = told.zip(drops).map(|(before, now)| now.wrapping_sub(before));
                told = drops;
                let lost = match lost {
                    Some(1) => "1 socket".to_owned(),
                    Some(lost) if lost > 0 => format!("{lost} sockets"),
                    _ => "an unknown number of sockets".to_owned(),
                };
                eprintln!("ss: gap: {lost} went unseen, because they were destroyed faster than they were read");
            }
            _ => {}
        }
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
