//! Packets that come by interrupt, in the middle of what a process does: what they change is told too, or counted.

use std::{
    collections::BTreeSet,
    io::Write as _,
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use sockeye_bpf::events::{Event, EventKind, EventOptions, SocketEvents};
use sockeye_zoo::{Skip, in_namespace, skip::kernel_is_since, slowness};

use crate::support::{PATIENCE, alone, await_the_end, nothing, open};

const SYN_SENT: u8 = 2;
const SYN_RECV: u8 = 3;
const ESTABLISHED: u8 = 1;
const CLOSE: u8 = 7;

/// Who connects at the same time, and how often in one round.
const THREADS: u64 = 4;
const CONNECTIONS: u64 = 250;
/// Changes of state that one connection makes, of both its ends; the copy of the listener is not among them.
const CHANGES_EACH: u64 = 9;
/// Rounds until an interrupt must have come in the middle of a program; on a quiet machine the first one has dozens.
const ROUNDS_MAX: u64 = 72;

/// Rounds after which packets are half as fast.
const ROUNDS_AT_A_RATE: u64 = 8;

/// The slowest that they are made, in kbit a second: where a processor is taken away for long, none waits for the timer otherwise.
const RATE_KBIT_MIN: u32 = 400;

/// Packets of loopback wait for a timer, whose interrupt sends them on.
fn slow_down(round: u64) -> Result<(), Skip> {
    // On a machine that is slow itself they have to be slower still, or none waits; how slow it is today shows when none did.
    let rate_kbit = ((30_000 / slowness()) >> (round / ROUNDS_AT_A_RATE).min(8)).max(RATE_KBIT_MIN);
    if !round.is_multiple_of(ROUNDS_AT_A_RATE) {
        return Ok(());
    }
    tc(&format!("qdisc replace dev lo root tbf rate {rate_kbit}kbit burst 3kb limit 10mb\n"))
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

/// What was told of one round of connections.
#[derive(Default)]
struct Round {
    changes: BTreeSet<(u64, u8, u8)>,
    opened: u64,
    accepted: u64,
    closed: u64,
    /// Changes of what has a peer.
    told: u64,
    lost: u64,
}

impl Round {
    /// Makes so many connections of each thread, and hears all of it. `None`: something was neither told nor counted, and nobody
    /// can tell on this machine.
    fn of(events: &mut SocketEvents, count: u64) -> Option<Self> {
        let lost_before = events.lost_in_all();
        connect(count);
        // What is lost may be of a listener or of its copy, and is not among what was made: the count alone is no sign of the end.
        await_the_end();
        let (mut round, made) = (Self::default(), THREADS * count * CHANGES_EACH);
        let (began, patience) =
            (Instant::now(), if hides_processes() { SHORT_PATIENCE * slowness() } else { *PATIENCE });
        loop {
            events.read(&mut |event| round.take(event));
            round.lost = events.lost_in_all() - lost_before;
            if round.told + round.lost >= made {
                // What was lost may have been of a listener.
                assert!(round.told <= made, "{} told of {made}", round.told);
                return Some(round);
            }
            if began.elapsed() > patience {
                assert!(hides_processes(), "{} told and {} lost of {made}", round.told, round.lost);
                eprintln!("{} told and {} lost of {made}: once more", round.told, round.lost);
                return None;
            }
            thread::yield_now();
        }
    }

    fn take(&mut self, event: &Event<'_>) {
        let Event::State(change) = event else { panic!("only changes of state were asked for") };
        let (cookie, old, new) = (change.socket.cookie, change.old_state, change.new_state);
        let has_peer = change.socket.peer.port != 0;
        self.opened += u64::from(new == SYN_SENT);
        self.accepted += u64::from((old, new) == (SYN_RECV, ESTABLISHED));
        self.closed += u64::from(new == CLOSE && has_peer);
        self.told += u64::from(new != SYN_RECV && has_peer);
        // Up to Linux 6.12 a copy of a listener begins with the listener's cookie.
        assert!(self.changes.insert((cookie, old, new)) || new == SYN_RECV, "told twice: {cookie}, {old} to {new}");
    }
}

/// How long to wait for what may never be told.
const SHORT_PATIENCE: Duration = Duration::from_millis(500);

/// Some machines hide who runs them even from root, and run no programs in the middle of that; packets are handled by whatever
/// process happens to run.
fn hides_processes() -> bool {
    std::fs::read_link("/proc/1/exe").is_err()
}

/// All changes of state, with room for them.
fn all() -> EventOptions {
    EventOptions { new_states: u32::MAX, ring_bytes: 32 << 20, ..nothing() }
}

#[test]
fn what_a_packet_changes_in_the_middle_of_the_program_is_told_once() {
    in_namespace(|_| {
        let mut events = open(&all())?;
        // Changes since a packet came in the middle of a program: none yet.
        let mut quiet = 0;
        for round in 0.. {
            slow_down(round)?;
            let caught_before = events.caught(EventKind::State);
            let heard = Round::of(&mut events, CONNECTIONS);
            quiet += heard.as_ref().map_or(0, |heard| heard.told);
            // After a long time without any the second program is away, and what comes first then is lost, and counted.
            let is_whole = |heard: &Round| heard.lost == 0 || quiet < QUIET_MIN;
            if let Some(heard) = heard.filter(is_whole) {
                assert_eq!(heard.lost, 0);
                let made = THREADS * CONNECTIONS;
                assert_eq!((heard.opened, heard.accepted, heard.closed), (made, made, 2 * made));
                // Before, the kernel ran a program also in the middle of itself.
                if events.caught(EventKind::State) > caught_before || !kernel_is_since(6, 2) {
                    break;
                }
            }
            assert!(round < ROUNDS_MAX, "no packet came in the middle of a program");
        }
        Ok(())
    });
}

/// Changes that the second program is there for at least, whether or not it has anything to do.
const QUIET_MIN: u64 = 40_000;

/// Connections of each thread after which nobody expects an interrupt any more: more than a hundred thousand changes, twice as many as
/// it takes.
const QUIET: u64 = 3000;

#[test]
fn what_is_missed_after_a_long_time_without_an_interrupt_is_counted_exactly() {
    in_namespace(|_| {
        if !kernel_is_since(6, 2) {
            let reason = "the kernel runs a program also in the middle of itself (before 6.2), and misses none";
            return Err(Skip::new("bpf:nested", reason));
        }
        alone();
        let mut events = open(&all())?;
        let mut told = 0;
        for round in 1.. {
            told += Round::of(&mut events, QUIET / 4).map_or(0, |round| round.told);
            if told > 100_000 {
                break;
            }
            assert!(round < ROUNDS_MAX, "{told} told");
        }
        for round in 0.. {
            slow_down(round)?;
            // One is lost, unless it came between the last look and the next; those that come after it are told.
            if Round::of(&mut events, CONNECTIONS).is_some() && events.caught(EventKind::State) > 0 {
                break;
            }
            assert!(round < ROUNDS_MAX, "no packet came in the middle of a program");
        }
        Ok(())
    });
}
