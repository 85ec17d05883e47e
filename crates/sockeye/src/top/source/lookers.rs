//! Who holds sockets: looked for on a thread of its own, again when there are sockets that were not there at the last look.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::Duration;

use sockeye_owners::{Facts, ScanOptions};
use sockeye_query::sockets::OwnerPart;
use sockeye_state::lives::Time;

use crate::live::{now, owners};
use crate::sockets::narrow::Narrowing;
use crate::sockets::system::{self, System};

/// Looks take no more than one part in so many of the time.
const REST: u32 = 20;
/// Time between two looks at least.
const REST_MIN: Duration = Duration::from_secs(1);

/// What is read of each process that holds a socket.
const PARTS: [OwnerPart; 6] =
    [OwnerPart::Process, OwnerPart::Pid, OwnerPart::User, OwnerPart::Unit, OwnerPart::Container, OwnerPart::Pod];

/// Owners as they were found last.
pub(super) struct Lookers {
    system: Arc<System>,
    /// A look that is under way, and when it began.
    under_way: Option<(Receiver<System>, Time)>,
    rested: Time,
    /// There are sockets that were not there at the last look.
    is_stale: bool,
    /// There was a look.
    pub(super) has_looked: bool,
    /// What is read of each process beside what is shown.
    more: Facts,
    /// This process may close sockets, and see what only such a one may.
    pub(super) net_admin: bool,
}

impl Lookers {
    pub(super) fn new(net_admin: bool) -> Self {
        let system = Arc::new(System::new(false).seen_by(net_admin));
        Self {
            system,
            under_way: None,
            rested: Time::ZERO,
            is_stale: true,
            has_looked: false,
            more: Facts::NONE,
            net_admin,
        }
    }

    /// Reads this of processes too. What was not read up to now is looked for at once.
    pub(super) fn read_too(&mut self, parts: &[OwnerPart]) {
        let facts = system::facts(parts);
        if !self.more.contains(facts) {
            self.is_stale = true;
            self.rested = Time::ZERO;
        }
        self.more = facts;
    }

    /// There is a socket that was not there before.
    pub(super) fn outdate(&mut self) {
        self.is_stale = true;
    }

    /// Takes what was found, and begins another look where it is time. `true`: there is something new.
    pub(super) fn advance(&mut self) -> bool {
        let mut is_new = false;
        if let Some((found, began)) = &self.under_way {
            match found.try_recv() {
                Ok(system) => {
                    let ended = now();
                    self.rested = ended + (ended.saturating_sub(*began) * REST).max(REST_MIN);
                    self.system = Arc::new(system);
                    (self.has_looked, is_new) = (true, true);
                    self.under_way = None;
                }
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => self.under_way = None,
            }
        }
        if self.under_way.is_none() && self.is_stale && now() >= self.rested {
            self.begin();
        }
        is_new
    }

    fn begin(&mut self) {
        let (found, result) = mpsc::channel();
        let (net_admin, facts) = (self.net_admin, system::facts(&PARTS) | self.more);
        let look = move || {
            let system = System::new(true).seen_by(net_admin);
            let options = ScanOptions { facts, ..ScanOptions::default() };
            system.scan(&options, &Narrowing::default(), true);
            // Whoever asked may have ended.
            let _ = found.send(system);
        };
        if std::thread::Builder::new().name("owners".to_owned()).spawn(look).is_ok() {
            self.under_way = Some((result, now()));
            self.is_stale = false;
        }
    }

    /// What was found last.
    pub(super) fn system(&self) -> Arc<System> {
        Arc::clone(&self.system)
    }

    /// What is known of owners, in a few words; the first: whether that is less than everything.
    pub(super) fn in_words(&self) -> (bool, String) {
        if !self.has_looked {
            return (true, "owners are looked for".to_owned());
        }
        let known = owners::known(&self.system);
        (known.unknown.is_some(), known.to_string())
    }
}
