//! Questions to rtnetlink, one namespace at a time.

use std::net::IpAddr;
use std::time::Duration;

use sockeye_conn::{Buffer, Error, Namespace, Socket};
use sockeye_query::Value;
use sockeye_query::rtnetlink::{Row, catalog};
use sockeye_state::rtnetlink::each_record;
use sockeye_state::{Conclusion, Dump, Received, Step};
use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, RTM_GETROUTE, Table, Wanted};
use sockeye_wire::{Kind, Messages, Request};

use super::reach::Target;
use crate::sockets::system::Interfaces;
use crate::tables;

/// Dumps of a table that changed meanwhile before it is taken as it is.
const ATTEMPTS_MAX: u32 = 5;
/// `RTM_F_LOOKUP_TABLE` and `RTM_F_FIB_MATCH` (include/uapi/linux/rtnetlink.h).
const LOOKUP_TABLE: u32 = 0x1000;
const FIB_MATCH: u32 = 0x2000;
/// `RTA_DST`.
const RTA_DST: u16 = 1;
/// `RTA_SRC`.
const RTA_SRC: u16 = 2;
/// `RTA_OIF`.
const RTA_OIF: u16 = 4;
/// `RTA_MARK`.
const RTA_MARK: u16 = 16;
/// `RTA_IP_PROTO`, since Linux 4.18; one that does not know it passes it over.
const RTA_IP_PROTO: u16 = 27;
/// `RTA_DPORT`, in the network's order; as above.
const RTA_DPORT: u16 = 29;
const IPPROTO_TCP: u8 = 6;

/// Counters of a link that should stand still, and their fields.
pub(super) const LINK_ERRORS: [(&str, &str); 6] = [
    ("rx_errors", "stats64.rx_errors"),
    ("tx_errors", "stats64.tx_errors"),
    ("rx_dropped", "stats64.rx_dropped"),
    ("tx_dropped", "stats64.tx_dropped"),
    ("rx_missed_errors", "stats64.rx_missed_errors"),
    ("tx_carrier_errors", "stats64.tx_carrier_errors"),
];

/// Whose packets a route is asked for, beside where they go (include/net/flow.h, `struct flowi_common`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// The link that they have to leave by.
    pub(super) link: Option<u32>,
    /// Their source, where they have one already.
    pub(super) source: Option<IpAddr>,
    pub(super) mark: u32,
}

/// One namespace.
pub(super) struct Kernel {
    socket: Socket,
    buffer: Buffer,
    place: tables::Place,
}

impl Kernel {
    pub(super) fn open(namespace: Option<&Namespace>) -> Result<Self, Error> {
        let place = tables::Place { label: None, interfaces: Interfaces::opened(namespace), index: 0 };
        Ok(Self { socket: tables::open(namespace)?, buffer: Buffer::new(), place })
    }

    /// The name of an interface, or its number.
    pub(super) fn interface(&self, ifindex: u32) -> String {
        match self.place.interfaces.name(ifindex) {
            Some(name) => String::from_utf8_lossy(&name).into_owned(),
            None => format!("interface {ifindex}"),
        }
    }

