//! Sockets of the internet families.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sockeye_query::sockets::{SocketRow, Table};
use sockeye_wire::sock_diag::inet::{InetAttributes, InetMessage, SocketOptions};

use super::{Details, Printer, arrow, narrow, queue, read_u8, read_u32, read_u64, state_name};
use crate::output::{escape, number};
use crate::ss::grid::Batch;
use crate::ss::names::Ports;
use crate::ss::text;

/// What the first columns say of an internet socket, wherever it was read.
pub(in crate::ss) struct Socket {
    pub(in crate::ss) netid: &'static str,
    pub(in crate::ss) state: u8,
    pub(in crate::ss) queues: (i64, i64),
    pub(in crate::ss) local: (IpAddr, u16),
    pub(in crate::ss) peer: (IpAddr, u16),
    pub(in crate::ss) ports: Ports,
    pub(in crate::ss) ifindex: u32,
    pub(in crate::ss) inode: u32,
    pub(in crate::ss) v6only: bool,
}

impl Printer<'_> {
    pub(super) fn inet(&self, batch: &mut Batch, row: &SocketRow<'_>) {
        let (message, attributes) = (InetMessage(row.header), InetAttributes(row.slots));
        let protocol = read_u8(attributes.protocol());
        let v6only = read_u8(attributes.v6only());
        let is_v6 = message.family() == Some(10);
        let port = |port: Option<u64>| port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
        let unspecified = || if is_v6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { Ipv4Addr::UNSPECIFIED.into() };
        let socket = Socket {
            netid: netid(row.table, protocol),
            state: message.state_number().and_then(|state| u8::try_from(state).ok()).unwrap_or(0),
            queues: (queue(message.rqueue()), queue(message.wqueue())),
            local: (message.source().unwrap_or_else(unspecified), port(message.sport())),
            peer: (message.destination().unwrap_or_else(unspecified), port(message.dport())),
            ports: ports(row.table),
            ifindex: narrow(message.ifindex()),
            inode: narrow(message.inode()),
            v6only: is_v6 && v6only == Some(1),
        };
        let association = row.table == Table::Sctp && attributes.peer_addresses().is_some();
        self.inet_columns(batch, &socket, association);
        let out = &mut batch.text;
        let options = self.options;
        if options.timers {
            Self::timer(out, row.table, &message);
        }
        if options.extended {
            self.details(
                out,
                &Details {
                    uid: narrow(message.uid()),
                    inode: socket.inode,
                    cookie: message.cookie().unwrap_or(0),
                    mark: narrow(read_u32(attributes.mark())),
                    cgroup: read_u64(attributes.cgroup_id()).unwrap_or(0),
                },
            );
            if let Some(v6only) = v6only.filter(|_| is_v6) {
                super::labelled(out, b" v6only:", v6only);
            }
            if let Some(shutdown) = read_u8(attributes.shutdown()) {
                arrow(out, shutdown);
            }
        }
        if options.tos {
            let values: [(&[u8], _); 3] = [
                (b" tos:", read_u8(attributes.tos())),
                (b" tclass:", read_u8(attributes.tclass())),
                (b" class_id:", read_u32(attributes.class_id())),
            ];
            for (label, value) in values {
                if let Some(value) = value {
                    out.extend_from_slice(label);
                    text::hexadecimal(out, value);
                }
            }
        }
        if options.cgroup
            && let Some(id) = read_u64(attributes.cgroup_id())
        {
            self.cgroup(out, id);
        }
        if options.inet_sockopt
            && let Some(payload) = attributes.socket_options().filter(|payload| payload.len() >= 2)
        {
            self.socket_options(out, SocketOptions(payload));
        }
        if options.memory || (options.info && row.table != Table::Udp) {
            // The first thing behind it brings a blank with it.
            if !options.one_line {
                out.extend_from_slice(b"\n\t");
            }
            match row.table {
                Table::Sctp => self.sctp_info(out, &attributes),
                Table::Mptcp => super::mptcp::write(out, &attributes),
                _ => self.tcp_info(out, &message, &attributes),
            }
        }
        if let Some(rates) = self.rates {
            rates.write(out, row, self.names.numeric);
        }
        if let Some(storages) = attributes.bpf_storages() {
            self.storages(out, storages);
        }
    }

    /// The columns before the rest.
    pub(in crate::ss) fn inet_columns(&self, batch: &mut Batch, socket: &Socket, association: bool) {
        if association {
            let state = format!("`- {}", super::sctp::state_name(socket.state));
            self.head(batch, "", &state, socket.queues);
        } else {
            self.head(batch, socket.netid, state_name(socket.state), socket.queues);
        }
        self.inet_end(batch, socket.local, socket, socket.ifindex);
        self.inet_end(batch, socket.peer, socket, 0);
        self.processes(batch, socket.inode);
    }

    fn inet_end(&self, batch: &mut Batch, end: (IpAddr, u16), socket: &Socket, ifindex: u32) {
        let out = &mut batch.text;
        let (address, port) = end;
        match address {
            IpAddr::V6(v6) if v6.is_unspecified() && !socket.v6only => out.push(b'*'),
            _ => {
                let start = out.len();
                let is_name = self.names.host(out, address);
                if is_name {
                    let name = out.split_off(start);
                    escape::text(out, &name);
                }
                // The brackets belong to numbers, and are of no use around a name.
                if address.is_ipv6() && out[start..].contains(&b':') {
                    out.insert(start, b'[');
                    out.push(b']');
                }
            }
        }
        if ifindex != 0 {
            out.push(b'%');
            self.interface(out, ifindex);
        }
        out.push(b':');
        batch.end_cell(self.grid);
        self.names.port(&mut batch.text, port, socket.ports);
        batch.end_cell(self.grid);
    }

    fn timer(out: &mut Vec<u8>, table: Table, message: &InetMessage<'_>) {
        let name = match (table, message.timer()) {
            (_, None | Some(0)) => return,
            (Table::Sctp, _) => "T3_RTX",
            (_, Some(1)) => "on",
            (_, Some(2)) => "keepalive",
            (_, Some(3)) => "timewait",
            (_, Some(4)) => "persist",
            (_, Some(5)) => "delack",
            _ => "unknown",
        };
        write_timer(out, name, narrow(message.expires()), message.timer_retrans().unwrap_or(0));
    }

    fn socket_options(&self, out: &mut Vec<u8>, options: SocketOptions<'_>) {
        self.line(out);
        out.extend_from_slice(b"inet-sockopt: (");
        let bits = [
            ("recverr", options.recverr()),
            ("is_icsk", options.is_icsk()),
            ("freebind", options.freebind()),
            ("hdrincl", options.hdrincl()),
            ("mc_loop", options.mc_loop()),
            ("transparent", options.transparent()),
            ("mc_all", options.mc_all()),
            ("nodefrag", options.nodefrag()),
            ("bind_addr_no_port", options.bind_address_no_port()),
            ("recverr_rfc4884", options.recverr_rfc4884()),
            ("defer_connect", options.defer_connect()),
        ];
        for (name, _) in bits.iter().filter(|(_, bit)| *bit == Some(1)) {
            out.push(b' ');
            out.extend_from_slice(name.as_bytes());
        }
        out.push(b')');
    }
}

/// ` timer:(on,200ms,0)`.
pub(in crate::ss) fn write_timer(out: &mut Vec<u8>, name: &str, expires_ms: u32, retransmissions: u64) {
    out.extend_from_slice(b" timer:(");
    out.extend_from_slice(name.as_bytes());
    out.push(b',');
    text::timer(out, expires_ms);
    out.push(b',');
    number::decimal(out, retransmissions);
    out.push(b')');
}

/// The name of a table, or of the protocol that a raw socket speaks.
fn netid(table: Table, protocol: Option<u64>) -> &'static str {
    match (table, protocol) {
        (Table::Raw, Some(1)) => "icmp",
        (Table::Raw, Some(58)) => "icmp6",
        (Table::Raw, _) => "raw",
        (table, _) => table.name(),
    }
}

const fn ports(table: Table) -> Ports {
    match table {
        Table::Raw => Ports::Raw,
        Table::Udp | Table::UdpLite => Ports::Udp,
        Table::Tcp => Ports::Tcp,
        _ => Ports::Any,
    }
}
