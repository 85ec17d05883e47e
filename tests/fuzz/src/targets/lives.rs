//! The engine of the lives of sockets: rounds of dumps, ends, transitions, incidents and losses in any order.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::sync::Arc;

use sockeye_query::sockets::Table;
use sockeye_state::Received;
use sockeye_state::capture::{Entry, Record};
use sockeye_state::lives::cause::evidence;
use sockeye_state::lives::{
    Actor, Direction, Event, Happening, Incident, Judgement, Life, Lives, Met, Protocol, Reason, Told, Totals,
    Transition, Trouble, causes,
};
use sockeye_wire::Messages;
use sockeye_wire::sock_diag::inet::IPPROTO_TCP;
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
/// Beginnings, ends and sums of rounds, and losses.
const ROUNDS: u16 = 4;
/// Kinds of these.
const ROUND_KINDS: u8 = 7;
/// Transitions.
const TRANSITIONS: u16 = 5;
/// What goes wrong.
const INCIDENTS: u16 = 6;
/// How many there are.
const CHANNELS: u16 = 7;
/// Bytes of a transition: cookie, states, family, ports, addresses, error, who, control group, nine totals.
const TRANSITION_LEN: usize = 160;
/// Bytes of an incident: cookie, what, state, what is told, protocol, time, ports, addresses.
const INCIDENT_LEN: usize = 56;
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
            let mut step = match random.below(9) {
                0..3 => Step::datagram(ROWS + of_protocol, changed(socket, random).bytes()),
                3 => Step::datagram(DESTROYED + of_protocol, changed(socket, random).bytes()),
                4 | 5 => Step::other(ROUNDS, random.byte() % ROUND_KINDS, Vec::new()),
                6 => Step::other(INCIDENTS, 0, incident_of(socket, random)),
                _ => Step::other(TRANSITIONS, 0, body_of(socket, TRANSITION_LEN, random)),
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
        // Of rounds, incidents and losses nothing is kept.
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

/// Something about this socket, of so many bytes.
fn body_of(socket: &Document, length: usize, random: &mut Random) -> Vec<u8> {
    let mut body: Vec<u8> = (0..length).map(|_| random.byte()).collect();
    if let Some(cookie) = socket.messages.first().and_then(|message| message.head.get(44..52)) {
        body[..8].copy_from_slice(cookie);
    }
    body
}

/// Something that goes wrong with this socket, or with a packet for it or whoever listens there.
fn incident_of(socket: &Document, random: &mut Random) -> Vec<u8> {
    // Where a body has what is told, and its own end.
    const TOLD: usize = 10;
    const LOCAL: usize = 13;
    let mut body = body_of(socket, INCIDENT_LEN, random);
    let head = socket.messages.first().and_then(|message| message.head.get(..24)).filter(|_| random.one_in(2));
    if let Some(head) = head {
        body[TOLD] = body[TOLD] & !1 | u8::from(head[0] == 2);
        body[LOCAL..LOCAL + 2].copy_from_slice(&[head[5], head[4]]);
        body[LOCAL + 2..LOCAL + 18].copy_from_slice(&head[8..24]);
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
    let short = |number: Option<u64>| number.and_then(|number| u32::try_from(number & u64::from(u32::MAX)).ok());
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
            retransmissions: short(total()),
            segs_in: short(total()),
            segs_out: short(total()),
            rtt_us: short(total()),
            min_rtt_us: short(total()),
        },
    }
}

