//! What a request asked for, read back from its bytes: a capture holds requests, not plans.

use sockeye_wire::sock_diag::inet::{
    AF_INET, AF_INET6, INET_DIAG_REQ_BYTECODE, INET_DIAG_REQ_PROTOCOL, INET_DIAG_REQ_SK_BPF_STORAGES,
};
use sockeye_wire::sock_diag::{SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK};
use sockeye_wire::{Attributes, Kind, Message, Scalar};

use super::plan::DumpPlan;
use super::possible::TABLES_WITH_STATES;
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

/// Bytes of `struct inet_diag_req`, the old request (same file).
const OLD_REQUEST_LEN: usize = 60;

/// What one recorded request asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The table.
    pub table: Table,
    /// Address family: 0 for both in one walk.
    pub family: u8,
    /// States, bit `n` for state `n`; all of them where the table's dump has no states, or ignores them.
    pub states: u32,
    /// Attributes, as in [`DumpPlan::ask`].
    pub ask: u32,
    /// BPF socket storage too.
    pub bpf_storages: bool,
    /// The filter program, empty for none.
    pub bytecode: Vec<u8>,
}

impl Asked {
    /// What a request of sock_diag asks for. `None` for any other request.
    pub fn of_request(request: &Message<'_>) -> Option<Self> {
        let payload = request.payload();
        let family = *payload.first()?;
        let word = |at| Scalar::U32.read(payload, at).and_then(|word| u32::try_from(word).ok());
        let byte = |at: usize| payload.get(at).copied().map(u32::from);
        let (table, (states, ask), fixed_len) = match request.kind() {
            // `struct inet_diag_req`: extensions at 3, states behind the socket's id.
            Kind::Data(TCPDIAG_GETSOCK) => (Table::Tcp, (word(52), byte(3)), OLD_REQUEST_LEN),
            Kind::Data(SOCK_DIAG_BY_FAMILY) => match family {
                AF_INET | AF_INET6 => {
                    let table = inet_table(payload)?;
                    (table, (word(4), byte(2)), INET_REQUEST_LEN)
                }
                family => {
                    let table = FAMILIES.iter().find(|(number, _)| *number == family)?.1;
                    (table, of_family(table, word, byte), payload.len())
                }
            },
            _ => return None,
        };
        let attribute = |number| Attributes::new(payload.get(fixed_len..).unwrap_or_default()).last(number);
        Some(Self {
            table,
            family,
            states: states.filter(|_| TABLES_WITH_STATES.has(table)).unwrap_or(u32::MAX),
            ask: ask.unwrap_or(0),
            bpf_storages: attribute(INET_DIAG_REQ_SK_BPF_STORAGES).is_some(),
            bytecode: attribute(INET_DIAG_REQ_BYTECODE).unwrap_or_default().to_vec(),
        })
    }

    /// A plan for the rows of this dump, which decides nothing of them.
    pub const fn plan(&self) -> DumpPlan {
        DumpPlan::bare(self.table, self.family)
    }
}

impl DumpPlan {
    /// The plan behind a request of sock_diag, as far as its rows need it: the table, the address family. `None` for
    /// any other request.
    pub fn of_request(request: &Message<'_>) -> Option<Self> {
        Asked::of_request(request).map(|asked| asked.plan())
    }
}

/// States and attributes in the request for a family with one table.
fn of_family(
    table: Table,
    word: impl Fn(usize) -> Option<u32>,
    byte: impl Fn(usize) -> Option<u32>,
) -> (Option<u32>, Option<u32>) {
    match table {
        Table::Unix => (word(4), word(12)),
        Table::Packet | Table::Netlink | Table::Xdp => (None, word(8)),
        Table::Smc => (None, byte(3)),
        _ => (word(4), None),
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
    use crate::sockets::table::Tables;
    use sockeye_wire::Messages;
    use sockeye_wire::sock_diag::bytecode::{Condition as Program, Test};

    fn asked(plan: &DumpPlan) -> Asked {
        let request = plan.request(None);
        let message = Messages::new(request.as_bytes()).next().expect("a message").expect("whole");
        Asked::of_request(&message).expect("a dump")
    }

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
    fn states_attributes_and_program_are_read_back() {
        let program = Program::Test(Test::DestinationPort(4242));
        for table in Table::ALL {
            let family = if Tables::INET.has(table) { AF_INET6 } else { 0 };
            for family in if table == Table::Tcp { vec![0, AF_INET6] } else { vec![family] } {
                let program = Some(program.clone()).filter(|_| Tables::INET.has(table));
                let plan = DumpPlan { states: 0x482, ask: 0x15, program, ..DumpPlan::bare(table, family) };
                let asked = asked(&plan);
                let has_states = TABLES_WITH_STATES.has(table);
                assert_eq!(asked.states, if has_states { 0x482 } else { u32::MAX }, "{table:?}");
                assert_eq!(asked.ask, if matches!(table, Table::Vsock | Table::Tipc) { 0 } else { 0x15 }, "{table:?}");
                assert_eq!((asked.bytecode, asked.bpf_storages), (plan.bytecode(None), false), "{table:?}");
            }
        }
    }

    #[test]
    fn storage_that_was_asked_for_is_read_back() {
        assert!(asked(&DumpPlan { bpf_storages: true, ..DumpPlan::bare(Table::Mptcp, AF_INET) }).bpf_storages);
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
