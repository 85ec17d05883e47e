//! The command line.

use clap::{Parser, Subcommand};

use crate::fields;
use crate::{sockets, tables, top, watch, why};

/// Everything the Linux kernel tells about the network.
#[derive(Debug, Parser)]
#[command(
    name = "sockeye",
    version = crate::version::TEXT,
    about = "Everything the Linux kernel tells about the network, asked at the kernel's own speed",
    before_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) sockets: sockets::Options,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  sockeye                                        this machine's sockets, with their owners
  sockeye sockets tcp listening                  what serves here
  sockeye sockets established dport = 443 --sort -rtt --limit 20
  sockeye sockets 'rtt > 100ms or retrans > 0'   slow or lossy connections (mind the quotes)
  sockeye sockets unix process = dbus-daemon --columns +peer-process
  sockeye sockets -N all --group-by netns,state
  sockeye sockets tcp --view everything -o ndjson
  sockeye routes dst = default                   links, rules, neighbours, qdiscs too
  sockeye watch links routes                     what changes, as it changes
  sockeye top                                    a screen: who sends how much, and what holds it up
  sockeye fields rtt                             what a field means";

const WATCH_EXAMPLES: &str = "\
Examples:
  sockeye watch                                  every change of every table
  sockeye watch links 'old.operstate = up and new.operstate = down'
  sockeye watch routes dst = default -o ndjson
  sockeye watch sockets closed and dport = 443
  sockeye watch sockets --events drop,reset      what the kernel dropped or reset, and why
  sockeye watch --netns all --snapshot
  sockeye watch --on 'routes dst = default' --run 'systemctl restart vpn' --debounce 500ms
  sockeye watch --on 'links new.operstate = down' --run 'notify-send down' --hold 2s";

const WHY_EXAMPLES: &str = "\
Examples:
  sockeye why                                    what is wrong on this machine, after 5 s
  sockeye why dport = 5432 --for 30s             what holds these connections up
  sockeye why 10.0.0.1:443                       why it cannot be reached";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List sockets
    #[command(visible_alias = "socket", before_help = EXAMPLES)]
    Sockets(sockets::Options),
    #[command(flatten)]
    Table(tables::Command),
    /// Follow tables live: every change, and every loss
    #[command(before_help = WATCH_EXAMPLES)]
    Watch(watch::Options),
    /// Say what is slow or broken, and why
    #[command(before_help = WHY_EXAMPLES)]
    Why(why::Options),
    /// Follow sockets on a screen: rates, round-trip times, queues, owners
    Top(top::Options),
    /// List sockets with the options, the filter and the text of `ss`
    #[command(disable_help_flag = true)]
    Ss {
        /// Options and filter of `ss`; `-h` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORD")]
        words: Vec<std::ffi::OsString>,
    },
    /// Explain the fields that can be shown, filtered and sorted by
    Fields(fields::Options),
    /// Print a shell completion
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}
