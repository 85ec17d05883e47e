//! What the numbers were measured on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context, Result};

use super::report;

/// Threads that ran in the last minute, beside ours, from which on a measurement is disturbed.
const BUSY: f64 = 0.7;

/// One sentence: processors, memory, kernel, day.
pub(super) fn description() -> Result<String> {
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

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

/// The value of the first line `key: value`.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}
