//! How the place is shown.

use super::check;
use crate::sample::canonical;

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
