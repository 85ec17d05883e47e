//! What one question holds of another.

use super::*;
use crate::filter::Filter;
use crate::names::Nobody;
use crate::sockets::kernel::Abilities;
use crate::sockets::plan::Question;
use crate::sockets::registry::catalog;
use sockeye_wire::Messages;

fn plan(filter: &str, fields: &[&str]) -> Plan {
    let filter = Filter::parse(&[filter.to_owned()], catalog(), &Nobody).expect("a filter");
    let fields: Vec<_> = fields.iter().map(|name| catalog().find(name).expect("a field")).collect();
    let abilities = Abilities::new(true, true);
    let question = Question { filter: Some(&filter.expression), fields: &fields, listener_drops: false, abilities };
    Plan::new(&question)
}

/// What a plan asks for, read back from its requests; TCP in the parts that `cut` makes.
fn recorded(plan: &Plan, cut: Option<&Program>) -> Vec<Asked> {
    let read = |dump: &DumpPlan, extra: Option<&Program>| {
        let request = dump.request(extra);
        let message = Messages::new(request.as_bytes()).next().expect("a message").expect("whole");
        Asked::of_request(&message).expect("a dump")
    };
    let parts = |dump: &DumpPlan| match cut.filter(|_| dump.table == Table::Tcp) {
        None => vec![read(dump, None)],
        Some(cut) => vec![read(dump, Some(cut)), read(dump, Some(&Program::Not(Box::new(cut.clone()))))],
    };
    plan.dumps.iter().flat_map(parts).collect()
}

#[track_caller]
fn lacks(question: (&str, &[&str]), capture: (&str, &[&str])) -> Lacks {
    plan(question.0, question.1).lacks(&recorded(&plan(capture.0, capture.1), None))
}

#[test]
fn what_was_asked_is_held() {
    let everything: Vec<_> = catalog().fields().map(|(_, info)| info.path.as_str()).collect();
    for filter in ["tcp", "any all", "udp sport = :4242 and dst 192.0.2.7", "autobound", "tcp uid = 7 listening"] {
        for fields in [&[][..], &["cwnd", "skmem.drops"], &everything] {
            assert_eq!(lacks((filter, fields), (filter, fields)), Lacks::default(), "{filter}");
            assert_eq!(lacks((filter, &[]), (filter, fields)), Lacks::default(), "{filter}");
        }
    }
    assert_eq!(lacks(("tcp", &[]), ("any all", &[])), Lacks::default());
    assert_eq!(lacks(("tcp sport = :4242 and dst 192.0.2.7", &[]), ("tcp dst 192.0.2.7", &[])), Lacks::default());
}

#[test]
fn a_table_that_was_not_asked_for_is_lacking() {
    let expected = Lacks { tables: Table::Unix.set().or(Table::Packet.set()), ..Lacks::default() };
    assert_eq!(lacks(("tcp unix packet", &[]), ("tcp udp", &[])), expected);
}

#[test]
fn states_that_were_not_asked_for_are_lacking() {
    let listening = Lacks { states: vec![(Table::Tcp, State::Listening.mask())], ..Lacks::default() };
    assert_eq!(lacks(("tcp", &[]), ("tcp listening", &[])), listening);
    assert_eq!(lacks(("tcp established", &[]), ("tcp listening", &[])), listening);
    assert!(!plan("tcp established", &[]).wants(&recorded(&plan("tcp listening", &[]), None)[0]));
}

#[test]
fn an_address_family_that_was_not_asked_for_is_lacking() {
    let mut udp = recorded(&plan("udp", &[]), None);
    udp.retain(|asked| asked.family == AF_INET);
    let expected = Lacks { families: vec![(Table::Udp, AF_INET)], ..Lacks::default() };
    assert_eq!(plan("udp", &[]).lacks(&udp), expected);
}

#[test]
fn rows_that_a_program_kept_away_are_lacking() {
    let expected = Lacks { chosen: Table::Tcp.set(), ..Lacks::default() };
    for filter in ["tcp", "tcp sport = :4243", "tcp dport = :4242"] {
        assert_eq!(lacks((filter, &[]), ("tcp sport = :4242", &[])), expected, "{filter}");
    }
}

#[test]
fn the_two_parts_of_a_table_are_the_whole() {
    let at_most = Program::Test(Test::DestinationPortAtMost(40_250));
    let only =
        Program::All(vec![Program::Test(Test::SourcePortAtLeast(4242)), Program::Test(Test::SourcePortAtMost(4242))]);
    for cut in [at_most, only] {
        for filter in ["tcp", "tcp src 192.0.2.7", "tcp autobound"] {
            let plan = plan(filter, &[]);
            let parts = recorded(&plan, Some(&cut));
            assert_eq!(plan.lacks(&parts), Lacks::default(), "{filter} {cut:?}");
            for index in 0..2 {
                let chosen = plan.lacks(&parts[index..=index]).chosen;
                assert_eq!(chosen, Table::Tcp.set(), "one half is not the whole: {filter} {cut:?}");
            }
        }
    }
}

#[test]
fn attributes_that_were_not_asked_for_are_lacking_with_their_fields() {
    let found = lacks(("tcp unix", &["cwnd", "bpf_storages", "proto"]), ("tcp unix", &[]));
    let names: Vec<_> = found.attributes.iter().map(|(table, name, fields)| (*table, *name, fields.len())).collect();
    assert_eq!(names, [(Table::Tcp, "tcp_info", 1), (Table::Tcp, "bpf_storages", 1)]);
    assert!(!found.has_rows() && found.tables.is_empty());
}
