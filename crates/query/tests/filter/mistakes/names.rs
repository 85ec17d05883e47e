//! Names and words that are not known.

use sockeye_query::{filter, sockets};

use super::check;
use crate::sample::{Known, canonical, parse};

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
