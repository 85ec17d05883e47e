//! What filters mean, printed back with every bracket.

use sockeye_query::filter::{Expression, Filter};

use crate::sample::{Known, canonical, catalog, parse, printed};

#[track_caller]
fn check(text: &str, meaning: &str) {
    assert_eq!(canonical(text), meaning, "{text}");
}

#[test]
fn not_binds_tighter_than_and_which_binds_tighter_than_or() {
    check("src 127.0.0.1 or src 10.0.0.1 and sport = 1", "(local = 127.0.0.1 or (local = 10.0.0.1 and lport = 1))");
    check("not tcp and listening", "(not proto = tcp and state = listening)");
    check("not (tcp and listening)", "not (proto = tcp and state = listening)");
    check(
        "tcp | udp & listening || unix && v6only",
        "(proto = tcp or (proto = udp and state = listening) or (proto = unix and v6only = true))",
    );
    check("! ! tcp", "proto = tcp");
    check("!!tcp", "proto = tcp");
    check("NOT TCP OR UDP", "(not proto = tcp or proto = udp)");
    check("((tcp)) and ((udp or listening))", "(proto = tcp and (proto = udp or state = listening))");
}

#[test]
fn side_by_side_means_and() {
    check("tcp sport = 22 rtt > 1ms", "(proto = tcp and lport = 22 and rtt >= 1001us)");
    check("tcp (sport=22)(dport=22)", "(proto = tcp and lport = 22 and pport = 22)");
    check("tcp listening or udp", "((proto = tcp and state = listening) or proto = udp)");
}

#[test]
fn words_of_one_kind_side_by_side_mean_or() {
    check("tcp udp listening", "(proto in (tcp, udp) and state = listening)");
    check("tcp listening udp", "(proto in (tcp, udp) and state = listening)");
    check("established time-wait tcp", "(state in (established, time-wait) and proto = tcp)");
    check("state established state time-wait", "state in (established, time-wait)");
    check("tcp not udp", "(proto = tcp and not proto = udp)");
    check("not tcp not udp", "(not proto = tcp and not proto = udp)");
    check("not tcp unix", "(not proto = tcp and proto = unix)");
    check("tcp udp and listening established", "(proto in (tcp, udp) and state in (established, listening))");
}

#[test]
fn states_are_spelled_as_in_ss() {
    check("state established", "state = established");
    check("state ESTAB", "state = established");
    check("state = listen", "state = listening");
    check("exclude time-wait", "not state = time-wait");
    check(
        "state synchronized exclude time-wait excl fin-wait1",
        "(state in (established, fin-wait-1, fin-wait-2, time-wait) and not state = time-wait and not state = fin-wait-1)",
    );
    check("state in (listening, 6)", "state in (listening, time-wait)");
    check("state = 10", "state = listening");
    check("state != 77", "not state = 77");
    check("state in (listening, 77)", "(state = listening or state = 77)");
    check("state ~ fin-*", "state in (fin-wait-1, fin-wait-2)");
    check("state ~~ ^fin|^time", "state in (fin-wait-1, fin-wait-2, time-wait)");
}

#[test]
fn an_address_with_its_port_in_one_field_is_tested_twice() {
    check("primary = 10.0.0.1", "primary = 10.0.0.1");
    check("primary 10/8", "primary = 10.0.0.0/8");
    check("primary = 10.0.0.1:https", "(primary = 10.0.0.1 and primary = :443)");
    check("primary = [2001:db8::/32]:5000-5010", "(primary = 2001:db8::/32 and primary = :5000-5010)");
    check("primary in (10.0.0.1, ::1, :22)", "(primary in (10.0.0.1, ::1) or primary = :22)");
    check("primary = '[fe80::9%3]:53'", "primary = '[fe80::9%3]:53'");
    check("primary ~ 10.*:22", "primary ~ '10.*:22'");
    check("primary = *", "has primary");
    for text in ["primary = :443", "primary != 10.0.0.0/8:1-1023", "primary = :65535"] {
        let once = canonical(text);
        assert_eq!(canonical(&once), once, "{text}");
    }
}

