//! Options of `sockeye why`, as they are typed.

use std::ffi::OsString;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};

/// A format of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// Options of `sockeye why`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// An address, with or without a port (`10.0.0.1:443`: why can't I reach it?), or a filter (what is slow, and why?)
    #[arg(value_name = "ADDRESS[:PORT]|FILTER")]
    pub(crate) words: Vec<String>,

    /// Format of the answer
    #[arg(short = 'o', long, value_enum, value_name = "FORMAT", default_value_t)]
    output: Format,

    /// The same as -o json
    #[arg(short = 'j', long, conflicts_with = "output")]
    json: bool,

    /// Time to watch (default: 5s; towards an address 1s)
    #[arg(long = "for", value_name = "DURATION", value_parser = crate::watch::duration)]
    pub(crate) watch_for: Option<Duration>,

    /// Worst connections to name
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) limit: usize,

    /// Network namespace: a name, a path or a process id
    #[arg(short = 'N', long, value_name = "NAMESPACE")]
    pub(crate) netns: Option<OsString>,

    /// End with status 4 where something was found
    #[arg(long)]
    pub(crate) exit_code: bool,
}

impl Options {
    /// The format of the answer.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output }
    }
}
