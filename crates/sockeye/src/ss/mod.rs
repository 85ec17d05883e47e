//! `sockeye ss`, and a link named `ss`: the options, the filter and the text of iproute2's `ss`.
//!
//! What it shares with the rest of sockeye: requests, programs and filters, owners, parallel dumps. What is its own: the
//! rules by which options choose sockets, and the text. `docs/ss.md` lists where it differs from the original, and why.

#[cfg(test)]
mod attacked;
mod dump;
mod events;
mod expression;
mod file_filter;
mod grid;
mod json;
mod kill;
mod listing;
mod names;
mod options;
mod proc_tables;
mod rates;
mod recorded;
mod row;
mod selection;
mod storages;
mod summary;
mod text;
mod truth;
mod usage;
mod users;
mod words;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sockeye_conn::Namespace;
use sockeye_owners::ScanOptions;
use sockeye_query::filter::Expression;
use sockeye_query::sockets::{Abilities, DumpPlan, Plan, Question, catalog};

use self::file_filter::FileFilter;
use self::grid::{Column, Grid};
use self::kill::Killer;
use self::listing::Output;
use self::names::Names;
use self::options::{Asked, Mistake, Options, Storages};
use self::rates::Rates;
use self::row::Printer;
use self::selection::Chosen;
use self::storages::StorageMaps;
use self::truth::Truth;
use self::users::Users;
use crate::output::escape;
use crate::output::sink::Sink;
use crate::privilege::is_net_admin;
use crate::sockets::ends::Ends;
use crate::sockets::listing::Counts;
use crate::sockets::narrow::Narrowing;
use crate::sockets::run::terminal_width;
use crate::sockets::system::{self, Interfaces, Place, System, Whence};

/// The release of iproute2 whose text it is.
const RELEASE: &str = "7.1.0";

/// Clears a terminal and goes to its upper left corner.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// How the command was called, which decides what its exit status tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    /// By the name `ss`: as the original, whose status says little, so that no script changes its way.
    AsOriginal,
    /// `sockeye ss`, or with `SOCKEYE_SS_STRICT=1`: the truth.
    Strict,
}

impl Called {
    /// By what stands first in the command line.
    pub(crate) fn by_link() -> Self {
        let strict = std::env::var_os("SOCKEYE_SS_STRICT").is_some_and(|value| value == "1");
        if strict { Self::Strict } else { Self::AsOriginal }
    }

    /// The status of an answer that could be written or not: the original does not look.
    const fn status(self, status: u8) -> u8 {
        match self {
            Self::AsOriginal => 0,
            Self::Strict => status,
        }
    }

    /// The status after a failure.
    fn failed(self, error: &anyhow::Error) -> u8 {
        match self {
            Self::AsOriginal if error.is::<Unwritten>() => 0,
            Self::AsOriginal if error.is::<dump::Unopened>() => u8::MAX,
            _ => 1,
        }
    }

    /// The status of a command line that is not understood.
    const fn usage_status(self) -> u8 {
        match self {
            Self::AsOriginal => u8::MAX,
            Self::Strict => 2,
        }
    }
}

/// Runs the command with the words behind its name, and returns its exit status.
pub(crate) fn run(words: Vec<OsString>, called: Called) -> u8 {
    let words: Result<Vec<String>, OsString> = words.into_iter().map(OsString::into_string).collect();
    let Ok(words) = words else {
        complain("the command line has a word that is not UTF-8");
        return called.usage_status();
    };
    match options::read(&words) {
        Ok(Asked::Help) => called.status(print(usage::TEXT)),
        Ok(Asked::Version) => called.status(print(&version(called))),
        Ok(Asked::Sockets(options)) => match show(&options, called) {
            Ok(status) => status,
            Err(Failure::Mistake(mistake)) => refuse(&mistake, called),
            Err(Failure::Other(error)) => {
                complain(&format!("{error:#}"));
                called.failed(&error)
            }
        },
        Err(mistake) => refuse(&mistake, called),
    }
}

