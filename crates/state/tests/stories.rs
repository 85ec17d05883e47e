//! Stories of the engine: each file of `stories/` is one, input by input, with what the engine wants and says after each.
//!
//! | line | meaning |
//! |---|---|
//! | `# …` | what the story tells |
//! | `watch links rules` | the tables; then options: `snapshot`, `audit 60s`, `only e3` (an interface) |
//! | `event + link 3 mtu 9 up; - id 5` | a datagram of the event socket, with messages |
//! | `event from 77 …`, `event cut …` | of another sender, or cut by the buffer |
//! | `event broken`, `event overrun`, `event empty` | a malformed datagram, `ENOBUFS`, `EAGAIN` |
//! | `drops 7`, `drops unknown` | the drop counter |
//! | `answer row id 5; row id 6 intr; done` | a datagram of the dump socket; also `done 95`, `error 16`, `cut …` |
//! | `lost` | the driver itself lost events |
//! | `after 75ms` | time passes |
//! | `synced links`, `mirror links 3` | what must hold now |
//! | `> …` | what the engine said and wanted since the line before |
//!
//! Messages: `+`, `-`, or `=` for a replacement, and a record: `link 3 mtu 9 up`, `address 3 7`, `rule 4`, `id 5`,
//! `route 9 prio 1 via 2 dev 3` (10.7.9.0/24), `route6 9 via 1,2`, `prefix 9`, `bridge 2 mac 9`, `port 3`: an event of the bridge
//! about link 3.
#![allow(clippy::cast_possible_truncation, reason = "the numbers of a story are small")]

#[path = "common/records.rs"]
mod records;

use core::time::Duration;
use std::fmt::Write as _;
use std::path::Path;

use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Options, Output, Verb, Want, Watch};
use sockeye_state::{Datagram, Received};
use sockeye_wire::Attributes;
use sockeye_wire::rtnetlink::*;

/// Stories there are at least: a directory that is not found is no success.
const STORIES_MIN: usize = 12;

