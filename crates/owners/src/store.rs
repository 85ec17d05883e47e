//! The join of sockets and processes: entries collected by many threads, indexed once, looked up by inode.
//!
//! Memory is the design. An entry is 12 bytes, a slot of the table 8, at 4/3 slots an entry: below 23 bytes an entry,
//! at the peak as at the end, because nothing is ever copied: threads fill fixed blocks, the blocks become the store.
//! A growing `Vec` would cost up to twice that while it doubles, and sorting needs the entries in one piece.

use std::iter::FusedIterator;

use crate::process::Process;

/// Entries a block holds. 48 KiB: small beside any scan worth a thread, large enough that blocks are few.
const BLOCK_ENTRIES: usize = 4096;

/// Ends a chain, and marks a process without a place in the table of processes.
const NONE: u32 = u32::MAX;

/// One descriptor that is a socket.
#[derive(Clone, Copy)]
struct Entry {
    process: u32,
    fd: u32,
    /// The socket's inode until the entry is indexed; from then on the next entry of the same socket. The inode is then
    /// in the table, and keeping it here too would be the third part of the entry.
    inode_then_next: u32,
}

/// A slot of the table; inode 0 is an empty one (the kernel gives no socket the inode 0).
#[derive(Clone, Copy, Default)]
struct Slot {
    inode: u32,
    first: u32,
}

/// Consecutive entries of one process, found by one thread in ascending order of descriptor.
struct Run {
    process: u32,
    first_fd: u32,
    block: usize,
    offset: usize,
    length: usize,
}

/// What one thread has found. A process is named by its position in the list of processes being scanned, and one of its
/// other threads by a number above all of those.
#[derive(Default)]
pub(crate) struct Collected {
    blocks: Vec<Vec<Entry>>,
    runs: Vec<Run>,
    entries: usize,
}

impl Collected {
    /// Starts a run of entries of the process at `position`.
    pub(crate) fn begin(&mut self, position: u32) {
        let (block, offset) = self.end();
        self.runs.push(Run { process: position, first_fd: 0, block, offset, length: 0 });
    }

    /// Adds a socket to the run begun last. Descriptors must come in ascending order within a run.
    pub(crate) fn push(&mut self, fd: u32, inode: u32) {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK_ENTRIES) {
            self.blocks.push(Vec::with_capacity(BLOCK_ENTRIES));
        }
        let (Some(run), Some(block)) = (self.runs.last_mut(), self.blocks.last_mut()) else {
            return;
        };
        if run.length == 0 {
            run.first_fd = fd;
        }
        run.length += 1;
        self.entries += 1;
        block.push(Entry { process: run.process, fd, inode_then_next: inode });
    }

    /// Ends the run begun last, and says how many sockets it has.
    pub(crate) fn finish(&mut self) -> usize {
        let length = self.runs.last().map_or(0, |run| run.length);
        if length == 0 {
            self.runs.pop();
        }
        length
    }

    /// The descriptors found so far, in the order of finding.
    #[cfg(test)]
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = u32> {
        self.blocks.iter().flatten().map(|entry| entry.fd)
    }

    /// Where the next entry will go.
    fn end(&self) -> (usize, usize) {
        match self.blocks.last() {
            Some(block) if block.len() < BLOCK_ENTRIES => (self.blocks.len() - 1, block.len()),
            _ => (self.blocks.len(), 0),
        }
    }
}

/// Which process holds which socket, by the socket's inode.
pub struct Owners {
    processes: Vec<Process>,
    blocks: Vec<Vec<Entry>>,
    slots: Vec<Slot>,
    entries: usize,
}

/// One descriptor of one process that refers to the socket asked for.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The holder: a process, or a thread of it.
    pub process: &'a Process,
    /// The descriptor's number in that process.
    pub fd: u32,
}

