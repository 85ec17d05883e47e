//! What filters decide on records.

use sockeye_query::Value;
use sockeye_query::filter::{Decision, Record};

use crate::sample::{OPTIONS, Sample, catalog, parse};

#[track_caller]
fn check(record: &impl Record, text: &str, decision: Decision) {
    let filter = parse(text).unwrap_or_else(|mistake| panic!("{mistake}"));
    assert_eq!(filter.expression.decide(record), decision, "{text}");
}

fn connection() -> Sample {
    let address = |text: &str| Value::Address(text.parse().unwrap());
    Sample::default()
        .with("proto", Value::Word("tcp"))
        .with("state", Value::Word("established"))
        .with("local", address("10.0.0.1"))
        .with("lport", Value::Unsigned(22))
        .with("peer", address("::ffff:192.0.2.7"))
        .with("pport", Value::Unsigned(50000))
        .with("port", Value::List(vec![Value::Unsigned(22), Value::Unsigned(50000)]))
        .with("rtt", Value::Unsigned(1500))
        .with("options", Value::Set { bits: 3, names: &OPTIONS })
        .with("process", Value::List(vec![Value::Text(b"sshd"), Value::Text(b"sshd-session")]))
        .with("cookie", Value::Hexadecimal(0x1a2b))
        .with("v6only", Value::Truth(false))
        .with("cgroup", Value::Text(b"/system.slice/ssh.service"))
        .with("dev", Value::Text(b"eth0"))
        .with("mark", Value::Hexadecimal(0x110))
}

#[test]
fn values_are_compared_by_their_kind() {
    let record = connection();
    for text in [
        "tcp established",
        "connected not time-wait",
        "sport = 22",
        "dst 192.0.2.0/24",
        "dst = ::ffff:192.0.2.7",
        "10.0.0.1:22",
        "rtt gt 1.4ms rtt lt 1.6ms",
        "options = sack",
        "options in (ecn, sack)",
        "options = 3",
        "cookie = 0x1a2b",
        "not v6only",
        "v6only = false",
        "cgroup = /system.slice/ssh.service",
        "cgroup ~ */ssh.*",
        "dev = eth0",
        "dev ~ eth*",
        "mark = 0x10/0xff",
        "local ~ 10.*",
        "has rtt",
        "not has retrans",
    ] {
        check(&record, text, Decision::Yes);
    }
    for text in [
        "udp",
        "10.0.0.1:50000",
        "dst ::/128",
        "local = ::/0",
        "options = ecn",
        "mark = 0x10",
        "dev = eth1",
        "local = '10.0.0.1'",
        "has retrans",
    ] {
        check(&record, text, Decision::No);
    }
}

#[test]
fn a_list_matches_by_one_of_its_elements() {
    let record = connection();
    check(&record, "port = 22 and port = 50000", Decision::Yes);
    check(&record, "port > 40000 port < 30", Decision::Yes);
    check(&record, "port != 22", Decision::No);
    check(&record, "process = sshd-session", Decision::Yes);
    check(&record, "process != sshd", Decision::No);
    check(&record, "process = cron", Decision::No);
    let nobody = Sample::default().with("process", Value::List(Vec::new()));
    check(&nobody, "process = sshd", Decision::No);
    check(&nobody, "process != sshd", Decision::Yes);
    check(&nobody, "has process", Decision::No);
    let some = Sample::default().with("process", Value::Incomplete(vec![Value::Text(b"sshd")]));
    check(&some, "process = sshd", Decision::Yes);
    check(&some, "process != sshd", Decision::No);
    check(&some, "has process", Decision::Yes);
    check(&some, "process = cron", Decision::Unknown);
    check(&some, "process != cron", Decision::Unknown);
    let unseen = Sample::default().with("process", Value::Incomplete(Vec::new()));
    check(&unseen, "has process", Decision::Unknown);
    check(&unseen, "not has process", Decision::Unknown);
}

#[test]
fn absent_is_unknown_and_not_zero() {
    let record = connection();
    for text in
        ["retrans = 0", "retrans != 0", "not retrans > 5", "retrans >= 0", "tcp retrans = 0", "udp or retrans = 0"]
    {
        check(&record, text, Decision::Unknown);
    }
    check(&record, "udp retrans = 0", Decision::No);
    check(&record, "tcp or retrans = 0", Decision::Yes);
    check(&record, "not (retrans = 0 and udp)", Decision::Yes);
}

#[test]
fn the_fields_that_left_it_unknown_are_named() {
    let record = connection();
    let catalog = catalog();
    let unknown = |text: &str| -> Vec<String> {
        let fields = parse(text).unwrap().expression.unknown_fields(&record);
        fields.into_iter().map(|id| catalog.info(id).name().to_owned()).collect()
    };
    assert_eq!(unknown("retrans > 5 and (udp or send-q > 1)"), ["send-q", "retrans"]);
    assert_eq!(unknown("not retrans > 5 or retrans < 2"), ["retrans"]);
    assert_eq!(unknown("tcp or retrans > 5"), [""; 0]);
    assert_eq!(unknown("udp and retrans > 5"), [""; 0]);
    assert_eq!(unknown("(udp and retrans > 5) or send-q = 0"), ["send-q"]);
}

