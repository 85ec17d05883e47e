//! Asks the kernel.

use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_query::sockets::Table;
use sockeye_state::{Dump, Step};
use sockeye_wire::Request;
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6, InetQuestion};
use sockeye_wire::sock_diag::{netlink, packet, unix};

/// Internet tables whose dumps run filter programs.
pub(crate) const INET: [Table; 5] = [Table::Tcp, Table::Mptcp, Table::Udp, Table::UdpLite, Table::Raw];

/// A connection to the kernel.
pub(crate) struct Kernel {
    socket: Socket,
    buffer: Buffer,
}

impl Kernel {
    pub(crate) fn open() -> Self {
        Self { socket: Socket::open(Protocol::SockDiag).expect("a Netlink socket"), buffer: Buffer::new() }
    }

    /// The payload of every row of the answer, or the errno with which the kernel refused.
    pub(crate) fn rows(&mut self, request: Request) -> Result<Vec<Vec<u8>>, i32> {
        let mut rows = Vec::new();
        let mut dump = Dump::new(self.socket.send(request).expect("sent"));
        while dump.handle(self.socket.receive(&mut self.buffer).expect("received"), |row| {
            rows.push(row.payload().to_vec());
        }) == Step::Continue
        {}
        let conclusion = dump.into_conclusion();
        if let Some(refusal) = conclusion.refusal {
            return Err(refusal.errno);
        }
        assert!(conclusion.is_whole(), "{conclusion:?}");
        Ok(rows)
    }

    /// The rows of an internet table that a program takes; every state.
    pub(crate) fn inet(&mut self, table: Table, bytecode: &[u8]) -> Result<Vec<Vec<u8>>, i32> {
        let mut rows = Vec::new();
        // The old request walks the one large table once, and not for each family.
        let families: &[u8] = if table == Table::Tcp { &[0] } else { &[AF_INET, AF_INET6] };
        for &family in families {
            let question = InetQuestion {
                family,
                protocol: table.ip_protocol().expect("an internet table"),
                extensions: u8::MAX,
                states: u32::MAX,
                bytecode,
                bpf_storages: false,
            };
            rows.append(&mut self.rows(question.dump())?);
        }
        Ok(rows)
    }

    /// Every row of a table with everything the kernel says; `None` where it has no such table.
    pub(crate) fn everything(&mut self, table: Table) -> Option<Vec<Vec<u8>>> {
        let rows = match table {
            _ if table.ip_protocol().is_some() => self.inet(table, &[]),
            Table::Unix => {
                self.rows(unix::UnixQuestion { states: u32::MAX, show: u32::MAX, inode: 0, cookie: 0 }.dump())
            }
            Table::Packet => self.rows(packet::PacketQuestion { show: u32::MAX }.dump()),
            Table::Netlink => {
                self.rows(netlink::NetlinkQuestion { protocol: netlink::PROTOCOL_ALL, show: u32::MAX }.dump())
            }
            _ => return None,
        };
        match rows {
            Ok(rows) => Some(rows),
            // ENOENT: no such module.
            Err(2) => None,
            Err(errno) => panic!("the kernel refuses the {} table with errno {errno}", table.name()),
        }
    }
}