impl Owners {
    /// The owners of the socket with this inode, by pid, then by thread, then by descriptor; none if nobody seen holds
    /// it.
    pub fn of(&self, inode: u32) -> OwnersOf<'_> {
        let mut slot = home(inode, self.slots.len());
        let next = loop {
            match self.slots.get(slot) {
                Some(found) if found.inode == 0 => break NONE,
                Some(found) if found.inode == inode => break found.first,
                Some(_) => slot += 1,
                None if self.slots.is_empty() => break NONE,
                None => slot = 0,
            }
        };
        OwnersOf { owners: self, next }
    }

    /// The processes that hold at least one socket, by pid; where threads were asked for, those too, by pid and then by
    /// thread.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// How many descriptors are sockets.
    pub fn len(&self) -> usize {
        self.entries
    }

    /// Whether no descriptor is a socket.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Joins what the threads found. `processes` has the position and the facts of every process that may hold a socket.
    pub(crate) fn build(parts: Vec<Collected>, mut processes: Vec<(u32, Process)>) -> Self {
        let positions = processes.iter().map(|(at, _)| *at as usize + 1).max().unwrap_or(0);
        let mut holds = vec![false; positions];
        for run in parts.iter().flat_map(|part| &part.runs) {
            if let Some(holds) = holds.get_mut(run.process as usize) {
                *holds = true;
            }
        }
        processes.retain(|(position, _)| holds[*position as usize]);
        processes.sort_unstable_by_key(|(_, process)| (process.pid(), process.tid()));
        let mut places = vec![NONE; positions];
        for (place, (position, _)) in (0..).zip(&processes) {
            places[*position as usize] = place;
        }
        let mut blocks = Vec::new();
        let mut runs = Vec::new();
        let mut entries = 0;
        for part in parts {
            let base = blocks.len();
            runs.extend(part.runs.into_iter().map(|run| Run { block: run.block + base, ..run }));
            blocks.extend(part.blocks);
            entries += part.entries;
        }
        let mut owners = Self {
            processes: processes.into_iter().map(|(_, process)| process).collect(),
            blocks,
            slots: vec![Slot::default(); slots_for(entries)],
            entries,
        };
        owners.index(&mut runs, &places);
        owners
    }

    /// Chains the entries of each inode. A chain grows at its head, so the last owner goes in first.
    fn index(&mut self, runs: &mut [Run], places: &[u32]) {
        let place = |position: u32| places.get(position as usize).copied().unwrap_or(NONE);
        runs.sort_unstable_by_key(|run| std::cmp::Reverse((place(run.process), run.first_fd)));
        for run in runs {
            let place = place(run.process);
            if place == NONE {
                self.entries -= run.length;
                continue;
            }
            let start = run.block * BLOCK_ENTRIES + run.offset;
            for number in (start..start + run.length).rev() {
                let entry = &mut self.blocks[number / BLOCK_ENTRIES][number % BLOCK_ENTRIES];
                entry.process = place;
                let inode = entry.inode_then_next;
                let mut slot = home(inode, self.slots.len());
                while self.slots[slot].inode != 0 && self.slots[slot].inode != inode {
                    slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 };
                }
                let slot = &mut self.slots[slot];
                entry.inode_then_next = if slot.inode == 0 { NONE } else { slot.first };
                // Entries are counted in u32: 2^32 descriptors do not fit the memory of their own kernel objects.
                *slot = Slot { inode, first: u32::try_from(number).unwrap_or(NONE) };
            }
        }
    }
}

impl std::fmt::Debug for Owners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owners")
            .field("processes", &self.processes.len())
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

/// The owners of one socket.
#[derive(Clone, Debug)]
pub struct OwnersOf<'a> {
    owners: &'a Owners,
    next: u32,
}

impl<'a> Iterator for OwnersOf<'a> {
    type Item = Owner<'a>;

    fn next(&mut self) -> Option<Owner<'a>> {
        if self.next == NONE {
            return None;
        }
        let number = self.next as usize;
        let entry = self.owners.blocks.get(number / BLOCK_ENTRIES)?.get(number % BLOCK_ENTRIES)?;
        self.next = entry.inode_then_next;
        let process = self.owners.processes.get(entry.process as usize)?;
        Some(Owner { process, fd: entry.fd })
    }
}

impl FusedIterator for OwnersOf<'_> {}

/// Slots for so many entries: three in four are taken at most, and one is always empty, which ends a search.
fn slots_for(entries: usize) -> usize {
    if entries == 0 { 0 } else { entries + entries / 3 + 1 }
}

/// The slot where the search for an inode starts. Inodes are counted up by the kernel; the multiplication (by 2^32
/// divided by the golden ratio) spreads neighbours evenly, and the high bits choose the slot without a division.
fn home(inode: u32, slots: usize) -> usize {
    let spread = u64::from(inode.wrapping_mul(0x9E37_79B1));
    usize::try_from((spread * slots as u64) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests;
