//! The dumps of a listing: run on several threads, each row decided once and handed on once.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sockeye_conn::{Buffer, Error, Namespace, Protocol, Socket};
use sockeye_query::filter::Decision;
use sockeye_query::sockets::{DumpPlan, SocketRow, Table};
use sockeye_state::{Conclusion, Dump, Received, Seen, Step};
use sockeye_wire::sock_diag::bytecode::Condition as Program;
use sockeye_wire::sock_diag::state::State;

use super::own::OWN;
use super::recorder::Recorder;
use super::replay::Tape;
use super::system::Place;
use super::view;
use crate::rows::{Row, Take};

/// One dump to be made: a plan in a namespace, perhaps a part of it.
pub(crate) struct Job<'j> {
    pub(crate) dump: &'j DumpPlan,
    /// A condition on top of the plan's own, by which a large table is cut in parts.
    pub(crate) part: Option<Program>,
    pub(crate) place: &'j Place<'j>,
    pub(crate) namespace: Option<&'j Namespace>,
    /// Who writes down what the kernel sends.
    pub(crate) recorder: Option<&'j Recorder>,
    /// What the kernel sent once, to be taken instead of asking it now.
    pub(crate) tape: Option<&'j Tape<'j>>,
}

/// Where a dump comes from. Behind it, live and replayed dumps go the same way.
enum Line<'j> {
    Kernel(Socket),
    Tape(std::slice::Iter<'j, Received<'j>>),
}

impl<'j> Line<'j> {
    /// Asks, and returns the sequence number of the answers.
    fn ask(job: &Job<'j>, plan: &DumpPlan) -> Result<(Self, u32), Error> {
        if let Some(tape) = job.tape {
            return Ok((Self::Tape(tape.received.iter()), tape.sequence));
        }
        let mut socket = open(job.namespace)?;
        if let Some(recorder) = job.recorder {
            recorder.record(&mut socket, job.namespace);
        }
        let sequence = socket.send(plan.request(job.part.as_ref()))?;
        Ok((Self::Kernel(socket), sequence))
    }

    /// The next thing that happened; `None` at the end of the tape.
    #[inline]
    fn receive<'b>(&mut self, buffer: &'b mut Buffer) -> Result<Option<Received<'b>>, Error>
    where
        'j: 'b,
    {
        match self {
            Self::Kernel(socket) => socket.receive(buffer).map(Some),
            Self::Tape(received) => Ok(received.next().copied()),
        }
    }
}

/// How one dump ended.
pub(crate) struct Ended {
    pub(crate) table: Table,
    pub(crate) result: Result<Conclusion, Error>,
    /// The kernel refused the program, and everything was decided here.
    pub(crate) program_refused: bool,
    /// The kernel told nothing until the storage of BPF was no longer asked for.
    pub(crate) storages_refused: bool,
}

/// What is counted over all dumps of a listing.
#[derive(Default)]
pub(crate) struct Counts {
    /// Rows that came twice.
    pub(crate) doubled: AtomicU64,
    /// Rows that fit and are only counted.
    pub(crate) left_out: AtomicU64,
    /// Rows that the filter could not decide.
    pub(crate) undecided: AtomicU64,
    /// Those of them whose owners left it open.
    pub(crate) undecided_by_owners: AtomicU64,
    /// Rows with something malformed in them.
    pub(crate) defects: AtomicU64,
    /// No more rows are wanted.
    pub(crate) stopped: AtomicBool,
}

/// Opens a socket in a namespace, or here.
pub(crate) fn open(namespace: Option<&Namespace>) -> Result<Socket, Error> {
    let socket = match namespace {
        Some(namespace) => Socket::open_in(namespace, Protocol::SockDiag),
        None => Socket::open(Protocol::SockDiag),
    };
    socket.inspect(|socket| OWN.add(socket))
}