/// What `-V` says. Scripts take the release from the end of the line.
fn version(called: Called) -> String {
    match called {
        Called::AsOriginal => format!("ss utility, iproute2-{RELEASE}\n"),
        Called::Strict => format!("sockeye {}, as ss utility, iproute2-{RELEASE}\n", crate::version::TEXT),
    }
}

/// The listing could not be written.
#[derive(Debug)]
struct Unwritten(io::Error);

impl std::fmt::Display for Unwritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot write: {}", self.0)
    }
}

impl std::error::Error for Unwritten {}

/// Why nothing was shown.
enum Failure {
    Mistake(Mistake),
    Other(anyhow::Error),
}

impl From<Mistake> for Failure {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

fn show(options: &Options, called: Called) -> Result<u8, Failure> {
    if let Some(contexts) = options.contexts
        && !sockeye_owners::selinux_is_enabled(&names::proc_root())
    {
        let _ = contexts;
        return Err(anyhow::anyhow!("SELinux is not enabled.").into());
    }
    let namespace = options.namespace.as_deref().map(|name| Namespace::open(name.as_ref())).transpose()?;
    let namespace = namespace.as_ref();
    let mut truth = Truth::default();
    if options.summary {
        let (summary, missing) = summary::Summary::read(namespace);
        if print(&if options.json { summary.json() } else { summary.text() }) != 0 {
            truth.is_unwritten();
        }
        for sentence in missing {
            truth.failed(&sentence);
        }
        if options.selection.is_default() && options.filter.is_empty() && !options.selection.names_states() {
            return Ok(truth.status(called));
        }
    }
    let chosen = match options.selection.chosen() {
        Ok(chosen) => chosen,
        Err(what) => {
            complain(&format!("no {what} to show with such filter."));
            return Ok(if called == Called::Strict { 2 } else { 0 });
        }
    };
    let whence = Whence::of(namespace);
    let filter = expression::read(options, whence)?;
    if options.kill && !kill::says_which(&filter) && !options.selection.says_which_states() {
        return Err(Mistake {
            sentence:
                "-K closes every socket that is listed: without a filter that would be all of them, so say which, \
                       as in -K dst 192.0.2.7, -K 'sport = :8080' or -K state close-wait"
                    .to_owned(),
            usage: false,
            about_value: false,
        }
        .into());
    }
    let storage_maps = match &options.storages {
        Storages::Maps(ids) => StorageMaps::asked(ids)?,
        Storages::None | Storages::All => StorageMaps::default(),
    };
    if options.is_document() && options.watch.is_none() && !options.events && !options.kill {
        return json::run(options, chosen).map(|status| called.status(status)).map_err(Failure::Other);
    }
    let net_admin = is_net_admin(namespace);
    let session = Session { options, chosen, filter, namespace, called, net_admin, storage_maps };
    match options.watch {
        Some(every) => session.watch(every),
        None => session.run(truth, None),
    }
}

/// A listing, or one of its kin, as it was asked for.
struct Session<'s> {
    options: &'s Options,
    chosen: Chosen,
    filter: Expression,
    namespace: Option<&'s Namespace>,
    called: Called,
    net_admin: bool,
    storage_maps: StorageMaps,
}

