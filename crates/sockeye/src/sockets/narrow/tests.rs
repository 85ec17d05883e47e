//! A filter decides with the owners that matter to it as it does with all of them.

use std::borrow::Cow;
use std::cell::Cell;

use proptest::prelude::*;
use sockeye_query::filter::{Condition, Decision, Expression, Record};
use sockeye_query::sockets::{Flat, OwnerPart, catalog};
use sockeye_query::{FieldId, Value};

use super::Narrowing;
use crate::sockets::view::Kind;

/// A process in plain Rust; what is `None` cannot be read of it.
#[derive(Clone, Debug)]
struct Plain {
    pid: u32,
    name: Option<&'static str>,
    user: Option<&'static str>,
    unit: Option<&'static str>,
    cmdline: Option<&'static str>,
    /// Its descriptors may not be read.
    hidden: bool,
}

/// A socket: who holds it by which descriptor, who holds its other end, and its port.
#[derive(Clone, Debug)]
struct Socket {
    owners: Vec<(usize, u32)>,
    peers: Vec<(usize, u32)>,
    port: u64,
}

impl Plain {
    fn text(&self, part: OwnerPart) -> Option<&'static str> {
        match part {
            OwnerPart::Process => self.name,
            OwnerPart::User => self.user,
            OwnerPart::Unit => self.unit,
            OwnerPart::Cmdline => self.cmdline,
            _ => None,
        }
    }

    fn value(&self, fd: u32, part: OwnerPart) -> Value<'static> {
        match part {
            OwnerPart::Pid => Value::Unsigned(self.pid.into()),
            OwnerPart::Fd => Value::Unsigned(fd.into()),
            part => self.text(part).map_or(Value::List(Vec::new()), |text| Value::Text(text.as_bytes())),
        }
    }

    fn matters(&self, narrowing: &Narrowing<'_>) -> bool {
        let numbered = narrowing.pids().is_none_or(|pids| pids.contains(&self.pid));
        numbered && narrowing.takes(self.pid, |part| self.text(part).map(|text| Cow::Borrowed(text.as_bytes())))
    }
}

/// A socket with those of its owners that a search found.
struct Seen<'s> {
    socket: &'s Socket,
    processes: &'s [Plain],
    looked_at: Vec<bool>,
}

impl Record for Seen<'_> {
    fn value(&self, field: FieldId) -> Option<Value<'_>> {
        let (holders, part) = match Kind::of(field) {
            Kind::Flat(Flat::Owner(part)) => (&self.socket.owners, part),
            Kind::Flat(Flat::PeerOwner(part)) => (&self.socket.peers, part),
            _ => return Some(Value::Unsigned(self.socket.port)),
        };
        let seen =
            |&&(index, _): &&(usize, u32)| self.looked_at.get(index) == Some(&true) && !self.processes[index].hidden;
        let list = holders.iter().filter(seen).map(|&(index, fd)| self.processes[index].value(fd, part)).collect();
        let whole =
            !self.processes.iter().zip(&self.looked_at).any(|(process, looked_at)| process.hidden && *looked_at);
        Some(if whole { Value::List(list) } else { Value::Incomplete(list) })
    }
}

fn process() -> impl Strategy<Value = Plain> {
    let one_of = |texts: [&'static str; 3]| prop::option::weighted(0.9, prop::sample::select(texts.to_vec()));
    (
        2..6u32,
        one_of(["nginx", "envoy", "ng"]),
        one_of(["alice", "bob", "1004"]),
        one_of(["web.service", "db.service", "x.scope"]),
        one_of(["nginx -g", "envoy -c", "ng"]),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(pid, name, user, unit, cmdline, hidden)| Plain { pid, name, user, unit, cmdline, hidden })
}

fn socket() -> impl Strategy<Value = Socket> {
    let holders = || prop::collection::vec((0..4usize, 3..6u32), 0..4);
    (holders(), holders(), 1..3u64).prop_map(|(owners, peers, port)| Socket { owners, peers, port })
}

fn test_of() -> impl Strategy<Value = Expression> {
    let test = |field: &str, condition| Expression::test(catalog().find(field).expect("a field"), condition);
    let number = |number| Condition::Numbers(vec![(number, number + number % 2)]);
    let is = |text: &str| Condition::Texts(vec![text.as_bytes().to_vec()]);
    prop_oneof![
        (2..6u64).prop_map(move |pid| test("pid", number(pid))),
        (2..6u64).prop_map(move |pid| test("peer-pid", number(pid))),
        (2..6u64).prop_map(move |pid| test("pid", Condition::Numbers(vec![(pid, pid + 100)]))),
        prop::sample::select(vec!["nginx", "envoy"]).prop_map(move |name| test("process", is(name))),
        prop::sample::select(vec!["nginx", "envoy"]).prop_map(move |name| test("peer-process", is(name))),
        prop::sample::select(vec!["alice", "1004"]).prop_map(move |name| test("user", is(name))),
        Just("web.service").prop_map(move |name| test("unit", is(name))),
        Just("envoy -c").prop_map(move |line| test("cmdline", is(line))),
        (3..6u64).prop_map(move |fd| test("fd", number(fd))),
        Just("process").prop_map(move |field| test(field, Condition::Present)),
        (1..3u64).prop_map(move |port| test("local_port", number(port))),
    ]
}

fn filter() -> impl Strategy<Value = Expression> {
    test_of().prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            1 => inner.clone().prop_map(Expression::negated),
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(Expression::all),
            3 => prop::collection::vec(inner, 1..4).prop_map(Expression::any),
        ]
    })
}

