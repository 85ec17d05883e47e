//! What is said of a filter that is wrong, word by word.

use sockeye_query::{filter, sockets};

use crate::sample::{Known, canonical, parse};

#[track_caller]
fn check(text: &str, shown: &str) {
    assert_eq!(canonical(text), shown, "{text}");
}

#[test]
fn words_that_are_not_known_have_neighbours() {
    check(
        "listning",
        "\
unknown word `listning`
  listning
  ^^^^^^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE
did you mean `listening`?",
    );
    check(
        "localhost",
        "\
unknown word `localhost`
  localhost
  ^^^^^^^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE
a host name needs its side: dst localhost or src localhost",
    );
    check(
        "example.com",
        "\
unknown word `example.com`
  example.com
  ^^^^^^^^^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE
a host name needs its side: dst example.com or src example.com",
    );
    check(
        "443",
        "\
unknown word `443`
  443
  ^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE
for a port write :443, for an address give it whole",
    );
    check(
        "tcp is listening",
        "\
unknown word `is`
  tcp is listening
      ^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE
a host name needs its side: dst is or src is",
    );
    check(
        "rt > 5",
        "\
unknown field `rt`
  rt > 5
  ^^
expected the name of a field, as `sockeye fields` lists them
did you mean `rtt`?",
    );
    check(
        "has rt",
        "\
unknown field `rt`
  has rt
      ^^
expected a field, as in has mark
did you mean `rtt`?",
    );
    check(
        "tcp = 5",
        "\
unknown field `tcp`
  tcp = 5
  ^^^
expected the name of a field, as `sockeye fields` lists them
`tcp` is a word of `proto` and stands alone",
    );
    check(
        "state listning",
        "\
`listning` is no state
  state listning
        ^^^^^^^^
expected a state, as in state established
did you mean `listening`?",
    );
    check(
        "rtt gt 100 ms",
        "\
unknown word `ms`
  rtt gt 100 ms
             ^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE
a unit stands right behind its number, as in 100ms",
    );
}

#[test]
fn a_name_behind_has_and_one_with_a_mask_are_helped() {
    check(
        "tcp has foo",
        "\
unknown field `foo`
  tcp has foo
          ^^^
expected a field, as in has mark",
    );
    check(
        "has marc",
        "\
unknown field `marc`
  has marc
      ^^^^
expected a field, as in has mark
did you mean `mark`?",
    );
    check(
        "tcp mark/0xff00 = 0x1200",
        "\
unknown field `mark/0xff00`
  tcp mark/0xff00 = 0x1200
      ^^^^^^^^^^^
expected the name of a field, as `sockeye fields` lists them
a mask stands behind the value: mark = 0x1200/0xff00",
    );
    check(
        "mark/0xff00!=0x1200",
        "\
unknown field `mark/0xff00`
  mark/0xff00!=0x1200
  ^^^^^^^^^^^
expected the name of a field, as `sockeye fields` lists them
a mask stands behind the value: mark != 0x1200/0xff00",
    );
    for text in ["rtt/0xff = 1", "mark/x = 1", "foo/1 = 1", "procss = 'x"] {
        assert!(!canonical(text).contains("mask") && canonical(text).starts_with("unknown field"), "{text}");
    }
}

#[test]
fn the_grammar_says_what_is_missing() {
    check(
        "tcp and",
        "\
`and` needs a condition behind it
  tcp and
      ^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE",
    );
    check(
        "and tcp",
        "\
there is no condition before this
  and tcp
  ^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE",
    );
    check(
        "not",
        "\
`not` needs a condition behind it
  not
  ^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE",
    );
    check(
        "(tcp",
        "\
this bracket is not closed
  (tcp
  ^
expected `)`",
    );
    check(
        "tcp)",
        "\
this bracket closes nothing
  tcp)
     ^
expected `and`, `or` or another condition",
    );
    check(
        "()",
        "\
there is nothing between the brackets
  ()
  ^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE",
    );
    check(
        "tcp,udp",
        "\
a comma stands only inside of `in (…)`
  tcp,udp
     ^
expected `and`, `or` or another condition
words of one kind side by side mean one or the other: tcp udp",
    );
    check(
        "tcp tcp &&& udp",
        "\
there is no condition before this
  tcp tcp &&& udp
            ^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE",
    );
}

