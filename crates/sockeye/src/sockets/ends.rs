//! The other end of a socket on this machine: of a unix pair by inode, of a loopback TCP connection by its addresses.

use std::collections::HashMap;
use std::net::IpAddr;

use sockeye_conn::{Buffer, Error, Namespace};
use sockeye_query::Value;
use sockeye_query::sockets::{Flat, Peer, SocketRow, Surroundings, Table, Tables};
use sockeye_state::{Dump, Step};
use sockeye_wire::sock_diag::inet::{IPPROTO_TCP, InetQuestion};
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::unix::{self, UnixAttributes, UnixQuestion};

use super::listing::open;

/// Sockets of one namespace, found from their other end.
#[derive(Default)]
pub(crate) struct Ends {
    tcp: HashMap<Ends4, u32>,
    unix: HashMap<u32, Unix>,
}

/// Local and peer address and port of a connection, as its owner sees it.
type Ends4 = (IpAddr, u64, IpAddr, u64);

struct Unix {
    name: Option<Vec<u8>>,
}

impl Ends {
    /// The sockets of these tables in a namespace. Costs memory for each of them.
    pub(crate) fn load(
        namespace: Option<&Namespace>,
        tables: Tables,
        surroundings: &dyn Surroundings,
    ) -> Result<Self, Error> {
        let mut ends = Self::default();
        let mut buffer = Buffer::new();
        let unix = UnixQuestion { states: u32::MAX, show: unix::SHOW_NAME, inode: 0, cookie: 0 }.dump();
        let tcp = InetQuestion {
            family: 0,
            protocol: IPPROTO_TCP,
            extensions: 0,
            states: !(State::Listening.mask() | State::TimeWait.mask() | State::BoundInactive.mask()),
            bytecode: &[],
            bpf_storages: false,
        };
        let requests = [(Table::Unix, unix), (Table::Tcp, tcp.dump())];
        for (table, request) in requests.into_iter().filter(|(table, _)| tables.has(*table)) {
            let mut socket = open(namespace)?;
            let mut dump = Dump::new(socket.send(request)?);
            loop {
                let step = dump.handle(socket.receive(&mut buffer)?, |message| {
                    if let Ok(row) = SocketRow::read(table, message.payload(), surroundings) {
                        ends.add(&row);
                    }
                });
                if step == Step::Ended {
                    break;
                }
            }
        }
        Ok(ends)
    }

    /// Remembers a socket.
    fn add(&mut self, row: &SocketRow<'_>) {
        let Some(inode) = row.flat_number(Flat::Inode).and_then(|inode| u32::try_from(inode).ok()) else {
            return;
        };
        match row.table {
            Table::Unix => {
                let name = UnixAttributes(row.slots).name().map(<[u8]>::to_vec);
                self.unix.insert(inode, Unix { name });
            }
            Table::Tcp => {
                if let Some(ends) = ends(row) {
                    self.tcp.insert(ends, inode);
                }
            }
            _ => {}
        }
    }

    /// The other end of a socket, if it was remembered.
    pub(crate) fn peer(&self, row: &SocketRow<'_>) -> Option<Peer> {
        match row.table {
            Table::Unix => {
                let inode = row.unix_peer().filter(|&inode| inode != 0)?;
                Some(Peer { inode, name: self.unix.get(&inode).and_then(|found| found.name.clone()) })
            }
            Table::Tcp => {
                let (local, local_port, peer, peer_port) = ends(row)?;
                let inode = *self.tcp.get(&(peer, peer_port, local, local_port))?;
                Some(Peer { inode, name: None })
            }
            _ => None,
        }
    }
}

/// The ends of a connection; a mapped IPv4 address and the address itself are the same end.
fn ends(row: &SocketRow<'_>) -> Option<Ends4> {
    let address = |flat| match row.flat(flat) {
        Some(Value::Address(address)) => Some(address.to_canonical()),
        _ => None,
    };
    let peer_port = row.flat_number(Flat::PeerPort).filter(|&port| port != 0)?;
    Some((address(Flat::Local)?, row.flat_number(Flat::LocalPort)?, address(Flat::Peer)?, peer_port))
}
