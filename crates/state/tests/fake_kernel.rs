//! A fake kernel plays every way in which a dump can end or be disturbed, and nothing disturbed is taken for whole.
//!
//! A script is a row of datagrams, apart by `|`; a datagram is a row of messages, apart by `,`.
//!
//! | word | what the socket gives |
//! |---|---|
//! | `row a` | a row |
//! | `row a intr` | a row marked with `NLM_F_DUMP_INTR` |
//! | `row a seq 9` | a row of another request |
//! | `done`, `done 2`, `done 2 text` | `NLMSG_DONE` with status 0, with an errno, with the kernel's sentence |
//! | `done intr`, `done positive`, `done short` | marked as interrupted, with a positive status, with half a status |
//! | `error 1`, `error 1 text`, `capped 1 text` | `NLMSG_ERROR` that echoes the whole request, or its header alone |
//! | `error 1 unaligned`, `error 1 oversized`, `error 1 endless` | with malformed attributes behind it |
//! | `noop`, `lost` | `NLMSG_NOOP`, `NLMSG_OVERRUN` |
//! | `half a`, `tail`, `long`, `short` | half a row, a rest too short for a header, a length beyond the datagram, a length below the header's |
//! | `cut: …`, `from 77: …` | a datagram that did not fit, or of another sender |
//! | `nothing` | an empty datagram |
//! | `overrun`, `empty` | `ENOBUFS`, `EAGAIN` |

use sockeye_state::{Conclusion, Datagram, Dump, Received, Step};
use sockeye_wire::Request;

const SEQUENCE: u32 = 7;
const MULTI: u16 = 2;
const INTERRUPTED: u16 = 0x10;
const CAPPED: u16 = 0x100;
const ACK_TLVS: u16 = 0x200;
const DATA: u16 = 20;
const BODY_LEN: usize = 8;

/// What the socket gave, owned.
enum Given {
    Datagram { bytes: Vec<u8>, sender: u32, cut: bool },
    Overrun,
    Empty,
}

/// Plays a script; what came of it is `rows: conclusion`.
fn check(script: &str, expected: &str) {
    let mut dump = Dump::new(SEQUENCE);
    let (mut rows, mut steps_after_end) = (Vec::new(), 0);
    let mut ended = false;
    for given in script.split('|').map(|text| given(text.trim())) {
        if ended {
            steps_after_end += 1;
            continue;
        }
        let received = match &given {
            Given::Datagram { bytes, sender, cut } => {
                Received::Datagram(Datagram::new(bytes).from_sender(*sender).cut(*cut))
            }
            Given::Overrun => Received::Overrun,
            Given::Empty => Received::Empty,
        };
        let step = dump.handle(received, |row| {
            let name = row.payload().iter().take_while(|byte| **byte != 0).map(|&byte| char::from(byte));
            rows.push(name.collect::<String>());
        });
        ended = step == Step::Ended;
    }
    let conclusion = dump.into_conclusion();
    assert_eq!(conclusion.messages, rows.len() as u64, "{script}");
    let mut said = describe(&conclusion, ended);
    if steps_after_end > 0 {
        said.push_str(", left off");
    }
    assert_eq!(format!("{}: {said}", rows.join(" ")), expected, "{script}");
    // What was dropped without losing a row of ours does no harm.
    assert_eq!(conclusion.is_whole(), said.starts_with("whole"), "{script}: {conclusion:?}");
}