#[test]
fn of_several_addresses_with_ports_one_is_meant() {
    check("addresses = 10.0.0.1", "addresses = 10.0.0.1");
    check("addresses = 10/8:22", "addresses = 10.0.0.0/8:22");
    check("addresses = [2001:db8::/32]:5000-5010", "addresses = [2001:db8::]/32:5000-5010");
    check(
        "addresses in ([::1]:22, 10.0.0.1, :80)",
        "(addresses = 10.0.0.1 or addresses = [::1]:22 or addresses = :80)",
    );
    check("addresses != localhost:https", "not (addresses = 127.0.0.1:443 or addresses = [::1]:443)");
    for text in ["addresses = :443", "addresses != 10.0.0.0/8:1-1023", "addresses in (10.0.0.1:1, [2001:db8::]/32:2-3)"]
    {
        let once = canonical(text);
        assert_eq!(canonical(&once), once, "{text}");
    }
}

#[test]
fn a_bare_address_is_either_side() {
    check("10.0.0.1", "(local = 10.0.0.1 or peer = 10.0.0.1)");
    check("10.0.0.0/8", "(local = 10.0.0.0/8 or peer = 10.0.0.0/8)");
    check(":443", "(lport = 443 or pport = 443)");
    check("*:443", "(lport = 443 or pport = 443)");
    check(":https", "(lport = 443 or pport = 443)");
    check(":80-90", "(lport = 80-90 or pport = 80-90)");
    check("10.0.0.1:443", "((local = 10.0.0.1 and lport = 443) or (peer = 10.0.0.1 and pport = 443))");
    check("[::1]:22", "((local = ::1 and lport = 22) or (peer = ::1 and pport = 22))");
    check("::1", "(local = ::1 or peer = ::1)");
    check("2001:db8::/32", "(local = 2001:db8::/32 or peer = 2001:db8::/32)");
    check("not :443", "not (lport = 443 or pport = 443)");
    check("@socket", "(local = '@socket' or peer = '@socket')");
    check("/run/x.sock", "(local = '/run/x.sock' or peer = '/run/x.sock')");
}

#[test]
fn addresses_have_prefixes_ports_and_names() {
    check("dst 10.1.2.3/8", "peer = 10.0.0.0/8");
    check("dst 193.233.7/24", "peer = 193.233.7.0/24");
    check("dst = 0/0", "peer = 0.0.0.0/0");
    check("src [2001:db8::1]/64:80", "(local = 2001:db8::/64 and lport = 80)");
    check("src [2001:db8::1/64]:80", "(local = 2001:db8::/64 and lport = 80)");
    check("dst 10.0.0.0/8:80-90", "(peer = 10.0.0.0/8 and pport = 80-90)");
    check("dst :443", "pport = 443");
    check("dst *", "has peer");
    check("dst two.example", "peer in (10.0.0.1, 10.0.0.2)");
    check("dst localhost:ssh", "(peer in (127.0.0.1, ::1) and pport = 22)");
    check("dst != 10.0.0.1:80", "not (peer = 10.0.0.1 and pport = 80)");
    check(
        "dst in (10.0.0.0/8, 10.1.0.0/16, ::1, 1.1.1.1:53)",
        "(peer in (10.0.0.0/8, ::1) or (peer = 1.1.1.1 and pport = 53))",
    );
    check("src inet:10.0.0.1:80", "(local = 10.0.0.1 and not local = ::/0 and lport = 80)");
    check("src inet:*", "(local = 0.0.0.0/0 and not local = ::/0)");
    check("src inet:localhost", "(local = 127.0.0.1 and not local = ::/0)");
    check("src inet6:localhost:443", "(local = ::1 and lport = 443)");
    check("src unix:/run/*", "(proto = unix and local = /run/*)");
    check("src unix:/run/x", "(proto = unix and local = unix:/run/x)");
    check("src @bus*", "local = @bus*");
    check("src '@bus*'", "local = '@bus*'");
    check("src inet6:*", "local = ::/0");
    check("dst inet:*:443", "(peer = 0.0.0.0/0 and not peer = ::/0 and pport = 443)");
    check("local = @name", "local = '@name'");
    check("local = 'kernel'", "local = 'kernel'");
    check("local ~ /run/*", "local ~ '/run/*'");
    check("dst != 10.0.0.1 and dst != 10.0.0.2", "(not peer = 10.0.0.1 and not peer = 10.0.0.2)");
}

