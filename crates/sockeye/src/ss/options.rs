//! The options of `ss`, and what they mean.

use std::time::Duration;

use super::selection::{Family, Selection, Table, Which};
use super::words::{self, Known};

/// A command line, understood.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(super) struct Options {
    pub(super) selection: Selection,
    pub(super) numeric: bool,
    pub(super) resolve: bool,
    pub(super) timers: bool,
    pub(super) extended: bool,
    pub(super) memory: bool,
    pub(super) info: bool,
    pub(super) processes: bool,
    pub(super) threads: bool,
    /// `-Z`: contexts of processes; `-z`: of sockets too.
    pub(super) contexts: Option<Contexts>,
    pub(super) bpf: bool,
    pub(super) storages: Storages,
    pub(super) tipc: bool,
    pub(super) tos: bool,
    pub(super) cgroup: bool,
    pub(super) inet_sockopt: bool,
    pub(super) no_header: bool,
    pub(super) no_queues: bool,
    pub(super) one_line: bool,
    pub(super) summary: bool,
    pub(super) events: bool,
    pub(super) kill: bool,
    pub(super) namespace: Option<String>,
    /// `-D`: where the kernel's own messages go.
    pub(super) dump: Option<String>,
    /// `-F`: where the filter stands.
    pub(super) filter_file: Option<String>,
    /// What is left: the filter.
    pub(super) filter: Vec<String>,
    pub(super) json: bool,
    pub(super) watch: Option<Duration>,
}

impl Options {
    /// Whether the listing is a document. What `-D` writes is the kernel's own, whatever is asked for beside it.
    pub(super) const fn is_document(&self) -> bool {
        self.json && self.dump.is_none()
    }

    /// Whether more is shown of a socket than its columns.
    pub(super) fn shows_details(&self) -> bool {
        self.extended
            || self.timers
            || self.memory
            || self.info
            || self.tos
            || self.cgroup
            || self.inet_sockopt
            || self.bpf
            || self.tipc
            || self.storages != Storages::None
    }
}

/// Which security contexts are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contexts {
    Processes,
    ProcessesAndSockets,
}

/// Which BPF storage of sockets is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Storages {
    #[default]
    None,
    All,
    /// That of maps with these ids.
    Maps(Vec<u32>),
}

/// What a command line asks for beside sockets.
#[derive(Debug)]
pub(super) enum Asked {
    Sockets(Box<Options>),
    Help,
    Version,
}

/// Why a command line is not understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) sentence: String,
    /// Whether the list of options helps.
    pub(super) usage: bool,
    /// The command line is well formed, but a value of its filter, or of a map, is not known or cannot be.
    pub(super) about_value: bool,
}

impl Mistake {
    fn with_usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), usage: true, about_value: false }
    }

    fn plain(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), usage: false, about_value: false }
    }

    fn value(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), usage: false, about_value: true }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Numeric,
    Resolve,
    Timers,
    Extended,
    Memory,
    Info,
    Processes,
    Threads,
    Bpf,
    Events,
    Table(Table),
    Family(Family),
    Which(Which),
    FamilyNamed,
    Query,
    Summary,
    Dump,
    FilterFile,
    Version,
    Help,
    Context,
    Contexts,
    Namespace,
    Tipc,
    Tos,
    Cgroup,
    Kill,
    NoHeader,
    NoQueues,
    OneLine,
    InetSockopt,
    BpfMaps,
    BpfMap,
    Json,
    Watch,
}

const fn flag(letter: char, names: &'static [&'static str], id: Id) -> Known<Id> {
    Known { letter: Some(letter), names, has_value: false, id }
}

const fn value(letter: char, names: &'static [&'static str], id: Id) -> Known<Id> {
    Known { letter: Some(letter), names, has_value: true, id }
}

const fn long(names: &'static [&'static str], has_value: bool, id: Id) -> Known<Id> {
    Known { letter: None, names, has_value, id }
}

