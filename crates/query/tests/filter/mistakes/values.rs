//! Values that a field does not have.

use super::check;

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
