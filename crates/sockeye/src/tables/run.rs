//! A listing of a table from the command line to the exit status.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use sockeye_conn::{Error, Namespace};
use sockeye_query::FieldId;
use sockeye_query::filter::{Expression, Filter};
use sockeye_query::rtnetlink::{Row as Record, catalog, wanted};
use sockeye_state::Answer;
use sockeye_wire::rtnetlink::{Selection, Table, Wanted};

use super::ask::{Ask, Counts, Ended};
use super::options::Options;
use super::place::Place;
use super::view;
use crate::exit::Status;
use crate::output::csv::Csv;
use crate::output::json::Json;
use crate::output::record::Records;
use crate::output::several::several;
use crate::output::sink::Sink;
use crate::output::table::Table as Lines;
use crate::output::verdict as verdict_text;
use crate::rows::columns::Column;
use crate::rows::frame::Frame;
use crate::rows::groups::{Group, GroupOrder, Groups};
use crate::rows::takers::{Count, Keep, Layout, Order, Shared, Sorted, Stream};
use crate::rows::{Origin, Row, Take};
use crate::sockets::run::{Namespaces, label, namespaces, terminal_width};
use crate::sockets::system::{Interfaces, SystemNames};
use crate::sockets::{Format, Mistaken, Tally};

/// Runs the listing. An error is a mistake of the command line or a failure before the first row.
pub(crate) fn run(table: Table, options: &Options) -> Result<Status> {
    if table.get_type().is_none() {
        return Err(Mistaken::sentence(format!(
            "the kernel keeps no table of {0}, it only announces them: sockeye watch {0}",
            table.name()
        )));
    }
    let namespaces = namespaces(options.netns.as_deref())?;
    let names = SystemNames { rows: namespaces.whence() };
    let filter = Filter::parse(&options.filter, catalog(table), &names).map_err(|mistake| Mistaken::of(&mistake))?;
    let fields = view::fields(table);
    let several = namespaces.several;
    let groups = options.group_by.as_deref().map(|list| fields.list(list)).transpose();
    let groups = groups.map_err(Mistaken::sentence)?.unwrap_or_default();
    let (mut orders, mut group_orders) = (Vec::new(), Vec::new());
    match options.sort.as_deref() {
        Some(list) if groups.is_empty() => orders = fields.orders(list).map_err(Mistaken::sentence)?,
        Some(list) => group_orders = fields.group_orders(list, &groups).map_err(Mistaken::sentence)?,
        None => {}
    }
    let listing = Listing {
        table,
        options,
        filter: &filter.expression,
        wanted: wanted(table, &filter.expression),
        columns: view::columns(table, options.columns.as_deref(), several).map_err(Mistaken::sentence)?,
        orders,
        groups,
        group_orders,
        namespaces,
    };
    if options.plan { listing.plan() } else { listing.run() }
}

/// A listing, as it was asked for.
struct Listing<'l> {
    table: Table,
    options: &'l Options,
    filter: &'l Expression,
    wanted: Wanted,
    columns: Vec<Column>,
    orders: Vec<Order>,
    groups: Vec<FieldId>,
    group_orders: Vec<GroupOrder>,
    namespaces: Namespaces,
}

