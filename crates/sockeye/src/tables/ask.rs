//! The dumps of a table in one namespace: asked, repeated where the kernel says that they were disturbed, decided row by row.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sockeye_conn::{Buffer, Error, Namespace, Protocol, Socket};
use sockeye_query::filter::{Decision, Expression};
use sockeye_query::rtnetlink::Row as Record;
use sockeye_state::rtnetlink::{each_record, write_key};
use sockeye_state::{Conclusion, Dump, Step};
use sockeye_wire::message::NLM_F_DUMP_FILTERED;
use sockeye_wire::rtnetlink::{Table, TableDump, Wanted};
use sockeye_wire::{Attributes, Messages, Scalar};

use super::line;
use super::place::Place;
use crate::rows::{Row, Take};

/// Dumps of a table that changed meanwhile before it is shown as it is, with a verdict that says so.
const ATTEMPTS_MAX: u32 = 5;
/// Bytes of a disturbed table that are kept to be asked for again; a larger one is shown as it comes.
const KEPT_MAX: usize = 64 * 1024 * 1024;

/// `TCA_KIND` (include/uapi/linux/rtnetlink.h).
const TCA_KIND: u16 = 1;
/// The handle of `ingress` and `clsact`, and the two ends of the latter to which filters are attached.
const INGRESS: u32 = 0xffff_0000;
const CLSACT_ENDS: [u32; 2] = [0xffff_fff2, 0xffff_fff3];

/// How one dump ended.
pub(crate) struct Ended {
    pub(crate) dump: TableDump,
    pub(crate) result: Result<Conclusion, Error>,
    /// The kernel said that it left out what was not selected.
    pub(crate) filtered: bool,
    /// The kernel does not have the family.
    pub(crate) absent: bool,
}

/// What is counted over all dumps of a listing.
#[derive(Default)]
pub(crate) struct Counts {
    /// Rows that the filter could not decide.
    pub(crate) undecided: AtomicU64,
    /// Rows with something malformed in them.
    pub(crate) defects: AtomicU64,
    /// Records that a dump gave twice, and that are shown once.
    pub(crate) doubled: AtomicU64,
    /// Dumps that were repeated because the table changed meanwhile.
    pub(crate) repeated: AtomicU64,
    /// No more rows are wanted.
    pub(crate) stopped: AtomicBool,
}

/// A table that is asked for in one namespace.
pub(crate) struct Ask<'a> {
    pub(crate) table: Table,
    pub(crate) namespace: Option<&'a Namespace>,
    pub(crate) wanted: &'a Wanted,
    pub(crate) filter: &'a Expression,
    pub(crate) place: &'a Place,
    pub(crate) counts: &'a Counts,
    /// Records that were there already, of a table that the kernel gives twice.
    pub(crate) seen: RefCell<HashSet<Vec<u8>>>,
}

/// Opens a socket in a namespace, or here.
pub(crate) fn open(namespace: Option<&Namespace>) -> Result<Socket, Error> {
    match namespace {
        Some(namespace) => Socket::open_in(namespace, Protocol::Route),
        None => Socket::open(Protocol::Route),
    }
}

