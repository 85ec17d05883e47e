//! The ring that programs write their records into, and what programs count beside them.
//!
//! Programs submit without waking anybody (a wake-up for each record costs ten times the record); whoever reads looks
//! again when it pleases.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::{
    error::{Error, Operation},
    sys::{self, Counters, RingMemory},
};

/// `BPF_MAP_TYPE_ARRAY`.
const ARRAY: u32 = 2;

/// `BPF_MAP_TYPE_RINGBUF`.
const RINGBUF: u32 = 27;

/// `BPF_F_MMAPABLE`.
const MAPPABLE: u32 = 1 << 10;

/// Bytes of a ring at most; what one machine could need for seconds without a reader, and not its memory.
const RING_BYTES_MAX: u32 = 1 << 30;

/// Kinds of records, each of which has its counters.
pub(crate) const KINDS: u32 = 5;

/// All counters, double words: of each kind two.
const COUNTERS: u32 = 2 * KINDS;

/// The reading end of a ring, and its counters.
pub(crate) struct Ring {
    map: OwnedFd,
    counts: OwnedFd,
    memory: RingMemory,
    counters: Counters,
    bytes: u32,
}

impl Ring {
    /// A ring with room for at least so many bytes.
    pub(crate) fn new(bytes: u32) -> Result<Self, Error> {
        let page_bytes = rustix::param::page_size();
        let bytes = bytes.clamp(u32::try_from(page_bytes).unwrap_or(4096), RING_BYTES_MAX).next_power_of_two();
        let refused = |error| Error::system(Operation::CreateMap("ring buffer"), error);
        let map = sys::create_map(RINGBUF, 0, 0, bytes, 0).map_err(refused)?;
        let counts = sys::create_map(ARRAY, 4, COUNTERS * 8, 1, MAPPABLE).map_err(refused)?;
        let memory = RingMemory::map(map.as_fd(), bytes as usize, page_bytes).map_err(refused)?;
        let counters = Counters::map(counts.as_fd(), page_bytes).map_err(refused)?;
        Ok(Self { map, counts, memory, counters, bytes })
    }

