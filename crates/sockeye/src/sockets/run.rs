//! `sockeye sockets` from the command line to the exit status.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use sockeye_conn::Namespace;
use sockeye_owners::{ScanOptions, SourceChoice};
use sockeye_query::FieldId;
use sockeye_query::filter::{self, Dialect, Expression, Filter};
use sockeye_query::sockets::{Abilities, Flat, Plan, Question, SocketRow, Table as SocketTable, catalog};
use sockeye_state::Answer;

use super::ends::Ends;
use super::listing::{self, Counts, Ended, Job};
use super::narrow::Narrowing;
use super::options::{Format, Options};
use super::recorder::Recorder;
use super::replay::{Capture, Replay};
use super::sockstat::{self, Sockstat};
use super::system::{self, Interfaces, Place, System, SystemNames, Whence};
use super::tally::Tally;
use super::verdict::{Circumstances, verdict};
use super::view::{self, Choice, Column, FIELDS};
use super::{confirm, footer, lacking, plan_text, refuse, split};
use crate::exit::Status;
use crate::output::csv::Csv;
use crate::output::json::Json;
use crate::output::sink::Sink;
use crate::output::table::Table;
use crate::output::verdict as verdict_text;
use crate::privilege::is_net_admin;
use crate::rows::frame::Frame;
use crate::rows::groups::{Group, GroupOrder, Groups};
use crate::rows::takers::{Count, Keep, Layout, Order, Shared, Sorted, Stream};
use crate::rows::{Origin, Row, Take};
use crate::usage;

/// Threads that dump at once: two walks of the same table is what pays (each further part walks it once more).
const THREADS_DEFAULT: usize = 2;

/// Runs the listing. An error is a mistake of the command line or a failure before the first row.
pub(crate) fn run(options: &Options) -> Result<Status> {
    refuse::plan_formats(options).map_err(Mistaken::sentence)?;
    let namespaces = namespaces(options.netns.as_deref())?;
    let rows = if options.replay.is_some() { Whence::Elsewhere } else { namespaces.whence() };
    let names = SystemNames { rows };
    let filter = if options.lenient {
        filter::parse_as(Dialect::Ss(None), &options.filter.join(" "), catalog(), &names)
    } else {
        Filter::parse(&options.filter, catalog(), &names)
    };
    let filter = filter.map_err(|mistake| {
        Mistaken::of(&if options.without_command { usage::with_command(mistake) } else { mistake })
    })?;
    let choice = Choice {
        view: options.view.as_deref(),
        columns: options.columns.as_deref(),
        owners: !options.no_owners,
        namespaces: namespaces.several,
    };
    let columns = view::columns(&choice).map_err(Mistaken::sentence)?;
    let groups = options
        .group_by
        .as_deref()
        .map(|list| FIELDS().list(list))
        .transpose()
        .map_err(Mistaken::sentence)?
        .unwrap_or_default();
    let (mut orders, mut group_orders) = (Vec::new(), Vec::new());
    match options.sort.as_deref() {
        Some(list) if groups.is_empty() => orders = FIELDS().orders(list).map_err(Mistaken::sentence)?,
        Some(list) => group_orders = FIELDS().group_orders(list, &groups).map_err(Mistaken::sentence)?,
        None => {}
    }
    let asked_by_name = [
        ("the filter", filter.expression.fields().into_iter().collect()),
        ("--columns", columns.iter().filter(|column| !column.default).map(|column| column.field).collect()),
        ("--sort", orders.iter().map(|order| order.field).collect()),
        ("--group-by", groups.clone()),
    ];
    refuse::filters_only(&asked_by_name[1..]).map_err(Mistaken::sentence)?;
    if options.no_owners {
        refuse::owners(&asked_by_name).map_err(Mistaken::sentence)?;
    }
    let listing = Listing { options, filter: &filter.expression, columns, orders, groups, group_orders, namespaces };
    listing.run()
}

/// What a single namespace, or our own, is called among all there are.
pub(crate) fn label(namespace: Option<&Namespace>) -> Option<Vec<u8>> {
    let own = namespace.is_none().then(Namespace::current).transpose().ok()?;
    let one = namespace.or(own.as_ref())?;
    let known = sockeye_conn::namespace::inventory().ok().into_iter().flat_map(|inventory| inventory.namespaces);
    let same = known.into_iter().find(|other| other.identity() == one.identity());
    Some(same.as_ref().unwrap_or(one).label())
}

