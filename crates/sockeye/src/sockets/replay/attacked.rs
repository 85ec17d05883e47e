//! Damaged captures, replayed to their end: dumps and rows, what they are worth, and what they lack.

use std::sync::atomic::{AtomicUsize, Ordering};

use sockeye_fuzz::damage::damage;
use sockeye_fuzz::{Random, captures};
use sockeye_query::FieldId;
use sockeye_query::filter::{Expression, Filter};
use sockeye_query::sockets::{Abilities, Plan, Question, catalog};
use sockeye_state::capture::{Reader, Record, Writer};
use sockeye_state::{Datagram, Received};

use super::super::lacking;
use super::super::listing::{self, Counts};
use super::super::system::{System, SystemNames, Whence};
use super::super::verdict::{Circumstances, verdict};
use super::super::view::{self, Choice};
use super::Capture;
use crate::hostile::{assert_plain, attack, target};
use crate::output::json::Json;
use crate::output::run::Line;
use crate::output::verdict as verdict_text;
use crate::rows::{Row, Take};

const INPUTS: u64 = 2000;

/// Writes rows as objects, of which each has to be one.
struct Objects<'o> {
    json: &'o Json,
    rows: &'o AtomicUsize,
    line: Line,
    out: Vec<u8>,
}

impl Take for Objects<'_> {
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        self.out.clear();
        self.json.row(&mut self.out, &mut self.line, row);
        serde_json::from_slice::<serde_json::Value>(&self.out).expect("JSON");
        self.rows.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn end(&mut self) {}
}

fn filter(text: &str) -> Expression {
    let filter = Filter::parse(&[text], catalog(), &SystemNames { rows: Whence::Elsewhere });
    filter.expect("a filter").expression
}

/// A capture whose frames are whole, with damage in what the kernel sent, and some of them missing or there twice.
fn with_damage(file: &[u8], random: &mut Random) -> Vec<u8> {
    let reader = Reader::new(file).expect("a capture");
    let mut writer = Writer::new(&reader.about());
    for entry in reader {
        let entry = entry.expect("a whole capture");
        let Record::Received(Received::Datagram(datagram)) = entry.record else {
            if !random.one_in(32) {
                writer.write(entry.after_ns, entry.channel, entry.record);
            }
            continue;
        };
        let mut bytes = datagram.bytes.to_vec();
        for _ in 0..random.below(4) {
            bytes = damage(&bytes, random);
        }
        for _ in 0..[0, 1, 1, 1, 1, 1, 1, 2][random.below(8)] {
            let damaged = Datagram::new(&bytes).from_sender(datagram.sender).cut(random.one_in(16));
            writer.write(entry.after_ns, entry.channel, Record::Received(Received::Datagram(damaged)));
        }
    }
    writer.bytes().to_vec()
}

/// A listing of everything that fits a filter.
struct Listing {
    filter: Expression,
    shown: Vec<FieldId>,
    json: Json,
    plan: Plan,
}

impl Listing {
    fn of(filter: Expression) -> Self {
        let choice = Choice { view: Some("everything"), columns: None, owners: true, namespaces: true };
        let columns = view::columns(&choice).expect("a view that there is");
        let (shown, abilities) = (view::json_fields(&columns), Abilities::new(true, true));
        let plan = Plan::new(&Question { filter: Some(&filter), fields: &shown, listener_drops: true, abilities });
        Self { json: Json::new(&columns), shown, plan, filter }
    }
}

/// Replays a capture as a listing does. Rows that it showed.
fn replay(capture: &Capture, listing: &Listing) -> usize {
    let Ok(replay) = capture.replay() else { return 0 };
    let Listing { filter, shown, json, plan } = listing;
    let chosen = lacking::chosen_by(filter, plan);
    let replay = replay.deciding(filter, chosen);
    let system = System::of_capture(replay.about.kernel);
    let places = replay.places(&system);
    let (counts, rows) = (Counts::default(), AtomicUsize::new(0));
    let taker = || Objects { json, rows: &rows, line: Line::default(), out: Vec::new() };
    let ended = listing::run(&replay.jobs(chosen, &places), 1, &counts, taker);
    let mut verdict = verdict(&Circumstances {
        plan,
        ended: &ended,
        counts: &counts,
        confirmed: None,
        scan: None,
        net_admin: true,
        kernel: system.kernel(),
        named: shown.clone(),
        owners_unknown: false,
        owners_named: true,
        namespaces: None,
        cgroups: None,
        filter,
    });
    let rows = rows.into_inner();
    let question = lacking::Question {
        replay: &replay,
        plan,
        filter,
        shown,
        shown_named: shown,
        listener_drops: true,
        ended: &ended,
        rows,
        undecided: counts.undecided.load(Ordering::Relaxed),
        sought: &system.sought,
    };
    question.judge(&mut verdict);
    let mut out = Vec::new();
    verdict_text::json(&mut out, &verdict);
    assert_plain(&out, &[]);
    serde_json::from_slice::<serde_json::Value>(&out).expect("JSON");
    rows
}

#[test]
fn damaged_captures_are_replayed_to_their_end() {
    let target = target("capture");
    let mut files = captures::files();
    files.retain(|file| Capture(file.clone()).replay().is_ok_and(|replay| !replay.dumps.is_empty()));
    let filters = ["", "state = established and rtt > 1us or sport = 22", "unix or netlink"];
    let listings = filters.map(|text| Listing::of(filter(text)));
    let mut rows = [0; 3];
    attack(INPUTS, |random| {
        // The target's are damaged anywhere, and few of them are whole enough to have rows.
        let file = random.pick(&files).filter(|_| !random.one_in(3));
        let capture = Capture(match file {
            Some(file) => with_damage(file, random),
            None => target.input(random),
        });
        for (listing, rows) in listings.iter().zip(&mut rows) {
            *rows += replay(&capture, listing);
        }
    });
    assert!(rows[0] > 3000 && rows[1] > 20 && rows[2] > 100, "{rows:?}");
}
