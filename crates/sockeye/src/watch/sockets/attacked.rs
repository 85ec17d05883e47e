//! Damaged rows of sockets, told as they come, change, end and have trouble: as lines and as objects.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sockeye_fuzz::{Random, Target};
use sockeye_query::sockets::Table;
use sockeye_query::sockets::live::LiveRow;
use sockeye_state::lives::{Direction, Incident, Lives, Protocol, Time, Told, Totals, Trouble};
use sockeye_wire::sock_diag::state::State;

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

/// Something that goes wrong, with one of these sockets or with none.
fn incident(cookies: &[u64], at: Time, random: &mut Random) -> Incident {
    let is_v4 = random.one_in(2);
    let [local, peer] = [(); 2].map(|()| {
        let address: [u8; 16] = std::array::from_fn(|_| random.byte());
        let [a, b, c, d, ..] = address;
        SocketAddr::new(if is_v4 { IpAddr::from([a, b, c, d]) } else { IpAddr::from(address) }, random.short())
    });
    // The kernel's names, of which nobody says that they are plain.
    let mut name = || random.one_in(2).then(|| Arc::from("NOT\x1b[31m_SPECIFIED\n"));
    let (reason, location) = (name(), name());
    let [cgroup, segments, bytes_sent] = [(); 3].map(|()| random.one_in(2).then(|| random.number()));
    let retransmissions = random.one_in(2).then(|| random.short().into());
    Incident {
        at,
        trouble: [Trouble::Retransmit, Trouble::Reset, Trouble::Drop, Trouble::Error][random.below(4)],
        cookie: random.pick(cookies).copied().filter(|_| !random.one_in(4)),
        protocol: [None, Some(6), Some(17), Some(random.short())][random.below(4)],
        state: random.one_in(2).then(|| State::from_number(random.byte())),
        local,
        peer,
        cgroup,
        direction: [None, Some(Direction::Sent), Some(Direction::Received)][random.below(3)],
        reason,
        location,
        segments,
        totals: Totals { bytes_sent, retransmissions, ..Totals::default() },
        error: random.one_in(2).then(|| random.short().into()),
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
        let mut lives = Lives::new(random.one_in(2)).with_incidents(random.one_in(2));
        if random.one_in(4) {
            lives = lives.with_told_states(random.short().into());
        }
        let mut write = |row: &LiveRow<'_>, at: Time| {
            let mut out = Vec::new();
            line::event(&mut out, row, at, Some(b"blue\x1b[31m"));
            assert_plain(&out, &['\n']);
            assert_eq!(out.split(|&byte| byte == b'\n').count(), 2, "one line");
            out.clear();
            objects.event(&mut out, row, at, Some(b"blue\x1b[31m"));
            assert_eq!(out.split(|&byte| byte == b'\n').count(), 2, "one line");
            serde_json::from_slice::<serde_json::Value>(&out).expect("JSON");
            told.insert((row.facts.event, row.facts.known.is_some()));
        };
        let mut tell = |what: Told<'_>| match what {
            Told::Event(event) => {
                if let Some(row) = row::of(&event, &place) {
                    write(&row, event.at);
                }
            }
            Told::Incident(met) => {
                let message = row::incident_message(&met);
                if let Some(row) = row::of_incident(&met, &message, &place) {
                    write(&row, met.incident.at);
                }
            }
            _ => {}
        };
        let (protocol, mut seen) = input(&*target, random);
        let mut cookies = Vec::new();
        for round in 0..ROUNDS {
            let now = Duration::from_secs(5 + round);
            lives.begin_round(&[Protocol::Tcp, Protocol::Udp], now);
            rows(&seen, &place, |row| {
                lives.row(protocol, row.payload(), now, &mut tell);
                cookies.extend(
                    row.payload().get(44..).and_then(|rest| rest.first_chunk()).map(|&of| u64::from_ne_bytes(of)),
                );
            });
            // With a socket whose row still waits, one that is known, or one that is gone, where those are remembered.
            lives.incident(&incident(&cookies, now, random), &mut tell);
            lives.end_round(!random.one_in(4), now, &mut tell);
            if random.one_in(2) {
                lives.summed_up();
            }
            lives.incident(&incident(&cookies, now, random), &mut tell);
            // The same again, or others in their place; and ends of which the kernel tells.
            let (of, other) = input(&*target, random);
            if random.one_in(2) {
                rows(&other, &place, |row| lives.destroyed(of, row.payload(), now, &mut tell));
            } else if of == protocol {
                seen = other;
            }
        }
    });
    for word in ["present", "established", "state", "closed", "retransmit", "reset", "drop", "error"] {
        assert!(told.contains(&(word, true)), "{word} is not among {told:?}");
    }
    assert!(told.contains(&("drop", false)), "no packet of nobody is among {told:?}");
}
