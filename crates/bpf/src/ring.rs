//! The ring that programs write their records into, and the count of those for which there was no room.
//!
//! Programs submit without waking anybody (a wake-up for each record costs ten times the record); whoever reads looks
//! again when it pleases.

use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::atomic::Ordering,
};

use crate::{
    error::{Error, Operation},
    sys::{self, Mapping},
};

/// `BPF_MAP_TYPE_ARRAY`.
const ARRAY: u32 = 2;

/// `BPF_MAP_TYPE_RINGBUF`.
const RINGBUF: u32 = 27;

/// `BPF_F_MMAPABLE`.
const MAPPABLE: u32 = 1 << 10;

/// Bytes before each record: its length with two flags, and what the kernel needs to find the ring again.
const HEADER_BYTES: usize = 8;

/// The record is still being written.
const BUSY: u32 = 1 << 31;

/// The record was given up.
const DISCARDED: u32 = 1 << 30;

/// Bytes of a ring at most; what one machine could need for seconds without a reader, and not its memory.
const RING_BYTES_MAX: u32 = 1 << 30;

/// The reading end of a ring (kernel/bpf/ringbuf.c).
pub(crate) struct Ring {
    map: OwnedFd,
    count: OwnedFd,
    /// The place up to which we have read; a page that we write.
    consumer: Mapping,
    /// The place up to which the kernel has written, a page, and then the records, twice in a row, so that none is divided.
    producer: Mapping,
    counter: Mapping,
    page_bytes: usize,
    bytes: usize,
}

impl Ring {
    /// A ring with room for at least so many bytes, and a counter.
    pub(crate) fn new(bytes: u32) -> Result<Self, Error> {
        let page_bytes = rustix::param::page_size();
        let page = u32::try_from(page_bytes).unwrap_or(4096);
        let bytes = bytes.clamp(page, RING_BYTES_MAX).next_power_of_two();
        let refused = |error| Error::system(Operation::CreateMap("ring buffer"), error);
        let map = sys::create_map(RINGBUF, 0, 0, bytes, 0).map_err(refused)?;
        let count = sys::create_map(ARRAY, 4, 8, 1, MAPPABLE).map_err(refused)?;
        let bytes = bytes as usize;
        let consumer = Mapping::of_map(map.as_fd(), 0, page_bytes, true).map_err(refused)?;
        let producer = Mapping::of_map(map.as_fd(), page_bytes, page_bytes + 2 * bytes, false).map_err(refused)?;
        let counter = Mapping::of_map(count.as_fd(), 0, page_bytes, false).map_err(refused)?;
        Ok(Self { map, count, consumer, producer, counter, page_bytes, bytes })
    }

    /// The map, for programs.
    pub(crate) fn map(&self) -> BorrowedFd<'_> {
        self.map.as_fd()
    }

    /// The map whose one value, a double word, programs add to for each record that had no room.
    pub(crate) fn counter(&self) -> BorrowedFd<'_> {
        self.count.as_fd()
    }

    /// How often there was no room.
    pub(crate) fn lost(&self) -> u64 {
        self.counter.double_word(0).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Gives the records that are there now, and no more: a flood does not keep the reader.
    pub(crate) fn read(&mut self, taker: &mut dyn FnMut(&[u8])) {
        let (Some(consumer), Some(producer)) = (self.consumer.double_word(0), self.producer.double_word(0)) else {
            return;
        };
        // Nobody else writes the one. The other is followed by what it announces.
        let mut at = consumer.load(Ordering::Relaxed);
        let end = producer.load(Ordering::Acquire);
        while at < end {
            let place = self.page_bytes + usize::try_from(at % self.bytes as u64).unwrap_or(0);
            let Some(header) = self.producer.word(place) else { break };
            let header = header.load(Ordering::Acquire);
            if header & BUSY != 0 {
                break;
            }
            let length = (header & !DISCARDED) as usize;
            if header & DISCARDED == 0 {
                taker(self.producer.bytes(place + HEADER_BYTES, length));
            }
            at += (HEADER_BYTES + length).next_multiple_of(8) as u64;
            // From here on the kernel may write over the record.
            consumer.store(at, Ordering::Release);
        }
    }
}
