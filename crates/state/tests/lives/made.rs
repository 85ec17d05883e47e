//! Messages as the kernel would send them, and what the engine tells of them.

use std::net::SocketAddr;
use std::time::Duration;

use sockeye_state::lives::{Actor, End, Happening, Known, Lives, Protocol, Reason, Told, Totals, Transition};
use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;

/// What was told, short enough to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Event(u64, Happening, Known, bool),
    Closed(u64, Known, End, bool),
    Gap(Reason, Option<u64>),
    Synced,
}

/// Hears everything.
pub(crate) fn hear(into: &mut Vec<Heard>) -> impl FnMut(Told<'_>) + '_ {
    |told| {
        into.push(match told {
            Told::Event(event) if event.happening == Happening::Closed => {
                let end = event.life.end.expect("an end has a reason");
                assert_eq!(event.life.ended, Some(event.at));
                Heard::Closed(event.life.cookie, event.life.known, end, event.resync)
            }
            Told::Event(event) => Heard::Event(event.life.cookie, event.happening, event.life.known, event.resync),
            Told::Gap(gap) => Heard::Gap(gap.reason, gap.lost),
            Told::Synced(_) => Heard::Synced,
            other => panic!("{other:?}"),
        });
    }
}

/// A small generator of numbers: splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: impl ExactSizeIterator<Item = T>) -> Option<T> {
        let mut all = all;
        let count = u64::try_from(all.len()).expect("small");
        (count > 0).then(|| all.nth(usize::try_from(self.below(count)).expect("small")))?
    }
}

/// The first seed with which a run fails, and how.
pub(crate) fn first_failure(
    runs: u64,
    run: impl Fn(u64) -> Result<(), String> + Copy + Send + 'static,
) -> Option<(u64, String)> {
    const THREADS: u64 = 4;
    let threads: Vec<_> = (0..THREADS)
        .map(|part| {
            let mut seeds = runs * part / THREADS..runs * (part + 1) / THREADS;
            std::thread::spawn(move || seeds.find_map(|seed| run(seed).err().map(|error| (seed, error))))
        })
        .collect();
    threads.into_iter().filter_map(|thread| thread.join().expect("a run panics")).min()
}

pub(crate) const fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn end(text: &str) -> SocketAddr {
    text.parse().expect("an address with a port")
}

/// The local end of the socket with a cookie.
pub(crate) fn local(cookie: u64) -> SocketAddr {
    SocketAddr::new([10, 1, 2, 3].into(), 20_000 + u16::try_from(cookie % 10_000).expect("small"))
}

/// `INET_DIAG_INFO` with these fields.
pub(crate) fn info(fields: &[(&str, u64)]) -> Vec<u8> {
    let mut bytes = vec![0; 280];
    for (name, value) in fields {
        let field = TcpInfo::LAYOUT.fields.iter().find(|field| field.name == *name).expect("a field of tcp_info");
        let size = field.holds.size();
        let value = value.to_ne_bytes();
        let low = if cfg!(target_endian = "little") { &value[..size] } else { &value[8 - size..] };
        bytes[field.offset..field.offset + size].copy_from_slice(low);
    }
    let mut attribute = [284_u16.to_ne_bytes(), 2_u16.to_ne_bytes()].concat();
    attribute.extend(bytes);
    attribute
}

/// A row of a dump, with a uid and an inode.
pub(crate) fn row(cookie: u64, state: State, fields: &[(&str, u64)]) -> Vec<u8> {
    let mut message = bare::message(state, local(cookie), end("10.9.8.7:443"), cookie).to_vec();
    message[64..68].copy_from_slice(&4321_u32.to_ne_bytes());
    message[68..72].copy_from_slice(&(70_000 + u32::try_from(cookie).expect("small")).to_ne_bytes());
    message.extend(info(fields));
    message
}

/// What the kernel says of a destroyed socket: its ends, its counters, no uid, no inode.
pub(crate) fn destroyed(cookie: u64, fields: &[(&str, u64)]) -> Vec<u8> {
    let mut message = bare::message(State::Unconnected, local(cookie), end("10.9.8.7:443"), cookie).to_vec();
    message.extend(info(fields));
    message
}

/// The same of one that was taken apart first.
pub(crate) fn disconnected(cookie: u64) -> Vec<u8> {
    let from = SocketAddr::new([0, 0, 0, 0].into(), local(cookie).port());
    let mut message = bare::message(State::Unconnected, from, end("10.9.8.7:0"), cookie).to_vec();
    message.extend(info(&[]));
    message
}

/// The same of one whose own address the program had chosen.
pub(crate) fn disconnected_and_bound(cookie: u64) -> Vec<u8> {
    let mut message = disconnected(cookie);
    message[8..12].copy_from_slice(&[10, 1, 2, 3]);
    message
}

pub(crate) fn transition(cookie: u64, at_ms: u64, old: State, new: State) -> Transition {
    Transition {
        at: at(at_ms),
        cookie,
        old,
        new,
        local: local(cookie).ip(),
        local_port: local(cookie).port(),
        peer: [10, 9, 8, 7].into(),
        peer_port: 443,
        actor: Some(Actor { pid: 4711, comm: *b"curl\0\0\0\0\0\0\0\0\0\0\0\0" }),
        inode: None,
        is_orphaned: true,
        is_done: false,
        is_all_acked: None,
        cgroup: Some(99),
        error: Some(0),
        totals: Totals::default(),
    }
}

/// A round of dumps with these rows.
pub(crate) fn round(lives: &mut Lives, at_ms: u64, rows: &[Vec<u8>], heard: &mut Vec<Heard>) {
    lives.begin_round(&[Protocol::Tcp], at(at_ms));
    for row in rows {
        lives.row(Protocol::Tcp, row, at(at_ms + 1), &mut hear(heard));
    }
    lives.end_round(true, at(at_ms + 2), &mut hear(heard));
}
