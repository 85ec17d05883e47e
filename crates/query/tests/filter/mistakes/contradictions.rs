//! Filters that nothing can fit, or whose parts stand apart.

use super::check;
use crate::sample::{canonical, parse};

#[test]
fn a_filter_that_can_match_nothing_is_refused() {
    check(
        "tcp and udp",
        "\
this filter can match nothing: `tcp` and `udp` exclude each other
  tcp and udp
          ^^^
words of one kind side by side, without `and`, mean either: tcp udp",
    );
    check(
        "listening and established",
        "\
this filter can match nothing: `listening` and `established` exclude each other
  listening and established
                ^^^^^^^^^^^
words of one kind side by side, without `and`, mean either: listening established",
    );
    check(
        "(tcp) udp",
        "\
this filter can match nothing: `(tcp)` and `udp` exclude each other
  (tcp) udp
        ^^^",
    );
    check(
        "tcp not tcp",
        "\
this filter can match nothing: `tcp` and `not tcp` exclude each other
  tcp not tcp
          ^^^",
    );
    check(
        "sport = 1 and sport = 2",
        "\
this filter can match nothing: `sport = 1` and `sport = 2` exclude each other
  sport = 1 and sport = 2
                ^^^^^^^^^",
    );
    check(
        "rtt gt 5ms and rtt lt 1ms",
        "\
this filter can match nothing: `rtt gt 5ms` and `rtt lt 1ms` exclude each other
  rtt gt 5ms and rtt lt 1ms
                 ^^^^^^^^^^",
    );
    check(
        "dst 10.0.0.0/8 dst 192.168.0.0/16",
        "\
this filter can match nothing: `dst 10.0.0.0/8` and `dst 192.168.0.0/16` exclude each other
  dst 10.0.0.0/8 dst 192.168.0.0/16
                 ^^^^^^^^^^^^^^^^^^",
    );
    check(
        "v6only and not v6only",
        "\
this filter can match nothing: `v6only` and `not v6only` exclude each other
  v6only and not v6only
                 ^^^^^^",
    );
    check(
        "not has mark and mark = 1",
        "\
this filter can match nothing: `not has mark` and `mark = 1` exclude each other
  not has mark and mark = 1
                   ^^^^^^^^",
    );
    check(
        "(tcp or udp) and unix",
        "\
this filter can match nothing: `unix` and `tcp` exclude each other
  (tcp or udp) and unix
   ^^^
words of one kind side by side, without `and`, mean either: unix tcp",
    );
    check(
        "not (tcp or udp or unix) tcp",
        "\
this filter can match nothing: `not tcp`, `not udp`, `not unix` and `tcp` exclude each other
  not (tcp or udp or unix) tcp
                           ^^^",
    );
    check(
        "10.0.0.1:80 sport=22 dport=22",
        "\
this filter can match nothing: `sport=22` and `10.0.0.1:80` exclude each other
  10.0.0.1:80 sport=22 dport=22
  ^^^^^^^^^^^",
    );
    check(
        "not rtt >= 0",
        "\
this filter can match nothing: nothing fits `not rtt >= 0`
  not rtt >= 0
      ^^^^^^^^",
    );
}

#[test]
fn words_that_stand_apart_are_named_without_what_is_between_them() {
    check(
        "tcp listening unix udp and rtt = 1 and sport = 1 and not (unix tcp udp)",
        "\
this filter can match nothing: `tcp unix udp` and `not (unix tcp udp)` exclude each other
  tcp listening unix udp and rtt = 1 and sport = 1 and not (unix tcp udp)
                                                           ^^^^^^^^^^^^^^",
    );
    check(
        "unix and tcp sport = 22 listening udp",
        "\
this filter can match nothing: `unix` and `tcp udp` exclude each other
  unix and tcp sport = 22 listening udp
                                    ^^^
words of one kind side by side, without `and`, mean either: unix tcp udp",
    );
}

#[test]
fn fields_that_say_the_same_in_two_ways_are_held_against_each_other() {
    let refused = |text: &str, shown: &str| {
        let nothing = format!("this filter can match nothing: {shown} exclude each other");
        assert_eq!(canonical(text).lines().next(), Some(nothing.as_str()), "{text}");
    };
    refused("sport = 80 and port != 80", "`sport = 80` and `port != 80`");
    refused("port = 80 sport = 22 dport = 23", "`port = 80`, `sport = 22` and `dport = 23`");
    refused("port < 10 and (sport > 20 and dport > 20)", "`port < 10`, `sport > 20` and `dport > 20`");
    refused("dev = eth0 ifindex = 3", "`dev = eth0` and `ifindex = 3`");
    refused("pid = 5 and pid != 5", "`pid = 5` and `pid != 5`");
    for possible in [
        "port = 80 sport = 22",
        "port != 80 sport = 22",
        "port = 80 port = 22",
        "port = 80 or (sport = 22 dport = 23)",
        "dev = eth0 ifindex = 2",
        "dev != eth0 ifindex = 3",
        "dev != eth0 and not has dev",
        "pid = 5 and pid != 6",
    ] {
        assert!(parse(possible).is_ok(), "{possible}: {}", canonical(possible));
    }
}

