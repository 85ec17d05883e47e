//! The committed captures: what the kernel sent, as the golden rows are made of.

use std::fs;
use std::path::{Path, PathBuf};

use sockeye_query::sockets::{DumpPlan, Table};
use sockeye_state::Received;
use sockeye_state::capture::{Reader, Record};
use sockeye_wire::rtnetlink::Table as Records;
use sockeye_wire::{Kind, Message, Messages, Request};

/// The sequence number of every dump here.
pub const SEQUENCE: u32 = 1;
/// `RTM_GETLINK` for `RTM_NEWLINK`, and so on.
const GET: u16 = 2;
/// Rows in one datagram: enough that damage to one can spoil the next, few enough that most mutations hit something.
const ROWS: usize = 3;

/// The bytes of every committed capture, in the order of their names: those of one kernel, and in folders those of others.
///
/// # Panics
///
/// If there are none: they are committed beside the tests that read them.
pub fn files() -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/sockeye/tests/captures");
    let inside = |directory: &Path| {
        let entries = fs::read_dir(directory).expect("captures are committed");
        entries.map(|entry| entry.expect("readable").path()).collect::<Vec<PathBuf>>()
    };
    let mut paths = inside(&directory);
    let folders: Vec<_> = paths.iter().filter(|path| path.is_dir()).cloned().collect();
    paths.extend(folders.iter().flat_map(|folder| inside(folder)));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "cap"));
    // The order of a directory is no order; mutations are to be the same on every machine.
    paths.sort();
    let files: Vec<_> = paths.iter().map(|path| fs::read(path).expect("readable")).collect();
    assert!(files.len() > 10, "only {} captures", files.len());
    files
}

/// Datagrams that a kernel could send, each with the table it answers for: the messages of every committed capture, a few
/// in each datagram, all in answer to the request with the number [`SEQUENCE`].
///
/// # Panics
///
/// If a committed capture is broken.
pub fn datagrams() -> Vec<(Table, Vec<u8>)> {
    let mut found = Vec::new();
    for capture in files() {
        add(&capture, &mut found);
    }
    assert!(found.len() > 50, "only {} datagrams", found.len());
    found
}

fn add(capture: &[u8], found: &mut Vec<(Table, Vec<u8>)>) {
    let mut table = None;
    for entry in Reader::new(capture).expect("a capture") {
        match entry.expect("a whole capture").record {
            Record::Request(request) => {
                let request = Messages::new(request).next().expect("a message").expect("a whole one");
                table = DumpPlan::of_request(&request).map(|plan| plan.table);
            }
            Record::Received(Received::Datagram(datagram)) => {
                let messages: Vec<_> = Messages::new(datagram.bytes).map_while(Result::ok).collect();
                let Some(table) = table else { continue };
                // The end of a dump alone says nothing of a socket.
                let with_rows = messages.chunks(ROWS).filter(|chunk| chunk.iter().any(is_row));
                found.extend(with_rows.map(|chunk| (table, datagram_of(chunk))));
            }
            _ => {}
        }
    }
}

fn is_row(message: &Message<'_>) -> bool {
    matches!(message.kind(), Kind::Data(_))
}

/// Messages of rtnetlink in the committed captures, each a datagram with the table that it is of.
///
/// # Panics
///
/// If a committed capture is broken.
pub fn records() -> Vec<(Records, Vec<u8>)> {
    let mut found = Vec::new();
    for capture in files() {
        let mut asked = None;
        for entry in Reader::new(&capture).expect("a capture") {
            match entry.expect("a whole capture").record {
                Record::Request(request) => {
                    asked = Messages::new(request).next().and_then(Result::ok).map(|it| it.type_number());
                }
                Record::Received(Received::Datagram(datagram)) => {
                    let messages = Messages::new(datagram.bytes).map_while(Result::ok);
                    let answers = messages.filter(|message| answers(message, asked));
                    found.extend(answers.filter_map(|message| Some((table_of(&message)?, datagram_of(&[message])))));
                }
                _ => {}
            }
        }
    }
    found
}

/// Whether a message can be of rtnetlink where this was asked for: what asks for sockets is in each capture of them, and its
/// answers have the number of an address.
fn answers(message: &Message<'_>, asked: Option<u16>) -> bool {
    asked.is_none_or(|asked| asked & 3 == GET && message.type_number() == asked - GET)
}

fn table_of(message: &Message<'_>) -> Option<Records> {
    let family = message.payload().first().copied().unwrap_or(0);
    // Dumps of actions and of multicast entries have the type of the question (net/sched/act_api.c, net/bridge/br_mdb.c).
    let type_number =
        if message.type_number() & 3 == GET { message.type_number() - GET } else { message.type_number() };
    Records::of_message(type_number, family).map(|(table, _)| table)
}

fn datagram_of(messages: &[Message<'_>]) -> Vec<u8> {
    let again = |message: &Message<'_>| {
        let request = Request::new(message.type_number(), message.flags()).body(message.payload());
        request.sequence(SEQUENCE).as_bytes().to_vec()
    };
    messages.iter().flat_map(again).collect()
}