/// A mistake of the command line: exit status 2.
#[derive(Debug)]
pub(crate) struct Mistaken(String);

impl Mistaken {
    pub(crate) fn sentence(sentence: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self(sentence.into()))
    }

    pub(crate) fn of(mistake: &sockeye_query::filter::Mistake) -> anyhow::Error {
        Self::sentence(mistake.to_string())
    }
}

impl std::fmt::Display for Mistaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistaken {}

/// The namespaces of a listing.
pub(crate) struct Namespaces {
    /// None: the one we are in.
    pub(crate) list: Vec<Namespace>,
    pub(crate) several: bool,
    /// What could not be seen of them, in one sentence, and whether more could have been had.
    pub(crate) missing: Option<(String, bool)>,
}

impl Namespaces {
    /// Where rows of these namespaces come from.
    pub(crate) fn whence(&self) -> Whence<'_> {
        match self.list.as_slice() {
            _ if self.several => Whence::Elsewhere,
            [one, ..] => Whence::Namespace(one),
            [] => Whence::Here,
        }
    }
}

/// The namespaces that were asked for.
pub(crate) fn namespaces(asked: Option<&OsStr>) -> Result<Namespaces> {
    match asked {
        None => Ok(Namespaces { list: Vec::new(), several: false, missing: None }),
        Some(all) if all == "all" => {
            let inventory = sockeye_conn::namespace::inventory().context("cannot find the network namespaces")?;
            let restricted = inventory.is_restricted();
            let missing = inventory.reason().map(|reason| (reason, restricted));
            Ok(Namespaces { list: inventory.namespaces, several: true, missing })
        }
        Some(one) => {
            let namespace = Namespace::open(one).map_err(|error| match error.source.kind() {
                // That a namespace may not be entered is no mistake of the command line.
                io::ErrorKind::PermissionDenied => anyhow::Error::new(error),
                _ => Mistaken::sentence(error.to_string()),
            })?;
            Ok(Namespaces { list: vec![namespace], several: false, missing: None })
        }
    }
}

/// A listing, as it was asked for.
struct Listing<'l> {
    options: &'l Options,
    filter: &'l Expression,
    columns: Vec<Column>,
    orders: Vec<Order>,
    groups: Vec<FieldId>,
    group_orders: Vec<GroupOrder>,
    namespaces: Namespaces,
}