#[test]
fn operators_have_the_spellings_of_ss_and_need_no_blanks() {
    for spelling in [
        "sport=22",
        "sport = 22",
        "sport == 22",
        "sport eq 22",
        "sport 22",
        "(sport = 22)",
        "( sport=22 )",
        "lport =22",
        "sport = :22",
        "sport = :ssh",
        "sport = *:22",
        "SPORT EQ ssh",
        "local_port = 0x16",
    ] {
        check(spelling, "lport = 22");
    }
    for spelling in
        ["sport != 22", "sport!=22", "sport ne 22", "sport neq 22", "not sport = 22", "!sport=22", "sport not in (22)"]
    {
        check(spelling, "not lport = 22");
    }
    for spelling in ["sport = *", "sport = :*", "sport *", "sport = *:*", "sport in (22, *)", "has sport"] {
        check(spelling, "has lport");
    }
    for spelling in ["sport>=1024", "sport ge 1024", "sport geq 1024", "sport > 1023", "sport gt 1023"] {
        check(spelling, "lport >= 1024");
    }
    for spelling in ["sport<=1023", "sport le 1023", "sport leq 1023", "sport<1024", "sport lt 1024"] {
        check(spelling, "lport <= 1023");
    }
    check("rtt>100ms&&retrans<5", "(rtt >= 100001us and retrans <= 4)");
    check("port in(80,443)", "port in (80, 443)");
    check("port in (443, 80-85, 83-90, https)", "port in (80-90, 443)");
    check("port = netbios-ns", "port = 137");
    check("port = 80-90", "port = 80-90");
}

#[test]
fn numbers_are_exact_at_their_edges() {
    check("rtt > 0.5us", "rtt >= 1us");
    check("rtt >= 0.5us", "rtt >= 1us");
    check("rtt < 0.5us", "rtt = 0us");
    check("rtt <= 0.5us", "rtt = 0us");
    check("rtt gt 1.5ms", "rtt >= 1501us");
    check("rtt ge 1.5ms", "rtt >= 1500us");
    check("rtt lt 1.5ms", "rtt <= 1499us");
    check("rtt le 1.5ms", "rtt <= 1500us");
    check("rtt lt 1500ns", "rtt <= 1us");
    check("rtt > 1500ns", "rtt >= 2us");
    check("rtt = 10-20ms", "rtt = 10000us-20000us");
    check("rtt = 900us-1ms", "rtt = 900us-1000us");
    check("rtt = 0.9-1.1us", "rtt = 1us");
    check("rtt = 100", "rtt = 100us");
    check("ato > 999us", "ato >= 1ms");
    check("send-q >= 1MiB", "send-q >= 1048576B");
    check("send-q >= 1K", "send-q >= 1024B");
    check("send-q >= 1kB", "send-q >= 1000B");
    check("pacing-rate < 1Mbit/s", "pacing-rate <= 124999B/s");
    check("pacing-rate < 1MB/s", "pacing-rate <= 999999B/s");
    check("retrans > 1k", "retrans >= 1001");
    check("retrans >= 0", "retrans >= 0");
    check("cookie = 0xFFFFFFFFFFFFFFFF", "cookie = 18446744073709551615");
    check("cookie <= 18446744073709551614", "cookie <= 18446744073709551614");
}

