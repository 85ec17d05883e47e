//! Addresses of families other than the internet's, over the fields of sockets.

use sockeye_query::filter;
use sockeye_query::sockets::{Abilities, Plan, Question, Table, Tables, catalog};

use crate::sample::Known;

fn canonical(text: &str) -> String {
    filter::parse(text, catalog(), &Known)
        .map_or_else(|mistake| mistake.to_string(), |filter| filter.expression.display(catalog()).to_string())
}

#[test]
fn prefixes_of_ss_choose_family_address_and_port() {
    for (text, meaning) in [
        ("src link:ip:eth0", "(proto = packet and local = ip and dev = 'eth0')"),
        ("src link:IPv6", "(proto = packet and local = ipv6)"),
        ("src link:0x88cc:*", "(proto = packet and local = lldp)"),
        ("src link:0x1234", "(proto = packet and local = 0x1234)"),
        ("src link:*:7", "(proto = packet and dev = 7)"),
        ("src link:", "proto = packet"),
        ("src netlink:route:kernel", "(proto = netlink and local = route and lport = 0)"),
        ("src netlink:16:4294963217", "(proto = netlink and local = generic and lport = 4294963217)"),
        ("src netlink:200", "(proto = netlink and local = 200)"),
        ("dst netlink:*:0", "(proto = netlink and pport = 0)"),
        ("src vsock:host:1024", "(proto = vsock and local = host and lport = 1024)"),
        ("dst vsock:2:*", "(proto = vsock and peer = host)"),
        (
            "vsock:4711:5",
            "((proto = vsock and local = 4711 and lport = 5) or (proto = vsock and peer = 4711 and pport = 5))",
        ),
    ] {
        assert_eq!(canonical(text).replace('\'', ""), meaning.replace('\'', ""), "{text}");
    }
}

#[test]
fn what_stands_behind_a_prefix_has_to_be_of_the_family() {
    for (text, why) in [
        (
            "src link:ipq:eth0",
            "`ipq` is no such address\n  src link:ipq:eth0\n           ^^^\nexpected an Ethernet protocol (ip, arp, ipv6, 0x88cc)\ndid you mean `ip`?",
        ),
        (
            "src netlink:route:x",
            "`x` is no port here\n  src netlink:route:x\n                    ^\nexpected a port id, or `kernel`",
        ),
        (
            "src vsock:2:4294967296",
            "`4294967296` is no port here\n  src vsock:2:4294967296\n              ^^^^^^^^^^\nexpected a port",
        ),
        (
            "src link:0x10000",
            "`0x10000` is no such address\n  src link:0x10000\n           ^^^^^^^\nexpected an Ethernet protocol (ip, arp, ipv6, 0x88cc)",
        ),
    ] {
        assert_eq!(canonical(text), why, "{text}");
    }
}

#[test]
fn what_no_family_and_no_state_can_be_at_once_is_refused() {
    for (text, one, other) in [
        ("unix sport = 22", "unix", "sport = 22"),
        ("unix sport = 22 packet", "unix packet", "sport = 22"),
        ("udp and rtt > 1ms", "udp", "rtt > 1ms"),
        ("udp and cc = cubic", "udp", "cc = cubic"),
        ("tcp listening rtt > 1", "listening", "rtt > 1"),
        ("established and has accept-queue", "established", "has accept-queue"),
        ("unix listening rqlen.rqueue > 0", "listening", "rqlen.rqueue > 0"),
        ("has accept-queue and has recv-q", "has accept-queue", "has recv-q"),
        ("tcp and local = /run/x", "tcp", "local = /run/x"),
        ("tcp and @name", "tcp", "@name"),
        ("time-wait and has pid", "time-wait", "has pid"),
        ("listening and dport = 443", "listening", "dport = 443"),
        ("packet and has peer-process", "packet", "has peer-process"),
        ("unix and time-wait", "unix", "time-wait"),
        ("tcp unconnected", "tcp", "unconnected"),
    ] {
        let nothing = format!("this filter can match nothing: `{one}` and `{other}` exclude each other");
        assert_eq!(canonical(text).lines().next(), Some(nothing.as_str()), "{text}");
    }
    for possible in [
        "tcp (listening or rtt > 1)",
        "not has pid time-wait",
        "pid != 1 time-wait",
        "tcp not local = /x",
        "listening dport = 0",
    ] {
        assert!(canonical(possible).starts_with('('), "{possible}: {}", canonical(possible));
    }
}