#[test]
fn several_disjunctions_are_multiplied_out() {
    check(
        "(sport = 1 or sport = 2) and (sport = 3 or sport = 4)",
        "\
this filter can match nothing: `(sport = 1 or sport = 2)` and `(sport = 3 or sport = 4)` exclude each other
  (sport = 1 or sport = 2) and (sport = 3 or sport = 4)
                               ^^^^^^^^^^^^^^^^^^^^^^^^",
    );
    check(
        "rtt > 1 :80 and uid = 5 and :81 and :82 and retrans = 0",
        "\
this filter can match nothing: `:80`, `:81` and `:82` exclude each other
  rtt > 1 :80 and uid = 5 and :81 and :82 and retrans = 0
                                      ^^^",
    );
    let refused = |text: &str, shown: &str| {
        let nothing = format!("this filter can match nothing: {shown} exclude each other");
        assert_eq!(canonical(text).lines().next(), Some(nothing.as_str()), "{text}");
    };
    refused(
        "(src 10.0.0.1 or src 10.0.0.2) and (src 10.0.0.3 or src 10.0.0.4)",
        "`(src 10.0.0.1 or src 10.0.0.2)` and `(src 10.0.0.3 or src 10.0.0.4)`",
    );
    refused("10.0.0.1 and 10.0.0.2 and 10.0.0.3", "`10.0.0.1`, `10.0.0.2` and `10.0.0.3`");
    refused(
        "not (sport = 1 and uid = 2) and sport = 1 and (uid = 2 or sport = 3)",
        "`not (sport = 1 and uid = 2)`, `sport = 1` and `(uid = 2 or sport = 3)`",
    );
    refused(
        "(tcp or uid = 1) and (udp or uid = 2) and not (tcp and uid = 2) and not (udp and uid = 1)",
        "`(tcp or uid = 1)`, `(udp or uid = 2)`, `not (tcp and uid = 2)` and `not (udp and uid = 1)`",
    );
    // A disjunction inside of each branch of another one.
    assert!(
        parse("(uid = 1 and (mark = 1 or mark = 2) or uid = 2 and (mark = 3 or mark = 4)) and (mark = 5 or mark = 6)")
            .is_err()
    );
    for possible in [
        ":80 and :81",
        "(sport = 1 or sport = 2) and (sport = 2 or sport = 3)",
        "10.0.0.1 and 10.0.0.2",
        "10.0.0.1:80 and 10.0.0.2:81",
        "(tcp or uid = 1) and (udp or uid = 2)",
        "not (sport = 1 and uid = 2) and sport = 1 and (uid = 3 or sport = 3)",
    ] {
        assert!(parse(possible).is_ok(), "{possible}: {}", canonical(possible));
    }
    assert!(parse("10.0.0.1:80 and 10.0.0.2:81 and 10.0.0.3").is_err());
}

#[test]
fn what_is_too_much_to_multiply_out_is_run() {
    // Each bit doubles the branches, and only behind all of them comes what excludes each other.
    let bits = |count: u32| {
        let choices = (0..count).map(|bit| format!("(mark = {0:#x}/{0:#x} or mark = 0/{0:#x})", 1u32 << bit));
        let choices: Vec<_> = choices.collect();
        format!("{} and (uid = 1 or uid = 2 or uid = 3) and (uid = 4 or uid = 5 or uid = 6)", choices.join(" and "))
    };
    let nothing = canonical(&bits(8));
    let named = "`(uid = 1 or uid = 2 or uid = 3)` and `(uid = 4 or uid = 5 or uid = 6)` exclude each other";
    assert!(nothing.lines().next().is_some_and(|line| line.ends_with(named)), "{nothing}");
    assert!(parse(&bits(9)).is_ok(), "more than 4096 branches");
    // However many there are, it comes to an end.
    for count in [64, 200, 5000] {
        let choices = "(uid = 1 or uid = 2) and ".repeat(count);
        assert!(parse(&format!("{choices}tcp")).is_ok(), "{count}");
        assert!(parse(&format!("{choices}uid = 3")).is_err(), "{count}");
    }
}

#[test]
fn only_whole_filters_are_refused_for_contradiction() {
    for text in [
        "tcp and udp or unix",
        "port = 1 and port = 2",
        "process = a and process = b",
        "pid = 1 pid = 2",
        "src 10.0.0.0/8 src 10.1.0.0/16",
    ] {
        assert!(parse(text).is_ok(), "{text}");
    }
    assert!(parse("src 0.0.0.0/0 src ::ffff:10.0.0.1").is_ok(), "a mapped address is in both");
    assert!(parse("src 0.0.0.0/0 src 2001:db8::/32").is_err());
}