#[test]
fn every_story_goes_as_it_is_told() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= STORIES_MIN, "{} stories", files.len());
    let mut wrong = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let played = play(&text);
        if played != text {
            writeln!(wrong, "{}: it went like this:\n{played}", file.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Plays a story, and tells it as it went.
fn play(text: &str) -> String {
    let mut told = String::new();
    let mut stage: Option<Stage> = None;
    for line in text.lines().filter(|line| !line.starts_with('>')) {
        writeln!(told, "{line}").unwrap();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (word, &mut stage) {
            ("" | "#", _) => {}
            ("watch", stage) => *stage = Some(Stage::new(rest)),
            (_, None) => panic!("{line}: before `watch`"),
            (_, Some(stage)) => stage.line(word, rest),
        }
        if let Some(stage) = &mut stage {
            stage.pump();
            for said in stage.said.drain(..) {
                writeln!(told, "> {said}").unwrap();
            }
        }
    }
    told
}

struct Stage {
    watch: Watch,
    now: Duration,
    start: Duration,
    sequence: u32,
    /// What the engine waits for.
    want: Option<Want>,
    said: Vec<String>,
}

impl Stage {
    fn new(words: &str) -> Self {
        let mut options = Options::new(Tables::NONE);
        let mut words = words.split(' ');
        while let Some(word) = words.next() {
            match word {
                "snapshot" => options.snapshot = true,
                "only" => options.interfaces.push(words.next().unwrap().as_bytes().to_vec()),
                "audit" => options.audit = Some(duration(words.next().unwrap())),
                name => options.tables = options.tables.with(table(name)),
            }
        }
        let start = Duration::from_secs(100);
        Self { watch: Watch::new(options), now: start, start, sequence: 0, want: None, said: Vec::new() }
    }

    /// Does what the engine wants until it needs something of the story.
    fn pump(&mut self) {
        while self.want.is_none() {
            match self.watch.want(self.now) {
                Want::Send(request) => {
                    let bytes = request.as_bytes();
                    self.sequence = u32::from_ne_bytes(bytes[8..12].try_into().unwrap());
                    let kind = u16::from_ne_bytes([bytes[4], bytes[5]]);
                    let (table, _) = Table::of_message(kind - 2, bytes[16]).unwrap();
                    let one = if u16::from_ne_bytes([bytes[6], bytes[7]]) & 0x300 == 0 { " one" } else { "" };
                    let family = match bytes[16] {
                        0 => String::new(),
                        family => format!(" of family {family}"),
                    };
                    self.said.push(format!("ask {}{family}{one}", table.name()));
                }
                Want::Select => {
                    let selection = self.watch.selection().unwrap();
                    let deletions = if selection.deletions { " and deletions" } else { "" };
                    self.said.push(format!("select {:?}{deletions}", selection.interfaces));
                }
                Want::Reopen => self.said.push("reopen".into()),
                want @ Want::Wait { until } => {
                    let until = until.map(|until| (until.saturating_sub(self.now)).as_millis());
                    self.said.push(match until {
                        // Of longer times only the jitter would be told.
                        Some(long) if long > 10_000 => "wait long".into(),
                        Some(until) => format!("wait {until}ms"),
                        None => "wait".into(),
                    });
                    self.want = Some(want);
                }
                want => self.want = Some(want),
            }
        }
    }

    fn line(&mut self, word: &str, rest: &str) {
        let (said, start) = (&mut self.said, self.start);
        let mut sink = |output: Output<'_>| said.push(say(&output, start));
        let want = self.want.take();
        match (word, &want) {
            ("after", _) => {
                self.now += duration(rest);
                self.want = want.filter(|want| !matches!(want, Want::Wait { .. }));
            }
            ("event", Some(Want::Wait { .. })) => {
                assert_eq!(self.watch.want(self.now), Want::Events, "after a wait");
                self.want = Some(Want::Events);
                self.line(word, rest);
            }
            ("event", Some(Want::Events)) => {
                let mut bytes = Vec::new();
                let (sender, cut, messages) = dressed(rest);
                let received = match messages {
                    "empty" => Received::Empty,
                    "overrun" => Received::Overrun,
                    "broken" => Received::Datagram(Datagram::new(&[9; 20])),
                    messages => {
                        messages.split("; ").for_each(|text| bytes.extend(event(text)));
                        let length = if cut { bytes.len() - 8 } else { bytes.len() };
                        Received::Datagram(Datagram::new(&bytes[..length]).from_sender(sender).cut(cut))
                    }
                };
                self.watch.event(received, self.now, &mut sink);
            }
            ("lost", _) => self.watch.lost(self.now),
            ("drops", Some(Want::Drops)) => self.watch.drops(rest.parse().ok(), self.now, &mut sink),
            ("answer", Some(Want::Answer)) => {
                let (sender, cut, messages) = dressed(rest);
                let bytes: Vec<u8> = messages.split("; ").flat_map(|text| answer(text, self.sequence)).collect();
                let length = if cut { bytes.len() - 8 } else { bytes.len() };
                let datagram = Datagram::new(&bytes[..length]).from_sender(sender).cut(cut);
                self.watch.answer(Received::Datagram(datagram), self.now, &mut sink);
            }
            ("synced", _) => {
                let synced = self.watch.synced();
                assert_eq!(if synced.is_empty() { "nothing".into() } else { synced.to_string() }, rest);
                self.want = want;
            }
            ("mirror", _) => {
                let (name, records) = rest.split_once(' ').unwrap();
                let mirror = self.watch.mirror(table(name)).unwrap();
                let mut texts: Vec<_> = mirror.iter().map(|record| describe(mirror.table(), record)).collect();
                texts.sort();
                let texts = if texts.is_empty() { "nothing".into() } else { texts.join("; ") };
                assert_eq!(texts, records, "the mirror of {name}");
                self.want = want;
            }
            ("counters", _) => {
                let counters = self.watch.counters();
                assert_eq!(format!("{} foreign, {} lost", counters.foreign, counters.lost), rest);
                self.want = want;
            }
            _ => panic!("{word} {rest}: the engine wants {want:?}"),
        }
    }
}

fn dressed(text: &str) -> (u32, bool, &str) {
    if let Some(rest) = text.strip_prefix("from ") {
        let (sender, rest) = rest.split_once(' ').unwrap();
        return (sender.parse().unwrap(), false, rest);
    }
    match text.strip_prefix("cut ") {
        Some(rest) => (0, true, rest),
        None => (0, false, text),
    }
}

fn table(name: &str) -> Table {
    Table::ALL.into_iter().find(|table| table.name() == name).unwrap_or_else(|| panic!("no table {name}"))
}

fn duration(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(number) => Duration::from_millis(number.parse().unwrap()),
        None => Duration::from_secs(text.strip_suffix('s').unwrap().parse().unwrap()),
    }
}

/// A record from its words, with the message type that tells of it.
fn record(text: &str) -> (u16, Vec<u8>) {
    let words: Vec<&str> = text.split(' ').collect();
    let number = |at: usize| -> u8 { words[at].parse().unwrap_or_else(|_| panic!("{text}: no number at {at}")) };
    match words[0] {
        "link" => (RTM_NEWLINK, records::link(number(1), number(3), words[4] == "up", 0)),
        "bridge" => (RTM_NEWLINK, records::bridge(number(1), number(3))),
        "port" => {
            let mut record = records::link(number(1), 0, true, 0);
            record[0] = AF_BRIDGE;
            record.truncate(16);
            (RTM_NEWLINK, record)
        }
        "address" => (RTM_NEWADDR, records::address(number(1), number(2))),
        "rule" => (RTM_NEWRULE, records::rule(number(1))),
        "prefix" => {
            let mut record = vec![AF_INET6, 0, 0, 0, 3, 0, 0, 0, 3, 64, 0, 0];
            records::put(1, &[0xfd, number(1)], &mut record);
            (RTM_NEWPREFIX, record)
        }
        "id" => (RTM_NEWNSID, records::id(number(1))),
        "route" => (RTM_NEWROUTE, records::route4(number(1), number(3), number(5), number(7))),
        "route6" => {
            let gateways: Vec<u8> = words[3].split(',').map(|gateway| gateway.parse().unwrap()).collect();
            (RTM_NEWROUTE, records::route6(number(1), &gateways))
        }
        other => panic!("no record {other}"),
    }
}

fn event(text: &str) -> Vec<u8> {
    let (sign, words) = text.split_once(' ').unwrap();
    let (kind, record) = record(words);
    let (kind, flags) = match sign {
        "-" => (kind + 1, 0),
        "=" => (kind, 0x100),
        _ => (kind, 0x400),
    };
    records::message(kind, flags, 0, &record)
}

fn answer(text: &str, sequence: u32) -> Vec<u8> {
    const MULTI: u16 = 2;
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let errno = |rest: &str| (-rest.parse().unwrap_or(0i32)).to_ne_bytes();
    match word {
        "done" => records::message(3, MULTI, sequence, &errno(rest)),
        "error" => records::message(2, 0, sequence, &[&errno(rest)[..], &[0; 16]].concat()),
        "row" => {
            let (words, flags) = match rest.strip_suffix(" intr") {
                Some(words) => (words, MULTI | 0x10),
                None => (rest, MULTI),
            };
            let (kind, record) = record(words);
            records::message(kind, flags, sequence, &record)
        }
        other => panic!("no answer {other}"),
    }
}

fn say(output: &Output<'_>, start: Duration) -> String {
    match output {
        Output::Change(change) => {
            let text = |record: Option<&[u8]>| record.map(|record| describe(change.table, record)).unwrap_or_default();
            let what = match change.verb {
                Verb::Added => format!("+ {}", text(change.new)),
                Verb::Removed => format!("- {}", text(change.old)),
                Verb::Changed => format!("~ {} → {}", text(change.old), text(change.new)),
            };
            format!("{what} ({:?})", change.origin).to_string()
        }
        Output::Gap(gap) => {
            let lost = gap.lost.map_or("unknown".into(), |lost| lost.to_string());
            let since = gap.since.saturating_sub(start).as_millis();
            format!("gap of {} since {since}ms, lost {lost}: {}", gap.tables, gap.reason)
        }
        Output::Synced(synced) if synced.confirmed.is_empty() => format!("synced {}", synced.tables),
        Output::Synced(synced) => format!("synced {}, {} as far as one can tell", synced.tables, synced.confirmed),
        Output::Unsupported { table, refusal } => format!("no {}: errno {}", table.name(), refusal.errno),
        other => format!("{other:?}"),
    }
}

/// The words of a record.
fn describe(table: Table, record: &[u8]) -> String {
    let attribute = |number| Attributes::new(&record[table.header_len()..]).last(number);
    let first = |number| attribute(number).map_or(0, |payload: &[u8]| payload[0]);
    let last = |number| attribute(number).map_or(0, |payload: &[u8]| payload[payload.len() - 1]);
    match table {
        Table::Links if attribute(18).is_some() => format!("bridge {} mac {}", record[4], last(1)),
        Table::Links => {
            format!("link {} mtu {} {}", record[4], first(4), if record[8] & 1 == 1 { "up" } else { "down" })
        }
        Table::Addresses => format!("address {} {}", record[4], last(1)),
        Table::Rules => format!("rule {}", first(6)),
        Table::Prefixes => format!("prefix {}", last(1)),
        Table::Namespaces => format!("id {}", first(1)),
        Table::Routes if record[0] == AF_INET => {
            let destination = attribute(1).map_or(0, |payload| payload[2]);
            format!("route {destination} prio {} via {} dev {}", first(6), last(5), first(4))
        }
        Table::Routes => {
            let gateways: Vec<String> = match attribute(9) {
                // Each nexthop: 8 bytes, an attribute header, an address.
                Some(nexthops) => nexthops.chunks(28).map(|nexthop| nexthop[27].to_string()).collect(),
                None => vec![last(5).to_string()],
            };
            format!("route6 {} via {}", last(1), gateways.join(","))
        }
        _ => format!("{record:?}"),
    }
}
