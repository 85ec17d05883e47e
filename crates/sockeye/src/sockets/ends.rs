//! The other end of a socket on this machine: of a unix pair by inode, of a loopback TCP connection by its addresses.

use std::collections::HashMap;

use sockeye_query::Value;
use sockeye_query::sockets::{Flat, Peer, SocketRow, Table};
use std::net::IpAddr;

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
    /// Remembers a socket.
    pub(crate) fn add(&mut self, row: &SocketRow<'_>) {
        let Some(inode) = row.flat_number(Flat::Inode).and_then(|inode| u32::try_from(inode).ok()) else {
            return;
        };
        match row.table {
            Table::Unix => {
                let name = match row.flat(Flat::Local) {
                    Some(Value::Text(name)) => Some(name.to_vec()),
                    Some(Value::Owned(name)) => Some(name),
                    _ => None,
                };
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
