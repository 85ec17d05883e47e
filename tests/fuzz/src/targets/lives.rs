//! The engine of the lives of sockets: rounds of dumps, ends, transitions and losses in any order.

use core::net::IpAddr;
use core::time::Duration;

use sockeye_query::sockets::Table;
use sockeye_state::Received;
use sockeye_state::capture::{Entry, Record};
use sockeye_state::lives::cause::evidence;
use sockeye_state::lives::{
    Actor, Event, Happening, Judgement, Life, Lives, Protocol, Reason, Told, Totals, Transition, causes,
};
use sockeye_wire::Messages;
use sockeye_wire::sock_diag::state::State;

use crate::captures;
use crate::document::Document;
use crate::random::Random;
use crate::script::{self, Script, Step};
use crate::target::{Reader, SLACK, Target};

/// Rows of dumps; odd: of UDP.
const ROWS: u16 = 0;
/// Destroyed sockets; odd: of UDP.
const DESTROYED: u16 = 2;
/// Beginnings and ends of rounds, and losses.
const ROUNDS: u16 = 4;
/// Transitions.
const TRANSITIONS: u16 = 5;
/// How many there are.
const CHANNELS: u16 = 6;
/// Bytes of a transition: cookie, states, family, ports, addresses, error, who, control group, nine totals.
const TRANSITION_LEN: usize = 160;
/// Steps of a script before it is mutated.
const STEPS: usize = 16;
/// No machine runs longer: a century.
const NOW_MAX: Duration = Duration::from_hours(876_000);
/// What a socket is kept in, of which a message of a hundred bytes tells, or a transition: its life, its message now and a round ago,
/// its place in the store, and for a moment that of a store that grows.
const BYTES_A_SOCKET: usize = 1024;

struct Engine {
    seeds: Vec<(Protocol, Document)>,
}

/// The target. An input is a capture.
pub(super) fn make() -> Box<dyn Target> {
    let mut seeds = Vec::new();
    for (table, datagram) in captures::datagrams() {
        let protocol = match table {
            Table::Tcp => Protocol::Tcp,
            Table::Udp => Protocol::Udp,
            _ => continue,
        };
        for message in Document::read(&datagram, table.space().header_len).messages {
            seeds.push((protocol, Document { messages: vec![message] }));
        }
    }
    Box::new(Engine { seeds })
}

impl Target for Engine {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let mut script = Script { options: random.draw(), steps: Vec::new() };
        // A few sockets, to which several things happen.
        let sockets: Vec<_> = (0..3).filter_map(|_| random.pick(&self.seeds)).collect();
        script.steps.push(Step::other(ROUNDS, 0, Vec::new()));
        for _ in 0..random.below(STEPS) {
            let Some((protocol, socket)) = random.pick(&sockets) else { break };
            let of_protocol = *protocol as u16;
            let mut step = match random.below(8) {
                0..3 => Step::datagram(ROWS + of_protocol, changed(socket, random).bytes()),
                3 => Step::datagram(DESTROYED + of_protocol, changed(socket, random).bytes()),
                4 | 5 => Step::other(ROUNDS, random.byte() % 6, Vec::new()),
                _ => Step::other(TRANSITIONS, 0, transition_of(socket, random)),
            };
            step.pause_ns = random.draw() % 3_000_000_000;
            script.steps.push(step);
        }
        let donors: Vec<Document> = sockets.iter().map(|(_, socket)| socket.clone()).collect();
        if !random.one_in(4) {
            script.mutate(72, &donors, random);
        }
        script.bytes()
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(run)
    }

    fn slack(&self, input: &[u8]) -> usize {
        let Some(reader) = script::read(input) else { return SLACK };
        // Of rounds and losses nothing is kept.
        let messages = |entry: Entry<'_>| match entry.record {
            Record::Received(Received::Datagram(datagram)) => Messages::new(datagram.bytes).count(),
            Record::Unknown { .. } if entry.channel % CHANNELS == TRANSITIONS => 1,
            _ => 0,
        };
        SLACK + BYTES_A_SOCKET * reader.map_while(Result::ok).map(messages).sum::<usize>()
    }
}

/// The same socket, in another state and with other numbers.
fn changed(socket: &Document, random: &mut Random) -> Document {
    let mut changed = socket.clone();
    if let Some(state) = changed.messages.first_mut().and_then(|message| message.head.get_mut(1)) {
        *state = [*state, random.byte() % 14][random.below(2)];
    }
    if random.one_in(3) {
        crate::mutate::mutate(&mut changed, core::slice::from_ref(socket), random);
    }
    changed
}