/// Runs the jobs on `threads` threads; each has a taker of its own.
pub(crate) fn run<T: Take>(
    jobs: &[Job<'_>],
    threads: usize,
    counts: &Counts,
    taker: impl Fn() -> T + Sync,
) -> Vec<Ended> {
    let next = AtomicUsize::new(0);
    let ended = Mutex::new(Vec::new());
    let work = || {
        let mut taker = taker();
        let mut buffer = Buffer::new();
        while let Some((index, job)) = claim(&next, jobs) {
            let one = dump(job, counts, &mut buffer, &mut taker);
            ended.lock().unwrap_or_else(PoisonError::into_inner).push((index, one));
        }
        taker.end();
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(jobs.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    ended.sort_by_key(|(index, _)| *index);
    ended.into_iter().map(|(_, one)| one).collect()
}

fn claim<'j, 'p>(next: &AtomicUsize, jobs: &'j [Job<'p>]) -> Option<(usize, &'j Job<'p>)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(index).map(|job| (index, job))
}

/// Makes one dump. A kernel that does not know an operation of the program, or wants a privilege for it, refuses it whole:
/// it is asked again for less, and more is decided here.
fn dump<T: Take>(job: &Job<'_>, counts: &Counts, buffer: &mut Buffer, taker: &mut T) -> Ended {
    let mut result = attempt(job, job.dump, counts, buffer, taker);
    let (mut program_refused, mut storages_refused) = (false, false);
    for plan in job.dump.fallbacks() {
        if !asks_too_much(&result) {
            break;
        }
        program_refused = plan.program != job.dump.program;
        storages_refused = plan.bpf_storages != job.dump.bpf_storages;
        result = attempt(job, &plan, counts, buffer, taker);
    }
    Ended { table: job.dump.table, result, program_refused, storages_refused }
}

/// Whether a dump was refused as one that asks too much. EINVAL: an unknown operation; EPERM: tests of the mark, storage of
/// BPF.
fn asks_too_much(result: &Result<Conclusion, Error>) -> bool {
    result.as_ref().is_ok_and(|conclusion| {
        conclusion.messages == 0 && matches!(&conclusion.refusal, Some(refusal) if matches!(refusal.errno, 1 | 22))
    })
}

fn attempt<T: Take>(
    job: &Job<'_>,
    plan: &DumpPlan,
    counts: &Counts,
    buffer: &mut Buffer,
    taker: &mut T,
) -> Result<Conclusion, Error> {
    let filter = plan.residual.as_deref();
    let by_owners = |field| view::Kind::of(field).is_owner();
    let by_owners =
        filter.filter(|filter| filter.fields().into_iter().any(by_owners)).map(|filter| (filter, by_owners));
    let (mut line, sequence) = Line::ask(job, plan)?;
    let mut seen = Seen::new();
    let mut dump = Dump::new(sequence);
    while let Some(received) = line.receive(buffer)? {
        let step = dump.handle(received, |message| {
            let Ok(row) = SocketRow::read(plan.table, message.payload(), job.place) else {
                counts.defects.fetch_add(1, Ordering::Relaxed);
                return;
            };
            if row.slots.defect().is_some() {
                counts.defects.fetch_add(1, Ordering::Relaxed);
            }
            if !is_new(&mut seen, &row) {
                return;
            }
            let counted = plan.counted != 0 && row.state().is_some_and(|state| plan.counted & state.mask() != 0);
            match filter.map_or(Decision::Yes, |filter| filter.decide(&row)) {
                Decision::Yes if counted => drop(counts.left_out.fetch_add(1, Ordering::Relaxed)),
                _ if counted => {}
                Decision::Yes if taker.take(Row::Socket(&row)) => {}
                Decision::Yes => counts.stopped.store(true, Ordering::Relaxed),
                Decision::No => {}
                Decision::Unknown => {
                    counts.undecided.fetch_add(1, Ordering::Relaxed);
                    if by_owners.is_some_and(|(filter, is_owner)| filter.unknown_fields(&row).into_iter().any(is_owner))
                    {
                        counts.undecided_by_owners.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        });
        if step == Step::Ended || counts.stopped.load(Ordering::Relaxed) {
            break;
        }
    }
    counts.doubled.fetch_add(seen.doubled(), Ordering::Relaxed);
    Ok(dump.into_conclusion())
}

/// Whether a row comes for the first time. Connections and datagram sockets can be millions: they are remembered over a
/// window. All others are few, and some tables show them again far apart (a netlink socket once more for its groups).
#[inline]
fn is_new(seen: &mut Seen, row: &SocketRow<'_>) -> bool {
    let Some(identity) = row.identity() else { return true };
    let many = match row.table {
        Table::Tcp => !matches!(row.state(), Some(State::Listening | State::BoundInactive)),
        Table::Udp => true,
        _ => false,
    };
    if many { seen.is_new(identity) } else { seen.is_new_for_good(identity) }
}
