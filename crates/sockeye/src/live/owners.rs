//! Who holds live sockets: looked for again when there are sockets that were not there at the last look.

use std::time::Duration;

use sockeye_conn::Namespace;
use sockeye_owners::ScanOptions;
use sockeye_query::sockets::OwnerPart;
use sockeye_state::lives::Time;

use super::now;
use crate::sockets::narrow::Narrowing;
use crate::sockets::system::{self, Interfaces, Place, System};

/// Looks take no more than one part in so many of the time.
const REST: u32 = 10;
/// Time between looks at least.
const REST_MIN: Duration = Duration::from_millis(500);

/// What is read of each process that holds a socket.
const PARTS: [OwnerPart; 6] =
    [OwnerPart::Process, OwnerPart::Pid, OwnerPart::User, OwnerPart::Unit, OwnerPart::Container, OwnerPart::Pod];

/// Owners as they were found last.
pub(crate) struct Owners {
    system: System,
    wanted: bool,
    /// When it may be looked again.
    rested: Time,
    /// There are sockets that were not there at the last look.
    stale: bool,
}

impl Owners {
    /// Nobody is known yet. `wanted`: they are looked for.
    pub(crate) fn new(wanted: bool) -> Self {
        Self { system: System::new(false), wanted, rested: Time::ZERO, stale: true }
    }

    /// There is a socket that was not there before.
    pub(crate) fn outdate(&mut self) {
        self.stale = true;
    }

    /// When a look is due, where one is.
    pub(crate) fn due(&self) -> Option<Time> {
        (self.wanted && self.stale).then_some(self.rested)
    }

    /// Looks for the owners of sockets that are to be told of now, unless the last look is too short ago.
    pub(crate) fn look_for_new(&mut self) {
        self.stale = true;
        self.look();
    }

    /// Looks, where there is something new to see and the last look was long enough ago.
    pub(crate) fn look(&mut self) {
        let began = now();
        if self.due().is_none_or(|due| due > began) {
            return;
        }
        let system = System::new(true);
        let options = ScanOptions { facts: system::facts(&PARTS), ..ScanOptions::default() };
        system.scan(&options, &Narrowing::default(), true);
        self.system = system;
        self.stale = false;
        let ended = now();
        self.rested = ended + (ended.saturating_sub(began) * REST).max(REST_MIN);
    }

    /// Who holds the socket with this inode, as far as was found: `nginx[4711]`, and how many others.
    pub(crate) fn holder(&self, inode: u32) -> Option<String> {
        let Ok(scan) = self.system.scanned()? else { return None };
        let mut owners = scan.owners.of(inode);
        let first = owners.next()?;
        let name = first.process.comm().unwrap_or(b"?").escape_ascii().to_string();
        let others = match owners.filter(|owner| owner.process.pid() != first.process.pid()).count() {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        Some(format!("{name}[{}]{others}", first.process.pid()))
    }

    /// The surroundings of rows of one namespace.
    pub(crate) fn place<'s>(&'s self, namespace: Option<&'s Namespace>, label: Option<Vec<u8>>) -> Place<'s> {
        Place { system: &self.system, label, interfaces: Interfaces::of(namespace), ends: None, index: 0 }
    }
}