#[test]
fn an_ipv4_network_takes_mapped_addresses_and_an_ipv6_one_no_ipv4_address() {
    let at = |text: &str| Sample::default().with("local", Value::Address(text.parse().unwrap()));
    check(&at("::ffff:10.1.1.1"), "src 10.0.0.0/8", Decision::Yes);
    check(&at("::ffff:10.1.1.1"), "src ::ffff:0:0/96", Decision::Yes);
    check(&at("10.1.1.1"), "src ::ffff:0:0/96", Decision::No);
    check(&at("10.1.1.1"), "src ::/0", Decision::No);
    check(&at("::1"), "src 0.0.0.0/0", Decision::No);
    check(&at("10.1.1.1"), "src 0.0.0.0/0", Decision::Yes);
    check(&Sample::default().with("local", Value::Text(b"/run/x")), "src 0.0.0.0/0", Decision::No);
    check(&Sample::default().with("local", Value::Text(b"@a\0b")), r"src = '@a\x00b'", Decision::Yes);
}

#[test]
fn an_address_with_its_port_is_decided_by_both() {
    let at = |text: &str| Sample::default().with("primary", Value::SocketAddress(text.parse().unwrap()));
    let (four, six) = (at("203.0.113.5:3868"), at("[fe80::9%3]:53"));
    for (filter, of_four, of_six) in [
        ("primary = 203.0.113.0/24", Decision::Yes, Decision::No),
        ("primary = fe80::9", Decision::No, Decision::Yes),
        ("primary = :3868", Decision::Yes, Decision::No),
        ("primary = :50-60", Decision::No, Decision::Yes),
        ("primary = 203.0.113.5:3868", Decision::Yes, Decision::No),
        ("primary = 203.0.113.5:3869", Decision::No, Decision::No),
        ("primary = '203.0.113.5:3868'", Decision::Yes, Decision::No),
        ("primary = '[fe80::9%3]:53'", Decision::No, Decision::Yes),
        ("primary != '203.0.113.5'", Decision::Yes, Decision::Yes),
        ("primary ~ *:53", Decision::No, Decision::Yes),
        ("has primary", Decision::Yes, Decision::Yes),
    ] {
        check(&four, filter, of_four);
        check(&six, filter, of_six);
    }
    check(&Sample::default(), "primary = :53", Decision::Unknown);
    check(&at("[::ffff:10.1.1.1]:9"), "primary = 10.0.0.0/8:9", Decision::Yes);
}

#[test]
fn address_and_port_are_those_of_one_of_several_addresses() {
    let ends = ["203.0.113.5:3868", "[fe80::9%3]:53"].map(|text| Value::SocketAddress(text.parse().unwrap()));
    let record = Sample::default().with("addresses", Value::List(ends.to_vec()));
    for (filter, decision) in [
        ("addresses = 203.0.113.0/24", Decision::Yes),
        ("addresses = :53", Decision::Yes),
        ("addresses = 203.0.113.5:3868", Decision::Yes),
        ("addresses = 203.0.113.5:53", Decision::No),
        ("addresses = [fe80::/64]:50-60", Decision::Yes),
        ("addresses = 203.0.113.5 and addresses = :53", Decision::Yes),
        ("addresses = '[fe80::9%3]:53'", Decision::Yes),
        ("addresses ~ 203.*", Decision::Yes),
        ("addresses != 203.0.113.0/24:1-99", Decision::Yes),
        ("addresses != :53", Decision::No),
        ("addresses = 10.0.0.1", Decision::No),
    ] {
        check(&record, filter, decision);
    }
    check(&Sample::default(), "addresses != 10.0.0.1:1", Decision::Unknown);
}

#[test]
fn interfaces_and_cgroups_are_compared_by_number_or_by_text() {
    check(&Sample::default().with("dev", Value::Unsigned(2)), "dev = eth0", Decision::Yes);
    check(&Sample::default().with("ifindex", Value::Unsigned(2)), "dev = 2", Decision::Yes);
    check(&Sample::default().with("dev", Value::Unsigned(3)), "dev = eth0", Decision::No);
    check(&Sample::default().with("dev", Value::Text(b"eth9")), "dev = eth9", Decision::Yes);
    check(&Sample::default().with("cgroup", Value::Unsigned(77)), "cgroup = /system.slice/ssh.service", Decision::Yes);
    check(&Sample::default().with("cgroup", Value::Unsigned(78)), "cgroup = /system.slice/ssh.service", Decision::No);
}

#[test]
fn bound_to_no_interface_is_another_interface_and_no_number() {
    let none = Sample::default().with("dev", Value::Nothing).with("ifindex", Value::Nothing);
    for (text, decision) in [
        ("dev != eth0", Decision::Yes),
        ("not dev = 7", Decision::Yes),
        ("dev != 7", Decision::Yes),
        ("dev !~ eth*", Decision::Yes),
        ("dev = 7", Decision::No),
        ("dev = eth0", Decision::No),
        ("has dev", Decision::No),
        ("not has ifindex", Decision::Yes),
        ("ifindex <= 2", Decision::Unknown),
        ("ifindex != 7", Decision::Unknown),
        ("ifindex not in (1, 2)", Decision::Unknown),
        ("ifindex = 0/0x1", Decision::Unknown),
        ("ifindex != 7 or dev != 7", Decision::Yes),
    ] {
        check(&none, text, decision);
    }
    let bound = Sample::default().with("dev", Value::Text(b"eth3")).with("ifindex", Value::Unsigned(3));
    check(&bound, "ifindex not in (1, 2)", Decision::Yes);
    check(&bound, "dev != 7", Decision::Yes);
    check(&bound, "dev != 3", Decision::No);
}

#[test]
fn an_unknown_number_of_an_enumeration_is_compared_by_number() {
    let record = Sample::default().with("state", Value::Unsigned(77));
    check(&record, "state = 77", Decision::Yes);
    check(&record, "state in (listening, 77)", Decision::Yes);
    check(&record, "listening", Decision::No);
    check(&record, "not listening", Decision::Yes);
}
