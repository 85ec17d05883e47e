//! `sockeye why` where the whole machine is near a limit. These are set for the tests, and put back: that is for a machine which is
//! thrown away after them (`cargo xtask lab`).

#![forbid(unsafe_code)]

#[path = "../support/looking.rs"]
mod looking;

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sockeye_zoo::{patience, skip, slowness};

use looking::{finding, while_looking, whole_look};

/// One at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// How long is looked.
const WATCH: Duration = Duration::from_millis(500);

/// How long the kernel goes by an old count of orphans: it counts ten times a second (net/ipv4/tcp.c, `tcp_orphan_update`).
const COUNTED: Duration = Duration::from_millis(300);

/// A limit of the machine that is another one until this is dropped.
struct Limit {
    path: PathBuf,
    before: String,
}

impl Limit {
    fn set(name: &str, value: &str) -> Self {
        let path = PathBuf::from(format!("/proc/sys/net/ipv4/{name}"));
        let before = std::fs::read_to_string(&path).expect("the first network namespace has it");
        std::fs::write(&path, value).expect("root may");
        Self { path, before }
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        let _ = std::fs::write(&self.path, &self.before);
    }
}

/// What comes to this port is lost until this is dropped.
struct Cut;

impl Cut {
    fn of(port: u16) -> Self {
        let rule = format!("chain c {{ type filter hook input priority 0; tcp dport {port} drop; }}");
        let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft is installed");
        let table = format!("table inet limits {{\n{rule}\n}}\n");
        nft.stdin.take().expect("piped").write_all(table.as_bytes()).expect("it reads");
        assert!(nft.wait().expect("a child of ours").success(), "{rule}");
        Self
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        let _ = Command::new("nft").args(["delete", "table", "inet", "limits"]).status();
    }
}

/// Skips the test where the machine is not thrown away.
fn on_an_own_machine(test: &str, body: impl FnOnce()) {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match skip::owns_the_machine() {
        Ok(()) => body(),
        Err(reason) => skip::skip(test, &reason),
    }
}

/// What `why` says while this happens.
fn why(happens: impl FnOnce()) -> Value {
    while_looking(WATCH, Duration::from_millis(250), happens)
}

/// The subject and the evidence of a cause.
fn said(answer: &Value, cause: &str) -> Option<Value> {
    finding(answer, cause).map(|finding| json!([finding["subject"], finding["evidence"]]))
}

/// A number of the line of TCP in `/proc/net/sockstat`.
fn sockstat(word: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/net/sockstat").expect("everybody may");
    let line = text.lines().find(|line| line.starts_with("TCP:")).expect("TCP is there");
    let mut words = line.split_whitespace().skip_while(|one| *one != word);
    words.nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

fn wait_until(holds: impl Fn() -> bool) {
    let until = Instant::now() + patience(Duration::from_mins(1));
    while !holds() {
        assert!(Instant::now() < until, "it never came to that");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A connection over loopback: who opened it, and who was asked.
fn connection(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let here = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    (here, listener.accept().expect("one waits").0)
}

#[test]
fn memory_of_tcp_beyond_its_second_mark() {
    on_an_own_machine("memory_of_tcp_beyond_its_second_mark", || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("free");
        let (mut here, _deaf) = connection(&listener);
        here.set_nonblocking(true).expect("set");
        let much = vec![7; 65536];
        // What is on its way makes room for more.
        wait_until(|| {
            sockstat("mem") > 70 || {
                while (&here).write(&much).is_ok() {}
                false
            }
        });
        assert_eq!(said(&whole_look(WATCH), "tcp-memory-pressure"), None);
        let _limit = Limit::set("tcp_mem", "17 67 1000003");
        let (before, answer, after) = (sockstat("mem"), why(|| ()), sockstat("mem"));
        let found = said(&answer, "tcp-memory-pressure").unwrap_or_else(|| panic!("{answer:#}"));
        // Those of tests before this one give back what they had.
        let pages = found[1]["pages"].as_u64().expect("a number");
        assert!((before.min(after)..=before.max(after)).contains(&pages), "{before}, {pages}, {after}");
        let evidence = json!({ "pages": pages, "pressure_pages": 67, "limit_pages": 1_000_003 });
        assert_eq!(found, json!(["TCP", evidence]), "{answer:#}");
        drop(here.write(&much));
    });
}

#[test]
fn closed_connections_whose_peers_have_vanished() {
    on_an_own_machine("closed_connections_whose_peers_have_vanished", || {
        // Those of tests before this one end by themselves.
        wait_until(|| sockstat("orphan") == 0);
        let listener = TcpListener::bind("127.0.0.1:0").expect("free");
        let mut open: Vec<_> = (0..15).map(|_| connection(&listener)).collect();
        let _cut = Cut::of(listener.local_addr().expect("bound").port());
        let mut there = Vec::new();
        let mut abandon = |count: usize| {
            for (mut here, peer) in open.drain(..count) {
                assert_eq!(here.write(&[7; 37]).expect("there is room"), 37);
                there.push(peer);
            }
        };
        let _limit = Limit::set("tcp_max_orphans", "10");
        abandon(7);
        assert_eq!(said(&whole_look(WATCH), "orphans-near-their-limit"), None);
        abandon(1);
        let answer = why(|| ());
        let evidence = json!({ "orphans": 8, "limit": 10 });
        assert_eq!(said(&answer, "orphans-near-their-limit"), Some(json!(["TCP", evidence])), "{answer:#}");
        // Of those beyond the limit nothing is left but a reset: of the last three at once, of others when they send again.
        let answer = why(|| {
            abandon(4);
            thread::sleep(COUNTED * slowness());
            abandon(3);
        });
        let aborted = said(&answer, "connections-aborted-for-memory").unwrap_or_else(|| panic!("{answer:#}"));
        assert_eq!(aborted[0], "TcpExt.TCPAbortOnMemory");
        assert!((3..=15).contains(&aborted[1]["grown"].as_u64().expect("a number")), "{aborted}");
    });
}
