//! What the kernel tells everybody of one network namespace's sockets: dumps, and messages about those destroyed.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use sockeye_conn::{Buffer, Error, Namespace, Socket};
use sockeye_state::lives::{Incident, Lives, Protocol, Reason, Time, Told, Transition};
use sockeye_state::{Dump, Received, Step};
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP, InetQuestion, InetSocket};
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::{Kind, Messages, Scalar};

use super::now;
use super::own_addresses::OwnAddresses;
use crate::sockets::listing;

/// Groups of sock_diag that tell of destroyed TCP and UDP sockets (include/uapi/linux/sock_diag.h,
/// `enum sknetlink_groups`), and the protocol of each.
const GROUPS: [(Protocol, u32); 4] = [(Protocol::Tcp, 1), (Protocol::Udp, 2), (Protocol::Tcp, 3), (Protocol::Udp, 4)];
/// Messages that are read at one go before something else has its turn.
const TURN: usize = 10_000;
/// What is always asked for: `INET_DIAG_INFO`, `INET_DIAG_CONG`, `INET_DIAG_SKMEMINFO`, bit `n - 1` for extension `n`.
pub(crate) const EXTENSIONS: u8 = 1 << 1 | 1 << 3 | 1 << 6;
/// Not a socket any more, or not yet one.
const NO_SOCKETS: u32 = State::TimeWait.mask() | State::SynReceived.mask();
/// Dumps take no more than one part in so many of the time, whatever interval was asked for.
const REST: u32 = 3;
/// Time after which a round is repeated that concluded nothing, at least; twice as long after each failure, up to the
/// interval.
const RETRY: Duration = Duration::from_millis(50);
/// The shortest interval that goes from the beginning of a round to that of the next. A shorter one goes from the end: rows of two
/// rounds are never nearer to each other than was asked for, and of less than 200 ms nothing is judged.
const PERIOD_MIN: Duration = Duration::from_millis(500);
/// Time between two looks at whether what was told during a dump is heard by now.
const HEARS_EVERY: Duration = Duration::from_millis(5);
/// Turns of reading after a dump before it concludes nothing: its rows are older than what is unread.
const LAST_TURNS: usize = 10;

/// The dumps of a round. TCP's old request walks both address families at once.
const DUMPS: [(Protocol, u16, u8); 3] =
    [(Protocol::Tcp, IPPROTO_TCP, 0), (Protocol::Udp, IPPROTO_UDP, AF_INET), (Protocol::Udp, IPPROTO_UDP, AF_INET6)];

/// Where what is known of TCP comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tcp {
    /// Dumps and messages about destroyed sockets.
    Asked,
    /// Changes come from elsewhere as they happen; dumps where something is not known.
    Told,
    /// The same, and every round dumps it for its counters.
    ToldAndAsked,
}

/// What a feed is to follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Time between rounds of dumps.
    pub(crate) interval: Duration,
    /// Bytes of messages that may wait.
    pub(crate) receive_buffer: usize,
    /// Where what is known of TCP comes from.
    pub(crate) tcp: Tcp,
    /// To which states, a bit for each, changes of TCP come from elsewhere, where they do.
    pub(crate) told_states: u32,
    /// What goes wrong is told of too.
    pub(crate) incidents: bool,
    /// UDP sockets are followed too.
    pub(crate) udp: bool,
    /// Extensions that are asked for beside those that always are.
    pub(crate) extensions: u8,
}

/// The dumps of a round.
#[derive(Clone, Copy)]
struct Dumped {
    /// What was asked for.
    extensions: u8,
    whole: bool,
    began: Time,
    ended: Time,
}

/// One network namespace.
pub(crate) struct Feed {
    pub(crate) lives: Lives,
    options: Options,
    /// Bytes that the kernel gives to messages that wait: twice what was asked for, where that is allowed.
    pub(crate) receive_buffer: usize,
    events: Socket,
    dumps: Socket,
    /// The addresses of the namespace, where what goes wrong is told of.
    own: Option<OwnAddresses>,
    event_buffer: Buffer,
    dump_buffer: Buffer,
    /// The drop counter as it was told of last.
    drops: Option<u32>,
    /// The kernel drops messages until the queue is empty, and how many is known by then. Since when.
    overrun: Option<Time>,
    /// When nothing was unread for the last time.
    read_up: Time,
    /// When the next round is due.
    due: Time,
    /// When the last round was long enough ago.
    rested: Time,
    /// Rounds in a row that were not whole.
    failures: u32,
    /// Dumps that are over, and of which nothing is concluded until the transitions are heard that waited meanwhile.
    dumped: Option<Dumped>,
    /// Transitions were read up to here.
    heard_until: Time,
    /// What the last round took.
    pub(crate) cost: Duration,
    pub(crate) rounds: u64,
}

