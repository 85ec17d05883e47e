//! Damaged records, told as they come, change and go: as lines and as objects.

use std::time::{Duration, SystemTime};

use sockeye_query::rtnetlink::{Change, ChangeKind, Row};
use sockeye_state::rtnetlink::write_key;
use sockeye_state::watch::Origin;
use sockeye_wire::rtnetlink::Table;

use super::place::Place;
use super::report::{Event, Report};
use super::{line, object};
use crate::hostile::{assert_plain, attack, records, target};
use crate::sockets::system::Interfaces;

const INPUTS: u64 = 6000;

const ORIGINS: [Origin; 5] = [Origin::Event, Origin::Snapshot, Origin::Consequence, Origin::Resync, Origin::Audit];

/// How many lines end.
fn ends(out: &[u8]) -> usize {
    out.split(|&byte| byte == b'\n').count() - 1
}

/// Tells of a change in both formats. What is cut is absent, as it is where the engine tells of it.
fn tell(table: Table, old: Option<&[u8]>, new: Option<&[u8]>, origin: Origin, place: &Place) -> bool {
    let read = |record| Row::read(table, record, place).ok();
    let (old, new) = (old.and_then(read), new.and_then(read));
    let kind = match (&old, &new) {
        (Some(_), Some(_)) => ChangeKind::Changed,
        (None, _) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
    };
    let change = Change { kind, resync: false, old, new };
    let Some(row) = change.row() else { return false };
    if let Some((index, name)) = row.link_name().filter(|_| table == Table::Links) {
        place.learn(index, name, change.new.is_none());
    }
    let mut key = Vec::new();
    write_key(table, row.payload(), &mut key);
    let report = Report {
        time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_007),
        netns: Some(place.label.as_slice()),
        event: Event::Change { change: &change, key: &key, origin, port_id: 7, process: Some(b"ip\x1b[31m".to_vec()) },
    };
    let mut out = Vec::new();
    line::write(&mut out, &report);
    assert_eq!(ends(&out), 1, "one line");
    assert_plain(&out, &['\n']);
    out.clear();
    object::write(&mut out, &report);
    assert_eq!(ends(&out), 1, "one line");
    let told: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    told["change"] == kind.word()
}

#[test]
fn damaged_records_are_told_as_they_come_change_and_go() {
    let target = target("rtnetlink");
    let place = Place::new(b"blue\x1b[31m".to_vec(), Interfaces::unknown());
    let mut last = Table::ALL.map(|table| (table, Vec::new()));
    let mut told = Table::ALL.map(|table| (table, 0));
    attack(INPUTS, |random| {
        let input = target.input(random);
        records(&input, |table, record| {
            let before = &mut last[table as usize].1;
            let (old, new) = match random.below(4) {
                0 => (None, Some(record)),
                1 => (Some(record), None),
                _ => (Some(before.as_slice()), Some(record)),
            };
            let origin = random.pick(&ORIGINS).copied().unwrap_or(Origin::Event);
            told[table as usize].1 += usize::from(tell(table, old, new, origin, &place));
            record.clone_into(before);
        });
    });
    for (table, changes) in told {
        assert!(changes > 50, "{changes} changes of {}", table.name());
    }
}
