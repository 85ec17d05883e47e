//! Types in the kernel's format, and values written by them: who makes a map brings its types along.

use sockeye_bpf::{Btf, ValueLayout};

use crate::damage::damage;
use crate::random::Random;
use crate::target::{Reader, SLACK, Target};

/// Types of an input.
const TYPES: usize = 12;
/// Members, values or arguments of one, but rarely.
const PARTS: usize = 5;
/// One in so many types has many parts, and one in so many names is long.
const RARELY: usize = 200;
/// What a value may take when it is written, whatever its types are: the limit of `write_value`, and one value with its names more.
const WRITTEN_MAX: usize = (1 << 20) + (64 << 10);
/// Bytes of a value.
const VALUE_LEN: usize = 64;

struct Types;

/// The target. An input is a value of [`VALUE_LEN`] bytes and then types.
pub(super) fn make() -> Box<dyn Target> {
    Box::new(Types)
}

impl Target for Types {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let mut input: Vec<u8> = (0..VALUE_LEN).map(|_| random.byte()).collect();
        let types = Builder::of(random);
        input.extend(if random.one_in(3) { damage(&types, random) } else { types });
        input
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(|input| {
            // Room for the longest text there can be, so that it is all that a text may take: it does not grow.
            let mut out = Vec::with_capacity(WRITTEN_MAX);
            let (value, types) = input.split_at(input.len().min(VALUE_LEN));
            let Ok(types) = Btf::from_bytes(types.to_vec()) else { return false };
            let mut has_written = false;
            for number in 0..=u32::try_from(TYPES).unwrap_or(0) {
                for layout in [ValueLayout::Compact, ValueLayout::Indented(1)] {
                    out.clear();
                    let written = types.write_value(&mut out, number, value, layout);
                    assert!(out.len() <= WRITTEN_MAX, "{} bytes for a value of {}", out.len(), value.len());
                    has_written |= written.is_ok() && !out.is_empty();
                }
            }
            has_written
        })
    }

    fn slack(&self, _input: &[u8]) -> usize {
        SLACK + WRITTEN_MAX
    }
}

/// Types that are well-formed for the most part.
struct Builder {
    words: Vec<u32>,
    strings: Vec<u8>,
}

impl Builder {
    fn of(random: &mut Random) -> Vec<u8> {
        let mut builder = Self { words: Vec::new(), strings: vec![0] };
        for _ in 0..random.below(TYPES) {
            builder.add(random);
        }
        builder.finish()
    }

    fn name(&mut self, random: &mut Random) -> u32 {
        let at = self.strings.len();
        let length = match random.below(4) {
            0 => return 0,
            _ if random.one_in(RARELY) => 20_000,
            _ => 1 + random.below(12),
        };
        self.strings.extend((0..length).map(|_| b'a' + random.byte() % 26));
        self.strings.push(0);
        u32::try_from(at).unwrap_or(0)
    }

    /// The number of a type, of those that there are, mostly.
    fn other(random: &mut Random) -> u32 {
        u32::try_from(random.below(TYPES + 2)).unwrap_or(0)
    }

    fn number(random: &mut Random) -> u32 {
        u32::try_from(random.number() & u64::from(u32::MAX)).unwrap_or(0)
    }

    fn add(&mut self, random: &mut Random) {
        let name = self.name(random);
        let kind = u32::try_from(1 + random.below(19)).unwrap_or(1);
        let parts = if random.one_in(RARELY) { 2000 } else { random.below(PARTS) };
        let has_parts = matches!(kind, 4 | 5 | 6 | 13 | 15 | 19);
        let length = if has_parts { u32::try_from(parts).unwrap_or(0) } else { 0 };
        let flag = u32::from(random.one_in(3)) << 31;
        // A size where there is one, or else a type.
        let size = [1, 2, 4, 8, 16, Self::number(random)][random.below(6)];
        let referred = if matches!(kind, 1 | 4 | 5 | 6 | 15 | 16 | 19) { size } else { Self::other(random) };
        self.words.extend([name, flag | kind << 24 | length, referred]);
        let more = match kind {
            1 => vec![[32, 1 << 24 | 32, 8, 64, Self::number(random)][random.below(5)]],
            3 => {
                let count = [0, 1, 4, 16, 100_000, Self::number(random)][random.below(6)];
                vec![Self::other(random), Self::other(random), count]
            }
            14 | 17 => vec![Self::number(random)],
            _ => (0..length).flat_map(|_| self.part(kind, random)).collect(),
        };
        self.words.extend(more);
    }

    fn part(&mut self, kind: u32, random: &mut Random) -> Vec<u32> {
        let name = self.name(random);
        match kind {
            4 | 5 => {
                let place = [0, 8, 32, 64, 256, 3 << 24, 33 << 24 | 7, Self::number(random)][random.below(8)];
                vec![name, Self::other(random), place]
            }
            6 => vec![name, Self::number(random)],
            13 => vec![name, Self::other(random)],
            _ => vec![name, Self::number(random), Self::number(random)],
        }
    }

    fn finish(&self) -> Vec<u8> {
        let types: Vec<u8> = self.words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut all = 0xeb9f_u16.to_ne_bytes().to_vec();
        all.extend([1, 0]);
        let header = [24, 0, length(&types), length(&types), length(&self.strings)];
        all.extend(header.iter().flat_map(|word| word.to_ne_bytes()));
        all.extend(types);
        all.extend(&self.strings);
        all
    }
}