#[test]
fn conditions_on_one_field_are_held_against_each_other() {
    for refused in [
        "src 10.0.0.0/8 and src != 10.0.0.0/8",
        "src 10.1.0.0/16 and not src 10.0.0.0/8",
        "options = sack and not options = sack",
        "process ~ a* and process !~ a*",
        "user = alice and user != alice",
        "process in (a, b) and process != a and process != b",
        "not port = 22 and sport = 22",
        ":80 and not port = 80",
        "10.0.0.1:80 and port != 80",
        "port = 22 and sport != 22 and dport != 22",
        "port = 1 and port = 2 and port = 3",
        "port = 1 and sport = 2 and dport = 3",
        "mark = 1/0x1 and mark = 0/0x1",
        "mark = 1/0x1 and mark = 2",
        "dev eth0 and ifindex = 3",
        "dev eth0 and dev = 3",
        "ifindex = 0",
        "ifindex < 1",
        "ifindex = 0 and has dev",
        "not ifindex >= 1",
        "not has ifindex and ifindex != 3",
        "dev eth0 and not has ifindex",
        "has dev and not has ifindex",
        "established src 10.0.0.1 dst 2001:db8::1",
        "src 10.0.0.0/8 dst [::1]:80",
        "tcp src ::ffff:10.0.0.0/104 dst ::1 connected",
        "tcp exclude all",
        "not all",
        "not any",
        "udp state != all",
        "src 10.0.0.0/24 and not src 10.0.0.0/25 and not src 10.0.0.128/25",
        "src != 10.0.0.0/25 and src in (10.0.0.0/24, 10.0.0.7) and src != 10.0.0.128/25",
        "src 10.0.0.0/24 and src 10.0.0.0/8 and src not in (10.0.0.0/25, 10.0.0.128/25)",
        "mark = 0x10/0x10 and mark < 16",
        "mark = 0x3/0x3 and mark in (0-2, 4-6, 8-10)",
        "mark = 1/0x1 and mark = 2/0x2 and mark < 3",
        "mark = 6/0x6 and mark != 4/0x4",
        "process in (ab, ac) and process !~ 'a*'",
        "cc ~ 'b*' and cc = cubic",
        "cc = bbr and cc !~ 'b*'",
        "cc in (bbr, bic) and cc ~~ '^.{4}$'",
        "(cc = bbr or cc = reno) and (cc = cubic or cc = vegas)",
        "local = /run/x and local ~ '/tmp/*'",
        "process = x and not has pid",
        "pid > 4194304",
        "process = abcdefghijklmnop",
    ] {
        assert!(filter::parse(refused, catalog(), &Known).is_err(), "{refused}: {}", canonical(refused));
    }
    for possible in [
        "src 10.0.0.0/8 and src != 10.1.0.0/16",
        "src 10.0.0.1 and src != ::/0",
        "options = sack and not options = wscale",
        "process = a and process != b",
        "port = 1 and port = 2 and port < 3",
        "mark = 1/0x1 and mark = 2/0x2",
        "mark = 1/0x1 and mark in (2, 3)",
        "src 0.0.0.0/0 and dst ::/0",
        "src 10.0.0.0/8 and dst ::1",
        "src ::1 and dst 10.0.0.0/8",
        "tcp listening src 10.0.0.1 dst 2001:db8::1",
        "established src 10.0.0.0/8 dst ::/64",
        "established src ::1 dst 10.0.0.1",
        "tcp listening dst 1.2.3.4",
        "src 10.0.0.0/24 and not src ::ffff:10.0.0.0/120",
        "src 10.0.0.0/24 and not src 10.0.0.0/25 and not src 10.0.0.128/26",
        "not src 0.0.0.0/0 and not src ::/0",
        "mark = 0x10/0x10 and mark < 17",
        "mark = 0x3/0x3 and mark in (0-2, 4-7)",
        "cc ~ 'b*' and cc in (bbr, cubic)",
        "process ~ 'a*' and process = b",
        "process !~ 'a*' and process = b",
        "process !~ 'a*' and process in (b, ab)",
        "mark = 6/0x6 and mark != 12/0xc",
        "user ~ 'a*' and user = alice",
        "state = 99",
        "not listening",
        "dev != eth0 and not has dev",
        "dev != 7 and not has dev",
        "dev != 7 and ifindex = 8",
        "ifindex > 0",
        "ifindex >= 0",
        "ifindex <= 1",
        "not ifindex = 0",
        "not has pid and not process = x",
        "pid <= 4194304",
        "process = abcdefghijklmno",
        "cmdline = abcdefghijklmnop",
    ] {
        assert!(filter::parse(possible, catalog(), &Known).is_ok(), "{possible}: {}", canonical(possible));
    }
}