#[test]
fn a_condition_has_a_beginning_and_an_end() {
    check(
        "> 5",
        "\
an operator needs a field before it
  > 5
  ^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE",
    );
    check(
        "'foo'",
        "\
a text in quotes needs a field and an operator before it
  'foo'
  ^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE",
    );
    check(
        "has",
        "\
`has` needs the name of a field
  has
     ^
expected a field, as in has mark",
    );
    check(
        "state",
        "\
`state` needs a state
  state
       ^
expected a state, as in state established",
    );
    check(
        "exclude",
        "\
`exclude` needs a state
  exclude
         ^
expected a state, as in state established",
    );
    check(
        "process = 'foo",
        "\
this quote is not closed
  process = 'foo
            ^^^^
a text that holds one quotation mark can stand between two of the other kind",
    );
}

#[test]
fn a_missing_operator_was_taken_by_the_shell() {
    check(
        "rtt",
        "\
`rtt` needs an operator and a value
  rtt
  ^^^
expected =, !=, <, <=, >, >= or `in (…)`
if there was a > or <, the shell took it for a redirection: write 'rtt > 100ms' in quotes, or rtt gt 100ms",
    );
    check(
        "rtt 100ms",
        "\
`rtt` needs an operator and a value
  rtt 100ms
  ^^^
expected =, !=, <, <=, >, >= or `in (…)`
if there was a > or <, the shell took it for a redirection: write 'rtt >= 100ms' in quotes, or rtt ge 100ms",
    );
    check(
        "(rtt) and tcp",
        "\
`rtt` needs an operator and a value
  (rtt) and tcp
   ^^^
expected =, !=, <, <=, >, >= or `in (…)`
if there was a > or <, the shell took it for a redirection: write 'rtt > 100ms' in quotes, or rtt gt 100ms",
    );
    check(
        "process nginx",
        "\
`process` needs an operator and a value
  process nginx
  ^^^^^^^
expected =, !=, `in (…)`, ~ (glob) or ~~ (regular expression)
write process = nginx",
    );
    check(
        "skmem",
        "\
`skmem` has an inner structure and stands only behind `has`
  skmem
  ^^^^^
write has skmem",
    );
}

#[test]
fn a_missing_value_of_a_field_that_needs_no_operator_was_taken_by_the_shell() {
    for (text, caret) in
        [("sport", "     ^"), ("sport and tcp", "      ^^^"), ("tcp sport", "         ^"), ("sport tcp", "      ^^^")]
    {
        let shown = format!(
            "\
`sport` needs a value
  {text}
  {caret}
expected a port, a range or a service name
if there was a > or <, the shell took it for a redirection: write 'sport > 1024' in quotes, or sport gt 1024"
        );
        check(text, &shown);
    }
    for (text, written) in [
        ("uid", "'uid > 1000' in quotes, or uid gt 1000"),
        ("tcp mark", "'mark > 10' in quotes, or mark gt 10"),
        ("mark listening", "'mark > 10' in quotes, or mark gt 10"),
        ("user", "user = root"),
        ("user and tcp", "user = root"),
        ("rtt tcp", "'rtt > 100ms' in quotes, or rtt gt 100ms"),
        ("rtt 5", "'rtt >= 5' in quotes, or rtt ge 5"),
        ("options tcp", "options = timestamps"),
    ] {
        let said = canonical(text);
        assert!(said.contains("expected ") && said.ends_with(&format!("write {written}")), "{text}: {said}");
    }
    // What can be a value is one.
    assert_eq!(canonical("sport ssh tcp"), "(lport = 22 and proto = tcp)");
}

#[test]
fn a_mistake_says_where_what_was_expected_and_what_is_near() {
    for (text, near) in [
        ("stat = listening", Some("state")),
        ("colum = 5", None),
        ("lisening", Some("listening")),
        ("state = lisning", Some("listening")),
        ("state lisning", Some("listening")),
        ("dport = htps", Some("https")),
        ("dport htps", Some("https")),
        ("user = alic", Some("alice")),
        ("uid = alic", Some("alice")),
        ("tcp,udp", None),
        ("in (1, 2)", None),
        ("tcp gt 5", None),
        ("tcp)", None),
        ("process nginx", None),
    ] {
        let mistake = parse(text).expect_err(text);
        assert!(mistake.expected.is_some() && !mistake.at.is_empty(), "{text}: {mistake}");
        assert_eq!(mistake.nearest.as_deref(), near, "{text}: {mistake}");
    }
}

#[test]
fn a_field_that_no_listing_has_says_where_it_is() {
    let mistake = filter::parse("tcp has why", sockets::catalog(), &Known).expect_err("no field of a listing");
    assert_eq!(
        mistake.to_string(),
        "\
unknown field `why`
  tcp has why
          ^^^
expected a field, as in has mark
only sockets that are followed have it: `sockeye watch sockets`, `top`, `why`",
    );
}

