//! Conditions without a part that they need.

use super::check;
use crate::sample::canonical;

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
