//! The engine of `sockeye_state` on two real sockets: one that hears events, one that dumps.

mod event;
#[cfg(feature = "tokio")]
mod tokio;

pub use event::{Changed, Event, Events};

#[cfg(feature = "tokio")]
pub use self::tokio::AsyncWatcher;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sockeye_state::Received;
use sockeye_state::watch::{Options, Output, Want, Watch};

use crate::buffer::Buffer;
use crate::error::{Error, Operation};
use crate::event_filter::EventFilter;
use crate::namespace::Namespace;
use crate::socket::{Protocol, Socket};

/// Bytes of events that may wait where nothing else is asked for: some 10 000 routes, and it costs nothing while
/// they do not.
pub const RECEIVE_BUFFER: usize = 8 * 1024 * 1024;

/// Datagrams of events that are read before the engine is asked again.
const BATCH: usize = 256;

/// Time after which [`Watcher::advance`] returns although there is more to do: the events of a kernel that is busy may
/// never end, and the caller has a signal to look at, lines to write, other namespaces to follow.
const TURN: Duration = Duration::from_millis(100);

/// Follows the tables of one network namespace.
///
/// It never waits by itself: poll its file descriptor ([`AsFd`]), then call [`Watcher::advance`]; or let
/// [`Watcher::wait`] do both.
///
/// ```no_run
/// use sockeye_conn::Watcher;
/// use sockeye_state::rtnetlink::Tables;
/// use sockeye_state::watch::{Options, Output};
/// use sockeye_wire::rtnetlink::Table;
///
/// let mut watcher = Watcher::open(None, Options::new(Tables::one(Table::Routes)))?;
/// loop {
///     watcher.wait(None, &mut |output| {
///         if let Output::Change(change) = output {
///             println!("{:?} {:?}", change.verb, change.table);
///         }
///     })?;
/// }
/// # #[allow(unreachable_code)]
/// # Ok::<(), sockeye_conn::Error>(())
/// ```
#[derive(Debug)]
pub struct Watcher {
    engine: Watch,
    namespace: Option<Namespace>,
    events: Socket,
    dumps: Socket,
    buffer: Buffer,
    began: Instant,
    /// When the engine wants to be asked again, events or not.
    until: Option<Duration>,
    /// The drop counter as it was read last, and how often it has wrapped.
    drops: (u32, u64),
    receive_buffer: usize,
    /// The kernel takes filters.
    filters: bool,
}

impl Watcher {
    /// Begins to follow these tables in a namespace, or in this thread's. Nothing is lost from here on.
    pub fn open(namespace: Option<Namespace>, options: Options) -> Result<Self, Error> {
        Self::with_receive_buffer(namespace, options, RECEIVE_BUFFER)
    }

    /// The same, with room for so many bytes of events.
    pub fn with_receive_buffer(namespace: Option<Namespace>, options: Options, bytes: usize) -> Result<Self, Error> {
        let mut options = options;
        if options.seed == 0 {
            options.seed = seed();
        }
        let engine = Watch::new(options);
        let mut events = open(namespace.as_ref())?;
        // A smaller buffer than was asked for loses more, and says so when it does.
        let receive_buffer = events.set_receive_buffer(bytes).unwrap_or(0);
        // Before the first group is joined, so that nothing unwanted is queued. Without it more is lost, and said so.
        let filters = EventFilter::of(&engine).is_none_or(|filter| events.attach_filter(&filter.program()).is_ok());
        for group in engine.groups() {
            match events.join(group) {
                // Older kernels have fewer groups; the audit finds what they do not tell.
                Err(error) if error.source.raw_os_error() == Some(libc::EINVAL) => {}
                other => other?,
            }
        }
        let dumps = open(namespace.as_ref())?;
        Ok(Self {
            engine,
            namespace,
            events,
            dumps,
            buffer: Buffer::new(),
            began: Instant::now(),
            until: Some(Duration::ZERO),
            drops: (0, 0),
            receive_buffer,
            filters,
        })
    }

    /// The engine, for its mirrors and what is in sync.
    pub fn engine(&self) -> &Watch {
        &self.engine
    }

    /// The namespace, where it is not the one in which this was opened.
    pub fn namespace(&self) -> Option<&Namespace> {
        self.namespace.as_ref()
    }