#[test]
fn an_address_of_the_other_family_is_refused() {
    check(
        "src inet:[::1]:22",
        "\
this is not of the family `inet`
  src inet:[::1]:22
           ^^^^^^^^
expected an IPv4 address, `*` or nothing behind inet:",
    );
    check(
        "inet6:10.0.0.1",
        "\
this is not of the family `inet6`
  inet6:10.0.0.1
        ^^^^^^^^
expected an IPv6 address, `*` or nothing behind inet6:",
    );
    assert!(canonical("sport > *").contains("is no port"));
}

#[test]
fn operators_fit_their_fields() {
    check(
        "sport =~ 8",
        "\
`=~` is no operator
  sport =~ 8
        ^^
expected =, !=, <, <=, >, >=, `in (…)`, ~ (glob) or ~~ (regular expression)
did you mean `~~`?",
    );
    check(
        "sport => 8",
        "\
`=>` is no operator
  sport => 8
        ^^
expected =, !=, <, <=, >, >=, `in (…)`, ~ (glob) or ~~ (regular expression)
did you mean `>=`?",
    );
    check(
        "rtt >> 5",
        "\
`>>` is no operator
  rtt >> 5
      ^^
expected =, !=, <, <=, >, >=, `in (…)`, ~ (glob) or ~~ (regular expression)",
    );
    check("rtt > ", "`>` needs a value\n  rtt > \n       ^\nexpected a number");
    check(
        "rtt > and tcp",
        "\
`>` needs a value
  rtt > and tcp
        ^^^
expected a number",
    );
    check(
        "state > listening",
        "\
`state` has no order, so `>` says nothing
  state > listening
        ^
expected =, !=, `in (…)`, ~ (glob) or ~~ (regular expression)",
    );
    check(
        "process > a",
        "\
`process` has no order, so `>` says nothing
  process > a
          ^
expected =, !=, `in (…)`, ~ (glob) or ~~ (regular expression)",
    );
    check(
        "dst > 10.0.0.1",
        "\
`dst` has no order, so `>` says nothing
  dst > 10.0.0.1
      ^
expected =, !=, `in (…)`, ~ (glob) or ~~ (regular expression)",
    );
    check(
        "sport ~ 8*",
        "\
`sport` is not text, so it fits no pattern
  sport ~ 8*
        ^
expected =, !=, <, <=, >, >= or `in (…)`",
    );
    check(
        "skmem = 5",
        "\
`skmem` has an inner structure and cannot be compared
  skmem = 5
        ^
write `has skmem`, or compare one of its fields",
    );
    check(
        "sport = (80)",
        "\
`=` needs a value
  sport = (80)
          ^
expected a port, a range or a service name
a list stands behind in: sport in (…)",
    );
}

