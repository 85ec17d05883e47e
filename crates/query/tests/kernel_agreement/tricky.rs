//! Filters at the edges of what a request and a program can say.

use std::fmt::Write as _;

use sockeye_query::filter;
use sockeye_query::sockets::{Abilities, Plan, Question, Table, catalog};
use sockeye_wire::sock_diag::bytecode::Condition;

use crate::world::Numbered;

/// Filters of which a careless plan would show too much or too little.
pub(crate) fn filters() -> Vec<String> {
    let mut filters: Vec<String> = [
        // Programs of nothing but edges: always and never.
        "not port = 0-65535",
        "sport = 0-65535",
        "tcp sport = 0-65535 or dport = 1",
        // States that a dump does not look at, and states without a name.
        "packet unconnected",
        "netlink established",
        "netlink (unconnected or pport = 0)",
        "unix or packet listening",
        "state = 99",
        "not has state",
        "not has proto",
        "has proto has state",
        "unix listening",
        "unix not listening",
        "mptcp bound-inactive",
        "mptcp unconnected",
        "tcp bound-inactive",
        // What is absent is neither equal nor different.
        "dev = if1",
        "not dev = if1",
        "ifindex in (0, 2)",
        "not ifindex in (0, 2)",
        "ifindex < 2",
        "not ifindex = 2",
        "not ifindex = 0",
        "dev = 1",
        "not dev = 1",
        "dev = 0 or has dev",
        "tcp all not mark = 0",
        "tcp all mark = 0x0/0xf0",
        "tcp all (mark = 0 or time-wait)",
        "tcp all not cgroup = /1",
        "not (dev = if1 mark = 1)",
        "not (dev = if1 or sport = 1)",
        "dev = if1 or ifindex = 0",
        "has dev or not dev = if1",
        // What only the kernel can decide, beside what it cannot.
        "autobound or rtt > 10us",
        "not autobound or uid > 0",
        "(autobound or uid > 0) and (not autobound or rtt > 10us)",
        "not (autobound and has mark)",
        "unix or autobound and uid = 0",
        "sctp tcp (autobound or uid = 0)",
        "autobound = false and has rtt or mark = 1",
        // An IPv4 network holds mapped addresses, an IPv6 network no IPv4 address.
        "src 0.0.0.0/0",
        "not src 0.0.0.0/0",
        "src [::]/0",
        "src in (0.0.0.0/0, [::]/0)",
        "dst [::ffff:127.0.0.0]/104",
    ]
    .map(str::to_owned)
    .to_vec();
    // Beyond what fits into a program, alone and beside something that fits.
    let odd = odd_ports(4096);
    filters.push(format!("port in ({odd})"));
    filters.push(format!("not port in ({odd})"));
    filters.push(format!("sport < 40000 port in ({odd}) not dst 10.0.0.0/8"));
    // As much as fits.
    filters.push(format!("sport in ({})", odd_ports(2700)));
    filters
}

/// The first odd ports, as a list.
fn odd_ports(count: u16) -> String {
    let mut list = String::from("1");
    for port in 1..count {
        let _ = write!(list, ", {}", 2 * port + 1);
    }
    list
}

fn plan(text: &str) -> Plan {
    let filter = filter::parse(text, catalog(), &Numbered).expect("a filter");
    let question =
        Question { filter: Some(&filter.expression), fields: &[], listener_drops: false, abilities: Abilities::ALL };
    Plan::new(&question)
}

/// What is decided here of the rows of the first dump of a table.
fn residual_of(plan: &Plan, table: Table) -> String {
    let dump = plan.dumps.iter().find(|dump| dump.table == table).expect("it is asked");
    dump.residual.as_ref().map_or("nothing".to_owned(), |left| left.display(catalog()).to_string())
}

fn residual(plan: &Plan) -> String {
    residual_of(plan, plan.dumps[0].table)
}

#[test]
fn what_sctp_ignores_is_decided_here() {
    let sctp = plan("sctp listening sport = 22");
    assert!(sctp.dumps.iter().all(|dump| dump.table == Table::Sctp && dump.program.is_none()));
    assert_eq!(residual(&sctp), "(state = listening and lport = 22)");
    let both = plan("tcp sctp listening sport = 22");
    assert!(both.dumps.iter().all(|dump| dump.program.is_some() == (dump.table == Table::Tcp)));
    assert_eq!(residual_of(&both, Table::Sctp), "(state = listening and lport = 22)");
    assert_eq!(residual_of(&both, Table::Tcp), "nothing");
    assert_eq!(residual(&plan("tcp listening sport = 22")), "nothing");
}

#[test]
fn a_list_that_is_too_long_for_a_program_does_not_keep_the_rest_from_it() {
    let long = plan(&format!("tcp sport < 40000 port in ({}) dst 10.0.0.0/8", odd_ports(4096)));
    let tests = long.dumps[0].program.as_ref().expect("a program").tests();
    assert_eq!(tests.len(), 2, "{tests:?}");
    assert!(residual(&long).starts_with("port in ("));
}

#[test]
fn a_test_that_no_absent_field_can_pass_is_left_to_the_kernel() {
    for (text, left) in [
        ("tcp dev = if1", "nothing"),
        ("tcp mark = 1", "nothing"),
        ("tcp cgroup = /7", "nothing"),
        ("tcp not ifindex = 0", "nothing"),
        ("tcp ifindex = 2", "nothing"),
        ("tcp not ifindex = 2", "not ifindex = 2"),
        ("tcp ifindex in (0, 2)", "ifindex in (0, 2)"),
        ("tcp not dev = if1", "nothing"),
        ("tcp not dev = 1", "nothing"),
        ("tcp mark = 0", "mark = 0"),
    ] {
        assert_eq!(residual(&plan(text)), left, "{text}");
    }
}

#[test]
fn a_refused_program_loses_its_newer_operations_first() {
    let steps = |text: &str| -> Vec<usize> {
        let plan = plan(text);
        let tests = |program: &Option<Condition>| program.as_ref().map_or(0, |program| program.tests().len());
        plan.dumps[0].fallbacks().map(|dump| tests(&dump.program)).collect()
    };
    // The mark goes, and equality of ports becomes two comparisons.
    assert_eq!(steps("tcp mark = 1 dst 10.0.0.0/8"), [1, 0]);
    assert_eq!(steps("tcp sport = 22"), [2, 0]);
    assert_eq!(steps("tcp dst 10.0.0.0/8"), [0], "nothing in it is newer");
    assert_eq!(steps("tcp mark = 1"), [0]);
    assert_eq!(steps("tcp listening"), [] as [usize; 0], "there is no program");
}
