//! Options of `sockeye watch`, as they are typed.

use clap::{Args, ValueEnum};

/// A format of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamFormat {
    /// Lines for people
    #[default]
    Lines,
    /// One JSON object a line
    Ndjson,
}

/// Options of `sockeye watch`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Options {
    /// Tables (`links routes`; none: all but statistics and prefixes), then a filter (`old.operstate = up`)
    #[arg(value_name = "TABLE|FILTER", trailing_var_arg = false)]
    pub(crate) words: Vec<String>,

    /// Format of the stream
    #[arg(short = 'o', long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: StreamFormat,

    /// Short for --output ndjson
    #[arg(short = 'j', long, conflicts_with = "output")]
    pub(crate) json: bool,

    /// Begin with what is there
    #[arg(long)]
    pub(crate) snapshot: bool,

    /// Network namespace: a name, a path, a process id, or `all`, also those that appear later
    #[arg(short = 'N', long, value_name = "NAMESPACE")]
    pub(crate) netns: Option<String>,

    /// Time between comparisons with the kernel's tables (default: each table's own, some minutes)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) audit: Option<std::time::Duration>,

    /// Bytes of events that may wait before the kernel drops some
    #[arg(long, value_name = "BYTES", default_value_t = sockeye_conn::RECEIVE_BUFFER)]
    pub(crate) receive_buffer: usize,

    /// End after so many changes
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

impl Options {
    /// The format that was asked for.
    pub(crate) fn format(&self) -> StreamFormat {
        if self.json { StreamFormat::Ndjson } else { self.output }
    }
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; write a duration as 90s or 5min"))
}
