//! That each name of `ss` leads to the words that were meant. That the sockets are the same is for the tool's tests.

use super::hint;

#[track_caller]
fn check(args: &str, command: &str) {
    let args: Vec<&str> = args.split(' ').collect();
    let hint = hint(&args);
    assert_eq!(
        hint.as_deref().and_then(|hint| hint.split_once("in sockeye: sockeye sockets ")).map(|(_, command)| command),
        Some(command),
        "{hint:?}"
    );
}

#[test]
fn the_usual_clusters_have_their_filter() {
    check("-tlnp", "tcp listening");
    check("-tulpn", "tcp udp listening unconnected");
    check("-tan", "tcp all");
    check("-tn", "tcp connected not bucket");
    check("-u", "udp connected");
    check("-x", "unix connected");
    check("-0", "packet");
    check("-f netlink", "netlink");
    check("-n0a", "packet");
    check("-t0", "tcp packet connected unconnected not bucket");
    check("--tcp --listening", "tcp listening");
    check("-tB", "tcp bound-inactive");
}

#[test]
fn without_a_family_all_of_them_are_listed() {
    for args in ["-n", "-p", "--numeric", "--processes", "-np", "-O"] {
        check(args, "any connected not bucket not netlink");
    }
    check("-a", "any all");
    check("-anp", "any all");
    check("-l", "any '(listening unconnected or netlink)'");
    check("-s", "--group-by proto,state any all");
    check("-ts", "--group-by proto,state tcp all");
}

#[test]
fn a_state_takes_the_place_of_those_of_the_options() {
    check("-tan state established", "tcp established");
    check("-lt state established", "tcp established");
    check("-t state established state time-wait dst 10.0.0.1", "tcp established time-wait dst 10.0.0.1");
    check("-ta exclude time-wait", "tcp all not time-wait");
    check("-o state established", "--view timers any established not netlink");
}

#[test]
fn versions_families_and_queries_are_words() {
    let four = "src 0.0.0.0/0 not src ::ffff:0:0/96";
    check("-t4l", &format!("tcp {four} listening"));
    check("-t -6 -n", "tcp src ::/0 connected not bucket");
    check("-4", &format!("inet {four} connected not bucket"));
    check("-f inet", &format!("inet {four} connected not bucket"));
    check("-4x", &format!("'(unix or inet {four})' connected not bucket"));
    check("-A tcp,udp", "tcp udp connected not bucket");
    check("-u -A tcp", "tcp connected not bucket");
    check("-x -A tcp", "unix tcp connected not bucket");
    check("-Atcp -l", "tcp listening");
    check("--query=unix_stream", "unix socket_type = stream connected");
    check("-A tcp,unix_dgram", "'(tcp or unix socket_type = dgram)' connected not bucket");
    check("-A all -a", "any all");
    check("-N blue -tl", "-N blue tcp listening");
}

#[test]
fn what_is_shown_is_a_view_and_columns_beside_it() {
    check("-tnpo", "--view timers --columns +process,+pid tcp connected not bucket");
    check("-tip", "--view tcp --columns +process,+pid tcp connected not bucket");
    check("-tim", "--view tcp --columns +skmem tcp connected not bucket");
    check("-tmp", "--view memory tcp connected not bucket");
    check("-te", "--columns +timer,+expires,+uid,+inode,+cookie,+cgroup tcp connected not bucket");
    check("-toe", "--view timers --columns +uid,+inode,+cookie,+cgroup tcp connected not bucket");
    check("-0b", "--columns +filter packet");
    check("-tH --tos", "--columns +tos,+tclass,+class_id --no-header tcp connected not bucket");
    check("-o json -tl", "-o json tcp listening");
    check("-tl -j", "--json tcp listening");
}

#[test]
fn a_filter_behind_the_options_is_kept() {
    check("-tn dst 10.0.0.1", "tcp connected not bucket dst 10.0.0.1");
    check("-ta ( sport = 1 )", "tcp all '(' sport = 1 ')'");
    check("-ta sport = 1 or dport = 1", "tcp all '(sport = 1 or dport = 1)'");
}

#[test]
fn what_sockeye_does_not_do_is_said_in_a_sentence() {
    for (args, part) in [
        ("-K", "closes no sockets"),
        ("-tK dst 10.0.0.1", "as there: sockeye ss -tK dst 10.0.0.1;"),
        ("-E", "as there: sockeye ss -E;"),
        ("-d", "no kernel that sockeye knows lists DCCP"),
        ("-A tcp,dccp", "no kernel that sockeye knows lists DCCP"),
        ("-D file", "--capture FILE"),
        ("-tF file", "$(cat FILE)"),
        ("-tT", "names processes, not their threads; in sockeye: sockeye sockets tcp connected"),
    ] {
        let said = hint(&args.split(' ').collect::<Vec<_>>()).unwrap_or_default();
        assert!(said.contains(part), "{args}: {said}");
    }
}

#[test]
fn what_is_not_of_ss_is_left_alone() {
    for args in ["tcp", "-", "--", "-y", "--json", "", "-j", "-ty", "-A nonsense", "-A"] {
        assert_eq!(hint(&[args]), None, "{args:?}");
    }
    assert_eq!(hint(&["-A", "nonsense"]), None);
    assert_eq!(
        hint(&["-tlnp"]).as_deref(),
        Some("`-tlnp` is an option of ss; as there: sockeye ss -tlnp; in sockeye: sockeye sockets tcp listening")
    );
}
