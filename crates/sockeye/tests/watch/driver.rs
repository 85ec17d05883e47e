//! The engine on real sockets, with a place to meddle: before each datagram of a dump is received.

use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Gap, Options, Origin, Output, Verb, Want, Watch};
use sockeye_state::{Datagram, Received};
use sockeye_wire::rtnetlink::Table;

use crate::watching::PATIENCE;

/// Before the `n`th datagram of the answer to a request of this type.
pub(crate) type Meddle<'m> = &'m mut dyn FnMut(u16, usize);

/// What the engine said.
#[derive(Debug)]
pub(crate) enum Said {
    Change { table: Table, verb: Verb, origin: Origin, new: Option<Vec<u8>> },
    Gap(Gap),
    Synced,
}

/// What there is to do.
enum Next {
    /// Something more, at once.
    Step,
    /// Nothing until then, or until an event comes.
    Wait(Option<Duration>),
}

pub(crate) struct Driver {
    pub(crate) engine: Watch,
    pub(crate) events: Socket,
    dumps: Socket,
    buffer: Buffer,
    began: Instant,
    tables: Tables,
    asked: (u16, usize),
    answer: Vec<u8>,
    /// Bytes of the next answers that are received; the rest of a longer one is cut off.
    pub(crate) answer_len: usize,
    /// How often a dump was given up.
    pub(crate) reopened: usize,
    pub(crate) said: Vec<Said>,
}

impl Driver {
    /// Follows these tables, with a receive buffer of twice as many bytes.
    pub(crate) fn new(tables: &[Table], receive_buffer: usize) -> Self {
        let tables = tables.iter().copied().collect();
        let engine = Watch::new(Options::new(tables));
        let mut events = Socket::open(Protocol::Route).expect("a socket");
        events.set_receive_buffer(receive_buffer).expect("set");
        for group in engine.groups() {
            events.join(group).expect("everybody may");
        }
        Self {
            engine,
            events,
            dumps: Socket::open(Protocol::Route).expect("a socket"),
            buffer: Buffer::new(),
            began: Instant::now(),
            tables,
            asked: (0, 0),
            answer: vec![0; 65_536],
            answer_len: 65_536,
            reopened: 0,
            said: Vec::new(),
        }
    }

    /// Goes on until everything is in sync and nothing is due.
    pub(crate) fn settle(&mut self, meddle: Meddle<'_>) {
        /// No consequence is put off that long.
        const SOON: Duration = Duration::from_secs(20);
        let deadline = Instant::now() + *PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "never in sync: {:?}", self.said);
            let Next::Wait(until) = self.step(meddle) else { continue };
            let now = self.began.elapsed();
            let is_done = until.is_none_or(|until| until > now + SOON);
            if is_done && self.engine.synced() == self.tables && !is_readable(&self.events, Duration::from_millis(150))
            {
                return;
            }
            let left = until.map_or(SOON, |until| until.saturating_sub(now));
            is_readable(&self.events, left.min(Duration::from_millis(500)));
        }
    }

    /// Goes on for so many steps, or until it wants to wait.
    pub(crate) fn steps(&mut self, count: usize) {
        for _ in 0..count {
            if matches!(self.step(&mut |_, _| {}), Next::Wait(_)) {
                return;
            }
        }
    }

    /// The same without anybody who meddles.
    pub(crate) fn calm(&mut self) {
        self.settle(&mut |_, _| {});
    }

    /// Does what the engine wants next. [`Next::Wait`] when it wants to wait until then.
    fn step(&mut self, meddle: Meddle<'_>) -> Next {
        let now = self.began.elapsed();
        let said = &mut self.said;
        let sink = &mut |output: Output<'_>| said.extend(owned(&output));
        match self.engine.want(now) {
            Want::Events => loop {
                let received = self.events.try_receive(&mut self.buffer).expect("received");
                let is_empty = matches!(received, Received::Empty);
                self.engine.event(received, now, sink);
                if is_empty {
                    break;
                }
            },
            Want::Drops => self.engine.drops(self.events.drops().map(u64::from), now, sink),
            Want::Send(request) => {
                let bytes = request.as_bytes();
                self.asked = (u16::from_ne_bytes([bytes[4], bytes[5]]), 0);
                send(self.dumps.as_fd(), bytes, SendFlags::empty()).expect("sent");
            }
            Want::Answer => {
                self.asked.1 += 1;
                meddle(self.asked.0, self.asked.1);
                let buffer = &mut self.answer[..self.answer_len];
                let (length, whole) = recv(self.dumps.as_fd(), buffer, RecvFlags::TRUNC).expect("received");
                let datagram = Datagram::new(&self.answer[..length]).cut(whole > length);
                self.engine.answer(Received::Datagram(datagram), now, sink);
            }
            Want::Reopen => {
                self.reopened += 1;
                self.dumps = Socket::open(Protocol::Route).expect("a socket");
            }
            Want::Wait { until } => return Next::Wait(until),
            other => panic!("{other:?}"),
        }
        Next::Step
    }

    /// The records of a table.
    pub(crate) fn records(&self, table: Table) -> Vec<Vec<u8>> {
        self.engine.mirror(table).expect("it is followed").iter().map(<[u8]>::to_vec).collect()
    }

    /// The gaps that were told.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        self.said.iter().filter_map(|said| if let Said::Gap(gap) = said { Some(*gap) } else { None }).collect()
    }

    /// How many changes of a table were told so.
    pub(crate) fn count(&self, of: Table, what: Verb, how: Origin) -> usize {
        let is_it = |said: &&Said| matches!(said, Said::Change { table, verb, origin, .. } if (*table, *verb, *origin) == (of, what, how));
        self.said.iter().filter(is_it).count()
    }
}

