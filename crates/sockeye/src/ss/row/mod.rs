//! One socket as `ss` writes it.

mod inet;
mod md5;
mod memory;
mod mptcp;
mod netlink;
mod packet;
mod sctp;
mod storage;
mod tcp;
mod tipc;
mod ulp;
mod unix;
mod vsock;
mod xdp;

use sockeye_query::sockets::{SocketRow, Table};
use sockeye_wire::Scalar;

use super::grid::{Batch, Grid};
use super::names::Names;
use super::options::Options;
use super::rates::Rates;
use super::storages::StorageMaps;
use super::text;
use super::users::Users;
use crate::output::{escape, number};
use crate::sockets::system::Place;

pub(super) use inet::{Socket as InetSocket, write_timer};
pub(super) use netlink::Socket as NetlinkSocket;
pub(super) use packet::Columns as PacketColumns;
pub(super) use tcp::Old as OldTcpInfo;

/// What rows are written with.
pub(super) struct Printer<'p> {
    pub(super) options: &'p Options,
    pub(super) names: &'p Names,
    pub(super) users: Option<&'p Users>,
    pub(super) place: &'p Place<'p>,
    pub(super) grid: &'p Grid,
    /// Rates since the last look (`--watch`).
    pub(super) rates: Option<&'p Rates>,
    /// What BPF programs keep with sockets, and of what types it is.
    pub(super) storage_maps: &'p StorageMaps,
}

impl Printer<'_> {
    /// Writes a row into a batch.
    #[inline]
    pub(super) fn row(&self, batch: &mut Batch, row: &SocketRow<'_>) {
        batch.begin(self.grid);
        match row.table {
            Table::Unix => self.unix(batch, row),
            Table::Packet => self.packet(batch, row),
            Table::Netlink => self.netlink(batch, row),
            Table::Vsock => self.vsock(batch, row),
            Table::Xdp => self.xdp(batch, row),
            Table::Tipc => self.tipc(batch, row),
            _ => self.inet(batch, row),
        }
        batch.end_row();
    }

    /// The first columns.
    #[inline]
    fn head(&self, batch: &mut Batch, netid: &str, state: &str, queues: (i64, i64)) {
        for word in [netid, state] {
            if batch.is_shown(self.grid) {
                batch.text.extend_from_slice(word.as_bytes());
            }
            batch.end_cell(self.grid);
        }
        for length in [queues.0, queues.1] {
            if batch.is_shown(self.grid) {
                text::six_places(&mut batch.text, length);
            }
            batch.end_cell(self.grid);
        }
    }

    /// Two columns that say where a socket is: an address with what stands behind it, and a port.
    #[inline]
    fn end(&self, batch: &mut Batch, address: &[u8], delimiter: u8, port: &[u8]) {
        escape::text(&mut batch.text, address);
        batch.text.push(delimiter);
        batch.end_cell(self.grid);
        escape::text(&mut batch.text, port);
        batch.end_cell(self.grid);
    }

    /// The end of a socket that has none there: a sign for "any", or "none".
    fn no_end(&self, batch: &mut Batch, sign: u8) {
        batch.text.push(sign);
        batch.end_cell(self.grid);
        batch.end_cell(self.grid);
    }

    /// The column of the processes that hold the socket with this inode.
    #[inline]
    fn processes(&self, batch: &mut Batch, inode: u32) {
        if let Some(users) = self.users {
            users.write(&mut batch.text, inode);
        }
        batch.end_cell(self.grid);
    }

    /// Whose the socket is, and what it is known by.
    fn details(&self, out: &mut Vec<u8>, details: &Details) {
        if details.uid != 0 {
            labelled(out, b" uid:", details.uid.into());
        }
        labelled(out, b" ino:", details.inode.into());
        out.extend_from_slice(b" sk:");
        number::hex_digits(out, details.cookie);
        if details.mark != 0 {
            out.extend_from_slice(b" fwmark:");
            number::hexadecimal(out, details.mark.into());
        }
        if details.cgroup != 0 {
            self.cgroup(out, details.cgroup);
        }
    }

    /// The path of a control group.
    fn cgroup(&self, out: &mut Vec<u8>, id: u64) {
        use sockeye_query::sockets::Surroundings as _;
        out.extend_from_slice(b" cgroup:");
        if let Some(path) = self.place.cgroup(id) {
            escape::text(out, path);
        } else {
            out.extend_from_slice(b"unreachable:");
            number::hex_digits(out, id);
        }
    }

    /// The name of an interface.
    fn interface(&self, out: &mut Vec<u8>, ifindex: u32) {
        match self.place.interfaces.name(ifindex) {
            Some(name) => escape::text(out, &name),
            None => labelled(out, b"if", ifindex.into()),
        }
    }

    /// Begins a line of its own, or goes on in this one (`-O`).
    fn line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.options.one_line { b" " } else { b"\n\t" });
    }
}

/// Whose a socket is, and what it is known by.
#[derive(Default)]
struct Details {
    uid: u32,
    inode: u32,
    cookie: u64,
    mark: u32,
    cgroup: u64,
}

/// A number behind its label.
#[inline]
fn labelled(out: &mut Vec<u8>, label: &[u8], number: u64) {
    out.extend_from_slice(label);
    number::decimal(out, number);
}

/// A number behind its label, unless it is zero.
#[inline]
fn unless_zero(out: &mut Vec<u8>, label: &[u8], number: Option<u64>) {
    match number {
        Some(number) if number != 0 => labelled(out, label, number),
        _ => {}
    }
}

/// A number of a field that holds 32 bits.
fn narrow(number: Option<u64>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// A queue's length, which `ss` takes for a signed number.
fn queue(number: Option<u64>) -> i64 {
    number.and_then(|number| u32::try_from(number).ok()).map_or(0, |number| number.cast_signed().into())
}

pub(super) fn read_u8(payload: Option<&[u8]>) -> Option<u64> {
    Scalar::U8.read(payload?, 0)
}

fn read_u16(payload: Option<&[u8]>) -> Option<u64> {
    Scalar::U16.read(payload?, 0)
}

fn read_u32(payload: Option<&[u8]>) -> Option<u64> {
    Scalar::U32.read(payload?, 0)
}

fn read_u64(payload: Option<&[u8]>) -> Option<u64> {
    Scalar::U64.read(payload?, 0)
}

/// The directions that are shut down, as an arrow.
fn arrow(out: &mut Vec<u8>, shutdown: u64) {
    out.push(b' ');
    out.push(if shutdown & 1 != 0 { b'-' } else { b'<' });
    out.push(b'-');
    out.push(if shutdown & 2 != 0 { b'-' } else { b'>' });
}

/// The name of a state.
#[inline]
fn state_name(number: u8) -> &'static str {
    const NAMES: [&str; 14] = [
        "UNKNOWN",
        "ESTAB",
        "SYN-SENT",
        "SYN-RECV",
        "FIN-WAIT-1",
        "FIN-WAIT-2",
        "TIME-WAIT",
        "UNCONN",
        "CLOSE-WAIT",
        "LAST-ACK",
        "LISTEN",
        "CLOSING",
        "UNDEF",
        "UNDEF",
    ];
    NAMES.get(usize::from(number)).copied().unwrap_or("UNKNOWN")
}