const KNOWN: &[Known<Id>] = &[
    flag('n', &["numeric"], Id::Numeric),
    flag('r', &["resolve"], Id::Resolve),
    flag('o', &["options"], Id::Timers),
    flag('e', &["extended"], Id::Extended),
    flag('m', &["memory"], Id::Memory),
    flag('i', &["info"], Id::Info),
    flag('p', &["processes"], Id::Processes),
    flag('T', &["threads"], Id::Threads),
    flag('b', &["bpf"], Id::Bpf),
    flag('E', &["events"], Id::Events),
    flag('d', &["dccp"], Id::Table(Table::Dccp)),
    flag('t', &["tcp"], Id::Table(Table::Tcp)),
    flag('S', &["sctp"], Id::Table(Table::Sctp)),
    flag('u', &["udp"], Id::Table(Table::Udp)),
    flag('w', &["raw"], Id::Table(Table::Raw)),
    flag('M', &["mptcp"], Id::Table(Table::Mptcp)),
    flag('x', &["unix"], Id::Family(Family::Unix)),
    flag('4', &["ipv4"], Id::Family(Family::Inet)),
    flag('6', &["ipv6"], Id::Family(Family::Inet6)),
    flag('0', &["packet"], Id::Family(Family::Link)),
    long(&["tipc"], false, Id::Family(Family::Tipc)),
    long(&["vsock"], false, Id::Family(Family::Vsock)),
    long(&["xdp"], false, Id::Family(Family::Xdp)),
    flag('a', &["all"], Id::Which(Which::All)),
    flag('l', &["listening"], Id::Which(Which::Listening)),
    flag('B', &["bound-inactive"], Id::Which(Which::Bound)),
    value('f', &["family"], Id::FamilyNamed),
    value('A', &["query", "socket"], Id::Query),
    flag('s', &["summary"], Id::Summary),
    value('D', &["diag"], Id::Dump),
    value('F', &["filter"], Id::FilterFile),
    flag('V', &["version"], Id::Version),
    flag('v', &[], Id::Version),
    flag('h', &["help"], Id::Help),
    flag('Z', &["context"], Id::Context),
    flag('z', &["contexts"], Id::Contexts),
    value('N', &["net"], Id::Namespace),
    long(&["tipcinfo"], false, Id::Tipc),
    long(&["tos"], false, Id::Tos),
    long(&["cgroup"], false, Id::Cgroup),
    flag('K', &["kill"], Id::Kill),
    flag('H', &["no-header"], Id::NoHeader),
    flag('Q', &["no-queues"], Id::NoQueues),
    flag('O', &["oneline"], Id::OneLine),
    long(&["inet-sockopt"], false, Id::InetSockopt),
    long(&["bpf-maps"], false, Id::BpfMaps),
    long(&["bpf-map-id"], true, Id::BpfMap),
    long(&["json"], false, Id::Json),
    long(&["watch"], true, Id::Watch),
];

/// Maps that one command line may name.
pub(super) const MAPS_MAX: usize = 32;

/// Reads the words of a command line.
pub(super) fn read(words: &[String]) -> Result<Asked, Mistake> {
    let (found, others) = words::take_apart(words, KNOWN).map_err(Mistake::with_usage)?;
    let mut options = Options::default();
    for option in found {
        let value = option.value;
        match option.id {
            Id::Numeric => options.numeric = true,
            Id::Resolve => options.resolve = true,
            Id::Timers => options.timers = true,
            Id::Extended => (options.timers, options.extended) = (true, true),
            Id::Memory => options.memory = true,
            Id::Info => options.info = true,
            Id::Processes => options.processes = true,
            Id::Threads => (options.processes, options.threads) = (true, true),
            Id::Bpf => (options.timers, options.bpf) = (true, true),
            Id::Events => options.events = true,
            Id::Table(table) => options.selection.table(table),
            Id::Family(family) => options.selection.family(family),
            Id::Which(which) => options.selection.which(which),
            Id::FamilyNamed if value == "help" => return Ok(Asked::Help),
            Id::FamilyNamed => match Family::named(&value) {
                Some(family) => options.selection.family(family),
                None => return Err(Mistake::with_usage(format!("\"{value}\" is invalid family"))),
            },
            Id::Query => options
                .selection
                .query(&value)
                .map_err(|name| Mistake::with_usage(format!("\"{name}\" is illegal socket table id")))?,
            Id::Summary => options.summary = true,
            Id::Dump => options.dump = Some(value),
            Id::FilterFile if options.filter_file.is_some() => return Err(Mistake::plain("More than one filter file")),
            Id::FilterFile => options.filter_file = Some(value),
            Id::Version => return Ok(Asked::Version),
            Id::Help => return Ok(Asked::Help),
            Id::Context => {
                options.processes = true;
                options.contexts.get_or_insert(Contexts::Processes);
            }
            Id::Contexts => {
                (options.processes, options.contexts) = (true, Some(Contexts::ProcessesAndSockets));
            }
            Id::Namespace => options.namespace = Some(value),
            Id::Tipc => options.tipc = true,
            Id::Tos => options.tos = true,
            Id::Cgroup => options.cgroup = true,
            Id::Kill => options.kill = true,
            Id::NoHeader => options.no_header = true,
            Id::NoQueues => options.no_queues = true,
            Id::OneLine => options.one_line = true,
            Id::InetSockopt => options.inet_sockopt = true,
            Id::BpfMaps | Id::BpfMap => options.storages.add(option.id, &value)?,
            Id::Json => options.json = true,
            Id::Watch => {
                let every = humantime::parse_duration(&value).ok().filter(|every| !every.is_zero());
                options.watch = Some(every.ok_or_else(|| {
                    Mistake::plain(format!("--watch takes a time between two looks, as in --watch 1s, not \"{value}\""))
                })?);
            }
        }
    }
    options.filter = states(&mut options.selection, others)?;
    Ok(Asked::Sockets(Box::new(options)))
}

