//! What holds connections up: each cause is made for real, alone and with another one, and has to be named on the right
//! side and no other.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::sockopt::set_socket_recv_buffer_size;
use serde_json::Value;
use sockeye_zoo::{Skip, in_namespace};

use crate::connection::{Connection, Limits};
use crate::evidence;
use crate::place::{Place, Way};
use crate::support::sockeye;

/// What is judged is an interval of this length: the sleeps below are what is measured, not a wait for something.
const INTERVAL: &str = "2500ms";

/// Windows open and buffers grow in the first moments; what is judged is how it goes on.
const SETTLE: Duration = Duration::from_millis(700);

/// Time between two reads of a program that is slow, but not so slow that what has arrived waits long for it.
const SHORT: Duration = Duration::from_millis(20);

/// How the sender sends.
#[derive(Clone, Copy, PartialEq)]
enum Sends {
    AsMuchAsItCan,
    Rarely,
    Nothing,
}

/// How the receiver reads.
#[derive(Clone, Copy, PartialEq)]
enum Reads {
    Everything,
    /// A little, and sleeps for so long.
    Slowly(Duration),
    Nothing,
}

/// A connection over loopback.
#[derive(Clone, Copy)]
struct Plan {
    port: u16,
    sends: Sends,
    reads: Reads,
    receive_buffer: Option<usize>,
}

impl Plan {
    /// A transfer that nothing holds up.
    fn healthy(port: u16) -> Self {
        Self { port, sends: Sends::AsMuchAsItCan, reads: Reads::Everything, receive_buffer: None }
    }
}

/// Connections that do as they were planned until this is dropped.
struct Load {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    fn of(plans: &[Plan]) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let threads = plans.iter().flat_map(|&plan| start(plan, &over)).collect();
        thread::sleep(SETTLE);
        Self { over, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn start(plan: Plan, over: &Arc<AtomicBool>) -> [JoinHandle<()>; 2] {
    let listener = TcpListener::bind(("127.0.0.1", plan.port)).expect("free");
    if let Some(bytes) = plan.receive_buffer {
        set_socket_recv_buffer_size(&listener, bytes).expect("set");
    }
    let sender = TcpStream::connect(("127.0.0.1", plan.port)).expect("taken");
    let (mut receiver, _) = listener.accept().expect("one waits");
    for end in [&sender, &receiver] {
        let patience = Some(Duration::from_millis(50));
        end.set_write_timeout(patience).expect("set");
        end.set_read_timeout(patience).expect("set");
    }
    let ended = Arc::clone(over);
    let reading = thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while !ended.load(Ordering::Relaxed) {
            let piece = match plan.reads {
                Reads::Everything => &mut buffer[..],
                Reads::Slowly(pause) => {
                    thread::sleep(pause);
                    &mut buffer[..2000]
                }
                Reads::Nothing => {
                    thread::sleep(Duration::from_millis(50));
                    continue;
                }
            };
            if !goes_on(receiver.read(piece)) {
                return;
            }
        }
    });
    let ended = Arc::clone(over);
    let sending = thread::spawn(move || {
        let mut sender = sender;
        let much = vec![7; 1 << 16];
        while !ended.load(Ordering::Relaxed) {
            match plan.sends {
                Sends::AsMuchAsItCan => {
                    if !goes_on(sender.write(&much)) {
                        return;
                    }
                }
                Sends::Rarely => {
                    let _ = sender.write(&[7; 100]);
                    thread::sleep(Duration::from_millis(100));
                }
                Sends::Nothing => thread::sleep(Duration::from_millis(50)),
            }
        }
    });
    [reading, sending]
}

