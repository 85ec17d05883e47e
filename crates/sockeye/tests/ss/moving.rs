//! The values that move between two runs though nothing happens: each is replaced, in both texts, by a sign that does
//! not.
//!
//! Only what is named here is. A value that changes its number of digits moves the blanks behind it, so lines that end
//! after such a value are compared without the blanks at their ends; the recorded inputs hold those.

use std::sync::LazyLock;

use regex::Regex;

/// A value that moves.
#[derive(Debug)]
pub(crate) struct Moving {
    pub(crate) name: &'static str,
    /// Why it does.
    pub(crate) why: &'static str,
    pattern: &'static str,
    replacement: &'static str,
    /// A piece of text that has it, for the proof.
    pub(crate) example: &'static str,
    /// The same later.
    pub(crate) later: &'static str,
}

/// All of them but one, the row of [`OWN_ROW`].
pub(crate) const MOVING: [Moving; 6] = [
    Moving {
        name: "sockets in all",
        why: "Netlink sockets of a program that ended are freed a little later",
        pattern: r"(?m)^Total: \d+$",
        replacement: "Total: #",
        example: "\nTotal: 164\n",
        later: "\nTotal: 99\n",
    },
    Moving {
        name: "lastsnd, lastrcv, lastack",
        why: "times since something happened",
        pattern: r" (lastsnd|lastrcv|lastack):\d+",
        replacement: " $1:#",
        example: " lastsnd:176 lastrcv:999 lastack:8",
        later: " lastsnd:180 lastrcv:1003 lastack:12",
    },
    Moving {
        name: "last_data_sent, last_data_recv, last_ack_recv",
        why: "times since something happened, of MPTCP",
        pattern: r" (last_data_sent|last_data_recv|last_ack_recv):\d+",
        replacement: " $1:#",
        example: " last_data_sent:304 last_data_recv:305 last_ack_recv:306",
        later: " last_data_sent:1304 last_data_recv:1305 last_ack_recv:1306",
    },
    Moving {
        name: "expiry of a timer",
        why: "the time left",
        pattern: r" timer:\((\w+),(?:[0-9.]+(?:min|sec|ms))*,",
        replacement: " timer:($1,#,",
        example: " timer:(on,1.024sec,3) timer:(timewait,1min2sec,0) timer:(persist,,4)",
        later: " timer:(on,824ms,3) timer:(timewait,59sec,0) timer:(persist,004ms,4)",
    },
    Moving {
        name: "busy",
        why: "the time for which something waited to be acknowledged, and still does",
        pattern: r" busy:\d+ms",
        replacement: " busy:#",
        example: " busy:12ms",
        later: " busy:1016ms",
    },
    Moving {
        name: "rwnd_limited, sndbuf_limited",
        why: "times for which something hinders, and still does, with their share of the above",
        pattern: r" (rwnd_limited|sndbuf_limited):\d+ms\([0-9.]+%\)",
        replacement: " $1:#",
        example: " rwnd_limited:8ms(66.7%) sndbuf_limited:4ms(33.3%)",
        later: " rwnd_limited:1008ms(99.2%) sndbuf_limited:8ms(0.8%)",
    },
];

/// The row of the socket by which the program itself asks, among those of its protocol: the kernel finds it by a number
/// that is another in each run, so it stands at another place, and what waits in it depends on how it is read.
pub(crate) const OWN_ROW: &str = "<the socket that asks>";

/// Rows of Netlink sockets of the protocol sock_diag, by name and by number, and their port.
static SOCK_DIAG_ROW: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:nl +)?UNCONN +(?:\d+ +\d+ +)?(?:tcpdiag|4):(\S+) ").expect("a pattern"));

static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| MOVING.iter().map(|moving| Regex::new(moving.pattern).expect("a pattern")).collect());

/// A text in which nothing moves.
pub(crate) fn stilled(text: &str, kept_ports: &[String]) -> String {
    let mut stilled = text.to_owned();
    for (moving, pattern) in MOVING.iter().zip(PATTERNS.iter()) {
        stilled = pattern.replace_all(&stilled, moving.replacement).into_owned();
    }
    if let Some(settled) = own_row_settled(&stilled, kept_ports) {
        stilled = settled;
    }
    if stilled == text { stilled } else { trimmed(&stilled) }
}

/// The text without the blanks at the ends of lines.
pub(crate) fn trimmed(text: &str) -> String {
    text.split_inclusive('\n').map(|line| line.trim_end_matches([' ', '\n']).to_owned() + end_of(line)).collect()
}

fn end_of(line: &str) -> &str {
    if line.ends_with('\n') { "\n" } else { "" }
}

/// The text with one row, before the others of its protocol, for sockets that ask; none where there is no such row.
/// Whoever walks all namespaces of the machine may be asking here too.
fn own_row_settled(text: &str, kept_ports: &[String]) -> Option<String> {
    let port = |line: &str| SOCK_DIAG_ROW.captures(line).map(|found| found[1].to_owned());
    let is_own = |line: &&str| port(line).is_some_and(|port| !kept_ports.contains(&port));
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = lines.iter().position(|line| port(line).is_some())?;
    lines.iter().find(|line| is_own(line))?;
    let (before, behind) = lines.split_at(first);
    let others = behind.iter().filter(|line| !is_own(line)).copied();
    Some(before.concat() + OWN_ROW + "\n" + &others.collect::<String>())
}