impl Ask<'_> {
    /// Makes the dumps and hands each row that fits to `taker`.
    pub(crate) fn run<T: Take>(&self, taker: &mut T) -> Result<Vec<Ended>, Error> {
        let mut socket = open(self.namespace)?;
        let mut buffer = Buffer::new();
        let mut ended = Vec::new();
        let mut dumps = self.table.dumps(self.wanted);
        if dumps.is_empty() && matches!(self.table, Table::TcClasses | Table::TcFilters) {
            let (found, targets) = self.targets(&mut socket, &mut buffer)?;
            dumps = targets;
            // Where the queueing disciplines could not be had, nothing is known of what hangs on them.
            if !found.is_whole() {
                let dump = Table::Qdiscs.dumps(&Wanted::default()).remove(0);
                ended.push(Ended { dump, result: Ok(found), filtered: false, absent: false });
            }
        }
        for dump in dumps {
            ended.push(self.dump(&dump, &mut socket, &mut buffer, taker));
            if self.counts.stopped.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok(ended)
    }

    fn dump<T: Take>(&self, dump: &TableDump, socket: &mut Socket, buffer: &mut Buffer, taker: &mut T) -> Ended {
        let (mut filtered, mut absent) = (false, false);
        for attempt in 1.. {
            let keeps = self.table.marks_interruption() && attempt < ATTEMPTS_MAX;
            let mut kept = Kept::default();
            let mut streams = !keeps;
            let result = receive(self.namespace, socket, buffer, dump, |flags, payload| {
                filtered = flags & NLM_F_DUMP_FILTERED != 0;
                if dump.family.is_some_and(|family| payload.first() != Some(&family)) {
                    // Asked for a family that it does not have, the kernel answers with all others.
                    absent = true;
                    return false;
                }
                if !dump.holds(self.table, payload) {
                    return true;
                }
                if !streams && kept.bytes.len() + payload.len() > KEPT_MAX {
                    streams = true;
                    kept.each(|payload| self.take(payload, taker));
                }
                if streams { self.take(payload, taker) } else { kept.push(payload) }
            });
            let disturbed = result.as_ref().is_ok_and(|conclusion| conclusion.interrupted);
            if disturbed && !streams {
                self.counts.repeated.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            if !streams {
                kept.each(|payload| self.take(payload, taker));
            }
            return Ended { dump: dump.clone(), result, filtered, absent };
        }
        unreachable!("the last attempt returns")
    }

    /// Takes the records of a message. `false`: no more rows are wanted.
    fn take<T: Take>(&self, message: &[u8], taker: &mut T) -> bool {
        let mut more = true;
        let mut scratch = Vec::new();
        each_record(self.table, message, &mut scratch, &mut |record| more = more && self.take_one(record, taker));
        more
    }

    /// Decides a row and hands it on. `false`: no more rows are wanted.
    fn take_one<T: Take>(&self, payload: &[u8], taker: &mut T) -> bool {
        // net/core/neighbour.c, neightbl_dump_info: what did not fit a datagram any more begins with the table once more.
        if self.table == Table::NeighbourTables {
            let mut key = Vec::new();
            write_key(self.table, payload, &mut key);
            if !self.seen.borrow_mut().insert(key) {
                self.counts.doubled.fetch_add(1, Ordering::Relaxed);
                return true;
            }
        }
        let Ok(row) = Record::read(self.table, payload, self.place) else {
            self.counts.defects.fetch_add(1, Ordering::Relaxed);
            return true;
        };
        if row.defect().is_some() {
            self.counts.defects.fetch_add(1, Ordering::Relaxed);
        }
        match self.filter.decide(&row) {
            Decision::Yes => {
                let more = taker.take(Row::Record(&row));
                if !more {
                    self.counts.stopped.store(true, Ordering::Relaxed);
                }
                more
            }
            Decision::No => true,
            Decision::Unknown => {
                self.counts.undecided.fetch_add(1, Ordering::Relaxed);
                true
            }
        }
    }

    /// What there is to ask for of a table that the kernel dumps by interface, or by what it hangs on.
    fn targets(&self, socket: &mut Socket, buffer: &mut Buffer) -> Result<(Conclusion, Vec<TableDump>), Error> {
        let mut qdiscs = Vec::new();
        let dump = Table::Qdiscs.dumps(&Wanted::default()).remove(0);
        let found = receive(self.namespace, socket, buffer, &dump, |_, payload| {
            if let Some(qdisc) = Qdisc::read(payload) {
                qdiscs.push(qdisc);
            }
            true
        })?;
        qdiscs.retain(|qdisc| self.wanted.ifindex.is_none_or(|wanted| wanted == qdisc.ifindex));
        let mut interfaces: Vec<_> = qdiscs.iter().map(|qdisc| qdisc.ifindex).collect();
        interfaces.sort_unstable();
        interfaces.dedup();
        let of = |ifindex| Wanted { ifindex: Some(ifindex), ..Wanted::default() };
        let classes: Vec<_> = interfaces.iter().flat_map(|&ifindex| Table::TcClasses.dumps(&of(ifindex))).collect();
        if self.table == Table::TcClasses {
            return Ok((found, classes));
        }
        let mut parents = Vec::new();
        for qdisc in &qdiscs {
            match qdisc.handle {
                INGRESS if qdisc.is_clsact => parents.extend(CLSACT_ENDS.map(|end| (qdisc.ifindex, end))),
                handle => parents.push((qdisc.ifindex, handle)),
            }
        }
        for dump in &classes {
            receive(self.namespace, socket, buffer, dump, |_, payload| {
                parents.extend(
                    Scalar::U32
                        .read(payload, 4)
                        .zip(Scalar::U32.read(payload, 8))
                        .and_then(|(ifindex, class)| Some((u32::try_from(ifindex).ok()?, u32::try_from(class).ok()?))),
                );
                true
            })?;
        }
        let filters = parents
            .into_iter()
            .flat_map(|(ifindex, parent)| Table::TcFilters.dumps(&Wanted { parent: Some(parent), ..of(ifindex) }));
        Ok((found, filters.collect()))
    }
}

/// A queueing discipline to which classes and filters belong.
struct Qdisc {
    ifindex: u32,
    handle: u32,
    is_clsact: bool,
}

impl Qdisc {
    fn read(payload: &[u8]) -> Option<Self> {
        let number = |at| Scalar::U32.read(payload, at).and_then(|number| u32::try_from(number).ok());
        let kind = Attributes::new(payload.get(20..)?).last(TCA_KIND).map(sockeye_wire::text);
        Some(Self { ifindex: number(4)?, handle: number(8)?, is_clsact: kind == Some(b"clsact") })
    }
}

/// Makes one dump and hands each message to `visit`, flags and payload, until it wants no more.
fn receive(
    namespace: Option<&Namespace>,
    socket: &mut Socket,
    buffer: &mut Buffer,
    wanted: &TableDump,
    mut visit: impl FnMut(u16, &[u8]) -> bool,
) -> Result<Conclusion, Error> {
    let sequence = socket.send(wanted.request.clone())?;
    // Older kernels answer for multicast and anycast addresses with the type of the request.
    let asked = Messages::new(wanted.request.as_bytes()).flatten().next().map_or(0, |asked| asked.type_number());
    let answers = [asked.saturating_sub(2), asked];
    let mut dump = Dump::new(sequence);
    let mut more = true;
    let over = line::receive(socket, buffer, |received| {
        let step = dump.handle(received, |message| {
            if more && answers.contains(&message.type_number()) {
                more = visit(message.flags(), message.payload());
            }
        });
        more && step == Step::Continue
    })?;
    if !over {
        // A socket has one dump at a time.
        *socket = open(namespace)?;
    }
    Ok(dump.into_conclusion())
}

/// Messages of a dump that may have to be made again.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Kept {
    fn push(&mut self, payload: &[u8]) -> bool {
        self.bytes.extend_from_slice(payload);
        self.ends.push(self.bytes.len());
        true
    }

    fn each(&mut self, mut visit: impl FnMut(&[u8]) -> bool) {
        let mut start = 0;
        for end in self.ends.drain(..) {
            if !visit(&self.bytes[start..end]) {
                break;
            }
            start = end;
        }
        self.bytes.clear();
    }
}