#[test]
fn lists_and_ranges_have_their_form() {
    check(
        "sport in 80",
        "\
`in` needs a list in brackets
  sport in 80
           ^^
expected (443, …)",
    );
    check(
        "sport in (80 443)",
        "\
this does not continue the list
  sport in (80 443)
               ^^^
expected `,` or `)`",
    );
    check(
        "sport in (80",
        "\
this bracket is not closed
  sport in (80
           ^
expected `)`",
    );
    check(
        "sport in (80,)",
        "\
there is a value missing in this list
  sport in (80,)
               ^
expected a port, a range or a service name",
    );
    check(
        "sport = 80,443",
        "\
a comma stands only inside of `in (…)`
  sport = 80,443
            ^
expected `and`, `or` or another condition
for several values write sport in (80, …)",
    );
    check(
        "sport = 90-80",
        "\
this can match nothing: the range runs backwards
  sport = 90-80
          ^^^^^
expected the smaller number first",
    );
    check(
        "rtt > 1-2ms",
        "\
a range has no order
  rtt > 1-2ms
        ^^^^^
expected one number
ranges stand behind = and in",
    );
}

#[test]
fn numbers_out_of_range_are_not_cut() {
    check(
        "sport = 65537",
        "\
`65537` is out of the range of `sport`
  sport = 65537
          ^^^^^
expected a number from 0 to 65535",
    );
    check(
        "sport > 65535",
        "\
this can match nothing: no `sport` is greater
  sport > 65535
          ^^^^^",
    );
    check(
        "uid = 4294967296",
        "\
`4294967296` is out of the range of `uid`
  uid = 4294967296
        ^^^^^^^^^^
expected a number from 0 to 4294967295",
    );
    check(
        "rtt < -5",
        "\
`-5` is out of the range of `rtt`
  rtt < -5
        ^^
expected a number from 0 to 18446744073709551615",
    );
    check(
        "cookie = 0x10000000000000000",
        "\
`0x10000000000000000` is out of the range of `cookie`
  cookie = 0x10000000000000000
           ^^^^^^^^^^^^^^^^^^^
expected a number",
    );
    check(
        "dst 10.0.0.1:99999",
        "\
`99999` is out of the range of `port`
  dst 10.0.0.1:99999
               ^^^^^
expected a number from 0 to 65535",
    );
    check(
        "rtt = 1.5us",
        "\
this can match nothing: `rtt` holds whole numbers only
  rtt = 1.5us
        ^^^^^",
    );
}

#[test]
fn numbers_have_the_units_of_their_field() {
    check(
        "rtt > x",
        "\
`x` is no number, and `rtt` is one
  rtt > x
        ^
expected a number in µs, or with a unit: ns, us, ms, s, min, h or d",
    );
    check(
        "rtt > 5MB",
        "\
`MB` is no unit of `rtt`
  rtt > 5MB
        ^^^
expected a number in µs, or with a unit: ns, us, ms, s, min, h or d",
    );
    check(
        "send-q > 1Mb",
        "\
`Mb` is no unit of `send-q`
  send-q > 1Mb
           ^^^
expected a number in bytes, or with a unit: B, kB, MB, GB (thousands) or KiB, MiB, GiB (1024), K, M, G for the latter",
    );
    check(
        "pacing-rate > 1M",
        "\
`M` is no unit of `pacing-rate`
  pacing-rate > 1M
                ^^
expected a number in bytes/s, or with a unit: bit/s, kbit/s, Mbit/s, Gbit/s or B/s, kB/s, MB/s, KiB/s, MiB/s",
    );
    check(
        "retrans > 5ms",
        "\
`ms` is no unit of `retrans`
  retrans > 5ms
            ^^^
expected a number, or with a unit: k, M or G (thousands)",
    );
    check(
        "mark = 1a",
        "\
`1a` is no decimal number
  mark = 1a
         ^^
hexadecimal numbers begin with 0x: 0x1a",
    );
    check(
        "mark = 0x100/0xff",
        "\
this can match nothing: the value has bits that the mask leaves out
  mark = 0x100/0xff
         ^^^^^^^^^^
with that mask the value would be 0x0",
    );
}

#[test]
fn addresses_say_what_is_wrong_with_them() {
    check(
        "dst 10.0.0.0/33",
        "\
`33` is no prefix length of such an address
  dst 10.0.0.0/33
      ^^^^^^^^^^^
expected a number from 0 to 32",
    );
    check(
        "dst ::/129",
        "\
`129` is no prefix length of such an address
  dst ::/129
      ^^^^^^
expected a number from 0 to 128",
    );
    check(
        "dst 127.1",
        "\
`127.1` is no IPv4 address
  dst 127.1
      ^^^^^
for the network write 127.1.0.0/16, or 127.1/16",
    );
    check(
        "dst 10.0.0.256",
        "\
`10.0.0.256` is no IPv4 address
  dst 10.0.0.256
      ^^^^^^^^^^
expected four numbers from 0 to 255, as in 10.0.0.1",
    );
    check(
        "dst nowhere.example",
        "\
cannot resolve `nowhere.example`: no such host
  dst nowhere.example
      ^^^^^^^^^^^^^^^
expected an address, a host name or a text in quotes",
    );
    check(
        "dst nowhere/8",
        "\
a host name cannot have a prefix length
  dst nowhere/8
      ^^^^^^^^^
expected an address, as in 10.0.0.0/8",
    );
}

#[test]
fn addresses_have_no_zones_and_their_ports_a_place() {
    check(
        "dst fe80::1%eth0",
        "\
a zone is not part of an address here
  dst fe80::1%eth0
      ^^^^^^^^^^^^
write the interface as its own condition: fe80::1 dev = eth0",
    );
    check(
        "[fe80::1%eth0]:80",
        "\
a zone is not part of an address here
  [fe80::1%eth0]:80
  ^^^^^^^^^^^^^^^^^
write the interface as its own condition: fe80::1 dev = eth0",
    );
    check(
        "dst [::1",
        "\
`[` has no `]`
  dst [::1
      ^^^^
expected an IPv6 address in brackets, as in [::1]:443",
    );
    check(
        "dst [::1]x",
        "\
there is something behind the bracket
  dst [::1]x
           ^
expected a port (:443) or a prefix length (/64)",
    );
    check(
        "dst 10.0.0.1:",
        "\
there is no port behind the colon
  dst 10.0.0.1:
      ^^^^^^^^^
expected a port, a range or a service name",
    );
    check(
        "dst 1:2:3",
        "\
`1:2:3` is no IPv6 address
  dst 1:2:3
      ^^^^^
a port behind an IPv6 address needs brackets: [2001:db8::1]:443",
    );
    check(
        "dst netlink:route:5",
        "\
this table has no addresses of `netlink`
  dst netlink:route:5
              ^^^^^^^",
    );
    check(
        "dst none.example",
        "\
`none.example` has no address
  dst none.example
      ^^^^^^^^^^^^
expected an address, a host name or a text in quotes",
    );
    check(
        "dst",
        "\
`dst` needs a value
  dst
     ^
expected an address (10.0.0.1, 10.0.0.0/8, [::1]:443), a host name or a text in quotes",
    );
    check(
        "group = 10.0.0.1:5",
        "\
`group` has no port beside it
  group = 10.0.0.1:5
          ^^^^^^^^^^",
    );
}

#[test]
fn values_are_those_of_their_field() {
    check(
        "state = listning",
        "\
`listning` is no value of `state`
  state = listning
          ^^^^^^^^
expected one of established, syn-sent, fin-wait-1, fin-wait-2, time-wait, listening
did you mean `listening`?",
    );
    check(
        "options = sak",
        "\
`sak` is no value of `options`
  options = sak
            ^^^
expected one of timestamps, sack, ecn
did you mean `sack`?",
    );
    check(
        "v6only = maybe",
        "\
`maybe` is no value of `v6only`
  v6only = maybe
           ^^^^^
expected true or false",
    );
    check(
        "state ~ x*",
        "\
no value of `state` fits this pattern
  state ~ x*
          ^^
expected one of established, syn-sent, fin-wait-1, fin-wait-2, time-wait, listening",
    );
    check(
        "process ~ [",
        "\
`[` has no `]`; write `\\[` for the bracket itself
  process ~ [
            ^",
    );
    check(
        "process ~~ a(",
        "\
this is no regular expression: unclosed group
  process ~~ a(
             ^^",
    );
    check(
        "uid = bob",
        "\
no user is called `bob`
  uid = bob
        ^^^
expected a user name or id",
    );
    check(
        "cgroup = /nope",
        "\
there is no cgroup `/nope`
  cgroup = /nope
           ^^^^^
expected the path of a cgroup",
    );
    check(
        "sport = foo",
        "\
no service is called `foo`
  sport = foo
          ^^^
expected a port, a range or a service name",
    );
}

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
fn users_are_known_by_name_and_number() {
    assert_eq!(canonical("user = alice"), "user = 'alice'");
    assert_eq!(canonical("user in (1000, 7)"), "user in ('7', 'alice')");
    check(
        "user = bob",
        "\
no user is called `bob`
  user = bob
         ^^^
expected a user name or id",
    );
    check(
        "user = 4294967296",
        "\
`4294967296` is no user id
  user = 4294967296
         ^^^^^^^^^^
expected a number from 0 to 4294967295",
    );
}

#[test]
fn options_of_ss_have_their_filter() {
    check(
        "tcp -tlnp",
        "\
unknown word `-tlnp`
  tcp -tlnp
      ^^^^^
`-tlnp` is an option of ss; as there: sockeye ss -tlnp; in sockeye: sockeye sockets tcp listening",
    );
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

#[test]
fn hostile_text_is_shown_escaped_and_the_caret_stays_under_its_place() {
    check(
        "tcp \u{1b}[2J\u{202e}",
        "\
unknown word `\\x1b[2J\\u{202e}`
  tcp \\x1b[2J\\u{202e}
      ^^^^^^^^^^^^^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE",
    );
    check(
        "process = 端口 and 端口 = 5",
        "\
unknown field `端口`
  process = 端口 and 端口 = 5
                     ^^^^
expected the name of a field, as `sockeye fields` lists them",
    );
    check(
        "tcp\nlistning",
        "\
unknown word `listning`
  tcp\\x0alistning
         ^^^^^^^^
expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE
did you mean `listening`?",
    );
}

#[test]
fn of_a_long_line_the_place_is_shown() {
    let text = format!("port in ({}) and rt > 5 and {}", "80, ".repeat(100) + "81", "tcp ".repeat(100));
    let shown = canonical(&text);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "unknown field `rt`");
    assert!(
        lines[1].starts_with("  …") && lines[1].ends_with('…') && lines[1].contains(" and rt > 5 and tcp"),
        "{shown}"
    );
    let place = lines[1].find("rt >").map(|at| lines[1][..at].chars().count());
    assert_eq!(lines[2].find('^'), place);
}