impl Feed {
    /// Subscribes. What is there is asked for by the first [`advance`](Self::advance).
    pub(crate) fn open(namespace: Option<&Namespace>, options: Options) -> Result<Self, Error> {
        let mut events = listing::open(namespace)?;
        let receive_buffer = events.set_receive_buffer(options.receive_buffer)?;
        for (protocol, group) in GROUPS {
            let wanted = if protocol == Protocol::Tcp { options.tcp == Tcp::Asked } else { options.udp };
            if wanted {
                events.join(group)?;
            }
        }
        let dumps = listing::open(namespace)?;
        let (drops, at) = (events.drops(), now());
        Ok(Self {
            lives: Lives::new(options.tcp != Tcp::Asked)
                .with_told_states(options.told_states)
                .with_incidents(options.incidents),
            options,
            receive_buffer,
            events,
            dumps,
            own: options.incidents.then(|| OwnAddresses::open(namespace)).transpose()?,
            event_buffer: Buffer::new(),
            dump_buffer: Buffer::new(),
            drops,
            overrun: None,
            read_up: at,
            due: at,
            rested: at,
            failures: 0,
            dumped: None,
            heard_until: Time::ZERO,
            cost: Duration::ZERO,
            rounds: 0,
        })
    }

    /// The cookie of the network namespace, where this kernel says it.
    pub(crate) fn netns_cookie(&self) -> Option<u64> {
        self.events.namespace_cookie()
    }

    /// When there is something to do that nothing wakes for.
    pub(crate) fn due(&self) -> Time {
        self.due
    }