    /// The map, for programs.
    pub(crate) fn map(&self) -> BorrowedFd<'_> {
        self.map.as_fd()
    }

    /// The map whose one value is the counters, double words, to which programs add.
    pub(crate) fn counters(&self) -> BorrowedFd<'_> {
        self.counts.as_fd()
    }

    /// Bytes of the ring.
    pub(crate) fn bytes(&self) -> u32 {
        self.bytes
    }

    /// The counter of records of a kind for which there was no room.
    pub(crate) fn without_room(kind: usize) -> usize {
        kind
    }

    /// The counter of what only the second program of a tracepoint was run for.
    pub(crate) fn alone(kind: usize) -> usize {
        KINDS as usize + kind
    }

    /// What a counter says.
    pub(crate) fn count(&self, counter: usize) -> u64 {
        self.counters.value(counter)
    }

    /// Gives the records that are there now. `true`: all of them; one that is still being written keeps back those behind it.
    pub(crate) fn read(&mut self, taker: &mut dyn FnMut(&[u8])) -> bool {
        self.memory.read(taker)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, os::unix::fs::FileExt as _};

    use rustix::fs::{MemfdFlags, memfd_create};

    use super::*;
    use crate::sys::{BUSY, DISCARDED, RECORD_HEADER_BYTES};

    /// A file that is laid out as a ring of one page: up to where was read, up to where was written, and the records.
    struct Made {
        file: File,
        page_bytes: usize,
    }

    impl Made {
        fn new() -> (Self, RingMemory) {
            let page_bytes = rustix::param::page_size();
            let file = File::from(memfd_create("ring", MemfdFlags::CLOEXEC).expect("memory"));
            file.set_len(4 * page_bytes as u64).expect("memory");
            let memory = RingMemory::map(file.as_fd(), page_bytes, page_bytes).expect("it can be mapped");
            (Self { file, page_bytes }, memory)
        }

        fn write(&self, at: usize, bytes: &[u8]) {
            self.file.write_all_at(bytes, at as u64).expect("a place of the file");
        }

        /// So much was written in all.
        fn reach(&self, end: u64) {
            self.write(self.page_bytes, &end.to_ne_bytes());
        }

        fn record(&self, at: usize, text: &str, flags: u32) {
            let (place, length) = (2 * self.page_bytes + at, u32::try_from(text.len()).expect("short"));
            self.write(place, &(length | flags).to_ne_bytes());
            self.write(place + RECORD_HEADER_BYTES, text.as_bytes());
        }
    }

    fn read(memory: &mut RingMemory) -> (Vec<String>, bool) {
        let mut records = Vec::new();
        let is_all = memory.read(&mut |bytes| records.push(String::from_utf8_lossy(bytes).into_owned()));
        (records, is_all)
    }

    #[test]
    fn who_reads_is_told_that_a_record_that_is_being_written_keeps_back_what_is_behind_it() {
        let (made, mut memory) = Made::new();
        assert_eq!(read(&mut memory), (vec![], true), "nothing was written");
        // Each takes sixteen bytes with its header.
        made.record(0, "seven", 0);
        made.record(16, "eleven", BUSY);
        made.record(32, "fifteen", 0);
        made.reach(48);
        assert_eq!(read(&mut memory), (vec!["seven".to_owned()], false));
        assert_eq!(read(&mut memory), (vec![], false));
        made.record(16, "eleven", 0);
        assert_eq!(read(&mut memory), (vec!["eleven".to_owned(), "fifteen".to_owned()], true));
        made.record(48, "given up", DISCARDED);
        made.reach(64);
        assert_eq!(read(&mut memory), (vec![], true));
    }

    #[test]
    fn a_record_at_the_end_goes_on_at_the_beginning() {
        let (made, mut memory) = Made::new();
        // As much was read as ends sixteen bytes before the end of the ring.
        let begin = made.page_bytes - 16;
        made.write(0, &(begin as u64).to_ne_bytes());
        made.record(begin, "eight in", 0);
        made.reach(made.page_bytes as u64);
        assert_eq!(read(&mut memory), (vec!["eight in".to_owned()], true), "none is divided");
        made.write(0, &(begin as u64).to_ne_bytes());
        made.record(begin, "eight in", 0);
        made.write(2 * made.page_bytes + begin, &20_u32.to_ne_bytes());
        made.write(2 * made.page_bytes, b" and twelve ");
        made.record(16, "behind", 0);
        made.reach(made.page_bytes as u64 + 32);
        assert_eq!(read(&mut memory), (vec!["eight in and twelve ".to_owned(), "behind".to_owned()], true));
        // Only the header has room.
        let begin = made.page_bytes - 8;
        made.write(0, &(begin as u64).to_ne_bytes());
        made.record(begin, "", 0);
        made.write(2 * made.page_bytes + begin, &7_u32.to_ne_bytes());
        made.write(2 * made.page_bytes, b"all new");
        made.reach(made.page_bytes as u64 + 8);
        assert_eq!(read(&mut memory), (vec!["all new".to_owned()], true));
    }

    #[test]
    fn a_record_that_says_to_be_longer_than_what_was_written_ends_the_read() {
        let (made, mut memory) = Made::new();
        let (room, length) = (u32::try_from(made.page_bytes).expect("a page"), "eleven".len());
        made.record(0, "seven", 0);
        made.record(16, "eleven", 0);
        made.reach(32);
        // Over the end of what was written, also by no more than what fills it up; and longer than the ring, given up or not.
        for broken in [9, 24, room, DISCARDED - 1, DISCARDED | 9] {
            made.write(0, &0_u64.to_ne_bytes());
            made.write(2 * made.page_bytes + 16, &broken.to_ne_bytes());
            assert_eq!(read(&mut memory), (vec!["seven".to_owned()], false), "{broken:#x}");
            assert_eq!(read(&mut memory), (vec![], false), "{broken:#x}: there is no way on");
        }
        // Nor does it help that more is said to be written than there is room for.
        made.reach(u64::from(room) * 4);
        made.write(2 * made.page_bytes + 16, &room.to_ne_bytes());
        assert_eq!(read(&mut memory), (vec![], false));
        made.reach(32);
        made.write(2 * made.page_bytes + 16, &u32::try_from(length).expect("short").to_ne_bytes());
        assert_eq!(read(&mut memory), (vec!["eleven".to_owned()], true));
    }

    /// Any number, the next one of a sequence (xorshift).
    fn draw(seed: &mut u64) -> u64 {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed
    }

    #[test]
    fn whatever_stands_in_a_ring_only_what_was_written_is_given() {
        let (made, mut memory) = Made::new();
        let (mut seed, mut given, mut broken) = (0x7a77_ac4e_d713_55a1_u64, 0, 0);
        for _ in 0..2000 {
            // Bytes that are no lengths mostly, and lengths now and then.
            let mut ring: Vec<u8> = (0..made.page_bytes / 8).flat_map(|_| draw(&mut seed).to_ne_bytes()).collect();
            for header in ring.chunks_exact_mut(8) {
                if draw(&mut seed).is_multiple_of(8) {
                    continue;
                }
                let flags = [0, 0, 0, 0, 0, 0, DISCARDED, BUSY][(draw(&mut seed) & 7) as usize];
                let length = u32::try_from(draw(&mut seed) % 80).expect("short");
                header[..4].copy_from_slice(&(length | flags).to_ne_bytes());
            }
            let begin = draw(&mut seed) % 1_000_000 * 8;
            let end = begin + draw(&mut seed) % (made.page_bytes as u64 / 8 + 1) * 8;
            made.write(2 * made.page_bytes, &ring);
            made.write(0, &begin.to_ne_bytes());
            made.reach(end);
            // Where the ring begins again it is the same a second time.
            ring.extend_from_within(..);
            let from = usize::try_from(begin).expect("small") % made.page_bytes;
            let mut left = &ring[from..][..usize::try_from(end - begin).expect("small")];
            let is_all = memory.read(&mut |record| loop {
                let header = u32::from_ne_bytes(left[..4].try_into().expect("a header"));
                let whole = (RECORD_HEADER_BYTES + (header & !DISCARDED) as usize).next_multiple_of(8);
                let (this, rest) = left.split_at(whole);
                left = rest;
                if header & DISCARDED == 0 {
                    assert_eq!(record, &this[RECORD_HEADER_BYTES..][..header as usize]);
                    given += 1;
                    break;
                }
            });
            broken += usize::from(!is_all);
        }
        assert!(given > 2000 && (500..2000).contains(&broken), "{given} records, {broken} of 2000 reads ended early");
    }
}