/// A transition of this socket.
fn transition_of(socket: &Document, random: &mut Random) -> Vec<u8> {
    let mut body: Vec<u8> = (0..TRANSITION_LEN).map(|_| random.byte()).collect();
    if let Some(cookie) = socket.messages.first().and_then(|message| message.head.get(44..52)) {
        body[..8].copy_from_slice(cookie);
    }
    body
}

/// Numbers out of bytes, one after the other; nothing behind the end.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn byte(&mut self) -> u8 {
        self.take::<1>()[0]
    }

    fn wide(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let taken = self.0.split_first_chunk::<N>();
        self.0 = taken.map_or(&[], |(_, rest)| rest);
        taken.map_or([0; N], |(bytes, _)| *bytes)
    }

    fn address(&mut self, is_v4: bool) -> IpAddr {
        if is_v4 { IpAddr::from(self.take::<4>()) } else { IpAddr::from(self.take::<16>()) }
    }
}

fn transition(body: &[u8], at: Duration) -> Transition {
    let mut numbers = Numbers(body);
    let cookie = numbers.wide();
    let [old, new] = [(); 2].map(|()| State::from_number(numbers.byte() % 14));
    let told = numbers.byte();
    let has = |bit: u8| told & 1 << bit != 0;
    let ports = [(); 2].map(|()| u16::from_le_bytes(numbers.take()));
    let [local, peer] = [(); 2].map(|()| numbers.address(has(0)));
    let actor = Actor { pid: u32::from_le_bytes(numbers.take()), comm: numbers.take() };
    let error = u16::from(numbers.byte());
    let mut total = || Some(numbers.wide()).filter(|_| has(1));
    Transition {
        at,
        cookie,
        old,
        new,
        local,
        local_port: ports[0],
        peer,
        peer_port: ports[1],
        actor: has(2).then_some(actor),
        inode: has(5).then(|| u32::from(ports[0])),
        is_orphaned: has(6),
        is_done: has(7),
        is_all_acked: has(5).then(|| has(2)),
        cgroup: has(3).then_some(cookie),
        error: has(4).then_some(error),
        totals: Totals {
            bytes_sent: total(),
            bytes_acked: total(),
            bytes_received: total(),
            bytes_retrans: total(),
            retransmissions: total(),
            segs_in: total(),
            segs_out: total(),
            rtt_us: total(),
            min_rtt_us: total(),
        },
    }
}

/// Runs a script. Whether anything was told of a socket.
fn run(input: &[u8]) -> bool {
    let Some(reader) = script::read(input) else { return false };
    let bits = reader.about().start_ns;
    let mut lives = Lives::new(bits & 1 != 0);
    let (mut told, mut now) = (0_usize, Duration::from_secs(5));
    for entry in reader.map_while(Result::ok) {
        now = now.max(Duration::from_nanos(entry.after_ns)).min(NOW_MAX);
        let mut tell = |what: Told<'_>| told += usize::from(look(&what, now));
        step(&mut lives, &entry, now, &mut tell);
    }
    let (mut alive, len) = (0, lives.len());
    for (life, message) in lives.iter() {
        assert!(lives.get(life.cookie).is_some(), "a socket is found by its cookie");
        judge(life, message, now);
        alive += 1;
    }
    assert_eq!(alive, len);
    told > 0
}

fn step(lives: &mut Lives, entry: &Entry<'_>, now: Duration, tell: &mut dyn FnMut(Told<'_>)) {
    let channel = entry.channel % CHANNELS;
    let protocol = if channel & 1 == 0 { Protocol::Tcp } else { Protocol::Udp };
    match entry.record {
        Record::Received(Received::Datagram(datagram)) => {
            for message in Messages::new(datagram.bytes).map_while(Result::ok) {
                if channel < DESTROYED {
                    lives.row(protocol, message.payload(), now, tell);
                } else {
                    lives.destroyed(protocol, message.payload(), now, tell);
                }
            }
        }
        Record::Received(_) => lives.lost(Reason::Overrun, None, now, tell),
        Record::Unknown { body, .. } if channel == TRANSITIONS => lives.transition(&transition(body, now), tell),
        Record::Unknown { kind, .. } => match kind % 6 {
            0 => lives.begin_round(&[Protocol::Tcp, Protocol::Udp], now),
            1 => lives.begin_round(&[Protocol::Tcp], now),
            2 | 3 => lives.end_round(true, now, tell),
            4 => lives.end_round(false, now, tell),
            _ => lives.lost(Reason::Ring, Some(7), now, tell),
        },
        _ => {}
    }
}