impl Listing<'_> {
    fn run(self) -> Result<Status> {
        let shown: Vec<_> = self.shown_fields();
        let net_admin = is_net_admin(&self.namespaces.list);
        let question = Question {
            filter: Some(self.filter),
            fields: &shown,
            listener_drops: self.shows_drops(),
            // Whoever made a capture may have been allowed what this process is not.
            abilities: Abilities::new(net_admin || self.options.replay.is_some(), true),
        };
        let plan = Plan::new(&question);
        let scan_options = ScanOptions {
            facts: system::facts(&plan.owner_parts),
            threads: NonZero::new(self.threads()),
            source: self.options.owner_source.into(),
            ..ScanOptions::default()
        };
        let narrowing = Narrowing::of(self.filter);
        let scans = !plan.owner_parts.is_empty() && !self.options.no_owners && self.options.replay.is_none();
        // A source that was asked for and cannot be had is an error before the first row.
        if scans && scan_options.source == SourceChoice::Bpf {
            sockeye_owners::chosen(&scan_options)?;
        }
        if self.options.plan {
            let course = plan_text::Course {
                threads: self.threads(),
                confirm: self.options.confirm,
                namespaces: &self.namespaces.list,
                owners: ScanOptions { pids: narrowing.pids(), ..scan_options },
                unseen: self.namespaces.missing.as_ref().map(|(reason, _)| reason.as_str()),
            };
            return plan_text::print(&plan, self.filter, &course);
        }
        if plan.dumps.is_empty() && !self.options.lenient {
            return Err(Mistaken::sentence(if plan.states_named {
                "this filter can match nothing: no socket of these protocols is ever in these states \
                 (udp sockets wait as `unconnected`)"
            } else {
                "this filter can match nothing: no socket of these protocols has all the fields it speaks of \
                 (`sockeye fields` says what each is)"
            }));
        }
        let capture = self.options.replay.as_deref().map(Capture::load).transpose()?;
        let replay = capture.as_ref().map(Capture::replay).transpose().context("cannot read the capture")?;
        let replay = replay.map(|replay| replay.deciding(self.filter, lacking::chosen_by(self.filter, &plan)));
        let system = match &replay {
            Some(replay) => System::of_capture(replay.about.kernel),
            None => System::new(scans),
        };
        // What a capture lacks is said in another way.
        let system = system.with_keys(self.options.show_md5_keys).seen_by(net_admin || replay.is_some());
        std::thread::scope(|scope| {
            if scans {
                let shown = shown.iter().any(|&field| view::Kind::of(field).is_owner());
                let (system, options, narrowing) = (&system, &scan_options, &narrowing);
                scope.spawn(move || system.scan(options, narrowing, shown));
            }
            self.list(&plan, &system, replay.as_ref(), net_admin)
        })
    }

    /// Fields that have to be read: columns, keys of the order and of the groups.
    fn shown_fields(&self) -> Vec<FieldId> {
        if self.options.count {
            return Vec::new();
        }
        let columns = if self.groups.is_empty() { self.columns.as_slice() } else { &[] };
        // What listeners dropped is asked for apart (`shows_drops`).
        let drops = catalog().find("drops").filter(|_| self.shows_drops());
        let columns = || columns.iter().filter(|column| Some(column.field) != drops);
        let mut fields: Vec<_> = columns().flat_map(Column::json_fields).collect();
        fields.extend(columns().map(|column| column.field));
        fields.extend(self.orders.iter().map(|order| order.field));
        fields.extend(&self.groups);
        fields
    }

    /// The default table shows what listeners dropped; memory of every other row would cost more than it says.
    fn shows_drops(&self) -> bool {
        self.columns.iter().any(|column| column.default && Some(column.field) == catalog().find("drops"))
            && self.options.view.is_none()
            && self.groups.is_empty()
            && !self.options.count
    }

    fn threads(&self) -> usize {
        if self.options.replay.is_some() {
            // The rows of a capture stay in their order.
            return 1;
        }
        let available = std::thread::available_parallelism().map_or(1, NonZero::get);
        self.options.threads.map_or(THREADS_DEFAULT.min(available), usize::from)
    }

    /// The places that rows come from: the namespaces, or here.
    fn places<'s>(&'s self, plan: &Plan, system: &'s System) -> Result<Vec<(Option<&'s Namespace>, Place<'s>)>> {
        let mut places = Vec::new();
        let named = plan.fields.iter().any(|&field| view::Kind::of(field) == view::Kind::Flat(Flat::Namespace));
        let all: Vec<_> =
            if self.namespaces.list.is_empty() { vec![None] } else { self.namespaces.list.iter().map(Some).collect() };
        for (index, namespace) in all.into_iter().enumerate() {
            let label = match namespace {
                Some(namespace) if self.namespaces.several => Some(namespace.label()),
                one => named.then(|| label(one)).flatten(),
            };
            let mut place = Place { system, label, interfaces: Interfaces::of(namespace).into(), ends: None, index };
            if !plan.peers.is_empty() {
                place.ends = Some(
                    Ends::load(namespace, plan.peers, &place).context("cannot look for the other ends of sockets")?,
                );
            }
            places.push((namespace, place));
        }
        Ok(places)
    }

    fn list(&self, plan: &Plan, system: &System, replay: Option<&Replay<'_>>, net_admin: bool) -> Result<Status> {
        let places = match replay {
            Some(replay) => replay.places(system),
            None => self.places(plan, system)?,
        };
        let recorder = self.options.capture.as_deref().map(Recorder::create).transpose();
        let recorder = recorder.context("cannot write the capture")?;
        let recorder = recorder.as_ref();
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let mut counts = Counts::default();
        let layout = self.layout(terminal);
        let format = self.options.format();
        let sink = Sink::to_stdout();
        let shared = Shared {
            layout: &layout,
            sink: &sink,
            heading: !self.options.no_header,
            beginning: Mutex::default(),
            rows: AtomicUsize::new(0),
            limit: self.options.limit.filter(|_| self.orders.is_empty()),
            tally: Tally::default(),
        };
        let stats: Vec<_> =
            places.iter().map(|(namespace, _)| sockstat::read(*namespace).filter(|_| replay.is_none())).collect();
        self.frame().begin(&shared);
        let mut confirmed = None;
        let ended = if self.options.confirm {
            let jobs = jobs(plan, &places, &stats, 1, recorder);
            let (ended, found) = confirm::run(&jobs, &mut counts, |rows| self.confirmed(rows, &places, &shared))?;
            confirmed = Some(found);
            ended
        } else {
            let jobs = match replay {
                Some(replay) => replay.jobs(lacking::chosen_by(self.filter, plan), &places),
                None => jobs(plan, &places, &stats, self.threads(), recorder),
            };
            self.dump(&jobs, &places, &counts, &shared)
        };
        let undecided_by_owners = counts.undecided_by_owners.load(Ordering::Relaxed) > 0;
        let circumstances = Circumstances {
            plan,
            ended: &ended,
            counts: &counts,
            confirmed,
            scan: system.scanned(),
            // Who made the capture is not known: what it lacks is not held against this process.
            net_admin: net_admin || replay.is_some(),
            kernel: system.kernel(),
            owners_unknown: system.said_unknown() || undecided_by_owners,
            owners_named: self.names_owners(system.decides_in_part()),
            named: self.named_fields(),
            namespaces: self.namespaces.missing.as_ref().map(|(reason, restricted)| (reason.as_str(), *restricted)),
            cgroups: system.cgroups_unknown(),
            filter: self.filter,
        };
        let mut verdict = verdict(&circumstances);
        if plan.dumps.is_empty() {
            // Nothing can match, and that is the answer (only `ss` may ask so).
            verdict.answer = Answer::Whole;
        }
        verdict.time_wait = time_wait(plan, &ended, &counts);
        let rows = shared.rows.load(Ordering::Relaxed);
        if let Some(replay) = replay {
            let shown = self.shown_fields();
            let question = lacking::Question {
                replay,
                plan,
                filter: self.filter,
                shown: &shown,
                shown_named: &self.shown_named(),
                listener_drops: self.shows_drops(),
                ended: &ended,
                rows,
                undecided: counts.undecided.load(Ordering::Relaxed),
                sought: &system.sought,
            };
            question.judge(&mut verdict);
        }
        self.frame().end(&shared, &verdict);
        let has_footer = terminal && format == Format::Table && !self.options.count && self.groups.is_empty();
        // Under an answer that failed, "0 sockets" would be a lie.
        let footer = (has_footer && verdict.answer != Answer::Failed)
            .then(|| footer::text(&shared.tally, rows, verdict.time_wait, self.options, &layout.dropped()));
        sink.finish().context("cannot write the listing")?;
        recorder.map_or(Ok(()), Recorder::finish).context("cannot write the capture")?;
        if let Some(footer) = footer {
            // A footer that cannot be written changes nothing.
            let _ = io::stderr().write_all(footer.as_bytes());
        }
        if format == Format::Table || format == Format::Csv {
            verdict_text::to_stderr(&verdict);
        }
        Ok(Status::of(&verdict))
    }

    /// Whether owners were asked for by name: by a column, an order, a group, or by a filter that may depend on more than
    /// were found.
    fn names_owners(&self, decides_in_part: bool) -> bool {
        let named = if decides_in_part { self.named_fields() } else { self.shown_named() };
        named.into_iter().any(|field| view::Kind::of(field).is_owner())
    }

    /// Fields that were asked for by name: by a column, an order, a group or the filter.
    fn named_fields(&self) -> Vec<FieldId> {
        self.shown_named().into_iter().chain(self.filter.fields()).collect()
    }

    /// Those of them that are not in the filter.
    fn shown_named(&self) -> Vec<FieldId> {
        let columns = self.columns.iter().filter(|column| !column.default).map(|column| column.field);
        let orders = self.orders.iter().map(|order| order.field);
        columns.chain(orders).chain(self.groups.iter().copied()).collect()
    }

    /// What stands around the rows.
    fn frame(&self) -> Frame<'_> {
        Frame {
            key: "sockets",
            catalog: catalog(),
            format: self.options.format(),
            count: self.options.count,
            groups: &self.groups,
            limit: self.options.limit,
        }
    }

    fn layout(&self, terminal: bool) -> Layout {
        let columns = if self.groups.is_empty() { self.columns.clone() } else { FIELDS().grouped(&self.groups) };
        match self.options.format() {
            Format::Table => {
                let width = terminal.then(terminal_width).flatten();
                let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
                let names = self.options.resolve.then(crate::output::names::Resolver::new);
                Layout::Table(Table::new(columns, width, colour, names))
            }
            Format::Json => Layout::Json(Json::new(&columns), b",\n"),
            Format::Ndjson => Layout::Json(Json::new(&columns), b"\n"),
            Format::Csv => Layout::Csv(Csv::new(&columns)),
        }
    }

    fn dump(
        &self,
        jobs: &[Job<'_>],
        places: &[(Option<&Namespace>, Place<'_>)],
        counts: &Counts,
        shared: &Shared<'_>,
    ) -> Vec<Ended> {
        let threads = self.threads();
        if self.options.count {
            return listing::run(jobs, threads, counts, || Count(shared));
        }
        if !self.groups.is_empty() {
            let groups = Groups::new(catalog(), &self.groups, &self.group_orders, self.options.format());
            let ended = listing::run(jobs, threads, counts, || Group::new(&groups));
            self.frame().write_groups(groups.in_order(), shared);
            return ended;
        }
        if !self.orders.is_empty() {
            let sorted = Sorted::new(&self.orders, self.options.limit);
            let ended = listing::run(jobs, threads, counts, || Keep::new(&sorted));
            feed(&mut sorted.into_rows(), places, Stream::new(shared));
            return ended;
        }
        listing::run(jobs, threads, counts, || Stream::new(shared))
    }

    /// What `dump` does with rows as they come, with rows that are known for sure.
    fn confirmed(&self, rows: &mut confirm::Rows<'_>, places: &[(Option<&Namespace>, Place<'_>)], shared: &Shared<'_>) {
        if self.options.count {
            feed(rows, places, Count(shared));
        } else if !self.groups.is_empty() {
            let groups = Groups::new(catalog(), &self.groups, &self.group_orders, self.options.format());
            feed(rows, places, Group::new(&groups));
            self.frame().write_groups(groups.in_order(), shared);
        } else if !self.orders.is_empty() {
            let sorted = Sorted::new(&self.orders, self.options.limit);
            feed(rows, places, Keep::new(&sorted));
            feed(&mut sorted.into_rows(), places, Stream::new(shared));
        } else {
            feed(rows, places, Stream::new(shared));
        }
    }
}

