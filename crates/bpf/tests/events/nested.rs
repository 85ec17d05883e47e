//! Packets that come by interrupt, in the middle of what a process does: what they change is told too, or counted.

use std::{
    collections::BTreeSet,
    io::Write as _,
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
};

use sockeye_bpf::events::{Event, EventKind, EventOptions, SocketEvents};
use sockeye_zoo::{Skip, in_namespace, skip::kernel_is_since, slowness};

use crate::support::{PATIENCE, nothing, open, until};

const SYN_SENT: u8 = 2;
const SYN_RECV: u8 = 3;
const ESTABLISHED: u8 = 1;
const CLOSE: u8 = 7;

/// Who connects at the same time, and how often in one round.
const THREADS: u64 = 4;
const CONNECTIONS: u64 = 250;
/// Rounds until an interrupt must have come in the middle of a program; on a quiet machine the first one has dozens.
const ROUNDS_MAX: u64 = 40;

/// Packets of loopback wait for a timer, whose interrupt sends them on.
fn slow_down() -> Result<(), Skip> {
    // On a machine that is slow itself they have to be slower still, or none waits.
    let rate_kbit = 30_000 / slowness();
    tc(&format!("qdisc add dev lo root tbf rate {rate_kbit}kbit burst 3kb limit 10mb\n"))
}

fn tc(line: &str) -> Result<(), Skip> {
    let started = Command::new("tc").args(["-batch", "-"]).stdin(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| Skip::new("program:tc", error.to_string()))?;
    child.stdin.take().expect("piped").write_all(line.as_bytes()).expect("it listens");
    assert!(child.wait().expect("it ends").success(), "tc refuses {line}");
    Ok(())
}

/// So many connections of each thread, of which nothing is left but TIME-WAIT.
fn connect(count: u64) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(move || {
                let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
                for _ in 0..count {
                    let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("a connection");
                    let (server, _) = listener.accept().expect("a connection");
                    drop(client);
                    drop(server);
                }
            });
        }
    });
}

/// What was told of connections.
#[derive(Default)]
struct Heard {
    changes: BTreeSet<(u64, u8, u8)>,
    opened: u64,
    accepted: u64,
    closed: u64,
}

impl Heard {
    fn take(&mut self, event: &Event<'_>) {
        let Event::State(change) = event else { panic!("only changes of state were asked for") };
        let (cookie, old, new) = (change.socket.cookie, change.old_state, change.new_state);
        self.opened += u64::from(new == SYN_SENT);
        self.accepted += u64::from((old, new) == (SYN_RECV, ESTABLISHED));
        // The listeners' ends are none of these.
        self.closed += u64::from(new == CLOSE && change.socket.peer.port != 0);
        // Up to Linux 6.12 a copy of a listener begins with the listener's cookie.
        assert!(self.changes.insert((cookie, old, new)) || new == SYN_RECV, "told twice: {cookie}, {old} to {new}");
    }
}

/// All changes of state, with room for them.
fn all() -> EventOptions {
    EventOptions { new_states: u32::MAX, ring_bytes: 32 << 20, ..nothing() }
}

#[test]
fn what_a_packet_changes_in_the_middle_of_the_program_is_told_once() {
    in_namespace(|_| {
        let mut events = open(&all())?;
        slow_down()?;
        let (mut heard, mut connections) = (Heard::default(), 0);
        for round in 1.. {
            connect(CONNECTIONS);
            connections += THREADS * CONNECTIONS;
            until(&mut events, |event| {
                if let Some(event) = event {
                    heard.take(event);
                }
                heard.closed >= 2 * connections
            });
            assert_eq!((heard.opened, heard.accepted, heard.closed), (connections, connections, 2 * connections));
            // Before, the kernel ran a program also in the middle of itself.
            if events.caught(EventKind::State) > 0 || !kernel_is_since(6, 2) {
                break;
            }
            assert!(round < ROUNDS_MAX, "no packet came in the middle of a program");
        }
        Ok(())
    });
}

/// Changes of state that one connection makes, of both its ends; the copy of the listener is not among them.
const CHANGES_EACH: u64 = 9;
/// Connections after which nobody expects an interrupt any more: more than a hundred thousand changes, twice as many as it takes.
const QUIET: u64 = 3000;

#[test]
fn what_is_missed_after_a_long_time_without_an_interrupt_is_counted_exactly() {
    in_namespace(|_| {
        if !kernel_is_since(6, 2) {
            let reason = "the kernel runs a program also in the middle of itself (before 6.2), and misses none";
            return Err(Skip::new("bpf:nested", reason));
        }
        let mut events = open(&all())?;
        let mut count = Count::default();
        for _ in 0..4 {
            connect(QUIET / 4);
            count.connections += THREADS * QUIET / 4;
            count.read(&mut events);
        }
        assert!(count.told > 100_000, "{}", count.told);
        slow_down()?;
        for round in 1.. {
            connect(CONNECTIONS);
            count.connections += THREADS * CONNECTIONS;
            count.read(&mut events);
            // One is lost, unless it came between the last look and the next; those that come after it are told.
            if events.caught(EventKind::State) > 0 {
                break;
            }
            assert!(round < ROUNDS_MAX, "no packet came in the middle of a program");
        }
        Ok(())
    });
}

#[derive(Default)]
struct Count {
    connections: u64,
    told: u64,
}

impl Count {
    /// Reads until all that was made was told, or is said to be lost.
    fn read(&mut self, events: &mut SocketEvents) {
        // Each listener begins and ends.
        let began = std::time::Instant::now();
        loop {
            let told = &mut self.told;
            events.read(&mut |event| {
                let Event::State(change) = event else { panic!("only changes of state were asked for") };
                *told += u64::from(change.socket.peer.port != 0 && change.new_state != SYN_RECV);
            });
            let lost = events.lost(EventKind::State);
            let (heard, made) = (self.told + lost, self.connections * CHANGES_EACH);
            if heard >= made {
                // What was lost may have been of a listener.
                assert!(heard <= made + lost, "{} told, {lost} lost, {made} made", self.told);
                return;
            }
            assert!(began.elapsed() < *PATIENCE, "{} told, {lost} lost, {made} made", self.told);
            thread::yield_now();
        }
    }
}
