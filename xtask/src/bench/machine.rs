//! What the numbers were measured on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::statistics::to_f64;
use super::{report, sys};

/// Threads that ran in the last minute, beside ours, from which on a measurement is disturbed.
const BUSY: f64 = 0.7;

/// One sentence: processors, memory, kernel, day.
pub(crate) fn description() -> Result<String> {
    let processors = read("/proc/cpuinfo")?;
    let model = value(&processors, "model name").unwrap_or("processor of unknown model");
    let memory = read("/proc/meminfo")?;
    let memory_kib = value(&memory, "MemTotal").and_then(|total| total.split(' ').next()?.parse::<u64>().ok());
    let memory = memory_kib.map_or("unknown".to_owned(), |kib| report::mebibytes(kib * 1024));
    let release = read("/proc/sys/kernel/osrelease")?;
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    let day = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().context("cannot run date")?.stdout;
    let day = String::from_utf8_lossy(&day);
    Ok(format!("{cores} × {model}, {memory} of memory, Linux {}, {}", release.trim(), day.trim()))
}

/// A warning where other programs keep the processors busy: threads that a busy machine takes away make every ratio worse.
pub(super) fn busy() -> Option<String> {
    let load: f64 = fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()?;
    (load > BUSY)
        .then(|| format!("this machine is busy ({load:.1} threads run or wait for a processor): times will be wrong"))
}

/// What runs on the machine beside a benchmark.
pub(super) struct Others {
    begin: Instant,
    /// Time that all processors had worked, and time that they had for us, by then.
    before: (Duration, Duration),
}

impl Others {
    /// From now on.
    pub(super) fn begin() -> Result<Self> {
        Ok(Self { begin: Instant::now(), before: worked()? })
    }

    /// Processors that were busy for others, on average; once all processes of ours have ended.
    pub(super) fn processors(&self) -> Result<f64> {
        let (all, ours) = worked()?;
        let others = all.saturating_sub(self.before.0).saturating_sub(ours.saturating_sub(self.before.1));
        Ok(others.as_secs_f64() / self.begin.elapsed().as_secs_f64())
    }
}

/// Time that all processors have worked, and time that they have for this process and its children that have ended.
fn worked() -> Result<(Duration, Duration)> {
    let text = read("/proc/stat")?;
    // cpu user nice system idle iowait irq softirq steal …: all but the fourth and fifth is work, in ticks. What the host
    // of a virtual machine takes counts too.
    let ticks = text.lines().next().and_then(|line| line.strip_prefix("cpu ")).context("no ticks in /proc/stat")?;
    let work = ticks.split_whitespace().take(8).enumerate().filter(|(place, _)| !matches!(place, 3 | 4));
    let ticks: u64 = work.filter_map(|(_, ticks)| ticks.parse::<u64>().ok()).sum();
    let all = Duration::from_secs_f64(to_f64(ticks) / to_f64(sys::ticks_a_second()));
    Ok((all, sys::own_cpu()? + sys::children_cpu()?))
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

/// The value of the first line `key: value`.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}