/// Hands rows that were kept to a taker, in their order.
fn feed(rows: &mut confirm::Rows<'_>, places: &[(Option<&Namespace>, Place<'_>)], mut taker: impl Take) {
    for (place, origin, message) in rows {
        let (Some((_, place)), Origin::Socket(table)) = (places.get(place), origin) else { continue };
        if let Ok(row) = SocketRow::read(table, &message, place)
            && !taker.take(Row::Socket(&row))
        {
            break;
        }
    }
    taker.end();
}

/// Sockets in TIME-WAIT that the listing leaves out because nobody asked for them; `None` where nothing was left out, or
/// not everything was looked at.
fn time_wait(plan: &Plan, ended: &[Ended], counts: &Counts) -> Option<u64> {
    let counted = plan.dumps.iter().any(|dump| dump.counted != 0);
    let stopped = counts.stopped.load(Ordering::Relaxed);
    let whole = ended.iter().all(|one| {
        let tables = plan.dumps.iter().filter(|dump| dump.counted != 0).map(|dump| dump.table);
        !tables.into_iter().any(|table| table == one.table)
            || one.result.as_ref().is_ok_and(sockeye_state::Conclusion::is_whole)
    });
    (counted && whole && !stopped).then(|| counts.left_out.load(Ordering::Relaxed))
}