    /// Bytes of events that the kernel lets wait.
    pub fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    /// The moment from which the engine counts its time.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// The socket that hears events: for interface names. Another filter than its own ([`EventFilter::of`]) has to let in
    /// what that lets in; where only some interfaces are followed ([`Options::interfaces`]), its own takes the place of any
    /// other again and again.
    pub fn socket(&mut self) -> &mut Socket {
        &mut self.events
    }

    /// When [`Watcher::advance`] wants to be called although nothing can be read; `None`: never.
    pub fn next_wake(&self) -> Option<Instant> {
        self.until.map(|until| self.began + until)
    }

    /// Does everything that can be done without waiting for the kernel's next event, or as much of it as a tenth of a
    /// second allows: then [`Watcher::next_wake`] is now.
    pub fn advance(&mut self, sink: &mut dyn FnMut(Output<'_>)) -> Result<(), Error> {
        let turn = self.began.elapsed() + TURN;
        loop {
            let now = self.began.elapsed();
            if now > turn {
                self.until = Some(now);
                return Ok(());
            }
            match self.engine.want(now) {
                Want::Events => self.read_events(sink)?,
                Want::Drops => {
                    let total = self.read_drops();
                    self.engine.drops(total, now, sink);
                }
                Want::Select => {
                    // One that is there and cannot be replaced would hide what is wanted now.
                    if let Some(filter) = EventFilter::of(&self.engine).filter(|_| self.filters) {
                        self.events.attach_filter(&filter.program())?;
                    }
                }
                Want::Send(request) => {
                    if self.dumps.send_as_is(&request).is_err() {
                        // As good as lost: the engine asks again, after a pause.
                        self.engine.answer(Received::Overrun, now, sink);
                    }
                }
                Want::Answer => {
                    let received = self.dumps.receive(&mut self.buffer).unwrap_or(Received::Overrun);
                    self.engine.answer(received, self.began.elapsed(), sink);
                }
                Want::Reopen => self.dumps = open(self.namespace.as_ref())?,
                Want::Wait { until } => {
                    self.until = until;
                    return Ok(());
                }
                _ => return Err(Error::new(Operation::Receive, io::Error::from(io::ErrorKind::Unsupported))),
            }
        }
    }

    /// Waits until something happens, `timeout` at most, and does what there is to do. `false`: nothing happened. A timeout of zero
    /// takes what waits already.
    pub fn wait(&mut self, timeout: Option<Duration>, sink: &mut dyn FnMut(Output<'_>)) -> Result<bool, Error> {
        let engine = self.until.map(|until| until.saturating_sub(self.began.elapsed()));
        let longest = match (engine, timeout) {
            (Some(engine), Some(timeout)) => Some(engine.min(timeout)),
            (one, other) => one.or(other),
        };
        let readable = engine != Some(Duration::ZERO) && is_readable(self.events.as_fd(), longest)?;
        let due = self.until.is_some_and(|until| until <= self.began.elapsed());
        if readable || due {
            self.advance(sink)?;
        }
        Ok(readable || due)
    }

    fn read_events(&mut self, sink: &mut dyn FnMut(Output<'_>)) -> Result<(), Error> {
        for _ in 0..BATCH {
            let received = self.events.try_receive(&mut self.buffer)?;
            let empty = matches!(received, Received::Empty);
            self.engine.event(received, self.began.elapsed(), sink);
            if empty {
                break;
            }
        }
        Ok(())
    }

    /// The drop counter, beyond the 32 bits of the kernel's.
    fn read_drops(&mut self) -> Option<u64> {
        let now = self.events.drops()?;
        let (before, wraps) = self.drops;
        self.drops = (now, wraps + u64::from(now < before));
        Some(self.drops.1 << 32 | u64::from(now))
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

/// A number that nobody can foresee: who could, might choose records that collide.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl AsRawFd for Watcher {
    fn as_raw_fd(&self) -> RawFd {
        self.events.as_fd().as_raw_fd()
    }
}

fn open(namespace: Option<&Namespace>) -> Result<Socket, Error> {
    match namespace {
        Some(namespace) => Socket::open_in(namespace, Protocol::Route),
        None => Socket::open(Protocol::Route),
    }
}

/// Whether something can be read, after so long a wait at most.
fn is_readable(fd: BorrowedFd<'_>, timeout: Option<Duration>) -> Result<bool, Error> {
    let timeout = timeout.map(|timeout| Timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    match poll(&mut fds, timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(Error::new(Operation::Receive, error)),
    }
}
