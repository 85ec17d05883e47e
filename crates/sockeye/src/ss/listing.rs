//! The listing: table after table in the order of `ss`, each dumped, filtered and written.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sockeye_conn::Namespace;
use sockeye_query::filter::Expression;
use sockeye_query::sockets::{Chosen as ChosenTable, DumpPlan, SocketRow, Table, asks};
use sockeye_wire::Ask;
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6};
use sockeye_wire::sock_diag::{netlink, packet, unix, xdp};

use super::grid::Batch;
use super::kill::Killer;
use super::options::{Options, Storages};
use super::row::Printer;
use super::selection::{Chosen, Family, Table as Named};
use crate::output::json::Json;
use crate::output::run::Line;
use crate::output::sink::Sink;
use crate::rows::{Row, Take};
use crate::sockets::listing::{self, Counts, Ended, Job};
use crate::sockets::system::Place;
use crate::sockets::{sockstat, split};

/// Dumps of one table at once, where it is large.
const THREADS_MAX: usize = 2;

/// The tables in the order in which `ss` lists them, with the kernel's table of each.
const ORDER: [(Table, &[Named]); 10] = [
    (Table::Netlink, &[Named::Netlink]),
    (Table::Packet, &[Named::PacketRaw, Named::PacketDatagram]),
    (Table::Unix, &[Named::UnixStream, Named::UnixDatagram, Named::UnixSeqpacket]),
    (Table::Raw, &[Named::Raw]),
    (Table::Udp, &[Named::Udp]),
    (Table::Tcp, &[Named::Tcp]),
    (Table::Sctp, &[Named::Sctp]),
    (Table::Vsock, &[Named::VsockStream, Named::VsockDatagram]),
    (Table::Tipc, &[Named::Tipc]),
    (Table::Xdp, &[Named::Xdp]),
];

/// The words for a table of the kernel.
pub(super) fn named(table: Table) -> &'static [Named] {
    if table == Table::Mptcp {
        return &[Named::Mptcp];
    }
    ORDER.iter().find(|(known, _)| *known == table).map_or(&[], |(_, named)| named)
}

/// What is asked for, table by table.
pub(super) fn tables(options: &Options, chosen: Chosen, filter: &Expression) -> Vec<ChosenTable> {
    let mut tables = Vec::new();
    let order = ORDER.into_iter().chain([(Table::Mptcp, &[Named::Mptcp][..])]);
    for (table, named) in order {
        if !named.iter().any(|&named| chosen.has(named)) {
            continue;
        }
        let only_closed = matches!(table, Table::Netlink | Table::Packet | Table::Xdp);
        if only_closed && !chosen.has_closed() {
            continue;
        }
        let (ask, bpf_storages) = ask(options, table, filter);
        let one = |family| ChosenTable { table, family, states: chosen.states, ask, bpf_storages };
        if table.ip_protocol().is_some() {
            let families = [(Family::Inet, AF_INET), (Family::Inet6, AF_INET6)];
            let families = families.into_iter().filter(|(family, _)| chosen.has_family(*family));
            tables.extend(families.map(|(_, number)| one(number)));
        } else {
            tables.push(one(0));
        }
    }
    tables
}

/// The attributes of a table that the options show and the filter needs.
fn ask(options: &Options, table: Table, filter: &Expression) -> (u32, bool) {
    let extension = |number: u32| 1 << (number - 1);
    let either = |wanted: bool, bits: u32| if wanted { bits } else { 0 };
    let mut bits = match table {
        Table::Unix => {
            unix::SHOW_NAME
                | unix::SHOW_PEER
                | unix::SHOW_RQLEN
                | either(options.memory, unix::SHOW_MEMINFO)
                | either(options.extended, unix::SHOW_VFS | unix::SHOW_ICONS)
        }
        Table::Packet => {
            packet::SHOW_INFO
                | packet::SHOW_MEMINFO
                | either(options.extended, packet::SHOW_RING_CFG | packet::SHOW_FANOUT)
                | either(options.bpf, packet::SHOW_FILTER)
        }
        Table::Netlink => netlink::SHOW_MEMINFO | netlink::SHOW_GROUPS,
        Table::Xdp => {
            xdp::SHOW_INFO
                | xdp::SHOW_MEMINFO
                | either(options.extended, xdp::SHOW_RING_CFG | xdp::SHOW_UMEM | xdp::SHOW_STATS)
        }
        Table::Vsock | Table::Tipc => 0,
        // INFO with VEGASINFO and CONG, SKMEMINFO, TOS and TCLASS.
        _ => {
            either(options.info, extension(2) | extension(3) | extension(4))
                // Rates need counters.
                | either(options.watch.is_some(), extension(2))
                | either(options.memory, extension(7))
                | either(options.tos, extension(5) | extension(6))
        }
    };
    let mut storages = options.storages != Storages::None && table.ip_protocol().is_some();
    for ask in filter.fields().into_iter().flat_map(|field| asks(field, table)) {
        match ask {
            Ask::Extension(number) => bits |= extension(u32::from(number)),
            Ask::Show(bit) => bits |= bit,
            Ask::Attribute(_) => storages = true,
            _ => {}
        }
    }
    (bits, storages)
}

/// Where rows go, shared by the threads of a listing.
pub(super) struct Output<'o> {
    pub(super) printer: &'o Printer<'o>,
    pub(super) chosen: Chosen,
    pub(super) sink: &'o Sink,
    pub(super) killer: Option<&'o Killer<'o>>,
    /// Rows are objects of one JSON document, and no text.
    json: Option<Json>,
    /// The batch that goes on from one table to the next.
    carried: Mutex<Option<Batch>>,
    pub(super) rows: AtomicU64,
}

