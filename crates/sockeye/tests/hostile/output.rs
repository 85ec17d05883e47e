//! Damaged bytes go through the program too: it neither breaks nor writes what is not JSON, or raw control bytes.

use std::path::PathBuf;
use std::process::{Command, Output};

use sockeye_query::sockets::DumpPlan;
use sockeye_state::capture::{About, Reader, Record, Writer};
use sockeye_state::{Datagram, Received};
use sockeye_wire::Messages;

use sockeye_fuzz::Random;
use sockeye_fuzz::captures::{self, SEQUENCE};
use sockeye_fuzz::damage::damage;

/// Damaged datagrams in one capture, each a dump of its own.
const DATAGRAMS: u16 = 2000;
const SEED: u64 = 0x7ab1e;

/// A capture file that is gone when the test is over.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    pub(crate) fn write(name: &str, bytes: &[u8]) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.cap", std::process::id()));
        std::fs::write(&path, bytes).expect("written");
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A capture of damaged answers to the requests of the golden ones.
fn damaged() -> Vec<u8> {
    let (datagrams, mut random) = (captures::datagrams(), Random(SEED));
    let requests = requests();
    let mut writer = Writer::new(&About { start_ns: 0, kernel: b"6.18.0", command: b"damaged by a test" });
    for channel in 0..DATAGRAMS {
        let (table, datagram) = &datagrams[random.below(datagrams.len())];
        let (_, request) = requests.iter().find(|(known, _)| known == table).expect("it was asked for");
        writer.write(0, channel, Record::Opened { protocol: 4, namespace: b"" });
        writer.write(0, channel, Record::Request(request));
        let damaged = damage(datagram, &mut random);
        writer.write(0, channel, Record::Received(Received::Datagram(Datagram::new(&damaged))));
    }
    writer.bytes().to_vec()
}

/// One request of each table, out of the captures, with the sequence number of the corpus.
pub(crate) fn requests() -> Vec<(sockeye_query::sockets::Table, Vec<u8>)> {
    let mut requests = Vec::new();
    for bytes in captures::files() {
        for entry in Reader::new(&bytes).expect("a capture") {
            if let Record::Request(request) = entry.expect("whole").record {
                let message = Messages::new(request).next().expect("a message").expect("a whole one");
                let plan = DumpPlan::of_request(&message).expect("a dump");
                let mut request = request.to_vec();
                request[8..12].copy_from_slice(&SEQUENCE.to_ne_bytes());
                requests.push((plan.table, request));
            }
        }
    }
    requests
}

pub(crate) fn replay(capture: &Temporary, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .args(["sockets", "--replay"])
        .arg(&capture.0)
        .args(arguments)
        .output()
        .expect("sockeye runs");
    // Dumps that never end are cut: 3, or 1 where the first rows cannot be had. A panic would be 101 or a signal.
    let path = capture.0.display();
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{path}: {}\n{}", output.status, lossy(&output.stderr));
    output
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Lines of CSV end in both (RFC 4180); inside a line neither may stand.
pub(crate) fn is_printable(text: &str) -> bool {
    text.replace("\r\n", "\n").chars().all(|letter| letter == '\n' || !letter.is_control())
}

#[test]
fn damaged_rows_are_still_json() {
    let capture = Temporary::write("json", &damaged());
    let output = replay(&capture, &["--view", "everything", "--columns", "+bpf_storages", "-o", "ndjson"]);
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    assert!(text.lines().count() > usize::from(DATAGRAMS), "{} rows", text.lines().count());
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(row.is_object());
    }
    let output = replay(&capture, &["--view", "everything", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["sockets"].as_array().map(Vec::len), Some(text.lines().count() - 1));
}

#[test]
fn damaged_rows_bring_no_control_bytes_into_tables() {
    let capture = Temporary::write("table", &damaged());
    for arguments in
        [&["--view", "everything"][..], &["-o", "csv", "--view", "everything"], &["--group-by", "state,local"]]
    {
        let output = replay(&capture, arguments);
        let text = String::from_utf8(output.stdout).expect("escaped, and so UTF-8");
        assert!(is_printable(&text), "{arguments:?}: {text:?}");
        assert!(is_printable(&lossy(&output.stderr)), "{:?}", lossy(&output.stderr));
    }
}

/// Damaged files, and what is asked of each in turn.
const FILES: u64 = 1000;
const ASKED: [&[&str]; 6] = [
    &["--view", "everything", "-o", "ndjson"],
    &["-o", "json", "--sort", "-recv-q,local", "--limit", "7"],
    &["--view", "tcp", "-o", "csv"],
    &["--group-by", "proto,state,local"],
    &["-o", "ndjson", "--show-md5-keys", "state = established and rtt > 1us or sport = 22 or unix"],
    &["--count", "any"],
];

/// The whole program, where `sockets/replay/attacked.rs` has the way from a capture to its rows alone.
#[test]
fn a_damaged_capture_file_is_listed_or_an_error_and_no_crash() {
    const THREADS: u64 = 4;
    let files = captures::files();
    let entry = sockeye_fuzz::targets::ALL.iter().find(|entry| entry.name == "capture").expect("a target");
    let target = (entry.make)();
    let listed: usize = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let (files, target) = (&files, &target);
            let seeds = (SEED..SEED + FILES).filter(move |seed| seed % THREADS == thread);
            let one = move |seed: u64| {
                let mut random = Random(seed);
                let file = random.pick(files).expect("some");
                // Every second one whole but for the damage, and the others the beginnings of two.
                let bytes = if seed.is_multiple_of(2) { damage(file, &mut random) } else { target.input(&mut random) };
                let capture = Temporary::write(&format!("file-{seed:x}"), &bytes);
                let output = replay(&capture, ASKED[random.below(ASKED.len())]);
                assert!(is_printable(&lossy(&output.stderr)) && is_printable(&lossy(&output.stdout)), "{seed:#x}");
                usize::from(output.status.code() != Some(1))
            };
            scope.spawn(move || seeds.map(one).sum::<usize>())
        };
        let threads: Vec<_> = (0..THREADS).map(work).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert!(listed > 150, "of {FILES} files {listed} were listed");
}
