//! Damaged rows of sockets, told as they come, change and end: as lines and as objects.

use std::collections::BTreeSet;
use std::time::Duration;

use sockeye_fuzz::{Random, Target};
use sockeye_query::sockets::Table;
use sockeye_state::lives::{Lives, Protocol, Told};

use super::line;
use super::object::Objects;
use crate::hostile::{assert_plain, attack, rows, target};
use crate::live::row;
use crate::sockets::system::{Interfaces, Place, System};

const INPUTS: u64 = 2000;
/// Rounds of dumps.
const ROUNDS: u64 = 4;

/// An input with rows of TCP or UDP.
fn input(target: &dyn Target, random: &mut Random) -> (Protocol, Vec<u8>) {
    loop {
        let input = target.input(random);
        let protocol = match input.first() {
            Some(&table) if table == Table::Tcp as u8 => Protocol::Tcp,
            Some(&table) if table == Table::Udp as u8 => Protocol::Udp,
            _ => continue,
        };
        return (protocol, input);
    }
}

#[test]
fn damaged_rows_are_told_as_sockets_live() {
    let target = target("sockets");
    let system = System::of_capture(b"7.0.0").with_keys(true);
    let place = Place { system: &system, label: None, interfaces: Interfaces::unknown().into(), ends: None, index: 0 };
    let mut objects = Objects::new();
    let mut told = BTreeSet::new();
    attack(INPUTS, |random| {
        let mut lives = Lives::new(random.one_in(2));
        let mut tell = |what: Told<'_>| {
            let Told::Event(event) = what else { return };
            let Some(row) = row::of(&event, &place) else { return };
            let mut out = Vec::new();
            line::event(&mut out, &row, event.at, Some(b"blue\x1b[31m"));
            assert_plain(&out, &['\n']);
            assert_eq!(out.split(|&byte| byte == b'\n').count(), 2, "one line");
            out.clear();
            objects.event(&mut out, &row, event.at, Some(b"blue\x1b[31m"));
            assert_eq!(out.split(|&byte| byte == b'\n').count(), 2, "one line");
            serde_json::from_slice::<serde_json::Value>(&out).expect("JSON");
            told.insert(event.happening.word());
        };
        let (protocol, mut seen) = input(&*target, random);
        for round in 0..ROUNDS {
            let now = Duration::from_secs(5 + round);
            lives.begin_round(&[Protocol::Tcp, Protocol::Udp], now);
            rows(&seen, &place, |row| lives.row(protocol, row.payload(), now, &mut tell));
            lives.end_round(!random.one_in(4), now, &mut tell);
            // The same again, or others in their place; and ends of which the kernel tells.
            let (of, other) = input(&*target, random);
            if random.one_in(2) {
                rows(&other, &place, |row| lives.destroyed(of, row.payload(), now, &mut tell));
            } else if of == protocol {
                seen = other;
            }
        }
    });
    for word in ["present", "established", "state", "closed"] {
        assert!(told.contains(word), "{word} is not among {told:?}");
    }
}