/// Something that went wrong, now or up to four seconds ago.
fn incident(body: &[u8], now: Duration) -> Incident {
    const TROUBLES: [Trouble; 4] = [Trouble::Retransmit, Trouble::Reset, Trouble::Drop, Trouble::Error];
    let mut numbers = Numbers(body);
    let cookie = numbers.wide();
    let (trouble, state) = (TROUBLES[usize::from(numbers.byte() % 4)], numbers.byte() % 14);
    let (told, protocol, before) = (numbers.byte(), numbers.byte(), numbers.byte());
    let has = |bit: u8| told & 1 << bit != 0;
    let [local, peer] = [(); 2].map(|()| {
        let port = u16::from_le_bytes(numbers.take());
        SocketAddr::new(numbers.address(has(0)), port)
    });
    let name = |is_told: bool| is_told.then(|| Arc::from("NOT_SPECIFIED"));
    Incident {
        at: now.saturating_sub(Duration::from_millis(u64::from(before) * 16)),
        trouble,
        // One packet in four is of no socket.
        cookie: (has(1) || has(2)).then_some(cookie),
        protocol: has(3).then(|| if has(4) { IPPROTO_TCP } else { u16::from(protocol) }),
        state: has(5).then(|| State::from_number(state)),
        local,
        peer,
        cgroup: has(6).then_some(cookie),
        direction: has(2).then(|| if has(7) { Direction::Sent } else { Direction::Received }),
        reason: name(has(5)),
        location: name(has(6)),
        segments: has(4).then_some(protocol.into()),
        totals: Totals { bytes_sent: has(7).then_some(cookie), ..Totals::default() },
        error: has(7).then_some(protocol.into()),
    }
}

/// Runs a script. Whether anything was told of a socket.
fn run(input: &[u8]) -> bool {
    let Some(reader) = script::read(input) else { return false };
    let bits = reader.about().start_ns;
    let mut lives = Lives::new(bits & 1 != 0).with_incidents(bits & 2 != 0);
    if bits & 4 != 0 {
        lives = lives.with_told_states(u32::from_le_bytes([bits.to_le_bytes()[1], bits.to_le_bytes()[2], 0, 0]));
    }
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
        Record::Unknown { body, .. } if channel == INCIDENTS => meet(lives, &incident(body, now), tell),
        Record::Unknown { kind, .. } => match kind % ROUND_KINDS {
            0 => lives.begin_round(&[Protocol::Tcp, Protocol::Udp], now),
            1 => lives.begin_round(&[Protocol::Tcp], now),
            2 | 3 => lives.end_round(true, now, tell),
            4 => lives.end_round(false, now, tell),
            5 => lives.summed_up(),
            _ => lives.lost(Reason::Ring, Some(7), now, tell),
        },
        _ => {}
    }
}

/// Something goes wrong, which is told once and last: a row that waited may be told of first.
fn meet(lives: &mut Lives, incident: &Incident, tell: &mut dyn FnMut(Told<'_>)) {
    let (len, mut met) = (lives.len(), None);
    lives.incident(incident, &mut |told| {
        assert!(met.is_none(), "{told:?} behind {incident:?}");
        if let Told::Incident(Met { incident: told, socket, listener, .. }) = &told {
            assert_eq!(*told, incident);
            met = Some((socket.map(|(life, _)| (life.cookie, life.ended)), listener.is_some()));
        }
        tell(told);
    });
    let Some((socket, has_listener)) = met else { panic!("nothing was told of {incident:?}") };
    assert!(lives.len() == len || lives.len() == len + 1 && socket.is_some(), "{len} sockets, {} now", lives.len());
    let alive = incident.cookie.and_then(|cookie| lives.get(cookie));
    assert_eq!(alive.is_some(), socket.is_some_and(|(_, ended)| ended.is_none()), "{incident:?} of {socket:?}");
    assert!(socket.is_none_or(|(cookie, _)| Some(cookie) == incident.cookie), "{incident:?} of {socket:?}");
    let may_have_listener = incident.protocol == Some(IPPROTO_TCP) && incident.direction != Some(Direction::Sent);
    assert!(!has_listener || may_have_listener && socket.is_none(), "{incident:?} came to a listener");
}

/// Looks at what is told, as whoever shows it does. Whether it is about a socket.
fn look(told: &Told<'_>, now: Duration) -> bool {
    let event = match told {
        Told::Event(event) => event,
        Told::Incident(met) => {
            let kept = met.keep();
            let again = kept.met();
            assert_eq!(again.incident, met.incident);
            assert_eq!(again.listener, met.listener);
            let Some((life, message)) = met.socket else { return false };
            judge(life, message, now);
            assert_eq!(again.socket.map(|(_, message)| message), Some(message));
            return true;
        }
        _ => return false,
    };
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
mod tests;
