//! Options of `sockeye top`, as they are typed.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use clap::builder::ArgPredicate;

use super::model::{Grouping, Pane};

/// What to type.
const EXAMPLES: &str = "\
Examples:
  sockeye top                                    this machine's sockets, the busiest first
  sockeye top dport = 443                        only these
  sockeye top --pane processes                   which program moves how much
  sockeye top --group container                  which container does
  sockeye top -N all --interval 5s               all network namespaces, with less work
  sockeye top --once | head -20                  one look as text, for a report";

/// Options of `sockeye top`.
#[derive(Clone, Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Options {
    /// Which sockets to show: words and conditions, such as `dport = 443` or `rtt gt 100ms` (docs/filter.md)
    #[arg(value_name = "FILTER", trailing_var_arg = false)]
    pub(crate) filter: Vec<String>,

    /// Time between two looks
    #[arg(long, value_name = "DURATION", value_parser = interval, default_value = "1s")]
    pub(crate) interval: Duration,

    /// Network namespace: a name, a path, a process id, or `all`
    #[arg(short = 'N', long, value_name = "NAMESPACE")]
    pub(crate) netns: Option<OsString>,

    /// What to show first
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    #[arg(default_value_if("group", ArgPredicate::IsPresent, "processes"))]
    pub(crate) pane: Pane,

    /// What the pane of processes sums by; alone, it shows that pane first
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub(crate) group: Grouping,

    /// Print one screen as text and end: it takes one interval, because rates do
    #[arg(long)]
    pub(crate) once: bool,

    /// No colours
    #[arg(long)]
    pub(crate) no_color: bool,
}

/// Shortest time between two looks: a shorter one shows what the looking does.
const INTERVAL_MIN: Duration = Duration::from_millis(100);
/// Longest one: histories would no longer be of today.
const INTERVAL_MAX: Duration = Duration::from_hours(1);

fn interval(text: &str) -> Result<Duration, String> {
    let interval =
        humantime::parse_duration(text).map_err(|error| format!("{error}; write a duration as 2s or 500ms"))?;
    if (INTERVAL_MIN..=INTERVAL_MAX).contains(&interval) {
        Ok(interval)
    } else {
        Err("the time between two looks is between 100ms and 1h".to_owned())
    }
}
