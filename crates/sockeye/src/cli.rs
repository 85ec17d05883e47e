//! The command line.

use clap::{Parser, Subcommand};

use crate::fields;
use crate::{sockets, tables, watch};

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
  sockeye fields rtt                             what a field means";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List sockets
    #[command(visible_alias = "socket", before_help = EXAMPLES)]
    Sockets(sockets::Options),
    #[command(flatten)]
    Table(tables::Command),
    /// Follow tables live: every change, and every loss
    Watch(watch::Options),
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