    /// Reads what waits, and asks for what there is where it is time to.
    pub(crate) fn advance(&mut self, tell: &mut dyn FnMut(Told<'_>)) -> Result<(), Error> {
        self.advance_beside(tell, &mut |_| {})
    }

    /// The same, with something else to do between two datagrams of a dump: a round of many sockets takes a while.
    pub(crate) fn advance_beside(
        &mut self,
        tell: &mut dyn FnMut(Told<'_>),
        beside: &mut dyn FnMut(&Lives),
    ) -> Result<(), Error> {
        let drained = self.read(tell)?;
        if let Some(dumped) = self.dumped {
            if self.heard_until >= dumped.ended {
                self.dumped = None;
                self.conclude(dumped, tell);
            } else {
                self.due = now() + HEARS_EVERY;
            }
        // Of a queue that is not read up a dump would be older than what waits.
        } else if now() >= self.due && drained {
            self.round(tell, beside)?;
        }
        Ok(())
    }

    /// Every transition up to this moment was handed to [`Self::transition`].
    pub(crate) fn heard_until(&mut self, at: Time) {
        self.heard_until = at;
    }

    /// Takes a change of a TCP socket of this namespace.
    pub(crate) fn transition(&mut self, change: &Transition, tell: &mut dyn FnMut(Told<'_>)) {
        let was_synced = self.lives.is_synced();
        self.lives.transition(change, tell);
        if was_synced && !self.lives.is_synced() {
            self.due = self.rested;
        }
    }

    /// Takes something that went wrong in this namespace.
    pub(crate) fn incident(&mut self, incident: &Incident, tell: &mut dyn FnMut(Told<'_>)) {
        // A dropped packet that is on its way through is for nobody here, though somebody may listen at that port.
        if self.own.as_mut().is_none_or(|own| own.has(incident.local.ip())) {
            self.lives.incident(incident, tell);
        } else {
            self.lives.incident_elsewhere(incident, tell);
        }
    }

    /// Asks for other extensions beside those that always are, from the next round on: soon, if one is new.
    pub(crate) fn ask(&mut self, extensions: u8) {
        if extensions & !(EXTENSIONS | self.options.extensions) != 0 {
            self.due = self.rested;
        }
        self.options.extensions = extensions;
    }

    /// Whether a round is under way, which asks for what was to be asked for when it began.
    pub(crate) fn is_under_way(&self) -> bool {
        self.dumped.is_some()
    }

    /// Whether what is known is what there is, as far as was read.
    pub(crate) fn is_synced(&self) -> bool {
        self.overrun.is_none() && self.lives.is_synced()
    }

    /// Tells the engine of a loss that somebody else met, and asks again soon.
    pub(crate) fn lost(&mut self, reason: Reason, lost: Option<u64>, since: Time, tell: &mut dyn FnMut(Told<'_>)) {
        self.lives.lost(reason, lost, since, tell);
        self.due = self.rested;
    }

    /// Reads what the kernel tells of destroyed sockets. `true`: nothing is unread.
    fn read(&mut self, tell: &mut dyn FnMut(Told<'_>)) -> Result<bool, Error> {
        for _ in 0..TURN {
            match self.events.try_receive(&mut self.event_buffer)? {
                Received::Datagram(datagram) if datagram.sender == 0 => {
                    let at = now();
                    for message in Messages::new(datagram.bytes).map_while(Result::ok) {
                        if !matches!(message.kind(), Kind::Data(_)) {
                            continue;
                        }
                        let Some(protocol) = protocol_of(message.payload()) else { continue };
                        self.lives.destroyed(protocol, message.payload(), at, tell);
                    }
                }
                Received::Overrun => {
                    self.overrun.get_or_insert(self.read_up);
                }
                Received::Empty => {
                    if let Some(since) = self.overrun.take() {
                        let drops = self.events.drops();
                        let lost = self.drops.zip(drops).map(|(before, now)| u64::from(now.wrapping_sub(before)));
                        self.drops = drops;
                        self.lost(Reason::Overrun, lost.filter(|&lost| lost > 0), since, tell);
                    }
                    self.read_up = now();
                    return Ok(true);
                }
                _ => {}
            }
        }
        Ok(false)
    }

    fn round(&mut self, tell: &mut dyn FnMut(Told<'_>), beside: &mut dyn FnMut(&Lives)) -> Result<(), Error> {
        let began = now();
        // What is told as it happens has to be asked for only where something is not known.
        let tcp = self.options.tcp != Tcp::Told || !self.lives.is_synced();
        let wanted = [(Protocol::Tcp, tcp), (Protocol::Udp, self.options.udp)];
        let wanted: Vec<_> = wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(protocol, _)| protocol).collect();
        self.lives.begin_round(&wanted, began);
        let mut whole = true;
        for (protocol, number, family) in DUMPS {
            if !wanted.contains(&protocol) {
                continue;
            }
            whole &= self.dump((protocol, number, family), tell, beside)?;
        }
        let mut turns = 0..LAST_TURNS;
        while !self.read(tell)? {
            if turns.next().is_none() {
                whole = false;
                break;
            }
        }
        let dumped = Dumped { extensions: self.options.extensions, whole, began, ended: now() };
        if self.options.tcp != Tcp::Asked && tcp {
            self.dumped = Some(dumped);
            self.due = now() + HEARS_EVERY;
        } else {
            self.conclude(dumped, tell);
        }
        Ok(())
    }

    fn conclude(&mut self, Dumped { extensions, whole, began, ended }: Dumped, tell: &mut dyn FnMut(Told<'_>)) {
        self.lives.end_round(whole, ended, tell);
        self.cost = ended.saturating_sub(began);
        self.rounds += 1;
        self.failures = if whole { 0 } else { self.failures.saturating_add(1) };
        let interval = self.options.interval;
        let retry = RETRY.saturating_mul(1 << self.failures.min(16)).min(interval.max(RETRY));
        let wait = if self.lives.is_synced() { interval } else { retry };
        self.rested = ended + self.cost * REST;
        // From beginning to beginning, so that an interval is one, also where a round takes a part of it.
        let is_period = self.lives.is_synced() && interval >= PERIOD_MIN;
        self.due = self.rested.max(if is_period { began + interval } else { ended + wait });
        // Somebody waits for what was wanted meanwhile.
        if self.options.extensions & !extensions != 0 {
            self.due = self.rested;
        }
        let asks_on = self.options.tcp != Tcp::Told || self.options.udp;
        if !asks_on && self.lives.is_synced() {
            self.due = Time::MAX;
        }
    }

    /// One dump, during which notifications go on being read. `true`: it was whole, or the kernel has no such sockets.
    fn dump(
        &mut self,
        (protocol, number, family): (Protocol, u16, u8),
        tell: &mut dyn FnMut(Told<'_>),
        beside: &mut dyn FnMut(&Lives),
    ) -> Result<bool, Error> {
        let question = InetQuestion {
            family,
            protocol: number,
            extensions: EXTENSIONS | self.options.extensions,
            states: !NO_SOCKETS,
            bytecode: &[],
            bpf_storages: false,
        };
        let mut dump = Dump::new(self.dumps.send(question.dump())?);
        loop {
            let received = self.dumps.receive(&mut self.dump_buffer)?;
            let at = now();
            let lives = &mut self.lives;
            let step = dump.handle(received, |message| lives.row(protocol, message.payload(), at, tell));
            if step == Step::Ended {
                break;
            }
            self.read(tell)?;
            beside(&self.lives);
        }
        let conclusion = dump.into_conclusion();
        // ENOENT: this kernel has no such family.
        let lacks = conclusion.messages == 0 && conclusion.refusal.as_ref().is_some_and(|refusal| refusal.errno == 2);
        Ok(lacks || conclusion.is_whole())
    }
}

impl AsFd for Feed {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

/// The protocol of a socket that was destroyed stands in an attribute.
fn protocol_of(payload: &[u8]) -> Option<Protocol> {
    let socket = InetSocket::read(payload).ok()?;
    let number = Scalar::U8.read(socket.attributes.protocol()?, 0)?;
    match u16::try_from(number).ok()? {
        IPPROTO_TCP => Some(Protocol::Tcp),
        IPPROTO_UDP => Some(Protocol::Udp),
        _ => None,
    }
}
