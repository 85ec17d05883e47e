//! The ring that programs write their records into, read without being woken.

use std::os::fd::{AsFd as _, OwnedFd};

use crate::error::Error;
use crate::program::{self, MapKind};
use crate::sys::RingMemory;

/// `BPF_RINGBUF_BUSY_BIT`: the record is still being written. `BPF_RINGBUF_DISCARD_BIT`: it was given up.
const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
/// Bytes before each record (`BPF_RINGBUF_HDR_SZ`).
const HEAD_LEN: u64 = 8;

/// A ring.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) map: OwnedFd,
    memory: RingMemory,
}

impl Ring {
    /// A ring of so many bytes: a power of two, of a page at least.
    pub(crate) fn open(doing: &'static str, bytes: u32) -> Result<Self, Error> {
        let page = u32::try_from(rustix::param::page_size()).unwrap_or(4096);
        let bytes = bytes.clamp(page, 1 << 30).next_power_of_two();
        let map = program::map(doing, MapKind::Ring, 0, 0, bytes)?;
        let memory = RingMemory::map(map.as_fd(), bytes as usize).map_err(|source| Error::refused(doing, source))?;
        Ok(Self { map, memory })
    }

    /// Reads every record that is there.
    pub(crate) fn read(&mut self, each: &mut dyn FnMut(&[u8])) {
        let written = self.memory.written();
        let mut at = self.memory.read();
        while at < written {
            let head = self.memory.head(at);
            if head & BUSY != 0 {
                break;
            }
            let length = u64::from(head & !(BUSY | DISCARDED));
            if head & DISCARDED == 0 {
                each(self.memory.record(at, usize::try_from(length).unwrap_or(0)));
            }
            at += (HEAD_LEN + length).next_multiple_of(8);
            self.memory.set_read(at);
        }
    }
}