impl<'o> Output<'o> {
    pub(super) fn new(
        printer: &'o Printer<'o>,
        chosen: Chosen,
        sink: &'o Sink,
        killer: Option<&'o Killer<'o>>,
    ) -> Self {
        let mut batch = Batch::default();
        let json = printer.options.json.then(|| super::json::rows(printer.options));
        if !printer.options.no_header && json.is_none() {
            printer.grid.heading(&mut batch);
        }
        Self { printer, chosen, sink, killer, json, carried: Mutex::new(Some(batch)), rows: AtomicU64::new(0) }
    }

    /// A writer of rows that goes on where the last one ended.
    pub(super) fn writer(&self) -> Writer<'_, 'o> {
        let carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner).take();
        let line = self.json.is_some().then(Line::default);
        Writer { output: self, batch: carried.unwrap_or_default(), out: Vec::new(), line, open: true }
    }

    /// Writes what is left.
    pub(super) fn finish(&self) {
        let mut writer = self.writer();
        writer.write();
    }
}

/// Writes the rows of one thread.
pub(super) struct Writer<'w, 'o> {
    output: &'w Output<'o>,
    batch: Batch,
    out: Vec<u8>,
    /// Where JSON is put together.
    line: Option<Line>,
    open: bool,
}

impl Writer<'_, '_> {
    /// Lays out the batch and writes it.
    pub(super) fn write(&mut self) {
        if !self.batch.is_empty() {
            let sink = self.output.sink;
            let mut open = self.open;
            self.output.printer.grid.lay_out(&mut self.batch, &mut self.out, |out| {
                open = sink.write(out);
                open
            });
            self.open = open;
        }
    }

    /// Whether somebody still reads.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Writes a row by hand. `false`: nobody reads any more.
    pub(super) fn row(&mut self, write: impl FnOnce(&Printer<'_>, &mut Batch)) -> bool {
        let printer = self.output.printer;
        self.batch.begin(printer.grid);
        write(printer, &mut self.batch);
        self.batch.end_row();
        self.after_row()
    }

    /// After a row: writes the batch if it is full. `false`: nobody reads any more.
    fn after_row(&mut self) -> bool {
        self.output.rows.fetch_add(1, Ordering::Relaxed);
        if self.batch.is_full() {
            self.write();
        }
        self.open
    }
}

impl Take for Writer<'_, '_> {
    #[inline]
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        let Row::Socket(row) = row else { return true };
        if !lists(self.output.chosen, row) {
            return true;
        }
        if let Some(killer) = self.output.killer
            && !killer.kill(row)
        {
            return true;
        }
        if let (Some(json), Some(line)) = (&self.output.json, &mut self.line) {
            if self.output.rows.fetch_add(1, Ordering::Relaxed) > 0 {
                self.out.extend_from_slice(b",\n");
            }
            json.row(&mut self.out, line, Row::Socket(row));
            self.open = self.output.sink.write(&mut self.out);
            return self.open;
        }
        self.output.printer.row(&mut self.batch, row);
        self.after_row()
    }

    fn end(&mut self) {
        let mut carried = self.output.carried.lock().unwrap_or_else(PoisonError::into_inner);
        if carried.is_none() {
            *carried = Some(std::mem::take(&mut self.batch));
        } else {
            drop(carried);
            self.write();
        }
    }
}

/// Whether a socket is of a table that was chosen: types of sockets share one table of the kernel.
#[inline]
fn lists(chosen: Chosen, row: &SocketRow<'_>) -> bool {
    let kind = || row.header.get(1).copied();
    match row.table {
        Table::Unix => match kind() {
            Some(1) => chosen.has(Named::UnixStream),
            Some(5) => chosen.has(Named::UnixSeqpacket),
            _ => chosen.has(Named::UnixDatagram),
        },
        Table::Packet if kind() == Some(2) => chosen.has(Named::PacketDatagram),
        Table::Packet => chosen.has(Named::PacketRaw),
        Table::Vsock if kind() == Some(2) => chosen.has(Named::VsockDatagram),
        Table::Vsock => chosen.has(Named::VsockStream),
        _ => true,
    }
}

/// Makes the dumps, and hands each one's end to `ended` before the next begins.
pub(super) fn run(
    plans: &[DumpPlan],
    output: &Output<'_>,
    namespace: Option<&Namespace>,
    place: &Place<'_>,
    counts: &Counts,
    mut ended: impl FnMut(&Ended),
) {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX);
    let is_tcp = |plan: &DumpPlan| plan.table == Table::Tcp;
    let tcp = plans.iter().filter(|plan| is_tcp(plan)).count();
    let large = tcp > 0
        && threads > 1
        && output.killer.is_none()
        && sockstat::read(namespace).is_some_and(|stat| stat.tcp >= split::SOCKETS_MIN);
    let mut plans = plans.iter();
    while let Some(plan) = plans.next() {
        let mut plan = plan.clone();
        let mut parts = None;
        if large && is_tcp(&plan) {
            // One walk for both families, where nothing but the family differs.
            if plans.as_slice().first().is_some_and(|next| next.is_same_but_family(&plan) && !plan.bpf_storages) {
                plan.family = 0;
                plans.next();
            }
            // A sample that fails says nothing: the dump itself will say it.
            parts = split::parts(&plan, namespace, place).ok().flatten();
        }
        let job = |part| Job { dump: &plan, part, place, namespace, recorder: None, tape: None };
        let jobs = match parts {
            Some(parts) => parts.map(|part| job(Some(part))).into(),
            None => vec![job(None)],
        };
        let writer = || {
            let mut writer = output.writer();
            writer.batch.shorten(jobs.len() > 1);
            writer
        };
        listing::run(&jobs, jobs.len(), counts, writer).iter().for_each(&mut ended);
        if counts.stopped.load(Ordering::Relaxed) {
            break;
        }
    }
}
