//! Every example of docs/filter.md is understood, and what it says of them is true.

use sockeye_query::filter::{FILTER_BYTES_MAX, LIST_LEN_MAX, NESTING_MAX, PATTERN_BYTES_MAX, PATTERNS_MAX};

use crate::sample::{canonical, parse};

const PAGE: &str = include_str!("../../../../docs/filter.md");

#[test]
fn every_example_is_understood() {
    let mut examples = 0;
    for block in PAGE.split("```filter\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for example in block.lines() {
            assert!(parse(example).is_ok(), "{}", canonical(example));
            examples += 1;
        }
    }
    assert!(examples > 35, "only {examples} examples were found");
}

#[test]
fn what_the_page_says_of_them_is_true() {
    let same = |left: &str, right: &str| assert_eq!(canonical(left), canonical(right));
    same("tcp listening udp", "proto in (tcp, udp) and state = listening");
    same("src unix:/run/*", "unix src /run/*");
    same("rtt = 10-20ms", "rtt = 10ms-20ms");
    same("dst 10/8", "dst 10.0.0.0/8");
    same("rtt > 0.5us", "rtt >= 1us");
    same("state in (established, time-wait)", "established time-wait");
    for refused in [
        "tcp and udp",
        "listening and established",
        "rtt > 5ms and rtt < 1ms",
        "sport < 0",
        "sport = 65537",
        "rtt 100ms",
    ] {
        assert!(parse(refused).is_err(), "{refused}");
    }
}

#[test]
fn the_limits_are_those_of_the_code() {
    for limit in [
        format!("| the whole filter | {} KiB |", FILTER_BYTES_MAX / 1024),
        format!("| brackets and negations inside each other | {NESTING_MAX} |"),
        format!("| values in one `in (…)` | {LIST_LEN_MAX} |"),
        format!("| patterns | {PATTERNS_MAX} |"),
        format!("| one pattern | {PATTERN_BYTES_MAX} bytes, 1 MiB compiled |"),
    ] {
        assert!(PAGE.contains(&limit), "{limit}");
    }
}
