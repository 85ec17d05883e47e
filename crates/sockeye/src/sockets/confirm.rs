//! `--confirm`: looks again until every socket is accounted for.
//!
//! One dump can miss a socket that lives, or show one that has just gone: the kernel resumes its walk by counting, and
//! the count is wrong once the bucket has changed. So dumps are repeated and compared by cookie. What only one of them has is
//! asked for by itself: such a question is exact. It ends with a dump that brings nothing new.
//!
//! Each dump is made through sockets of our own, which netlink_diag lists too. They come and go with the dumps: those of
//! the first are listed as any listing lists them, and none of them is ever news.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use anyhow::{Context, Result};
use sockeye_conn::{Buffer, Socket};
use sockeye_query::sockets::{Flat, Table};

use crate::rows::{Origin, Row, Take};
use sockeye_state::{Confirmed, Dump, Step};
use sockeye_wire::Request;
use sockeye_wire::sock_diag::inet::{InetMessage, SocketId};
use sockeye_wire::sock_diag::unix::{UnixMessage, UnixQuestion};

use super::listing::{self, Counts, Ended, Job, open};
use super::own::OWN;

/// Dumps before the listing is given as it is, with a verdict that says so. Each halves the chance that one is missed.
pub(crate) const DUMPS_MAX: u32 = 8;

/// Rows in the order in which they were found: the place, the table, the message.
pub(crate) type Rows<'r> = dyn Iterator<Item = (usize, Origin, Box<[u8]>)> + 'r;

/// A socket by its place and its cookie, which no other socket ever had.
type Identity = (usize, u64);

struct Found {
    table: Table,
    job: usize,
    message: Box<[u8]>,
    /// A socket that this listing opened to ask with.
    own: bool,
    /// The last dump lacked it, and the kernel cannot be asked for it alone.
    missed: bool,
}

#[derive(Default)]
struct Round {
    found: Mutex<HashMap<Identity, Found>>,
}

struct Gather<'g> {
    round: &'g Round,
    jobs: &'g [Job<'g>],
}

impl Take for Gather<'_> {
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        let Row::Socket(row) = row else { return true };
        let place = row.surroundings.index();
        let identity = (place, row.identity().unwrap_or(0));
        let job = self.jobs.iter().position(|job| job.dump.table == row.table && job.place.index == place).unwrap_or(0);
        let inode = row.flat_number(Flat::Inode).and_then(|inode| u32::try_from(inode).ok());
        let own = row.table == Table::Netlink && inode.is_some_and(|inode| OWN.fd(inode).is_some());
        let found = Found { table: row.table, job, message: row.payload().into(), own, missed: false };
        self.round.found.lock().unwrap_or_else(PoisonError::into_inner).insert(identity, found);
        true
    }

    fn end(&mut self) {}
}

/// Dumps until nothing new is found, then hands all rows to `show`.
pub(crate) fn run(
    jobs: &[Job<'_>],
    counts: &mut Counts,
    show: impl FnOnce(&mut Rows<'_>),
) -> Result<(Vec<Ended>, Confirmed)> {
    let mut known: HashMap<Identity, Found> = HashMap::new();
    let mut exact = Exact::default();
    let (mut found, mut gone, mut dumps) = (0, 0, 0);
    let (ended, sure) = loop {
        *counts = Counts::default();
        let round = Round::default();
        let ended = listing::run(jobs, 1, counts, || Gather { round: &round, jobs });
        dumps += 1;
        let latest = round.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut news = 0;
        if dumps > 1 {
            let missed = known.iter_mut().filter(|(identity, socket)| !socket.own && !latest.contains_key(*identity));
            let mut without = Vec::new();
            for (identity, socket) in missed {
                let answer = exact.ask(socket, jobs)?;
                // What cannot be asked for is given one more dump to show up in.
                if answer.unwrap_or(!socket.missed) {
                    // This dump missed it, so it may have missed others.
                    news += 1;
                    found += u64::from(answer.is_some());
                    socket.missed = answer.is_none();
                } else {
                    without.push(*identity);
                    gone += 1;
                }
            }
            for identity in without {
                known.remove(&identity);
            }
        }
        for (identity, socket) in latest {
            if dumps > 1 && !known.contains_key(&identity) {
                if socket.own {
                    continue;
                }
                // Families that cannot be asked for one socket are taken at the word of the dump.
                if exact.ask(&socket, jobs)? == Some(false) {
                    gone += 1;
                    continue;
                }
                found += 1;
            }
            known.insert(identity, socket);
        }
        let sure = dumps > 1 && news == 0;
        if sure || dumps >= DUMPS_MAX || counts.stopped.load(std::sync::atomic::Ordering::Relaxed) {
            break (ended, sure);
        }
    };
    show(&mut known.into_iter().map(|((place, _), socket)| (place, Origin::Socket(socket.table), socket.message)));
    Ok((ended, Confirmed::new(dumps, found, gone, sure)))
}

/// Sockets for exact questions, one a place.
#[derive(Default)]
struct Exact {
    sockets: HashMap<usize, Socket>,
    buffer: Buffer,
}

impl Exact {
    /// Whether a socket lives; `None` of families that cannot be asked for one socket.
    fn ask(&mut self, socket: &Found, jobs: &[Job<'_>]) -> Result<Option<bool>> {
        let Some(job) = jobs.get(socket.job) else { return Ok(None) };
        let Some(request) = question(socket, job) else { return Ok(None) };
        let asker = match self.sockets.entry(job.place.index) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(open(job.namespace)?),
        };
        let mut answer = Dump::new(asker.send(request).context("cannot ask for one socket")?);
        let mut rows = 0;
        loop {
            let received = asker.receive(&mut self.buffer).context("cannot ask for one socket")?;
            let step = answer.handle(received, |_| rows += 1);
            // The answer to an exact question is one message, or an error.
            if rows > 0 || step == Step::Ended {
                return Ok(Some(rows > 0));
            }
        }
    }
}

fn question(socket: &Found, job: &Job<'_>) -> Option<Request> {
    match socket.table {
        Table::Unix => {
            let message = UnixMessage(&socket.message);
            let inode = u32::try_from(message.inode()?).ok()?;
            let cookie = message.cookie()?;
            Some(UnixQuestion { states: u32::MAX, show: 0, inode, cookie }.exact())
        }
        table if table.ip_protocol().is_some() => {
            let message = InetMessage(&socket.message);
            let mut question = job.dump.inet_question(&[]);
            question.family = u8::try_from(message.family()?).ok()?;
            Some(question.exact(SocketId::of(&message)?))
        }
        _ => None,
    }
}
