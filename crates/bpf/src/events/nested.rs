//! What reaches a tracepoint while its program runs on the same processor.
//!
//! Since Linux 6.2 the kernel runs a program not once more inside itself (kernel/trace/bpf_trace.c, `__bpf_trace_run`): when an
//! interrupt brings packets in the middle of the program for a process, what these do to other sockets would not be told. So each
//! tracepoint has two programs. The first one marks what it was run for, in a place of its processor; the second one, which comes
//! right after it, looks for that mark, and tells what the first one was not run for.
//!
//! An interrupt between the two, or in the second, takes the mark away. Then both tell the same: records of the second one say so,
//! and [`Told`] knows what was told before. What neither was run for is counted: what the kernel says that the first one missed,
//! less what the second one was run for alone.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{EventKind, code::*, record::*};
use crate::{
    assembler::*,
    error::{Error, Operation},
    program::TracepointProgram,
    ring::Ring,
    sys,
};

/// `BPF_MAP_TYPE_ARRAY`.
const ARRAY: u32 = 2;

/// The first or the second program of a tracepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Second,
}

/// Bytes of a mark: two arguments of the program.
const MARK_BYTES: u32 = 16;
/// Marks of a processor, one for each tracepoint, and no other processor's on the same line of its cache.
const PLACE_BYTES: u32 = 128;
/// Tracepoints that have a place.
pub(super) const TRACEPOINTS: u32 = PLACE_BYTES / MARK_BYTES;

/// The places of all processors.
pub(super) struct Marks {
    map: OwnedFd,
    processors: u32,
}

impl Marks {
    pub(super) fn new() -> Result<Self, Error> {
        let processors = sys::processors();
        let map = sys::create_map(ARRAY, 4, processors * PLACE_BYTES, 1, 0)
            .map_err(|error| Error::system(Operation::CreateMap("array"), error))?;
        Ok(Self { map, processors })
    }

    fn map(&self) -> BorrowedFd<'_> {
        self.map.as_fd()
    }
}

/// Where a program keeps its mark, and which of its arguments are one: two at most.
#[derive(Clone, Copy)]
pub(super) struct Mark<'m> {
    pub(super) marks: &'m Marks,
    pub(super) tracepoint: u32,
    pub(super) arguments: usize,
}

impl Mark<'_> {
    fn words(&self) -> impl Iterator<Item = (usize, i16)> {
        [(0, 0), (1, 8)].into_iter().take(self.arguments)
    }
}

impl Code<'_> {
    /// The first program leaves its mark, and the second one goes out where it finds it.
    pub(super) fn take_turn(&mut self, turn: Turn, mark: Mark<'_>) {
        let none = self.steps.label();
        self.place(mark, none);
        match turn {
            Turn::First => {
                for (argument, at) in mark.words() {
                    self.argument(R2, argument);
                    self.steps.store(R1, at, R2, Width::Eight);
                }
                self.steps.place(none);
            }
            Turn::Second => {
                let missed = self.steps.label();
                for (argument, at) in mark.words() {
                    self.argument(R2, argument);
                    self.steps.load(R3, R1, at, Width::Eight);
                    self.steps.jump_if_register(R3, Is::NotEqual, R2, missed);
                }
                // The same may happen to the same socket once more.
                self.steps.store_number(R1, 0, 0, Width::Eight);
                self.steps.place(none);
                self.steps.jump(self.out);
                self.steps.place(missed);
                self.count(Ring::alone(self.kind as usize));
            }
        }
    }

    /// r1 becomes the place of this processor's mark; goes to `none` if there is none.
    fn place(&mut self, mark: Mark<'_>, none: Label) {
        let steps = &mut self.steps;
        steps.call(Helper::GetSmpProcessorId);
        steps.jump_if(R0, Is::Above, i32::try_from(mark.marks.processors - 1).unwrap_or(0), none);
        steps.multiply(R0, PLACE_BYTES.cast_signed());
        steps.map_value(R1, mark.marks.map(), (mark.tracepoint * MARK_BYTES).cast_signed());
        steps.add_register(R1, R0);
    }
}

/// Events that went by without one that the first program missed, before the second one is taken away.
const QUIET: u64 = 50_000;
/// After it had to be brought back, so many times as many.
const QUIET_TIMES: u64 = 16;

/// The two programs of a tracepoint.
pub(super) struct Pair {
    pub(super) kind: EventKind,
    first: TracepointProgram,
    second: TracepointProgram,
    /// What the first one had missed when it was looked at last.
    missed: u64,
    /// Events since then.
    quiet: u64,
    quiet_max: u64,
}

impl Pair {
    /// Attaches both: the first one first, as they are run in that order.
    pub(super) fn attach(
        kind: EventKind,
        mut first: TracepointProgram,
        mut second: TracepointProgram,
    ) -> Result<Self, Error> {
        first.attach()?;
        second.attach()?;
        Ok(Self { kind, first, second, missed: 0, quiet: 0, quiet_max: QUIET })
    }

    /// What the first one missed.
    pub(super) fn missed(&self) -> u64 {
        self.first.misses()
    }

    /// So many events of its kind went by: takes the second one away, or brings it back.
    pub(super) fn attend(&mut self, events: u64) {
        let missed = self.missed();
        let is_quiet = missed == self.missed;
        self.missed = missed;
        self.quiet = if is_quiet { self.quiet + events } else { 0 };
        match self.second.is_attached() {
            true if self.quiet > self.quiet_max => self.second.detach(),
            false if !is_quiet => {
                self.quiet_max = self.quiet_max.saturating_mul(QUIET_TIMES);
                // Where it can't be brought back, what is missed goes on being counted.
                let _ = self.second.attach();
            }
            _ => {}
        }
    }
}