#[test]
fn numbers_are_bounded_by_the_types_of_the_kernel() {
    for field in ["recv-q", "send-q", "accept-queue", "backlog", "inode", "peer-inode", "ifindex", "uid"] {
        assert!(canonical(&format!("{field} = 4294967295")).contains(" = 4294967295"), "{field}");
        for operator in ["=", ">", "<="] {
            let said = canonical(&format!("{field} {operator} 4294967296"));
            assert!(said.starts_with(&format!("`4294967296` is out of the range of `{field}`")), "{said}");
            assert!(said.ends_with("expected a number from 0 to 4294967295"), "{said}");
        }
    }
    assert!(canonical("recv-q > 4GiB").contains("out of the range"));
    assert_eq!(canonical("recv-q < 4294967295"), "recv-q <= 4294967294B");
    assert!(canonical("send-q > 4294967295").contains("this can match nothing: no `send-q` is greater"));
    assert_eq!(canonical("cookie > 4294967296"), "cookie >= 4294967297", "of 64 bits");
}

#[test]
fn ports_are_as_wide_as_the_families_that_are_named() {
    assert_eq!(canonical("netlink lport = 4294963217"), "(proto = netlink and lport = 4294963217)");
    assert!(canonical("lport = 70000").contains("out of the range"));
    assert!(canonical("tcp lport = 70000").contains("a number from 0 to 65535"));
    assert!(canonical("netlink lport = 4294967296").contains("a number from 0 to 4294967295"));
    assert_eq!(canonical("netlink lport > 70000"), "(proto = netlink and lport >= 70001)");
}

/// The families that a filter is asked of, or why it is refused.
fn families(text: &str) -> Result<Tables, String> {
    let filter = filter::parse(text, catalog(), &Known).map_err(|mistake| mistake.to_string())?;
    let abilities = Abilities::new(true, true);
    let question = Question { filter: Some(&filter.expression), fields: &[], listener_drops: false, abilities };
    Ok(Plan::new(&question).dumps.iter().map(|dump| dump.table).collect())
}

#[test]
fn only_ports_that_every_match_must_have_leave_families_out() {
    use Table::{Mptcp, Netlink, Packet, Tcp, Tipc, Unix, Xdp};
    let ports = [Unix, Packet, Netlink, Xdp, Tipc].into_iter().collect::<Tables>().complement();
    let all = Tables::ALL;
    for (text, expected) in [
        ("sport = 22", ports),
        ("not sport = 22", ports),
        ("sport = 22 or dport = 22", ports),
        ("has local_port", ports),
        (":22", ports),
        ("uid = 0 sport = 22", ports),
        ("not (sport = 22 and dport = 23)", ports),
        ("uid = 0", all),
        ("sport = 8001 or inode = 7", all),
        ("not (sport = 22 and inode = 23)", all),
        ("not has local_port", all),
        ("not has sport and not has dport", all),
        ("(established or lport 45254) and name = '/run/x'", Unix.set()),
        ("netlink_protocol = generic and (optmem < 5 or sport != 5)", Netlink.set()),
        ("netlink_protocol = generic and sport != 5", Netlink.set()),
        ("netlink sport = 5", Netlink.set()),
        ("rtt > 1 or sport = 3 and rtt > 2", [Tcp, Mptcp].into_iter().collect()),
    ] {
        let found = families(text).map(|found| found.iter().map(Table::name).collect::<Vec<_>>());
        let mut possible = expected;
        if text == "rtt > 1 or sport = 3 and rtt > 2" {
            possible = possible.and(families("has rtt").expect("a filter"));
        }
        assert_eq!(found, Ok(possible.iter().map(Table::name).collect()), "{text}");
    }
    let stream = families("(established or lport 45254) and socket_type = stream").expect("rows fit it");
    assert!(stream.has(Unix), "{stream:?}");
    let datagram = families("socket_type = dgram and not has local_port").expect("rows fit it");
    assert!(datagram.has(Unix) && !datagram.has(Tcp), "{datagram:?}");
}
