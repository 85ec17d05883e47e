//! What a request asked for, read back from its bytes: a capture holds requests, not plans.

use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6, INET_DIAG_REQ_PROTOCOL};
use sockeye_wire::sock_diag::{SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK};
use sockeye_wire::{Attributes, Kind, Message, Scalar};

use super::plan::DumpPlan;
use super::table::Table;

/// Bytes of `struct inet_diag_req_v2` (include/uapi/linux/inet_diag.h).
const INET_REQUEST_LEN: usize = 56;
/// Address families that have one table each (include/linux/socket.h).
const FAMILIES: [(u8, Table); 7] = [
    (1, Table::Unix),
    (16, Table::Netlink),
    (17, Table::Packet),
    (30, Table::Tipc),
    (40, Table::Vsock),
    (43, Table::Smc),
    (44, Table::Xdp),
];

impl DumpPlan {
    /// The plan behind a request of sock_diag, as far as its rows need it: the table, the address family. `None` for
    /// any other request.
    pub fn of_request(request: &Message<'_>) -> Option<Self> {
        let payload = request.payload();
        let family = *payload.first()?;
        let table = match request.kind() {
            Kind::Data(TCPDIAG_GETSOCK) => Table::Tcp,
            Kind::Data(SOCK_DIAG_BY_FAMILY) => match family {
                AF_INET | AF_INET6 => inet_table(payload)?,
                family => FAMILIES.iter().find(|(number, _)| *number == family)?.1,
            },
            _ => return None,
        };
        Some(Self::bare(table, family))
    }
}

/// The protocol stands in a byte, or in an attribute where that is too small for it.
fn inet_table(payload: &[u8]) -> Option<Table> {
    let attributes = payload.get(INET_REQUEST_LEN..).unwrap_or_default();
    let wide = Attributes::new(attributes).last(INET_DIAG_REQ_PROTOCOL);
    let protocol = match wide.and_then(|bytes| Scalar::U32.read(bytes, 0)) {
        Some(protocol) => u16::try_from(protocol).ok()?,
        None => u16::from(*payload.get(1)?),
    };
    Table::ALL.into_iter().find(|table| table.ip_protocol() == Some(protocol))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sockeye_wire::Messages;

    #[test]
    fn every_request_that_is_sent_is_known_again() {
        for table in Table::ALL {
            for family in [AF_INET, AF_INET6] {
                let plan = DumpPlan { bpf_storages: true, ..DumpPlan::bare(table, family) };
                let request = plan.request(None);
                let message = Messages::new(request.as_bytes()).next().expect("a message").expect("whole");
                assert_eq!(DumpPlan::of_request(&message).map(|known| known.table), Some(table));
            }
        }
    }

    #[test]
    fn the_old_request_asks_for_tcp() {
        let plan = DumpPlan::bare(Table::Tcp, 0);
        let request = plan.request(None);
        let message = Messages::new(request.as_bytes()).next().expect("a message").expect("whole");
        assert_eq!(DumpPlan::of_request(&message).map(|known| known.table), Some(Table::Tcp));
    }

    #[test]
    fn other_requests_are_not_dumps_of_sockets() {
        let request = sockeye_wire::Request::new(18 + 4, 0).body(&[2; 60]);
        let message = Messages::new(request.as_bytes()).next().expect("a message").expect("whole");
        assert_eq!(DumpPlan::of_request(&message), None);
    }
}
