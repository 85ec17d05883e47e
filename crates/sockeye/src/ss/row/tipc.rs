//! TIPC sockets.

use sockeye_query::sockets::SocketRow;
use sockeye_wire::Slots;
use sockeye_wire::sock_diag::tipc::{TipcAttributes, TipcConnection, TipcMessage, TipcStatistics};

use super::{Details, Printer, narrow, queue, read_u32, read_u64, state_name};
use crate::ss::grid::Batch;

impl Printer<'_> {
    pub(super) fn tipc(&self, batch: &mut Batch, row: &SocketRow<'_>) {
        let socket = TipcMessage(row.slots).socket().unwrap_or_default();
        let attributes = TipcAttributes(Slots::read(socket));
        let statistics = TipcStatistics(Slots::read(attributes.stat().unwrap_or_default()));
        let kind = read_u32(attributes.socket_type());
        let netid = match kind {
            Some(1) => "ti_st",
            Some(2) => "ti_dg",
            Some(4) => "ti_rd",
            Some(5) => "ti_sq",
            _ => "???",
        };
        let state = read_u32(attributes.tipc_state()).and_then(|state| u8::try_from(state).ok()).unwrap_or(0);
        let queues = (queue(read_u32(statistics.rcvq())), queue(read_u32(statistics.sendq())));
        self.head(batch, netid, state_name(state), queues);
        let number = |payload| read_u32(payload).unwrap_or(0).to_string();
        self.end(batch, number(attributes.addr()).as_bytes(), b':', number(attributes.reference()).as_bytes());
        let connection = attributes.connection().map(|payload| TipcConnection(Slots::read(payload)));
        match &connection {
            Some(other) => self.end(batch, number(other.node()).as_bytes(), b':', number(other.socket()).as_bytes()),
            None => self.no_end(batch, b'-'),
        }
        let inode = narrow(read_u32(attributes.inode()));
        self.processes(batch, inode);
        let out = &mut batch.text;
        if self.options.extended {
            let details = Details {
                uid: narrow(read_u32(attributes.uid())),
                inode,
                cookie: read_u64(attributes.cookie()).unwrap_or(0),
                ..Details::default()
            };
            self.details(out, &details);
        }
        if self.options.tipc {
            out.extend_from_slice(if self.options.one_line { b" " } else { b"\n " });
            let kind = match kind {
                Some(1) => "STREAM",
                Some(2) => "DGRAM",
                Some(4) => "RDM",
                Some(5) => "SEQPACKET",
                _ => "UNKNOWN",
            };
            let congestion = match (statistics.link_cong(), statistics.conn_cong()) {
                (Some(_), _) => "link",
                (None, Some(_)) => "conn",
                _ => "none",
            };
            let dropped = number(statistics.drop());
            out.extend_from_slice(format!("type:{kind} cong:{congestion}  drop:{dropped} ").as_bytes());
            if attributes.has_publ().is_some() {
                out.extend_from_slice(b" publ");
            }
            if let Some(other) = connection.filter(|other| other.flag().is_some()) {
                let service = (number(other.service_type()), number(other.instance()));
                out.extend_from_slice(format!(" via {{{},{}}} ", service.0, service.1).as_bytes());
            }
        }
    }
}
