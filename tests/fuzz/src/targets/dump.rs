//! The engine of one dump: datagrams with rows, ends, errors, losses and foreign senders.

use sockeye_state::capture::Record;
use sockeye_state::{Dump, Received, Seen, Step as Next};
use sockeye_wire::rtnetlink::Table;

use crate::captures::{self, SEQUENCE};
use crate::document::Document;
use crate::mutate;
use crate::random::Random;
use crate::script::{self, Script, Step};
use crate::seeds;
use crate::target::{Reader, Target};

/// Datagrams of a dump before it is mutated.
const DATAGRAMS: usize = 8;

/// Datagrams of one table each, with the bytes before their attributes.
type Seeds = Vec<(usize, Document)>;

struct Dumps {
    sockets: Seeds,
    records: Seeds,
}

/// The target. An input is a capture.
pub(super) fn make() -> Box<dyn Target> {
    let datagrams = captures::datagrams();
    let read = |(table, bytes): (sockeye_query::sockets::Table, Vec<u8>)| {
        let head_len = table.space().header_len;
        (head_len, Document::read(&bytes, head_len))
    };
    let records = Table::ALL.into_iter().flat_map(|table| {
        seeds::small(table).into_iter().map(move |seed| (table.header_len(), seed)).collect::<Vec<_>>()
    });
    Box::new(Dumps { sockets: datagrams.into_iter().map(read).collect(), records: records.collect() })
}

impl Target for Dumps {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let mut script = Script::default();
        let seeds = if random.one_in(2) { &self.sockets } else { &self.records };
        let head_len = random.pick(seeds).map_or(0, |(head_len, _)| *head_len);
        for _ in 0..random.below(DATAGRAMS) {
            let Some((_, seed)) = random.pick(seeds) else { break };
            script.steps.push(Step::datagram(0, seed.bytes()));
        }
        let end = Document { messages: vec![mutate::control(SEQUENCE, random)] };
        script.steps.push(Step::datagram(0, end.bytes()));
        script.mutate(head_len, &[end], random);
        script.bytes()
    }

    fn reader(&self) -> Reader<'_> {
        let mut seen = Seen::new();
        Box::new(move |input| {
            let Some(reader) = script::read(input) else { return false };
            let (mut dump, mut rows, mut received) = (Dump::new(SEQUENCE), 0_u64, 0_u64);
            let mut has_ended = false;
            for entry in reader.map_while(Result::ok) {
                let Record::Received(what) = entry.record else { continue };
                received += u64::from(matches!(what, Received::Datagram(_)));
                let step = dump.handle(what, |message| {
                    rows += 1;
                    let cookie = message.payload().get(44..).and_then(|rest| rest.first_chunk());
                    seen.is_new(cookie.map_or(0, |cookie| u64::from_ne_bytes(*cookie)));
                });
                if step == Next::Ended {
                    has_ended = true;
                    break;
                }
            }
            let conclusion = dump.into_conclusion();
            assert_eq!(conclusion.messages, rows);
            assert!(!(conclusion.done && conclusion.refusal.is_some()), "{conclusion:?}");
            assert!(!conclusion.is_whole() || has_ended, "whole without an end");
            assert!(conclusion.foreign + conclusion.truncated <= 2 * received, "{conclusion:?}");
            if let Some(refusal) = &conclusion.refusal {
                assert!(refusal.to_string().chars().all(|letter| !letter.is_control()), "{refusal}");
            }
            rows > 0 || conclusion.done || conclusion.refusal.is_some()
        })
    }
}
