//! `-D`: the kernel's own messages about TCP sockets, written to a file that `TCPDIAG_FILE` can name later.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;

use anyhow::Context as _;
use sockeye_conn::{Buffer, Namespace};
use sockeye_query::filter::Decision;
use sockeye_query::sockets::{DumpPlan, SocketRow, Table};
use sockeye_state::capture::redact_keys;
use sockeye_state::{Conclusion, Dump, Step};

use crate::sockets::listing;
use crate::sockets::system::Place;

/// Addresses of a machine are nobody else's business.
const MODE: u32 = 0o600;
/// A message that says "this was all": `struct nlmsghdr` with `NLMSG_DONE`, and status 0.
const DONE_TYPE: u16 = 3;
const DONE_LEN: u32 = 20;

/// The file cannot be opened.
#[derive(Debug)]
pub(super) struct Unopened(String);

impl std::fmt::Display for Unopened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unopened {}

/// Writes the TCP sockets that the filter takes; keys are cut out. `-` is the standard output.
pub(super) fn write(
    path: &str,
    plans: &[DumpPlan],
    namespace: Option<&Namespace>,
    place: &Place<'_>,
) -> anyhow::Result<Vec<Conclusion>> {
    let mut file: Box<dyn Write> = if path.starts_with('-') {
        Box::new(std::io::stdout().lock())
    } else {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path);
        Box::new(file.map_err(|error| Unopened(format!("cannot write {path}: {error}")))?)
    };
    let mut ends = Vec::new();
    for plan in plans.iter().filter(|plan| plan.table == Table::Tcp) {
        let mut found = Vec::new();
        let mut last = None;
        for plan in std::iter::once(plan.clone()).chain(plan.fallbacks()) {
            found.clear();
            let conclusion = dump(&plan, namespace, place, &mut found)?;
            let refused = conclusion.messages == 0 && conclusion.refusal.is_some();
            last = Some(conclusion);
            if !refused {
                break;
            }
        }
        file.write_all(&found).with_context(|| format!("cannot write {path}"))?;
        ends.extend(last);
    }
    let mut done = DONE_LEN.to_ne_bytes().to_vec();
    done.extend_from_slice(&DONE_TYPE.to_ne_bytes());
    done.resize(DONE_LEN as usize, 0);
    file.write_all(&done).and_then(|()| file.flush()).with_context(|| format!("cannot write {path}"))?;
    Ok(ends)
}

fn dump(
    plan: &DumpPlan,
    namespace: Option<&Namespace>,
    place: &Place<'_>,
    found: &mut Vec<u8>,
) -> anyhow::Result<Conclusion> {
    let mut socket = listing::open(namespace)?;
    let mut buffer = Buffer::new();
    let mut dump = Dump::new(socket.send(plan.request(None))?);
    let filter = plan.residual.as_deref();
    loop {
        let step = dump.handle(socket.receive(&mut buffer)?, |message| {
            let row = SocketRow::read(plan.table, message.payload(), place);
            let Ok(row) = row else { return };
            if filter.is_none_or(|filter| filter.decide(&row) == Decision::Yes) {
                let start = found.len();
                found.extend_from_slice(message.header());
                found.extend_from_slice(message.payload());
                found.resize(found.len().next_multiple_of(4), 0);
                redact_keys(&mut found[start..]);
            }
        });
        if step == Step::Ended {
            return Ok(dump.into_conclusion());
        }
    }
}
