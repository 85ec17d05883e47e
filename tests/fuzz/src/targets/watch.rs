//! The engine of `sockeye watch`: events, answers to its dumps, losses and times in any order.
//!
//! The driver does what the engine wants, with what the script has next: an event, an answer, a count of drops. Once the
//! script is over every dump ends empty, and the engine has to come to rest.

use core::time::Duration;

use sockeye_state::capture::{Entry, Record};
use sockeye_state::rtnetlink::{Tables, each_record, write_key};
use sockeye_state::watch::{Options, Output, Want, Watch};
use sockeye_state::{Datagram, Received};
use sockeye_wire::rtnetlink::Table;
use sockeye_wire::{Messages, Request};

use super::mirror::{TIMES_WRITTEN_OUT, long_key};
use crate::captures::SEQUENCE;
use crate::document::Document;
use crate::random::Random;
use crate::script::{self, Script, Step};
use crate::seeds;
use crate::target::{Reader, SLACK, Target};

/// Bytes of `struct nlmsghdr`.
const HEADER_LEN: usize = 16;
/// What the event socket gives.
const EVENTS: u16 = 0;
/// What the dump socket gives.
const ANSWERS: u16 = 1;
/// Drop counters.
const DROPS: u16 = 2;
/// Steps of a script before it is mutated.
const STEPS: usize = 12;
/// Things that the engine may want one after the other, once nothing is left to give, before it rests. Each table has a
/// few dumps, and those of traffic control one for each interface.
const WANTS_MAX: usize = 100_000;
/// No machine runs longer: a century.
const NOW_MAX: Duration = Duration::from_hours(876_000);

pub(super) struct Engine {
    tables: Vec<(Table, Vec<Document>)>,
}

/// The target. An input is a capture; its moment of beginning decides about the options.
pub(super) fn make() -> Box<dyn Target> {
    Box::new(Engine { tables: Table::ALL.into_iter().map(|table| (table, seeds::small(table))).collect() })
}

impl Target for Engine {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let mut script = Script { options: random.draw(), steps: Vec::new() };
        let Some((table, seeds)) = random.pick(&self.tables) else { return Vec::new() };
        for _ in 0..random.below(STEPS) {
            // Mostly what concerns one table: then one thing says something of another.
            let other = random.pick(&self.tables).filter(|_| random.one_in(4));
            let seeds = other.map_or(seeds, |(_, seeds)| seeds);
            script.steps.push(step(seeds, random));
        }
        script.mutate(table.header_len(), seeds, random);
        script.bytes()
    }

    fn reader(&self) -> Reader<'_> {
        // Room for the answer in hand, which is a datagram of the input: what the driver holds is not what the engine holds.
        let mut room = Vec::with_capacity(1 << 17);
        Box::new(move |input| run(input, &mut room))
    }

    fn slack(&self, input: &[u8]) -> usize {
        SLACK + written_out(input)
    }
}

/// A step about a table.
fn step(seeds: &[Document], random: &mut Random) -> Step {
    let Some(seed) = random.pick(seeds) else { return Step::other(DROPS, 0, Vec::new()) };
    let mut document = seed.clone();
    let mut step = match random.below(8) {
        0..4 => {
            for message in &mut document.messages {
                message.type_number += u16::from(random.one_in(3));
                message.flags = if random.one_in(4) { 0x100 } else { 0 };
                message.sequence = 0;
            }
            Step::datagram(EVENTS, document.bytes())
        }
        4..7 => {
            document.messages.extend(random.pick(seeds).into_iter().flat_map(|other| other.messages.clone()));
            if random.one_in(3) {
                document.messages.push(crate::mutate::control(SEQUENCE, random));
            }
            Step::datagram(ANSWERS, document.bytes())
        }
        _ => Step::other(DROPS, 0, random.number().to_le_bytes().to_vec()),
    };
    if random.one_in(4) {
        step.pause_ns = random.draw() % 3_000_000_000;
    }
    step
}

/// The engine of an input, by the bits that decide.
fn engine(bits: u64) -> Watch {
    let mut random = Random(bits);
    let mut options = Options::new(if bits & 1 == 0 {
        Table::ALL.into_iter().collect()
    } else {
        Table::ALL.into_iter().filter(|_| random.one_in(3)).collect::<Tables>()
    });
    options.snapshot = bits & 2 != 0;
    options.audit = (bits & 4 != 0).then(|| Duration::from_secs(20));
    options.seed = bits;
    if bits & 0b1_1000 == 0b1_1000 {
        options.interfaces = [b"eth0.7".to_vec(), b"3".to_vec()].into();
    }
    Watch::new(options)
}

/// What is told, and how much of it.
#[derive(Default)]
struct Told {
    changes: usize,
    gaps: usize,
}

impl Told {
    fn take(&mut self, output: &Output<'_>) {
        match output {
            Output::Change(change) => {
                assert!(change.old.is_some() || change.new.is_some(), "a change of nothing");
                self.changes += 1;
            }
            Output::Gap(_) => self.gaps += 1,
            _ => {}
        }
    }
}

