//! A load: sockets held by as many processes as the limit of open files asks for.

use std::thread::available_parallelism;

use anyhow::{Context, Result};

use super::hold::{self, Shape};
use super::part::Running;
use super::sys;

/// Files that a process needs beside the connections: its listening sockets, pipes, what the runtime holds.
const DESCRIPTORS_SPARE: u64 = 100;
/// Connections of one process at most: a machine without limits shall still have several processes to look into.
const CONNECTIONS_MAX: u64 = 9900;

/// Sockets that are there until this value is dropped.
pub(super) struct Load {
    /// What they look like.
    pub(super) shape: Shape,
    /// How many there are.
    pub(super) sockets: u64,
    /// How many of them are ends of connections.
    pub(super) ends: u64,
    /// Processes that hold them.
    pub(super) processes: usize,
    parts: Vec<Running>,
}

impl Load {
    /// Makes this many connections in the network namespace of this process.
    pub(super) fn start(shape: Shape, connections: u64) -> Result<Self> {
        Self::in_shares(shape, shares(connections)?)
    }

    /// The same in so many processes, whatever the limit would allow.
    pub(super) fn start_in(shape: Shape, processes: u16, connections: u64) -> Result<Self> {
        sys::raise_descriptor_limit().context("cannot raise the limit of open files")?;
        Self::in_shares(shape, equally(processes, connections))
    }

    fn in_shares(shape: Shape, shares: Vec<(u16, u64)>) -> Result<Self> {
        let mut parts = Vec::new();
        let mut ends = 0;
        for (process, share) in shares {
            ends += 2 * share;
            parts.push(Running::start(&hold::Args::line(shape, process, share))?);
        }
        let mut load = Self { shape, sockets: 0, ends, processes: parts.len(), parts };
        for part in &mut load.parts {
            load.sockets += part.number()?;
        }
        Ok(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // All at once, not one after the other: closing costs what opening did.
        self.parts.iter_mut().for_each(Running::end);
    }
}

/// Processes for so many connections, by number, and the connections of each.
pub(super) fn shares(connections: u64) -> Result<Vec<(u16, u64)>> {
    let limit = sys::raise_descriptor_limit().context("cannot raise the limit of open files")?;
    let each_max = (limit.saturating_sub(DESCRIPTORS_SPARE) / 2).clamp(1, CONNECTIONS_MAX);
    let cores = available_parallelism().map_or(1, |cores| cores.get() as u64);
    let processes = connections.div_ceil(each_max).max(cores).min(connections.max(1));
    let processes = u16::try_from(processes).context("more processes than there are addresses for")?;
    Ok(equally(processes, connections))
}

/// So many connections in so many processes, as equally as can be.
fn equally(processes: u16, connections: u64) -> Vec<(u16, u64)> {
    let (each, rest) = (connections / u64::from(processes), connections % u64::from(processes));
    (0..processes).map(|process| (process, each + u64::from(u64::from(process) < rest))).collect()
}
