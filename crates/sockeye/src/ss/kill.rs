//! `-K`: closes the sockets that are listed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sockeye_conn::{Buffer, Error, Namespace, Socket};
use sockeye_query::FieldKind;
use sockeye_query::filter::{Condition, Decision, Expression, Test};
use sockeye_query::sockets::{SocketRow, Table, catalog};
use sockeye_state::{Dump, Step};
use sockeye_wire::sock_diag::inet::{InetAttributes, InetMessage, InetQuestion, SocketId};

use super::row;
use crate::sockets::listing;

/// `EOPNOTSUPP`: sockets of that kind cannot be closed by others.
const EOPNOTSUPP: i32 = 95;
/// `ENOENT`: it has gone meanwhile.
const ENOENT: i32 = 2;

/// Closes sockets, and counts those that the kernel would not close.
pub(super) struct Killer<'k> {
    /// What has to hold of a socket that is closed, once more and whole.
    filter: &'k Expression,
    inner: Mutex<Inner>,
}

struct Inner {
    socket: Socket,
    buffer: Buffer,
    refused: BTreeMap<i32, u64>,
    failed: Option<Error>,
}

impl<'k> Killer<'k> {
    pub(super) fn new(filter: &'k Expression, namespace: Option<&Namespace>) -> Result<Self, Error> {
        let inner =
            Inner { socket: listing::open(namespace)?, buffer: Buffer::new(), refused: BTreeMap::new(), failed: None };
        Ok(Self { filter, inner: Mutex::new(inner) })
    }

    /// Closes the socket of a row. `false`: it was not closed, for a reason that is counted.
    pub(super) fn kill(&self, row: &SocketRow<'_>) -> bool {
        // The kernel has decided a part of it already; what it cannot be held against is left open and no "no".
        if self.filter.decide(row) == Decision::No {
            return false;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.kill(row) {
            Ok(0) => true,
            Ok(errno) => {
                *inner.refused.entry(errno).or_default() += 1;
                false
            }
            Err(error) => {
                inner.failed.get_or_insert(error);
                false
            }
        }
    }

    /// What was not closed and why, in a sentence each; and whether it says that something is missing. A socket that has
    /// gone by itself is closed as it was to be.
    pub(super) fn refusals(&self) -> Vec<String> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = inner.refused.iter().filter(|(errno, _)| **errno != ENOENT).map(|(&errno, count)| {
            let sockets = if *count == 1 { "socket was" } else { "sockets were" };
            let why = match errno {
                EOPNOTSUPP => "the kernel closes no sockets of that kind or state, or was built without \
                               CONFIG_INET_DIAG_DESTROY"
                    .to_owned(),
                1 => "not permitted, this needs CAP_NET_ADMIN in the network namespace".to_owned(),
                errno => std::io::Error::from_raw_os_error(errno).to_string(),
            };
            format!("{count} {sockets} not closed: {why}")
        });
        refused.chain(inner.failed.as_ref().map(ToString::to_string)).collect()
    }
}

/// Whether a filter says which sockets are meant. One that only asks whether there is a port or an address says nothing,
/// nor does one that takes them all.
pub(super) fn says_which(filter: &Expression) -> bool {
    says(filter, true)
}

/// Whether it says which sockets are meant by that it holds of them (`wanted`), or by that it does not.
fn says(filter: &Expression, wanted: bool) -> bool {
    match (filter, wanted) {
        (Expression::Test(test), true) => !takes_all(test),
        (Expression::Test(_), false) => true,
        (Expression::Not(inner), _) => says(inner, !wanted),
        (Expression::All(parts), true) | (Expression::Any(parts), false) => parts.iter().any(|part| says(part, wanted)),
        // What one part leaves open is open.
        (Expression::Any(parts), true) | (Expression::All(parts), false) => parts.iter().all(|part| says(part, wanted)),
    }
}

/// Whether a condition holds of whatever there is: every port, every address of a family.
fn takes_all(test: &Test) -> bool {
    match &test.condition {
        Condition::Present => true,
        Condition::Numbers(ranges) if catalog().info(test.field).kind == FieldKind::Port => {
            ranges.iter().any(|&(from, to)| from <= 1 && to >= u64::from(u16::MAX))
        }
        Condition::Networks(networks) => networks.iter().any(|network| network.prefix_len == 0),
        _ => false,
    }
}

impl Inner {
    /// Asks the kernel, and returns its errno.
    fn kill(&mut self, row: &SocketRow<'_>) -> Result<i32, Error> {
        let Some(protocol) = row.table.ip_protocol() else { return Ok(EOPNOTSUPP) };
        let message = InetMessage(row.header);
        let Some(id) = SocketId::of(&message) else { return Ok(EOPNOTSUPP) };
        let question = InetQuestion {
            family: message.family().and_then(|family| u8::try_from(family).ok()).unwrap_or(0),
            protocol,
            extensions: 0,
            states: 0,
            bytecode: &[],
            bpf_storages: false,
        };
        // A raw socket is known by its own protocol too (struct inet_diag_req_raw).
        let raw = (row.table == Table::Raw)
            .then(|| row::read_u8(InetAttributes(row.slots).protocol()))
            .flatten()
            .and_then(|protocol| u8::try_from(protocol).ok());
        let sequence = self.socket.send(question.destroy(id, raw.unwrap_or(0)))?;
        let mut answer = Dump::new(sequence);
        while answer.handle(self.socket.receive(&mut self.buffer)?, |_| {}) != Step::Ended {}
        Ok(answer.into_conclusion().refusal.map_or(0, |refusal| refusal.errno))
    }
}

#[cfg(test)]
mod tests {
    use sockeye_query::filter::{Dialect, parse_as};

    use super::*;
    use crate::sockets::system::{SystemNames, Whence};

    #[test]
    fn a_filter_has_to_say_which_sockets_are_meant() {
        let names = SystemNames { rows: Whence::Elsewhere };
        let says = |text: &str| says_which(&parse_as(Dialect::Ss(None), text, catalog(), &names).unwrap().expression);
        for text in
            ["sport = 22", "dst 10.0.0.1 and sport = *", "not sport = 1", "state close-wait", "uid = 0 or mark = 1"]
        {
            assert!(says(text), "{text}");
        }
        for text in [
            "src *",
            "sport = *",
            "sport = 22 or dport = *",
            "src any",
            "sport ge 0",
            "dst 0.0.0.0/0",
            "not not sport = 0-65535",
        ] {
            assert!(!says(text), "{text}");
        }
    }
}
