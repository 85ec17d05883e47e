//! Options of the listings of rtnetlink's tables, as they are typed.

use std::ffi::OsString;

use clap::Args;

use crate::sockets::Format;

/// What can be asked of any of the tables.
const EXAMPLES: &str = "\
Examples:
  sockeye links up kind = veth
  sockeye links --sort -stats64.rx_dropped --columns name,stats64.rx_dropped
  sockeye routes dst = default
  sockeye routes inet table = 100 --group-by proto
  sockeye addresses ip = 10.0.0.0/8 -o ndjson
  sockeye neighbours state = failed --netns all
  sockeye qdiscs dev = eth0 -j
  sockeye fields --table routes                  what the fields mean";

/// Options of `sockeye routes` and its kin.
#[derive(Clone, Debug, Default, Args)]
#[command(before_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Options {
    /// What to list: words and conditions, such as `inet dev = eth0` or `mtu gt 1500` (docs/filter.md)
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

    /// Sort by fields; `-` before a field puts the largest first
    #[arg(long, value_name = "FIELDS", allow_hyphen_values = true)]
    pub(crate) sort: Option<String>,

    /// Show at most so many rows; 0: only how complete the answer is
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,

    /// Only count the rows
    #[arg(long, conflicts_with_all = ["sort", "limit"])]
    pub(crate) count: bool,

    /// Count rows that agree in these fields
    #[arg(long, value_name = "FIELDS", conflicts_with_all = ["count", "columns"])]
    pub(crate) group_by: Option<String>,

    /// Leave out the heading
    #[arg(short = 'H', long)]
    pub(crate) no_header: bool,

    /// Network namespace: a name, a path, a process id, or `all`
    #[arg(short = 'N', long, value_name = "NAMESPACE")]
    pub(crate) netns: Option<OsString>,

    /// Show what is asked of the kernel and what is decided here, and do nothing
    #[arg(long)]
    pub(crate) plan: bool,
}

impl Options {
    /// The format that was asked for.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output.unwrap_or(Format::Table) }
    }
}