    /// The records of a table. `false`: not all of them.
    pub(super) fn rows(
        &mut self,
        table: Table,
        wanted: &Wanted,
        mut each: impl FnMut(&Row<'_>),
    ) -> Result<bool, Error> {
        let mut whole = true;
        for dump in table.dumps(wanted) {
            let mut records = Vec::new();
            let mut conclusion = Conclusion::default();
            for _ in 0..ATTEMPTS_MAX {
                records.clear();
                let mut run = Dump::new(self.socket.send(dump.request.clone())?);
                while run.handle(self.socket.receive(&mut self.buffer)?, |message| {
                    each_record(table, message.payload(), &mut Vec::new(), &mut |record| records.push(record.to_vec()));
                }) == Step::Continue
                {}
                conclusion = run.into_conclusion();
                if !conclusion.interrupted {
                    break;
                }
            }
            whole &= conclusion.is_whole();
            for record in &records {
                if dump.family.is_some_and(|family| record.first() != Some(&family)) {
                    continue;
                }
                if let Ok(row) = Row::read(table, record, &self.place) {
                    each(&row);
                }
            }
        }
        Ok(whole)
    }

    /// The route of packets to an address, as the kernel would take it: the resolved one, or the entry of the table that matches. The
    /// error number where there is none.
    pub(super) fn route(&mut self, to: &Target, flow: &Flow, entry: bool) -> Result<Result<Vec<u8>, i32>, Error> {
        let octets = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let family = if to.ip.is_ipv4() { AF_INET } else { AF_INET6 };
        let (destination, source) = (octets(to.ip), flow.source.map(octets));
        let bits = |octets: &[u8]| u8::try_from(octets.len() * 8).unwrap_or(0);
        // struct rtmsg: family, lengths of destination and source, TOS, table, protocol, scope, type, flags.
        let mut header = [0; 12];
        header[0] = family;
        header[1] = bits(&destination);
        header[2] = source.as_deref().map_or(0, bits);
        // IPv6 always says the table, and refuses to be asked for it.
        let flags = if family == AF_INET { LOOKUP_TABLE } else { 0 } | if entry { FIB_MATCH } else { 0 };
        header[8..].copy_from_slice(&flags.to_ne_bytes());
        let mut request = Request::new(RTM_GETROUTE, 0).body(&header).attribute(RTA_DST, &destination);
        if let Some(source) = &source {
            request = request.attribute(RTA_SRC, source);
        }
        if flow.mark != 0 {
            request = request.attribute(RTA_MARK, &flow.mark.to_ne_bytes());
        }
        if let Some(port) = to.port {
            // Rules may ask for either.
            request = request.attribute(RTA_IP_PROTO, &[IPPROTO_TCP]).attribute(RTA_DPORT, &port.to_be_bytes());
        }
        if let Some(link) = flow.link {
            request = request.attribute(RTA_OIF, &link.to_ne_bytes());
        }
        let sequence = self.socket.send(request)?;
        loop {
            let Received::Datagram(datagram) = self.socket.receive(&mut self.buffer)? else { continue };
            for message in Messages::new(datagram.bytes).map_while(Result::ok) {
                if message.sequence() != sequence {
                    continue;
                }
                match (message.kind(), message.error()) {
                    (Kind::Data(_), _) => return Ok(Ok(message.payload().to_vec())),
                    (_, Some(error)) => return Ok(Err(error.map_or(0, |error| error.errno))),
                    _ => {}
                }
            }
        }
    }

    /// Reads a record of a table.
    pub(super) fn row<'a>(&'a self, table: Table, record: &'a [u8]) -> Option<Row<'a>> {
        Row::read(table, record, &self.place).ok()
    }
}

/// The value of a field by its name.
pub(super) fn field<'a>(row: &Row<'a>, name: &str) -> Option<Value<'a>> {
    row.value(catalog(row.table).find(name)?)
}

/// A field that is a number.
pub(super) fn number(row: &Row<'_>, name: &str) -> Option<u64> {
    match field(row, name)? {
        Value::Unsigned(number) => Some(number),
        Value::Signed(number) => u64::try_from(number).ok(),
        Value::Interface { index, .. } => Some(index.into()),
        Value::Truth(truth) => Some(truth.into()),
        Value::Set { bits, .. } => Some(bits),
        _ => None,
    }
}

/// How long ago a neighbour came to its state.
pub(super) fn neighbour_since(row: &Row<'_>) -> Option<Duration> {
    // The field is in hundredths of a second, as the kernel has it.
    number(row, "cacheinfo.updated").map(|hundredths| Duration::from_millis(hundredths * 10))
}

/// A field as it is shown; empty where there is none.
pub(super) fn shown(row: &Row<'_>, name: &str) -> String {
    let mut out = Vec::new();
    if let Some(read) = field(row, name) {
        crate::output::value::text(&mut out, &read);
    }
    String::from_utf8_lossy(&out).into_owned()
}