/// The dumps of every place; a large TCP table in two parts.
fn jobs<'j>(
    plan: &'j Plan,
    places: &'j [(Option<&'j Namespace>, Place<'j>)],
    stats: &[Option<Sockstat>],
    threads: usize,
    recorder: Option<&'j Recorder>,
) -> Vec<Job<'j>> {
    let mut jobs = Vec::new();
    for ((namespace, place), stat) in places.iter().zip(stats) {
        for dump in &plan.dumps {
            let large = dump.table == SocketTable::Tcp && stat.is_some_and(|stat| stat.tcp >= split::SOCKETS_MIN);
            // A sample that fails says nothing: the dump itself will say it.
            let parts = (large && threads > 1).then(|| split::parts(dump, *namespace, place).ok().flatten()).flatten();
            let job = |part| Job { dump, part, place, namespace: *namespace, recorder, tape: None };
            match parts {
                Some(parts) => jobs.extend(parts.map(|part| job(Some(part)))),
                None => jobs.push(job(None)),
            }
        }
    }
    jobs
}

/// Columns of the terminal.
pub(crate) fn terminal_width() -> Option<usize> {
    let from_terminal = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    let from_environment = || std::env::var("COLUMNS").ok()?.parse().ok();
    from_terminal().filter(|&columns| columns > 0).or_else(from_environment)
}