#[test]
fn every_kind_of_field_has_its_values() {
    check("uid = alice", "uid = 1000");
    check("uid >= 1000", "uid >= 1000");
    check("uid alice", "uid = 1000");
    check("user = alice", "user = 'alice'");
    check("user alice", "user = 'alice'");
    check("mark = 0x10", "mark = 16");
    check("mark 0x10/0xff", "mark = 0x10/0xff");
    check("fwmark in (1, 0x10/0xff)", "(mark = 1 or mark = 0x10/0xff)");
    check("dev eth0", "dev = 'eth0'");
    check("dev != eth9", "not dev = 'eth9'");
    check("dev 7", "dev = 7");
    check("dev '7'", "dev = '7'");
    check("cgroup = /sys/fs/cgroup/system.slice/ssh.service/", "cgroup = '/system.slice/ssh.service'");
    check("cgroup system.slice/ssh.service", "cgroup = '/system.slice/ssh.service'");
    check("cgroup ~ */ssh*", "cgroup ~ '*/ssh*'");
    check("options = sack", "options = sack");
    check("options in (sack, ecn)", "(options = sack or options = ecn)");
    check("options = 3", "options = 0x3");
    check("options = 0", "options = 0");
    check("v6only", "v6only = true");
    check("not v6only", "not v6only = true");
    check("v6only = no", "v6only = false");
    check("has mark", "has mark");
    check("not has skmem", "not has skmem");
    check("tcp_info.rtt > 1s", "rtt >= 1000001us");
    check("TCP_INFO.RTT > 1s", "rtt >= 1000001us");
    check("send_q > 0", "send-q >= 1B");
}

#[test]
fn texts_have_quotes_escapes_globs_and_expressions() {
    check("process = nginx", "process = 'nginx'");
    check("process = 'Web Content'", "process = 'Web Content'");
    check("process = \"it's\"", r"process = 'it\'s'");
    check(r"process = Web\ Content", "process = 'Web Content'");
    check(r"process = \xff\x00é", r"process = '\xff\x00é'");
    check("process in (nginx, 'a, b', envoy)", "process in ('a, b', 'envoy', 'nginx')");
    check("process ~ 'ng*'", "process ~ 'ng*'");
    check("process !~ ng*", "not process ~ 'ng*'");
    check("process ~~ ^ng(inx|$) tcp", "(process ~~ '^ng(inx|$)' and proto = tcp)");
    check("(process !~~ ^(a|b)$)", "not process ~~ '^(a|b)$'");
    check("process = and", "`=` needs a value\n  process = and\n            ^^^\nexpected a text");
    check("process = 'and'", "process = 'and'");
    check("process=a=b", "process = 'a=b'");
    check("process ~~ (ng|en).* tcp", "(process ~~ '(ng|en).*' and proto = tcp)");
}

#[test]
fn no_filter_holds_of_everything() {
    for text in ["", "  ", "\t\n"] {
        assert_eq!(parse(text).unwrap().expression, Expression::always());
    }
    assert_eq!(Filter::parse::<&str>(&[], &catalog(), &Known).unwrap().expression, Expression::always());
}

#[test]
fn words_of_a_command_line_are_one_filter() {
    let filter = Filter::parse(&["tcp", "rtt > 100ms", "process", "=", "Web Content"], &catalog(), &Known).unwrap();
    assert_eq!(filter.source, "tcp rtt > 100ms process = 'Web Content'");
    assert_eq!(printed(&filter.expression), "(proto = tcp and rtt >= 100001us and process = 'Web Content')");
}

#[test]
fn fields_of_a_filter_are_known() {
    let filter = parse("tcp and (rtt > 1ms or not has mark) :443").unwrap();
    let catalog = catalog();
    let names: Vec<&str> = filter.expression.fields().into_iter().map(|id| catalog.info(id).name()).collect();
    assert_eq!(names, ["proto", "lport", "pport", "mark", "rtt"]);
}

/// What is printed of a filter over the links of a record, by number or by name, is read as the same again.
#[test]
fn a_link_by_its_number_is_printed_so() {
    let catalog = sockeye_query::rtnetlink::catalog(sockeye_wire::rtnetlink::Table::Routes);
    let read = |text: &str| Filter::parse(&[text], catalog, &Known).expect("a filter").expression;
    for (text, printed) in [
        ("dev = 3", "dev = 3"),
        ("dev != 0x1f", "not dev = 0x1f"),
        ("dev = '3'", "dev = '3'"),
        ("dev = eth0", "dev = 'eth0'"),
    ] {
        let expression = read(text);
        assert_eq!(expression.display(catalog).to_string(), printed, "{text}");
        assert_eq!(read(printed), expression, "{text}");
    }
}