impl Listing<'_> {
    fn run(&self) -> Result<Status> {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let places = self.places();
        let sink = Sink::to_stdout();
        let layout = self.layout(terminal);
        let shared = Shared {
            layout: &layout,
            sink: &sink,
            heading: !self.options.no_header,
            beginning: Mutex::default(),
            rows: AtomicUsize::new(0),
            limit: self.options.limit.filter(|_| self.orders.is_empty()),
            tally: Tally::default(),
        };
        let counts = Counts::default();
        self.frame().begin(&shared);
        let ended = self.dump(&places, &counts, &shared);
        let missing = self.namespaces.missing.as_ref();
        let verdict = super::verdict::verdict((self.table, &self.wanted), &ended, &counts, self.filter, missing);
        self.frame().end(&shared, &verdict);
        let rows = shared.rows.load(Ordering::Relaxed);
        let format = self.options.format();
        let has_footer = terminal && format == Format::Table && !self.options.count && self.groups.is_empty();
        let footer = (has_footer && verdict.answer != Answer::Failed).then(|| self.footer(rows, &layout.dropped()));
        sink.finish().context("cannot write the listing")?;
        if let Some(footer) = footer {
            // A footer that cannot be written changes nothing.
            let _ = io::stderr().write_all(footer.as_bytes());
        }
        if format == Format::Table || format == Format::Csv {
            verdict_text::to_stderr(&verdict);
        }
        Ok(Status::of(&verdict))
    }

    /// The namespaces that rows come from.
    fn places(&self) -> Vec<(Option<&Namespace>, Place)> {
        let all: Vec<_> =
            if self.namespaces.list.is_empty() { vec![None] } else { self.namespaces.list.iter().map(Some).collect() };
        let netns = catalog(self.table).find("netns");
        let named = netns.is_some_and(|netns| {
            let shown = self.columns.iter().map(|column| column.field).chain(self.groups.iter().copied());
            let ordered = self.orders.iter().map(|order| order.field);
            shown.chain(ordered).chain(self.filter.fields()).any(|field| field == netns)
        });
        let place = |(index, namespace): (usize, Option<&Namespace>)| Place {
            label: match namespace {
                Some(namespace) if self.namespaces.several => Some(namespace.label()),
                one => named.then(|| label(one)).flatten(),
            },
            interfaces: Interfaces::opened(namespace),
            index,
        };
        all.into_iter().enumerate().map(|(index, namespace)| (namespace, place((index, namespace)))).collect()
    }

    fn dump(
        &self,
        places: &[(Option<&Namespace>, Place)],
        counts: &Counts,
        shared: &Shared<'_>,
    ) -> Vec<Result<Vec<Ended>, Error>> {
        if self.options.count {
            return self.ask(places, counts, Count(shared));
        }
        if !self.groups.is_empty() {
            let groups = Groups::new(catalog(self.table), &self.groups, &self.group_orders, self.options.format());
            let ended = self.ask(places, counts, Group::new(&groups));
            self.frame().write_groups(groups.in_order(), shared);
            return ended;
        }
        if !self.orders.is_empty() {
            let sorted = Sorted::new(&self.orders, self.options.limit);
            let ended = self.ask(places, counts, Keep::new(&sorted));
            let mut stream = Stream::new(shared);
            for (place, origin, message) in sorted.into_rows() {
                let (Some((_, place)), Origin::Record(table)) = (places.get(place), origin) else { continue };
                if let Ok(row) = Record::read(table, &message, place)
                    && !stream.take(Row::Record(&row))
                {
                    break;
                }
            }
            stream.end();
            return ended;
        }
        self.ask(places, counts, Stream::new(shared))
    }

    fn ask<T: Take>(
        &self,
        places: &[(Option<&Namespace>, Place)],
        counts: &Counts,
        mut taker: T,
    ) -> Vec<Result<Vec<Ended>, Error>> {
        let mut ended = Vec::new();
        for (namespace, place) in places {
            let ask = Ask {
                table: self.table,
                namespace: *namespace,
                wanted: &self.wanted,
                filter: self.filter,
                place,
                counts,
                seen: RefCell::default(),
            };
            ended.push(ask.run(&mut taker));
            if counts.stopped.load(Ordering::Relaxed) {
                break;
            }
        }
        taker.end();
        ended
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            key: key(self.table),
            catalog: catalog(self.table),
            format: self.options.format(),
            count: self.options.count,
            groups: &self.groups,
            limit: self.options.limit,
        }
    }

    fn layout(&self, terminal: bool) -> Layout {
        let columns =
            if self.groups.is_empty() { self.columns.clone() } else { view::fields(self.table).grouped(&self.groups) };
        let records = || match &self.options.columns {
            Some(_) => Records::fields(catalog(self.table), &columns),
            None => Records::Everything,
        };
        match self.options.format() {
            Format::Table => {
                let width = terminal.then(terminal_width).flatten();
                let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
                Layout::Table(Lines::of_records(&columns, width, colour))
            }
            Format::Json => Layout::Json(Json::Records(records()), b",\n"),
            Format::Ndjson => Layout::Json(Json::Records(records()), b"\n"),
            Format::Csv => Layout::Csv(Csv::of_records(catalog(self.table), &columns)),
        }
    }

    fn footer(&self, rows: usize, dropped: &[&str]) -> String {
        let cut = if self.options.limit == Some(rows) { " shown, as many as --limit allows" } else { "" };
        let mut text = format!("{}{cut}\n", several(rows, "row"));
        text.push_str(&crate::sockets::no_room(dropped));
        let name = self.table.name();
        let _ = writeln!(text, "next: sockeye watch {name}     what changes");
        text
    }

    /// What is asked of the kernel, and what is decided here.
    fn plan(&self) -> Result<Status> {
        let mut text = String::new();
        let catalog = catalog(self.table);
        let _ = writeln!(text, "filter: {}", self.filter.display(catalog));
        let dumps = self.table.dumps(&self.wanted);
        if dumps.is_empty() {
            let of = match self.wanted.ifindex {
                Some(_) => "each of the device, narrowed by the kernel",
                None => "each of them",
            };
            let _ = writeln!(text, "asked of the kernel: the queueing disciplines, then what hangs on {of}");
        }
        for dump in &dumps {
            let family = match dump.family {
                Some(family) => format!(", family {family}"),
                None => String::new(),
            };
            let narrowed = if dump.selection == Selection::Nothing { "" } else { ", narrowed by the kernel" };
            let _ = writeln!(text, "asked of the kernel: {}{family}{narrowed}", self.table.name());
        }
        let _ = writeln!(text, "decided here: the whole filter, for each row that the kernel sends");
        crate::output::print(text.as_bytes())?;
        Ok(Status::Whole)
    }
}

/// The key of a table's rows in a JSON document.
fn key(table: Table) -> &'static str {
    match table {
        Table::TcClasses => "tc_classes",
        Table::TcFilters => "tc_filters",
        Table::TcActions => "tc_actions",
        Table::NeighbourTables => "neighbour_tables",
        other => other.name(),
    }
}
