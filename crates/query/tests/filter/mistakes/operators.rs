//! Operators, lists and ranges that do not fit their field.

use super::check;

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