fn describe(conclusion: &Conclusion, ended: bool) -> String {
    let mut parts = Vec::new();
    if conclusion.is_whole() {
        parts.push("whole".to_owned());
    }
    if !ended {
        parts.push("not ended".to_owned());
    }
    if let Some(refusal) = &conclusion.refusal {
        let sentence = refusal.sentence.as_ref().map(|sentence| format!(" {sentence:?}"));
        parts.push(format!("errno {}{}", refusal.errno, sentence.unwrap_or_default()));
    }
    if conclusion.interrupted {
        parts.push("interrupted".to_owned());
    }
    let counts = [
        (conclusion.truncated, "cut"),
        (conclusion.overruns, "overrun"),
        (conclusion.defects, "defect"),
        (conclusion.foreign, "foreign"),
        (conclusion.strays, "stray"),
    ];
    parts.extend(counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")));
    parts.join(", ")
}

fn given(text: &str) -> Given {
    match text {
        "overrun" => return Given::Overrun,
        "empty" => return Given::Empty,
        "nothing" => return Given::Datagram { bytes: Vec::new(), sender: 0, cut: false },
        _ => {}
    }
    let (cut, sender, messages) = match text.split_once(": ") {
        Some(("cut", rest)) => (true, 0, rest),
        Some((from, rest)) => (false, from.strip_prefix("from ").expect("a sender").parse().expect("a number"), rest),
        None => (false, 0, text),
    };
    let bytes = messages.split(',').flat_map(|message| message_bytes(message.trim())).collect();
    Given::Datagram { bytes, sender, cut }
}

fn message_bytes(text: &str) -> Vec<u8> {
    let words: Vec<_> = text.split(' ').collect();
    match *words.as_slice() {
        ["row", name] => row(name, 0, SEQUENCE),
        ["row", name, "intr"] => row(name, INTERRUPTED, SEQUENCE),
        ["row", name, "seq", sequence] => row(name, 0, sequence.parse().expect("a number")),
        ["half", name] => {
            let mut bytes = row(name, 0, SEQUENCE);
            bytes.truncate(bytes.len() / 2 + 8);
            bytes
        }
        ["tail"] => vec![0; 5],
        ["long"] => with_length(row("x", 0, SEQUENCE), 0xffff_fff0),
        ["short"] => with_length(row("x", 0, SEQUENCE), 15),
        ["done"] => done(0, 0, &[]),
        ["done", "intr"] => done(INTERRUPTED, 0, &[]),
        ["done", "positive"] => done(0, 12, &[]),
        ["done", "short"] => message(3, MULTI, &[0, 0], SEQUENCE),
        ["done", errno] => done(0, -number(errno), &[]),
        ["done", errno, text] => done(ACK_TLVS, -number(errno), &sentence(text)),
        ["error", errno] => error(0, -number(errno), &[]),
        ["error", errno, "unaligned"] => error(ACK_TLVS, -number(errno), &sentence("odd")[..8]),
        ["error", errno, "oversized"] => error(ACK_TLVS, -number(errno), &[0xff, 0xff, 1, 0, b'x', 0, 0, 0]),
        ["error", errno, "endless"] => error(ACK_TLVS, -number(errno), &[0, 0, 1, 0, b'x', 0, 0, 0]),
        ["error", errno, text] => error(ACK_TLVS, -number(errno), &sentence(text)),
        ["capped", errno, text] => error(CAPPED | ACK_TLVS, -number(errno), &sentence(text)),
        ["noop"] => message(1, 0, &[], SEQUENCE),
        ["lost"] => message(4, 0, &[], SEQUENCE),
        _ => panic!("no message {text:?}"),
    }
}

fn number(text: &str) -> i32 {
    text.parse().expect("a number")
}

fn message(kind: u16, flags: u16, body: &[u8], sequence: u32) -> Vec<u8> {
    let mut bytes = Request::new(kind, 0).body(body).sequence(sequence).as_bytes().to_vec();
    bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
    // The builder pads; what is short is meant to be.
    let length = u32::try_from(16 + body.len()).expect("small");
    with_length(std::mem::take(&mut bytes), length)
}

fn with_length(mut bytes: Vec<u8>, length: u32) -> Vec<u8> {
    bytes[..4].copy_from_slice(&length.to_ne_bytes());
    bytes
}

fn row(name: &str, flags: u16, sequence: u32) -> Vec<u8> {
    let mut body = name.as_bytes().to_vec();
    body.resize(BODY_LEN, 0);
    message(DATA, MULTI | flags, &body, sequence)
}

fn done(flags: u16, status: i32, attributes: &[u8]) -> Vec<u8> {
    message(3, MULTI | flags, &[&status.to_ne_bytes()[..], attributes].concat(), SEQUENCE)
}

fn error(flags: u16, status: i32, attributes: &[u8]) -> Vec<u8> {
    let request = Request::new(DATA, 0x300).body(&[2; 20]).sequence(SEQUENCE);
    let echoed = if flags & CAPPED == 0 { request.as_bytes() } else { &request.as_bytes()[..16] };
    message(2, flags, &[&status.to_ne_bytes()[..], echoed, attributes].concat(), SEQUENCE)
}

/// `NLMSGERR_ATTR_MSG`.
fn sentence(text: &str) -> Vec<u8> {
    Request::new(0, 0).attribute(1, &[text.as_bytes(), &[0]].concat()).as_bytes()[16..].to_vec()
}

#[test]
fn a_dump_ends_with_done_and_is_whole() {
    check("row a, row b | row c | done", "a b c: whole");
    check("row a, row b, done", "a b: whole");
    check("done", ": whole");
}

#[test]
fn what_the_dumper_returned_is_not_an_error_where_it_is_positive() {
    check("row a | done positive", "a: whole");
}

#[test]
fn an_errno_inside_done_is_not_an_empty_table() {
    check("done 2", ": errno 2");
    check("row a | done 12", "a: errno 12");
    check("done 2 gone", ": errno 2 \"gone\"");
}

#[test]
fn an_error_ends_the_dump_with_the_kernels_sentence() {
    check("error 1", ": errno 1");
    check("error 22 filter", ": errno 22 \"filter\"");
    check("capped 22 filter", ": errno 22 \"filter\"");
    check("row a | error 95 late", "a: errno 95 \"late\"");
}

#[test]
fn malformed_attributes_do_not_hide_the_errno() {
    check("error 1 unaligned", ": errno 1 \"odd\"");
    check("error 1 oversized", ": errno 1");
    check("error 1 endless", ": errno 1");
}

#[test]
fn a_sentence_with_control_bytes_is_escaped() {
    check("error 1 \u{1b}[31m", ": errno 1 \"\\\\x1b[31m\"");
}

#[test]
fn one_mark_on_one_message_makes_the_dump_interrupted() {
    check("row a intr, row b | row c | done", "a b c: interrupted");
    check("row a | row b intr | done", "a b: interrupted");
    check("row a | done intr", "a: interrupted");
}

#[test]
fn a_datagram_that_did_not_fit_is_a_loss_of_its_own() {
    check("cut: row a, half b | done", "a: 1 cut");
    check("cut: row a | cut: row b | done", "a b: 2 cut");
    check("cut: row a, done", "a: 1 cut");
}

#[test]
fn a_datagram_of_somebody_else_is_dropped_whole() {
    check("from 77: row x, done | row a | done", "a: whole, 1 foreign");
    check("from 77: done | from 78: error 1", ": not ended, 2 foreign");
    check("from 4294967295: row x intr | row a, done", "a: whole, 1 foreign");
}

#[test]
fn messages_of_another_request_are_dropped_one_by_one() {
    check("row x seq 6, row a | done", "a: whole, 1 stray");
    check("row x seq 0, row y seq 8 | row a, done", "a: whole, 2 stray");
}

#[test]
fn an_overrun_may_have_lost_rows() {
    check("row a | overrun | row b | done", "a b: 1 overrun");
    check("row a, lost | done", "a: 1 overrun");
    check("overrun | overrun | done", ": 2 overrun");
}

#[test]
fn what_is_malformed_is_a_defect_and_what_stands_before_it_is_used() {
    check("row a, half b | done", "a: 1 defect");
    check("row a, tail | done", "a: 1 defect");
    check("row a, long | done", "a: 1 defect");
    check("row a, short, row b | done", "a: 1 defect");
    check("half a", ": not ended, 1 defect");
}

#[test]
fn half_a_status_is_not_status_zero() {
    check("row a | done short", "a: 1 defect");
}

#[test]
fn nothing_is_neither_a_row_nor_an_end() {
    check("nothing | row a | nothing | done", "a: whole");
    check("empty | row a | empty | done", "a: whole");
    check("nothing", ": not ended");
    check("empty", ": not ended");
    check("noop | row a, noop | done", "a: whole");
}

#[test]
fn a_dump_without_an_end_is_never_whole() {
    check("row a, row b", "a b: not ended");
    check("row a intr", "a: not ended, interrupted");
}

#[test]
fn nothing_behind_the_end_is_taken() {
    check("row a, done, row x", "a: whole");
    check("row a | done | row x", "a: whole, left off");
    check("error 1, row x", ": errno 1");
    check("done, done 2", ": whole");
}