#[test]
fn owners_that_do_not_matter_change_no_decision() {
    let (narrowed, left_out, fit) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let worlds = (filter(), prop::collection::vec(process(), 4), prop::collection::vec(socket(), 8));
    let config = ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&worlds, |(filter, mut processes, sockets)| {
        // No two processes have one number.
        for (pid, process) in (2..).zip(&mut processes) {
            process.pid = pid;
        }
        let narrowing = Narrowing::of(&filter);
        let matter: Vec<_> = processes.iter().map(|process| process.matters(&narrowing)).collect();
        narrowed.set(narrowed.get() + usize::from(narrowing.is_narrow()));
        left_out.set(left_out.get() + matter.iter().filter(|matters| !**matters).count());
        let hides = processes.iter().any(|process| process.hidden);
        for socket in &sockets {
            let decide = |looked_at: Vec<bool>| filter.decide(&Seen { socket, processes: &processes, looked_at });
            let (all, some) = (decide(vec![true; processes.len()]), decide(matter.clone()));
            // Where a process is hidden that does not matter, less is undecided.
            let agree = all == some || (hides && (all, some) == (Decision::Unknown, Decision::No));
            prop_assert!(agree, "{:?} instead of {:?}: {:?} of {:?}", some, all, narrowing, socket);
            if narrowing.is_narrow() && narrowing.is_needed() && some == Decision::Yes {
                let holders = socket.owners.iter().chain(&socket.peers);
                let found = holders.into_iter().any(|&(index, _)| matter[index] && !processes[index].hidden);
                prop_assert!(found, "{:?} fits without an owner", socket);
                fit.set(fit.get() + 1);
            }
        }
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.expect_err("checked"));
    let counted = [narrowed.get(), left_out.get(), fit.get()];
    assert!(counted.iter().all(|&count| count > 1000), "{counted:?}");
}

#[test]
fn a_search_is_narrowed_where_no_test_is_negated_and_all_can_be_told_from_the_process() {
    let test = |field: &str, condition| Expression::test(catalog().find(field).expect("a field"), condition);
    let name = || test("process", Condition::Texts(vec![b"nginx".to_vec()]));
    let pid = |pid| test("pid", Condition::Numbers(vec![(pid, pid)]));
    let port = || test("local_port", Condition::Numbers(vec![(1, 1)]));
    let peer = || test("peer-process", Condition::Texts(vec![b"envoy".to_vec()]));
    let fd = || test("fd", Condition::Numbers(vec![(3, 3)]));
    for (filter, narrow, pids, needed) in [
        (name(), true, None, true),
        (pid(4), true, Some(vec![4]), true),
        (Expression::all([pid(4), port()]), true, Some(vec![4]), true),
        (Expression::any([pid(4), pid(7)]), true, Some(vec![4, 7]), true),
        (Expression::all([name(), Expression::any([pid(4), port()])]), true, None, true),
        (Expression::all([name(), peer()]), true, None, true),
        (Expression::any([name(), port()]), true, None, false),
        (Expression::all([pid(4), pid(7).negated()]), false, None, true),
        (Expression::all([name(), fd()]), false, None, true),
        (test("pid", Condition::Present), false, None, true),
        (Expression::all([port(), name().negated()]).negated(), true, None, false),
        (port(), false, None, false),
        (Expression::always(), false, None, false),
    ] {
        let found = Narrowing::of(&filter);
        let pids: Option<Vec<u32>> = pids;
        assert_eq!(
            (found.is_narrow(), found.pids(), found.is_needed()),
            (narrow, pids.as_deref(), needed),
            "{filter:?}"
        );
    }
}
