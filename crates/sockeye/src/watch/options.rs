//! Options of `sockeye watch`, as they are typed.

use std::ffi::OsString;
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use sockeye_bpf::events::EventKind;

/// A format of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamFormat {
    /// Lines for people
    #[default]
    Lines,
    /// One JSON object a line
    Ndjson,
}

/// Where changes of TCP sockets come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    /// The best that is allowed
    #[default]
    Auto,
    /// The kernel's own events, by BPF: every change
    Bpf,
    /// Repeated dumps, and what the kernel tells of sockets that were destroyed
    Dumps,
}

/// A kind of events of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Opened, accepted, established, any other change, closed
    State,
    /// A segment was sent again
    Retransmit,
    /// A reset was sent or received
    Reset,
    /// A packet was dropped, with the kernel's reason
    Drop,
    /// A socket reports an error
    Error,
}

impl Kind {
    /// The same as those who hear it have it.
    pub(crate) fn kind(self) -> EventKind {
        match self {
            Self::State => EventKind::State,
            Self::Retransmit => EventKind::Retransmit,
            Self::Reset => EventKind::Reset,
            Self::Drop => EventKind::Drop,
            Self::Error => EventKind::Error,
        }
    }
}

/// Time between dumps of the sockets, unless somebody asks for another.
const INTERVAL: Duration = Duration::from_secs(1);

/// Options of `sockeye watch`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Tables (`links routes`; none: all but statistics and prefixes), or `sockets` alone, then a filter (`old.operstate = up`)
    #[arg(value_name = "TABLE|FILTER", trailing_var_arg = false)]
    pub(crate) words: Vec<String>,

    /// Format of the stream
    #[arg(short = 'o', long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: StreamFormat,

    /// Short for --output ndjson
    #[arg(short = 'j', long, conflicts_with = "output")]
    pub(crate) json: bool,

    /// Begin with what is there: lines with `=`, objects with `"snapshot":true`
    #[arg(long)]
    pub(crate) snapshot: bool,

    /// Network namespace: a name, a path or a process id, until it is gone; or `all`, also those that appear later
    #[arg(short = 'N', long, value_name = "NAMESPACE")]
    pub(crate) netns: Option<OsString>,

    /// Time between comparisons with the kernel's tables, up to a tenth more (default: each table's own, some minutes)
    #[arg(long, value_name = "DURATION", value_parser = pause)]
    pub(crate) audit: Option<Duration>,

    /// Where changes of TCP sockets come from (`watch sockets`; default: auto)
    #[arg(long, value_enum, value_name = "SOURCE")]
    pub(crate) source: Option<Source>,

    /// What to tell of sockets (`watch sockets`; default: all that may be had). All but `state` needs the kernel's own events
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    pub(crate) events: Option<Vec<Kind>>,

    /// Time between dumps of the sockets, where births are not told (`watch sockets`; default: 1s)
    #[arg(long, value_name = "DURATION", value_parser = pause)]
    pub(crate) interval: Option<Duration>,

    /// Bytes of events that may wait, per network namespace, before the kernel drops some; for sockets it also sets the ring of the
    /// kernel's own events, which has 32 MiB otherwise
    #[arg(long, value_name = "BYTES", default_value_t = sockeye_conn::RECEIVE_BUFFER)]
    pub(crate) receive_buffer: usize,

    /// Run a command (`--run`) when a change fits: tables and a filter, as above, as one argument (quote it); of `watch sockets`
    /// a filter. Can be given again
    #[arg(long, value_name = "TABLES FILTER", value_parser = not_empty)]
    pub(crate) on: Vec<String>,

    /// The command of the `--on` before it. It gets the change as JSON on standard input, and its fields as SOCKEYE_…;
    /// when a signal ends the watch, no further one is started, and those that run have 5 s
    #[arg(long, value_name = "COMMAND")]
    pub(crate) run: Vec<String>,

    /// Let a shell read the commands
    #[arg(long, requires = "run")]
    pub(crate) shell: bool,

    /// Wait until no fitting change has come for so long, then run the command once for all of them
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "run")]
    pub(crate) debounce: Option<Duration>,

    /// Run the command only once a record has fitted for so long without a break. Not for sockets
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "run", conflicts_with = "debounce")]
    pub(crate) hold: Option<Duration>,

    /// Commands that run at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = RangedU64ValueParser::<usize>::new().range(1..), requires = "run")]
    pub(crate) run_jobs: usize,

    /// Commands that wait for others to end; further ones are skipped, and that is said
    #[arg(long, value_name = "N", default_value_t = 64, requires = "run")]
    pub(crate) run_queue: usize,

    /// Time after which a command is made to end
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s", requires = "run")]
    pub(crate) run_timeout: Duration,

    /// End after so many changes, without what was there at first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
}

impl Options {
    /// The format that was asked for.
    pub(crate) fn format(&self) -> StreamFormat {
        if self.json { StreamFormat::Ndjson } else { self.output }
    }

    /// Where changes of TCP sockets come from.
    pub(crate) fn source(&self) -> Source {
        self.source.unwrap_or_default()
    }

    /// Time between dumps of the sockets.
    pub(crate) fn interval(&self) -> Duration {
        self.interval.unwrap_or(INTERVAL)
    }
}

/// A time between two looks: without any, there would be nothing but looking.
fn pause(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("the time between two looks is more than nothing".to_owned()),
        pause => Ok(pause),
    }
}

/// What a hook is for: without a word it would be everything, which nobody means by nothing.
fn not_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("a hook needs what it is for: tables, a filter, or both".to_owned());
    }
    Ok(text.to_owned())
}

/// A duration as people write it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; write a duration as 90s or 5min"))
}
