//! What is damaged: messages out of the golden captures, and the ways to damage them.

use std::path::PathBuf;

use sockeye_query::sockets::{DumpPlan, Table};
use sockeye_state::Received;
use sockeye_state::capture::{Reader, Record};
use sockeye_wire::{Message, Messages, Request};

/// The sequence number of every dump here.
pub(crate) const SEQUENCE: u32 = 1;
/// Rows in one datagram: enough that damage to one can spoil the next, few enough that most mutations hit something.
const ROWS: usize = 3;

/// Datagrams that a kernel could send, each with the table it answers for.
pub(crate) struct Corpus {
    pub(crate) datagrams: Vec<(Table, Vec<u8>)>,
}

impl Corpus {
    /// The messages of every committed capture, a few in each datagram.
    pub(crate) fn load() -> Self {
        let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
        let entries = std::fs::read_dir(directory).expect("captures are committed");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "cap"));
        // The order of a directory is no order; mutations are to be the same on every machine.
        paths.sort();
        let mut corpus = Self { datagrams: Vec::new() };
        for path in paths {
            corpus.add(&std::fs::read(path).expect("readable"));
        }
        assert!(corpus.datagrams.len() > 50, "only {} datagrams", corpus.datagrams.len());
        corpus
    }

    fn add(&mut self, capture: &[u8]) {
        let mut table = None;
        for entry in Reader::new(capture).expect("a capture") {
            match entry.expect("a whole capture").record {
                Record::Request(request) => {
                    let request = Messages::new(request).next().expect("a message").expect("a whole one");
                    table = DumpPlan::of_request(&request).map(|plan| plan.table);
                }
                Record::Received(Received::Datagram(datagram)) => {
                    let messages: Vec<_> = Messages::new(datagram.bytes).map_while(Result::ok).collect();
                    let table = table.expect("a request came first");
                    self.datagrams.extend(messages.chunks(ROWS).map(|chunk| (table, datagram_of(chunk))));
                }
                _ => {}
            }
        }
    }
}

fn datagram_of(messages: &[Message<'_>]) -> Vec<u8> {
    let again = |message: &Message<'_>| {
        let request = Request::new(message.type_number(), message.flags()).body(message.payload());
        request.sequence(SEQUENCE).as_bytes().to_vec()
    };
    messages.iter().flat_map(again).collect()
}

/// Numbers without an end, the same ones for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or(0) % bound
    }

    fn byte(&mut self) -> u8 {
        const TELLING: [u8; 8] = [0, 1, 3, 4, 0x7f, 0x80, 0xfe, 0xff];
        match self.below(2) {
            0 => TELLING[self.below(TELLING.len())],
            _ => u8::try_from(self.below(256)).unwrap_or(0),
        }
    }
}

/// Damages a datagram in one to four places.
pub(crate) fn damage(datagram: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = datagram.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        // Lengths and numbers stand at multiples of four.
        let aligned = at & !3;
        match random.below(9) {
            0 | 1 => bytes[at] = random.byte(),
            2 => bytes[at] ^= 1 << random.below(8),
            3 | 4 => {
                let value = u16::try_from(random.below(96)).unwrap_or(0).to_ne_bytes();
                bytes[aligned..].iter_mut().zip(value).for_each(|(to, from)| *to = from);
            }
            5 => bytes[aligned..].iter_mut().take(4).for_each(|byte| *byte = random.byte()),
            6 => bytes.truncate(at),
            7 => drop(bytes.splice(at..at, (0..=random.below(8)).map(|_| 0xa5).collect::<Vec<_>>())),
            _ => {
                let end = (at + 1 + random.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
    bytes
}