/// Records that are remembered; a socket's next change of state may come so many records later.
const REMEMBERED: usize = 4096;
/// Nanoseconds between two records of the same at most: the packets that one interrupt brings are handled in between.
const APART_NS_MAX: u64 = 100_000_000;
/// What of a record does not differ between two of the same; the time and the second's sign do.
const SAME: [i16; 9] = [COOKIE, NETNS, LOCATION, LOCATION + 8, KIND, PEER_PORT, LOCAL, HEADERS, HEADERS + 8];

/// What was told, of late.
pub(super) struct Told {
    /// What it was, and when.
    last: Box<[(u64, u64)]>,
    /// By kind, what the second program told of what the first one had told.
    twice: [u64; EventKind::ALL.len()],
}

impl Told {
    pub(super) fn new() -> Self {
        Self { last: vec![(0, 0); REMEMBERED].into(), twice: [0; EventKind::ALL.len()] }
    }

    /// How many records of a kind were two of the same.
    pub(super) fn twice(&self, kind: EventKind) -> u64 {
        self.twice[kind as usize]
    }

    /// Whether this record says what one before it said.
    pub(super) fn is_told(&mut self, record: Record<'_>) -> bool {
        let (is_second, time) = (record.byte(IS_SECOND) != 0, record.double(TIME));
        let what = SAME.iter().fold(0_u64, |what, at| (what.rotate_left(5) ^ record.double(*at)).wrapping_mul(FACTOR));
        let place = usize::try_from(what >> 32).unwrap_or(0) % REMEMBERED;
        let (said, at) = &mut self.last[place];
        // Up to Linux 6.12 all copies of a listener say this alike, with its cookie and no peer (net/ipv4/inet_connection_sock.c,
        // inet_csk_clone_lock); whoever hears it twice learns nothing new.
        let is_copy = record.kind() == Some(EventKind::State) && record.change() == (LISTEN, SYN_RECV);
        let is_told = is_second && *said == what && time.abs_diff(*at) < APART_NS_MAX && !is_copy;
        if let Some(kind) = record.kind().filter(|_| is_told) {
            self.twice[kind as usize] += 1;
        }
        (*said, *at) = (what, time);
        is_told
    }
}

/// Odd, and with as many ones as zeros: what is multiplied with it is spread over all bits.
const FACTOR: u64 = 0x517c_c1b7_2722_0a95;

#[cfg(test)]
mod tests {
    use super::*;

    /// Of this socket, by the first or the second program, at this time.
    fn record(cookie: u8, turn: Turn, time: u64) -> [u8; BYTES as usize] {
        let mut bytes = [0; BYTES as usize];
        bytes[TIME as usize..][..8].copy_from_slice(&time.to_ne_bytes());
        bytes[COOKIE as usize] = cookie;
        bytes[KIND as usize] = STATE_CHANGE;
        bytes[IS_SECOND as usize] = u8::from(turn == Turn::Second);
        bytes
    }

    #[test]
    fn what_the_first_program_told_is_not_told_by_the_second_and_everything_else_is() {
        let mut told = Told::new();
        let mut is_told = |bytes: [u8; BYTES as usize]| told.is_told(Record::of(&bytes).expect("a record"));
        assert!(!is_told(record(7, Turn::First, 1000)));
        // What an interrupt brought in between, which only the second was run for.
        assert!(!is_told(record(8, Turn::Second, 1100)));
        assert!(is_told(record(7, Turn::Second, 1200)));
        // The same once more, later: no program tells twice of one.
        assert!(!is_told(record(7, Turn::First, 5000)));
        assert!(!is_told(record(7, Turn::First, 6000)));
        assert!(!is_told(record(7, Turn::Second, 6000 + APART_NS_MAX)));
        let mut other = record(8, Turn::Second, 1300);
        other[OLD_STATE as usize] = 1;
        assert!(!is_told(other), "another change of the same socket");
        assert_eq!((told.twice(EventKind::State), told.twice(EventKind::Drop)), (1, 0));
    }

    #[test]
    fn copies_of_a_listener_are_not_taken_for_one() {
        let mut told = Told::new();
        for turn in [Turn::First, Turn::Second, Turn::Second] {
            let mut copy = record(7, turn, 1000);
            (copy[OLD_STATE as usize], copy[STATE as usize]) = (LISTEN, SYN_RECV);
            assert!(!told.is_told(Record::of(&copy).expect("a record")));
        }
        assert_eq!(told.twice(EventKind::State), 0);
    }

    #[test]
    fn every_byte_that_tells_one_from_another_is_looked_at() {
        let bytes = record(7, Turn::First, 1);
        let of = |bytes: [u8; BYTES as usize]| {
            let mut told = Told::new();
            told.is_told(Record::of(&record(7, Turn::First, 1)).expect("a record"));
            told.is_told(Record::of(&bytes).expect("a record"))
        };
        for at in [COOKIE, NETNS, LOCATION, OLD_STATE, STATE, NUMBER, PEER_PORT, LOCAL, HEADERS, HEADERS + 15] {
            let mut other = bytes;
            other[IS_SECOND as usize] = 1;
            assert!(of(other));
            other[usize::try_from(at).expect("a place")] ^= 0x40;
            assert!(!of(other), "{at}");
        }
    }
}