impl Storages {
    fn add(&mut self, id: Id, value: &str) -> Result<(), Mistake> {
        let mixed = || Mistake::value("--bpf-maps and --bpf-map-id cannot be used together");
        match (id, &mut *self) {
            (Id::BpfMaps, Self::Maps(_)) | (Id::BpfMap, Self::All) => return Err(mixed()),
            (Id::BpfMaps, _) => *self = Self::All,
            (_, Self::Maps(ids)) if ids.len() == MAPS_MAX => {
                return Err(Mistake::value(format!("--bpf-map-id may be given {MAPS_MAX} times")));
            }
            (_, storages) => {
                let number = value.strip_prefix("0x").map_or_else(|| value.parse(), |hex| u32::from_str_radix(hex, 16));
                let number = number.ok().filter(|&number| number != 0);
                let number = number.ok_or_else(|| Mistake::value(format!("invalid BPF map ID {value}")))?;
                match storages {
                    Self::Maps(ids) => ids.push(number),
                    other => *other = Self::Maps(vec![number]),
                }
            }
        }
        Ok(())
    }
}

/// Takes `state X` and `exclude X` off the front of a filter.
fn states(selection: &mut Selection, words: Vec<String>) -> Result<Vec<String>, Mistake> {
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next_if(|word| matches!(word.as_str(), "state" | "exclude" | "excl")) {
        let name = words.next().ok_or_else(|| Mistake::with_usage(format!("{word} needs the name of a state")))?;
        let said = if word == "state" { selection.state(&name) } else { selection.exclude(&name) };
        said.map_err(|name| Mistake::plain(format!("wrong state name: {name}")))?;
    }
    Ok(words.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Options {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match read(&words).unwrap() {
            Asked::Sockets(options) => *options,
            other => panic!("{other:?}"),
        }
    }

    fn mistake(line: &str) -> Mistake {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        read(&words).unwrap_err()
    }

    #[test]
    fn clusters_take_a_namespace_at_their_end() {
        let options = options("-inmHMN blue");
        assert!(options.info && options.numeric && options.memory && options.no_header);
        assert_eq!(options.namespace.as_deref(), Some("blue"));
        let chosen = options.selection.chosen().unwrap();
        assert!(chosen.has(Table::Mptcp) && !chosen.has(Table::Tcp));
    }

    #[test]
    fn some_options_imply_others() {
        assert!(options("-e").timers);
        assert!(options("-T").processes);
        assert!(options("-z").processes);
    }

    #[test]
    fn states_stand_before_the_filter() {
        let options = options("-t state established exclude syn-sent sport = :22");
        assert_eq!(options.filter, ["sport", "=", ":22"]);
        assert_eq!(options.selection.chosen().unwrap().states, 1 << 1);
    }

    #[test]
    fn mistakes_are_those_of_ss() {
        assert_eq!(mistake("-f inet5"), Mistake::with_usage("\"inet5\" is invalid family"));
        assert_eq!(mistake("-A tcp,upd"), Mistake::with_usage("\"upd\" is illegal socket table id"));
        assert_eq!(mistake("state estab"), Mistake::plain("wrong state name: estab"));
        assert_eq!(
            mistake("--bpf-maps --bpf-map-id=3"),
            Mistake::value("--bpf-maps and --bpf-map-id cannot be used together")
        );
    }
}