impl Session<'_> {
    /// Again and again, until nobody reads any more. On a terminal each look takes the place of the one before.
    fn watch(&self, every: Duration) -> Result<u8, Failure> {
        let mut rates = Rates::default();
        let terminal = io::stdout().is_terminal();
        loop {
            let began = Instant::now();
            if self.options.is_document() {
                json::run(self.options, self.chosen).map_err(Failure::Other)?;
            } else {
                let between = if terminal {
                    CLEAR
                } else if rates.has_looked() {
                    "\n"
                } else {
                    ""
                };
                if print(between) != 0 {
                    return Ok(1);
                }
                rates.look();
                self.run(Truth::default(), Some(&rates))?;
            }
            if is_stdout_gone() {
                return Ok(0);
            }
            std::thread::sleep(every.saturating_sub(began.elapsed()));
        }
    }

    fn run(&self, truth: Truth, rates: Option<&Rates>) -> Result<u8, Failure> {
        let users = self.options.processes.then(|| Users::new(self.options));
        std::thread::scope(|scope| {
            if let Some(users) = &users {
                scope.spawn(|| users.scan());
            }
            self.list(users.as_ref(), truth, rates)
        })
    }

    fn list(&self, users: Option<&Users>, mut truth: Truth, rates: Option<&Rates>) -> Result<u8, Failure> {
        let abilities = Abilities::new(self.net_admin, true);
        // What the filter alone would need beside the rows: owners, and the other ends of sockets.
        let question = Question { filter: Some(&self.filter), fields: &[], listener_drops: false, abilities };
        let needs = Plan::new(&question);
        let scans = !needs.owner_parts.is_empty();
        let system = System::new(scans).with_keys(true);
        std::thread::scope(|scope| {
            if scans {
                let (system, parts, filter) = (&system, &needs.owner_parts, &self.filter);
                scope.spawn(move || {
                    let options = ScanOptions { facts: system::facts(parts), ..ScanOptions::default() };
                    system.scan(&options, &Narrowing::of(filter), false);
                });
            }
            let mut place = Place {
                system: &system,
                label: None,
                interfaces: Interfaces::of(self.namespace).into(),
                ends: None,
                index: 0,
            };
            if !needs.peers.is_empty() {
                place.ends = Some(Ends::load(self.namespace, needs.peers, &place)?);
            }
            self.rows(users, &mut truth, rates, &place, abilities)
        })
    }

    /// The rows, wherever they go.
    fn rows(
        &self,
        users: Option<&Users>,
        truth: &mut Truth,
        rates: Option<&Rates>,
        place: &Place<'_>,
        abilities: Abilities,
    ) -> Result<u8, Failure> {
        let options = self.options;
        let tables = listing::tables(options, self.chosen, &self.filter);
        let plans = DumpPlan::chosen(&tables, &self.filter, abilities);
        if let Some(path) = &options.dump {
            if !self.chosen.has(selection::Table::Tcp) {
                complain("tcpdiag dump requested and no tcp in filter.");
                return Ok(if self.called == Called::Strict { 2 } else { 0 });
            }
            for end in dump::write(path, &plans, self.namespace, place)? {
                truth.dumped(sockeye_query::sockets::Table::Tcp, Ok(&end), self.chosen);
            }
            return Ok(truth.status(self.called));
        }
        let names = Names::new(options.numeric, options.resolve);
        let grid = self.grid();
        let storage_maps = &self.storage_maps;
        let printer = Printer { options, names: &names, users, place, grid: &grid, rates, storage_maps };
        let sink = Sink::to_stdout();
        let killer = options.kill.then(|| Killer::new(&self.filter, self.namespace)).transpose()?;
        let output = Output::new(&printer, self.chosen, &sink, killer.as_ref());
        let is_document = options.json && options.kill && !options.events;
        if is_document {
            sink.write(&mut json::CLOSED_BEGIN.as_bytes().to_vec());
        }
        if options.events {
            events::follow(self.chosen, &self.filter, &output, self.namespace, place)?;
        } else {
            self.tables(&plans, &output, place, truth);
        }
        output.finish();
        let refusals = killer.as_ref().map(Killer::refusals).unwrap_or_default();
        if is_document {
            sink.write(&mut json::closed_end(&refusals).into_bytes());
        }
        if self.called == Called::AsOriginal && sink.reader_has_gone() {
            // The original leaves SIGPIPE as it finds it, and scripts with `pipefail` see that.
            signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE)?;
        }
        sink.finish().map_err(Unwritten)?;
        for sentence in &refusals {
            truth.refused(sentence);
        }
        if let Some(sentence) = users.and_then(Users::missing)
            && self.called == Called::Strict
        {
            complain(&sentence);
        }
        Ok(truth.status(self.called))
    }

    /// Table after table; one that the kernel cannot be asked for is read from /proc, where it is.
    fn tables(&self, plans: &[DumpPlan], output: &Output<'_>, place: &Place<'_>, truth: &mut Truth) {
        let counts = Counts::default();
        let file_filter = FileFilter::of(&self.filter);
        let source =
            proc_tables::Source { chosen: self.chosen, filter: &file_filter, place, namespace: self.namespace };
        for plans in plans.chunk_by(|one, next| one.table == next.table) {
            let Some(table) = plans.first().map(|plan| plan.table) else { continue };
            if table == sockeye_query::sockets::Table::Tcp
                && let Some(path) = std::env::var_os("TCPDIAG_FILE")
            {
                if let Err(sentence) = recorded::list(path.as_ref(), &file_filter, output, place) {
                    truth.failed(&sentence);
                }
                continue;
            }
            let mut lacking = proc_tables::is_recorded(table);
            if !lacking {
                listing::run(plans, output, self.namespace, place, &counts, |ended| {
                    if ended.storages_refused && self.options.storages != Storages::None {
                        self.storage_maps.are_refused();
                    }
                    let result = ended.result.as_ref();
                    if truth::is_lacking(result) && proc_tables::has(table) {
                        lacking = true;
                    } else {
                        truth.dumped(table, result, self.chosen);
                    }
                });
            }
            if lacking && output.killer.is_some() {
                // What /proc shows is not closed by being shown.
                truth.lacks(table, self.chosen);
            } else if lacking && let Err(sentence) = proc_tables::list(table, &source, output) {
                truth.failed(&sentence);
            }
        }
        truth.lacks_dccp(self.chosen);
        if counts.undecided_by_owners.load(Ordering::Relaxed) > 0 {
            truth.undecided("owners of some sockets cannot be seen, so these may be missing");
        } else if counts.undecided.load(Ordering::Relaxed) > 0 && !self.net_admin && self.speaks_of_mark() {
            truth.undecided("the kernel tells the mark of sockets only with CAP_NET_ADMIN, so some may be missing");
        }
    }

    fn speaks_of_mark(&self) -> bool {
        catalog().find("mark").is_some_and(|mark| self.filter.fields().contains(&mark))
    }

    fn grid(&self) -> Grid {
        let (options, chosen) = (self.options, self.chosen);
        let shown = |column| match column {
            Column::Netid => chosen.has_several_tables(),
            Column::State => chosen.has_several_states(),
            Column::ReceiveQueue | Column::SendQueue => !options.no_queues,
            Column::Process => options.processes,
            _ => true,
        };
        let from_environment = || {
            // As strtol(3) reads it: what stands behind the digits is of no interest.
            let text = std::env::var("COLUMNS").ok()?;
            let digits = text.trim_start().split(|letter: char| !letter.is_ascii_digit()).next()?;
            digits.parse().ok().filter(|&columns| columns > 0)
        };
        let width = if io::stdout().is_terminal() { terminal_width() } else { from_environment() };
        Grid::new(shown, width)
    }
}

fn refuse(mistake: &Mistake, called: Called) -> u8 {
    let mut text = b"ss: ".to_vec();
    // A mistake of the filter shows its place on lines of its own; everything in it is escaped already.
    text.extend_from_slice(mistake.sentence.as_bytes());
    text.push(b'\n');
    if mistake.usage {
        text.extend_from_slice(usage::TEXT.as_bytes());
    }
    // Nobody is left to be told where stderr cannot be written.
    let _ = io::stderr().write_all(&text);
    match called {
        Called::AsOriginal if mistake.about_value => 1,
        called => called.usage_status(),
    }
}

/// Whether nobody reads what is written, which a pipe tells only when it is asked.
fn is_stdout_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = io::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&at_once)).is_ok() && polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// One line on stderr.
fn complain(sentence: &str) {
    let mut line = b"ss: ".to_vec();
    escape::text(&mut line, sentence.as_bytes());
    line.push(b'\n');
    let _ = io::stderr().write_all(&line);
}

/// Text on stdout; the status where nobody takes it.
fn print(text: &str) -> u8 {
    match crate::output::print(text.as_bytes()) {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("cannot write: {error}"));
            1
        }
    }
}