fn owned(output: &Output<'_>) -> Option<Said> {
    Some(match output {
        Output::Change(change) => Said::Change {
            table: change.table,
            verb: change.verb,
            origin: change.origin,
            new: change.new.map(<[u8]>::to_vec),
        },
        Output::Gap(gap) => Said::Gap(*gap),
        Output::Synced(_) => Said::Synced,
        _ => return None,
    })
}

/// A socket that hears the same, and hardly loses anything: a thread does nothing but read it.
pub(crate) struct Witness {
    heard: Arc<AtomicU64>,
    enough: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Witness {
    pub(crate) fn new(groups: &[u32]) -> Self {
        let mut socket = Socket::open(Protocol::Route).expect("a socket");
        // As much as a user without privilege may have is less: then it has to be quick.
        socket.set_receive_buffer(256 << 20).expect("a big one");
        for &group in groups {
            socket.join(group).expect("everybody may");
        }
        let (heard, enough) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, end) = (Arc::clone(&heard), Arc::clone(&enough));
        let thread = std::thread::spawn(move || {
            let mut buffer = Buffer::new();
            loop {
                match socket.try_receive(&mut buffer).expect("received") {
                    Received::Datagram(_) => drop(count.fetch_add(1, Ordering::Relaxed)),
                    Received::Empty if end.load(Ordering::Relaxed) => break,
                    Received::Empty => drop(is_readable(&socket, Duration::from_millis(20))),
                    // The kernel counts what it has lost itself.
                    _ => {}
                }
            }
            count.fetch_add(socket.drops().expect("a kernel of this decade").into(), Ordering::Relaxed);
        });
        Self { heard, enough, thread: Some(thread) }
    }

    /// Datagrams that were sent up to now.
    pub(crate) fn end(mut self) -> u64 {
        self.enough.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        ended.expect("once").expect("it reads to the end");
        self.heard.load(Ordering::Relaxed)
    }
}

fn is_readable(socket: &Socket, timeout: Duration) -> bool {
    let timeout = Timespec { tv_sec: timeout.as_secs().cast_signed(), tv_nsec: timeout.subsec_nanos().into() };
    let mut fds = [PollFd::new(socket, PollFlags::IN)];
    poll(&mut fds, Some(&timeout)).expect("polled") > 0
}