/// Runs a script. Whether a record got into a mirror.
fn run(input: &[u8], room: &mut Vec<u8>) -> bool {
    let Some(reader) = script::read(input) else { return false };
    let mut watch = engine(reader.about().start_ns);
    let mut steps = reader.map_while(Result::ok).peekable();
    let (mut told, mut now, mut drops) = (Told::default(), Duration::from_secs(5), 0_u64);
    let (mut sequence, mut asked) = (0, 0);
    let mut idle = 0;
    while idle < WANTS_MAX {
        let mut sink = |output: Output<'_>| told.take(&output);
        if let Some(entry) = steps.peek() {
            now = now.max(Duration::from_nanos(entry.after_ns)).min(NOW_MAX);
        } else {
            idle += 1;
        }
        match watch.want(now) {
            Want::Events => match steps.next_if(|entry| entry.channel % 3 == EVENTS) {
                Some(Entry { record: Record::Received(received), .. }) => watch.event(received, now, &mut sink),
                Some(_) => watch.lost(now),
                None => watch.event(Received::Empty, now, &mut sink),
            },
            Want::Drops => {
                if let Some(Entry { record: Record::Unknown { body, .. }, .. }) =
                    steps.next_if(|entry| entry.channel % 3 == DROPS)
                {
                    drops = body.first_chunk().map_or(drops, |count| u64::from_le_bytes(*count));
                }
                watch.drops(Some(drops), now, &mut sink);
            }
            Want::Send(request) => {
                if let Some(Ok(message)) = Messages::new(request.as_bytes()).next() {
                    (sequence, asked) = (message.sequence(), message.type_number());
                }
            }
            Want::Answer => match steps.next_if(|entry| is_answer(entry, asked)) {
                Some(Entry { record: Record::Received(Received::Datagram(datagram)), .. }) => {
                    answer(datagram.bytes, sequence, room);
                    let datagram = Datagram::new(room).from_sender(datagram.sender).cut(datagram.truncated);
                    watch.answer(Received::Datagram(datagram), now, &mut sink);
                }
                Some(Entry { record: Record::Received(received), .. }) => watch.answer(received, now, &mut sink),
                _ => {
                    answer(Request::new(3, 2).body(&[0; 4]).sequence(SEQUENCE).as_bytes(), sequence, room);
                    watch.answer(Received::Datagram(Datagram::new(room)), now, &mut sink);
                }
            },
            Want::Wait { until } => {
                // What stands next and is not wanted is passed over: the engine waits for an event.
                if steps.peek().is_none() {
                    now = until.unwrap_or(now).max(now).min(NOW_MAX);
                    if watch.gaps().is_empty() || until.is_none() || now >= NOW_MAX {
                        return check(&watch, &told);
                    }
                } else if steps.peek().is_some_and(|entry| entry.channel % 3 != EVENTS) {
                    steps.next();
                }
            }
            _ => {}
        }
    }
    panic!("the engine does not come to rest: {:?} after {now:?}", watch.want(now));
}

/// Whether this is given as the answer to a request of that type: what is about something else waits for its turn, unless a
/// mutation has moved it to another channel.
fn is_answer(entry: &Entry<'_>, asked: u16) -> bool {
    let about = match entry.record {
        Record::Received(Received::Datagram(datagram)) => Messages::new(datagram.bytes).next().and_then(Result::ok),
        _ => None,
    };
    let fits = about.is_none_or(|message| message.type_number() < 16 || message.type_number() & !3 == asked & !3);
    entry.channel % 3 == ANSWERS && (fits || entry.channel != ANSWERS)
}

/// An answer to the request in hand: where a message has the number of the corpus, it gets that of the request.
fn answer(bytes: &[u8], sequence: u32, room: &mut Vec<u8>) {
    room.clear();
    room.extend_from_slice(bytes);
    let mut at = 0;
    for message in Messages::new(bytes).map_while(Result::ok) {
        if message.sequence() == SEQUENCE {
            room[at + 8..at + 12].copy_from_slice(&sequence.to_ne_bytes());
        }
        at = (at + 16 + message.payload().len()).next_multiple_of(4);
    }
}

/// Whatever is in a mirror is found there by its identity.
fn check(watch: &Watch, told: &Told) -> bool {
    let mut key = Vec::new();
    for table in Table::ALL {
        let Some(mirror) = watch.mirror(table) else { continue };
        let mut records = 0;
        for record in mirror.iter() {
            write_key(table, record, &mut key);
            assert!(mirror.get(&key).is_some(), "a record of {} is not found by its key", table.name());
            records += 1;
        }
        assert_eq!(records, mirror.len(), "{}", table.name());
    }
    told.changes > 0 || Table::ALL.into_iter().any(|table| watch.mirror(table).is_some_and(|mirror| !mirror.is_empty()))
}

/// Three times the bytes of records that a message only names: a range of VLANs is one record each, as if each had come in a message
/// of its own. And twice the keys of long routes.
pub(super) fn written_out(input: &[u8]) -> usize {
    let Some(reader) = script::read(input) else { return 0 };
    let (mut bytes, mut keys, mut scratch) = (0, 0, Vec::new());
    for entry in reader.map_while(Result::ok) {
        let Record::Received(Received::Datagram(datagram)) = entry.record else { continue };
        for message in Messages::new(datagram.bytes).map_while(Result::ok) {
            let family = message.payload().first().copied().unwrap_or(0);
            match Table::of_message(message.type_number(), family) {
                Some((Table::Vlans, _)) => each_record(Table::Vlans, message.payload(), &mut scratch, &mut |record| {
                    bytes += HEADER_LEN + record.len();
                }),
                Some((Table::Routes, _)) => keys += long_key(message.payload(), &mut scratch),
                _ => {}
            }
        }
    }
    TIMES_WRITTEN_OUT * bytes + 2 * keys
}