/// Looks at what is told, as whoever shows it does. Whether it is about a socket.
fn look(told: &Told<'_>, now: Duration) -> bool {
    let Told::Event(event) = told else { return false };
    let Event { life, message, happening, .. } = event;
    assert!(*happening != Happening::Closed || life.ended.is_some(), "closed without an end");
    judge(life, message, now);
    let kept = event.keep();
    assert_eq!(kept.event().message, *message);
    true
}

fn judge(life: &Life, message: &[u8], now: Duration) {
    life.duration(now);
    if let Some(delta) = life.delta(message) {
        delta.rate(Some(u64::MAX));
        delta.needed_retransmissions();
    }
    if let Some((before, now, elapsed)) = life.interval(message) {
        let mut judgement = Judgement::new(before);
        let found = causes(&before, &now, elapsed);
        for cause in found.iter() {
            assert!(!evidence(cause, &before, &now, elapsed).is_empty(), "{cause:?} without evidence");
        }
        judgement.take(&found, &before, &now, elapsed);
        let judged = judgement.causes(&now);
        assert!(judged.is_empty() || !judgement.evidence(&judged, &now).is_empty(), "{judged} without evidence");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocator::most_held_by;

    /// Bytes of a row of a socket without attributes, with the header of its message.
    const ROW_LEN: usize = 16 + 72;

    /// What the engine holds at most while so many sockets are born, change and are missed.
    fn held_for(count: usize) -> usize {
        let mut row = [0; ROW_LEN - 16];
        (row[0], row[1]) = (2, 1);
        let ((), held) = most_held_by(|| {
            let (mut lives, mut tell) = (Lives::new(true), |_: Told<'_>| {});
            for seconds in [5, 6, 7] {
                let now = Duration::from_secs(seconds);
                lives.begin_round(&[Protocol::Tcp, Protocol::Udp], now);
                for cookie in (1..=count as u64).filter(|_| seconds < 7) {
                    row[44..52].copy_from_slice(&cookie.to_ne_bytes());
                    lives.row(Protocol::Tcp, &row, now, &mut tell);
                }
                lives.end_round(true, now, &mut tell);
            }
        });
        held
    }

    #[test]
    fn a_socket_is_kept_in_what_it_may_take_and_hardly_less() {
        // Of a store that has just grown is the worst.
        let counts = [100, 449, 897, 1025, 4097, 14_337, 16_385];
        let each = counts.map(|count| held_for(count).saturating_sub(4 * ROW_LEN * count) / count);
        assert!(each.iter().all(|each| *each <= BYTES_A_SOCKET), "{each:?}");
        assert!(each.iter().any(|each| *each > BYTES_A_SOCKET * 3 / 4), "{each:?}: so much is not needed");
    }

    /// The same while so many are met in a transition each.
    fn held_for_transitions(count: usize) -> usize {
        // From unconnected to SYN-SENT.
        let mut body = [0; TRANSITION_LEN];
        (body[8], body[9]) = (7, 2);
        let ((), held) = most_held_by(|| {
            let (mut lives, mut tell) = (Lives::new(true), |_: Told<'_>| {});
            for cookie in 1..=count as u64 {
                body[..8].copy_from_slice(&cookie.to_ne_bytes());
                lives.transition(&transition(&body, Duration::from_secs(5)), &mut tell);
            }
            assert_eq!(lives.len(), count);
        });
        held
    }

    #[test]
    fn a_socket_that_is_met_in_a_transition_takes_more_than_four_times_that_and_no_more_than_any_other() {
        let counts = [449, 897, 1025, 14_337, 16_385];
        let each = counts.map(|count| held_for_transitions(count).saturating_sub(4 * TRANSITION_LEN * count) / count);
        assert!(each.iter().all(|each| *each <= BYTES_A_SOCKET), "{each:?}");
        assert!(each.iter().any(|each| *each > 0), "{each:?}: nothing beyond the rule is needed");
    }
}
