//! Options of `sockeye sockets`, as they are typed.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use sockeye_owners::SourceChoice;

use super::view;

/// A format of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// One JSON document
    Json,
    /// One JSON object a line, the verdict last
    Ndjson,
    /// Comma-separated values
    Csv,
}

/// Where owners come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OwnerSource {
    /// BPF where it is allowed and sooner done, else /proc
    #[default]
    Auto,
    /// A BPF program (needs CAP_BPF and CAP_PERFMON)
    Bpf,
    /// The directories of processes
    Proc,
}

impl From<OwnerSource> for SourceChoice {
    fn from(source: OwnerSource) -> Self {
        match source {
            OwnerSource::Auto => Self::Automatic,
            OwnerSource::Bpf => Self::Bpf,
            OwnerSource::Proc => Self::Proc,
        }
    }
}

/// Options of `sockeye sockets`.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Options {
    /// What to list: words and conditions, such as `tcp listening` or `rtt gt 100ms` (docs/filter.md)
    #[arg(value_name = "FILTER", trailing_var_arg = false)]
    pub(crate) filter: Vec<String>,

    /// Format of the output
    #[arg(short = 'o', long, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,

    /// Short for --output json
    #[arg(short = 'j', long, conflicts_with = "output")]
    pub(crate) json: bool,

    /// Columns: `a,b` replaces the default ones, `+c` adds one, `-d` takes one away; those that are named are all shown, even if
    /// the terminal is too narrow
    #[arg(short = 'c', long, value_name = "FIELDS", allow_hyphen_values = true)]
    pub(crate) columns: Option<String>,

    /// A named set of columns: default, tcp, memory, timers, congestion, everything
    #[arg(long, value_name = "NAME", value_parser = ViewName, hide_possible_values = true)]
    pub(crate) view: Option<String>,

    /// Sort by fields; `-` before a field puts the largest first; groups also by `count`
    #[arg(long, value_name = "FIELDS", allow_hyphen_values = true)]
    pub(crate) sort: Option<String>,

    /// Show at most this many rows; 0: only how complete the answer is
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,

    /// Show only how many rows there are
    #[arg(long, conflicts_with_all = ["sort", "limit"])]
    pub(crate) count: bool,

    /// Count rows that agree in these fields
    #[arg(long, value_name = "FIELDS", conflicts_with_all = ["count", "columns", "view"])]
    pub(crate) group_by: Option<String>,

    /// Leave out the heading
    #[arg(short = 'H', long)]
    pub(crate) no_header: bool,

    /// Do not look for the processes that hold the sockets
    #[arg(long)]
    pub(crate) no_owners: bool,

    /// Where to look for these processes: in /proc, by a BPF program that sees every open file, or where it is done sooner
    #[arg(long, value_enum, value_name = "SOURCE", default_value_t, conflicts_with_all = ["no_owners", "replay"])]
    pub(crate) owner_source: OwnerSource,

    /// Network namespace: a name, a path, a process id, or `all`
    #[arg(short = 'N', long, value_name = "NAMESPACE")]
    pub(crate) netns: Option<OsString>,

    /// Show names of hosts and services instead of numbers
    #[arg(short = 'r', long)]
    pub(crate) resolve: bool,

    /// Look again until every socket is accounted for
    #[arg(long)]
    pub(crate) confirm: bool,

    /// Show what is asked of the kernel and what is decided here, and do nothing
    #[arg(long)]
    pub(crate) plan: bool,

    /// Record everything the kernel sent, with keys cut out, for a bug report
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(crate) capture: Option<PathBuf>,

    /// List the sockets of a capture instead of this machine's
    #[arg(long, value_name = "FILE", conflicts_with_all = ["capture", "confirm", "netns", "plan"])]
    pub(crate) replay: Option<PathBuf>,

    /// Threads that dump at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) threads: Option<u8>,

    /// Show the keys of TCP MD5 signatures: they are secrets, and whoever sees them can forge packets of the connection
    #[arg(long)]
    pub(crate) show_md5_keys: bool,

    /// No command stands before the filter, so that its first word may be one with a slip
    #[arg(skip)]
    pub(crate) without_command: bool,

    /// The filter is one of `ss`, which may match nothing
    #[arg(skip)]
    pub(crate) lenient: bool,
}

/// Takes any name of a view, because a wrong one is answered elsewhere, and tells completions which there are.
#[derive(Clone)]
struct ViewName;

impl TypedValueParser for ViewName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(view::names().map(PossibleValue::new)))
    }
}

impl Options {
    /// The format that was asked for.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output.unwrap_or(Format::Table) }
    }
}
