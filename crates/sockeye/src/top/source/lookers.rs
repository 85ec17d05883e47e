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
    /// A look that is under way, when it began, and what it reads.
    under_way: Option<(Receiver<System>, Time, Facts)>,
    rested: Time,
    /// There are sockets that were not there at the last look.
    is_stale: bool,
    /// There was a look.
    pub(super) has_looked: bool,
    /// What is read of each process, and what the last look has read.
    wanted: Facts,
    known: Facts,
    /// This process may close sockets, and see what only such a one may.
    pub(super) net_admin: bool,
}

impl Lookers {
    pub(super) fn new(net_admin: bool) -> Self {
        let system = Arc::new(System::new(false).seen_by(net_admin));
        let (wanted, known) = (system::facts(&PARTS), Facts::NONE);
        let (under_way, rested, is_stale, has_looked) = (None, Time::ZERO, true, false);
        Self { system, under_way, rested, is_stale, has_looked, wanted, known, net_admin }
    }

    /// As after a look that found nobody.
    #[cfg(test)]
    pub(super) fn looked() -> Self {
        let mut lookers = Self::new(false);
        (lookers.has_looked, lookers.known) = (true, lookers.wanted);
        lookers
    }

    /// Reads this of processes from now on. What no look has read or reads is looked for at once.
    pub(super) fn read_too(&mut self, parts: &[OwnerPart]) {
        let facts = system::facts(parts);
        self.wanted = self.wanted | facts;
        let is_read = self.under_way.as_ref().is_some_and(|(.., read)| read.contains(facts));
        if !self.known.contains(facts) && !is_read {
            self.is_stale = true;
            self.rested = Time::ZERO;
        }
    }

    /// Whether the last look has read this.
    pub(super) fn knows(&self, parts: &[OwnerPart]) -> bool {
        self.known.contains(system::facts(parts))
    }

    /// Whether the last look has read less than is wanted by now.
    pub(super) fn is_behind(&self) -> bool {
        !self.known.contains(self.wanted)
    }

    /// There is a socket that was not there before.
    pub(super) fn outdate(&mut self) {
        self.is_stale = true;
    }

    /// Takes what was found, and begins another look where it is time. `true`: there is something new.
    pub(super) fn advance(&mut self) -> bool {
        let mut is_new = false;
        if let Some((found, began, read)) = &self.under_way {
            match found.try_recv() {
                Ok(system) => {
                    let ended = now();
                    self.rested = ended + (ended.saturating_sub(*began) * REST).max(REST_MIN);
                    self.known = *read;
                    if !self.known.contains(self.wanted) {
                        (self.rested, self.is_stale) = (ended, true);
                    }
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
        let (net_admin, facts) = (self.net_admin, self.wanted);
        let look = move || {
            let system = System::new(true).seen_by(net_admin);
            let options = ScanOptions { facts, ..ScanOptions::default() };
            system.scan(&options, &Narrowing::default(), true);
            // Whoever asked may have ended.
            let _ = found.send(system);
        };
        if std::thread::Builder::new().name("owners".to_owned()).spawn(look).is_ok() {
            self.under_way = Some((result, now(), facts));
            self.is_stale = false;
        }
    }

    /// What was found last.
    pub(super) fn system(&self) -> Arc<System> {
        Arc::clone(&self.system)
    }

    /// What is known of owners, in a few words; the first: whether that is less than everything.
    pub(super) fn in_words(&self) -> (bool, String) {
        if !self.has_looked || self.is_behind() {
            return (true, "owners are looked for".to_owned());
        }
        let known = owners::known(&self.system);
        (known.unknown.is_some(), known.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_look_has_read_is_looked_for_at_once_and_nothing_twice() {
        let mut lookers = Lookers::looked();
        (lookers.rested, lookers.is_stale) = (Time::MAX, false);
        lookers.read_too(&[OwnerPart::Process, OwnerPart::Pid]);
        assert!(!lookers.is_behind() && lookers.rested == Time::MAX, "that was read");
        lookers.read_too(&[OwnerPart::Cmdline]);
        assert!(lookers.is_behind() && !lookers.knows(&[OwnerPart::Cmdline]));
        assert!(lookers.is_stale && lookers.rested == Time::ZERO);
        let (found, result) = mpsc::channel();
        lookers.under_way = Some((result, now(), lookers.wanted));
        lookers.rested = Time::MAX;
        lookers.read_too(&[OwnerPart::Cmdline]);
        assert_eq!(lookers.rested, Time::MAX, "a look is reading it");
        found.send(System::new(false)).expect("it is taken");
        assert!(lookers.advance() && lookers.knows(&[OwnerPart::Cmdline]) && !lookers.is_behind());
        // One that began before more was wanted is followed by another at once.
        let (found, result) = mpsc::channel();
        lookers.under_way = Some((result, now(), Facts::NONE));
        found.send(System::new(false)).expect("it is taken");
        lookers.is_stale = false;
        assert!(lookers.advance());
        assert!(lookers.is_behind() && lookers.under_way.is_some());
    }
}