fn goes_on(result: std::io::Result<usize>) -> bool {
    match result {
        Ok(count) => count > 0,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

/// Every connection with causes: its two ends, and the causes in the order of their letters.
fn judged() -> Vec<(SocketAddr, SocketAddr, String)> {
    let output = sockeye(&["why", "has why", "--for", INTERVAL, "-o", "json", "--limit", "100"]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let status = if answer["whole"] == true { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
    let findings = answer["findings"].as_array().expect("a list");
    findings
        .iter()
        .map(|finding| {
            evidence::speaks_for(finding);
            let subject = finding["subject"].as_str().expect("text");
            let (local, peer) = subject.split_once(" to ").expect("two ends");
            let [local, peer] = [local, peer].map(|end| end.parse::<SocketAddr>().expect("an end"));
            let causes = finding["evidence"]["causes"].as_str().or(finding["cause"].as_str()).expect("a cause");
            let mut causes: Vec<_> = causes.split(',').collect();
            causes.sort_unstable();
            (local, peer, causes.join(","))
        })
        .collect()
}

/// The same as `sender 7001: loss`.
fn found() -> BTreeSet<String> {
    let sides = judged().into_iter().map(|(local, peer, causes)| {
        let (side, port) = if peer.port() < 10_000 { ("sender", peer.port()) } else { ("receiver", local.port()) };
        format!("{side} {port}: {causes}")
    });
    sides.collect()
}

/// What is measured is a connection, and not how it shares two processors with others: those that want a whole one are alone.
pub(crate) fn alone() -> File {
    let lock = loads();
    lock.lock().expect("locked");
    lock
}

/// Those that wait most of the time may do so together, where nobody is alone.
fn beside_others() -> File {
    let lock = loads();
    lock.lock_shared().expect("locked");
    lock
}

fn loads() -> File {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/causes.lock");
    File::options().create(true).truncate(false).write(true).open(path).expect("a file")
}

/// Intervals that are judged at most.
const INTERVALS_MAX: usize = 5;

#[track_caller]
fn expect(plans: &[Plan], expected: &[&str]) {
    let expected = expected.iter().map(ToString::to_string).collect();
    assert_eq!(under(plans, || in_most(found, &expected)), Ok(()));
}

/// What is judged while such a load runs.
fn under<T>(plans: &[Plan], judge: impl FnOnce() -> T) -> T {
    let is_busy = |plan: &Plan| plan.sends == Sends::AsMuchAsItCan && plan.reads == Reads::Everything;
    let _loads = if plans.iter().any(is_busy) { alone() } else { beside_others() };
    let _load = Load::of(plans);
    judge()
}

/// Judges until more intervals are as expected than otherwise: in one in which a busy machine lets nobody run, something else holds
/// connections up. `Err`: what was found instead, the last time.
fn in_most<T: PartialEq>(judge: impl Fn() -> T, expected: &T) -> Result<(), T> {
    let (mut right, mut others) = (0, Vec::new());
    while right + others.len() < INTERVALS_MAX {
        match judge() {
            found if found == *expected => right += 1,
            other => others.push(other),
        }
        if right > others.len() {
            return Ok(());
        }
    }
    Err(others.pop().expect("no fewer than those that are right"))
}

fn run(command: &str) -> Result<(), Skip> {
    let mut words = command.split(' ');
    let program = words.next().expect("a command");
    let output = Command::new(program)
        .args(words)
        .output()
        .map_err(|error| Skip::new("program", format!("{program}: {error}")))?;
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Loopback with packets of the size of a cable's, so that a shaper lets them through.
fn short_packets() -> Result<(), Skip> {
    run("ip link set lo mtu 1500")
}

/// One packet of ten towards this port is lost.
fn drop_some(port: u16) -> Result<(), Skip> {
    short_packets()?;
    run("nft add table inet lossy")?;
    run("nft add chain inet lossy in { type filter hook input priority 0 ; }")?;
    run(&format!("nft add rule inet lossy in tcp dport {port} numgen random mod 10 0 drop"))
}

#[test]
fn a_healthy_transfer_and_an_idle_connection_have_no_cause() {
    in_namespace(|_| {
        let idle = Plan { sends: Sends::Nothing, ..Plan::healthy(7002) };
        expect(&[Plan::healthy(7001), idle], &[]);
        Ok(())
    });
}

#[test]
fn a_small_window_and_a_reader_that_sleeps() {
    in_namespace(|_| {
        let slow = Plan { reads: Reads::Slowly(SHORT), receive_buffer: Some(4096), ..Plan::healthy(7001) };
        expect(&[slow], &["sender 7001: receiver-window"]);
        Ok(())
    });
}

#[test]
fn a_reader_that_does_not_read_is_named_and_its_window_at_the_sender() {
    in_namespace(|_| {
        let stuck = Plan { reads: Reads::Nothing, ..Plan::healthy(7001) };
        expect(&[stuck], &["receiver 7001: receiver-does-not-read", "sender 7001: receiver-window"]);
        Ok(())
    });
}

/// The kernel opens the window again when the queue is nearly empty: it rises and falls like a saw, and what is shown has to be of a
/// time in which it was so long that the reader was named.
#[test]
fn a_reader_whose_queue_rises_and_falls_is_named_with_what_shows_it() {
    in_namespace(|_| {
        let reads = Reads::Slowly(Duration::from_millis(200));
        let slow = Plan { reads, receive_buffer: Some(8192), ..Plan::healthy(7001) };
        expect(&[slow], &["receiver 7001: receiver-does-not-read", "sender 7001: receiver-window"]);
        Ok(())
    });
}

/// Over loopback the acknowledgement is back before anybody waits, unless the reader is late by accident: a way with a
/// length is needed.
#[test]
fn a_small_send_buffer() {
    in_namespace(|_| {
        let _loads = beside_others();
        let place = Place::new("cubic")?;
        let limits = Limits { send: Some(8_192), ..Limits::default() };
        let connection = Connection::over(&place, Way::Long, limits)?.transfers();
        thread::sleep(SETTLE);
        let ends = |stream: &TcpStream| (stream.local_addr().expect("bound"), stream.peer_addr().expect("connected"));
        let (local, peer) = ends(&connection.near);
        let expected = vec![(local, peer, "send-buffer".to_owned())];
        assert_eq!(in_most(judged, &expected), Ok(()));
        Ok(())
    });
}

#[test]
fn a_shaped_path() {
    in_namespace(|_| {
        short_packets()?;
        run("tc qdisc add dev lo root tbf rate 20mbit burst 16k latency 200ms")?;
        expect(&[Plan::healthy(7001)], &["sender 7001: congestion-window"]);
        Ok(())
    });
}

#[test]
fn packets_that_a_firewall_drops() {
    in_namespace(|_| {
        drop_some(7001)?;
        expect(&[Plan::healthy(7001)], &["sender 7001: loss"]);
        Ok(())
    });
}

#[test]
fn packets_that_a_firewall_of_this_host_drops_before_they_leave() {
    for dropped in ["", "numgen random mod 10 < 6 "] {
        in_namespace(|_| {
            short_packets()?;
            let _alone = alone();
            let load = Load::of(&[Plan::healthy(7001)]);
            run("nft add table inet mute")?;
            run("nft add chain inet mute out { type filter hook output priority 0 ; }")?;
            run(&format!("nft add rule inet mute out tcp dport 7001 {dropped}drop"))?;
            let expected = ["sender 7001: loss".to_owned()].into();
            let judged = in_most(found, &expected);
            drop(load);
            assert_eq!(judged, Ok(()), "{dropped}");
            Ok(())
        });
    }
}

#[test]
fn a_program_that_sends_rarely() {
    in_namespace(|_| {
        let rarely = Plan { sends: Sends::Rarely, ..Plan::healthy(7001) };
        expect(&[rarely], &["sender 7001: application"]);
        Ok(())
    });
}

#[test]
fn two_connections_with_two_causes_keep_them_apart() {
    in_namespace(|_| {
        let slow = Plan { reads: Reads::Slowly(SHORT), receive_buffer: Some(4096), ..Plan::healthy(7001) };
        let rarely = Plan { sends: Sends::Rarely, ..Plan::healthy(7002) };
        expect(&[slow, rarely], &["sender 7001: receiver-window", "sender 7002: application"]);
        Ok(())
    });
}

#[test]
fn loss_and_a_small_window_at_one_connection() {
    in_namespace(|_| {
        drop_some(7001)?;
        let slow = Plan { reads: Reads::Slowly(SHORT), receive_buffer: Some(4096), ..Plan::healthy(7001) };
        // Which packets are lost is chance: of an interval with long timeouts the window has too small a part.
        let expected = ["sender 7001: loss,receiver-window".to_owned()].into();
        let judged: Vec<_> =
            under(&[slow], || (0..4).map(|_| found()).take_while(|found| *found != expected).collect());
        assert!(judged.len() < 4, "{judged:?}");
        Ok(())
    });
}
