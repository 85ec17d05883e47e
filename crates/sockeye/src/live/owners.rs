//! Who holds live sockets: looked for again when there are sockets that were not there at the last look.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use sockeye_conn::Namespace;
use sockeye_owners::{Process, Scan, ScanOptions};
use sockeye_query::Value;
use sockeye_query::sockets::{OwnerPart, Peer, SocketRow, Surroundings};
use sockeye_state::lives::Time;
use sockeye_wire::{Privilege, Version};

use super::now;
use crate::sockets::narrow::Narrowing;
use crate::sockets::system::{self, Interfaces, Place, System};

/// Looks take no more than one part in so many of the time.
const REST: u32 = 10;
/// Time between looks at least.
const REST_MIN: Duration = Duration::from_millis(500);

/// Sockets that nobody holds any more, and of which it is remembered who did: what was sent waits for a peer that does not read, or is
/// not there.
const LEFT_MAX: usize = 10_000;

/// What is told of each process that holds a socket.
const PARTS: [OwnerPart; 6] =
    [OwnerPart::Process, OwnerPart::Pid, OwnerPart::User, OwnerPart::Unit, OwnerPart::Container, OwnerPart::Pod];

/// Who held sockets, by the inode of each, with the descriptors.
type Held = HashMap<u32, Vec<(Process, u32)>>;

/// Owners as they were found last.
pub(crate) struct Owners {
    system: System,
    /// As they were found the time before: who closes a socket is not its owner any more when it is told.
    before: Option<System>,
    /// Of those that live on and that nobody holds any more, who did: as of the last look, and of the one before, as what happened to a
    /// socket may wait for a look that comes after its end.
    left: [Held; 2],
    wanted: bool,
    net_admin: bool,
    /// What is read of each process that holds a socket.
    parts: Vec<OwnerPart>,
    /// When it may be looked again.
    rested: Time,
    /// There are sockets that were not there at the last look.
    stale: bool,
}

impl Owners {
    /// Nobody is known yet. `wanted`: they are looked for. `net_admin`: whether the namespaces of the sockets are administered.
    pub(crate) fn new(wanted: bool, net_admin: bool) -> Self {
        Self {
            system: System::new(false).seen_by(net_admin),
            net_admin,
            before: None,
            left: Default::default(),
            wanted,
            parts: PARTS.to_vec(),
            rested: Time::ZERO,
            stale: true,
        }
    }

    /// Reads this of processes too.
    pub(crate) fn read_too(&mut self, parts: Vec<OwnerPart>) {
        self.parts.extend(parts);
    }

    /// There is a socket that was not there before.
    pub(crate) fn outdate(&mut self) {
        self.stale = true;
    }

    /// When a look is due, where one is.
    pub(crate) fn due(&self) -> Option<Time> {
        (self.wanted && self.stale).then_some(self.rested)
    }

    /// Looks, where there is something new to see and the last look was long enough ago. `true`: there is nothing new now. `alive`: the
    /// inodes of the sockets of which it will be told who held them last.
    pub(crate) fn look<I: Iterator<Item = u32>>(&mut self, alive: impl FnOnce() -> I) -> bool {
        let began = now();
        let Some(due) = self.due() else { return true };
        if due > began {
            return false;
        }
        let system = System::new(true).seen_by(self.net_admin);
        let options = ScanOptions { facts: system::facts(&self.parts), ..ScanOptions::default() };
        system.scan(&options, &Narrowing::default(), true);
        let left = self.left_by(&system, alive());
        let [last, _] = std::mem::replace(&mut self.left, [left, Held::new()]);
        self.left[1] = last;
        self.before = Some(std::mem::replace(&mut self.system, system)).filter(|before| before.scans);
        self.stale = false;
        let ended = now();
        self.rested = ended + (ended.saturating_sub(began) * REST).max(REST_MIN);
        true
    }

    /// Of these sockets, those that nobody holds in this look, with who did in the last one, or before.
    fn left_by(&self, now: &System, alive: impl Iterator<Item = u32>) -> Held {
        let [now, last] = [now, &self.system].map(|system| system.scanned().and_then(|scan| scan.as_ref().ok()));
        let [known, _] = &self.left;
        let holders = |scan: Option<&Scan>, inode| -> Vec<_> {
            let owners = scan.into_iter().flat_map(|scan| scan.owners.of(inode));
            owners.map(|owner| (owner.process.clone(), owner.fd)).collect()
        };
        let of = |inode: u32| {
            if now.is_some_and(|now| now.owners.of(inode).next().is_some()) {
                return None;
            }
            let last = Some(holders(last, inode)).filter(|holders| !holders.is_empty());
            Some((inode, last.or_else(|| known.get(&inode).cloned())?))
        };
        alive.filter(|&inode| inode != 0).filter_map(of).take(LEFT_MAX).collect()
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

    /// Who held a socket that nobody holds any more.
    fn left(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>> {
        let held = self.left.iter().find_map(|held| held.get(&inode))?;
        Some(Value::List(held.iter().map(|(process, fd)| self.system.part(process, *fd, part)).collect()))
    }

    /// Where owners were looked for, and why not all are known, where that is so.
    pub(crate) fn known(&self) -> Known {
        known(&self.system)
    }

    /// The surroundings of rows of one namespace.
    pub(crate) fn place<'s>(&'s self, namespace: Option<&'s Namespace>, label: Option<Vec<u8>>) -> Around<'s> {
        let place =
            Place { system: &self.system, label, interfaces: Interfaces::of(namespace).into(), ends: None, index: 0 };
        Around { place, owners: self }
    }
}

/// What is known of owners.
pub(crate) struct Known {
    /// From where, where it could be looked.
    pub(crate) source: Option<&'static str>,
    /// Why some are not.
    pub(crate) unknown: Option<String>,
}

/// What a look found out of owners as a whole.
pub(crate) fn known(system: &System) -> Known {
    match system.scanned() {
        None => Known { source: None, unknown: Some("not looked for".to_owned()) },
        Some(Err(error)) => Known { source: None, unknown: Some(error.to_string()) },
        Some(Ok(scan)) => {
            let unknown = (!scan.visibility.is_whole()).then(|| scan.visibility.to_string());
            Known { source: Some(scan.source.name()), unknown }
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.source, &self.unknown) {
            (Some("proc"), None) => f.write_str("owners from /proc"),
            (Some(source), None) => write!(f, "owners from {source}"),
            (Some(_), Some(unknown)) => write!(f, "owners in part: {unknown}"),
            (None, unknown) => write!(f, "owners: {}", unknown.as_deref().unwrap_or("not known")),
        }
    }
}

/// What surrounds live sockets: what surrounds those of a listing, and who held them before.
pub(crate) struct Around<'s> {
    place: Place<'s>,
    owners: &'s Owners,
}

impl Around<'_> {
    fn or_before<'v>(&'v self, now: Option<Value<'v>>, inode: u32, part: OwnerPart) -> Option<Value<'v>> {
        let is_known = match &now {
            Some(Value::List(owners) | Value::Incomplete(owners)) => !owners.is_empty(),
            other => other.is_some(),
        };
        if is_known {
            return now;
        }
        let before = self.owners.before.as_ref();
        match before.and_then(|before| before.owners(before.scanned()?, inode, part)) {
            Some(Value::List(owners) | Value::Incomplete(owners)) if !owners.is_empty() => Some(Value::List(owners)),
            _ => self.owners.left(inode, part).or(now),
        }
    }
}

impl Surroundings for Around<'_> {
    fn interface(&self, ifindex: u32) -> Option<Vec<u8>> {
        self.place.interface(ifindex)
    }

    fn knows_interfaces(&self) -> bool {
        self.place.knows_interfaces()
    }

    fn user(&self, uid: u32) -> Option<&[u8]> {
        self.place.user(uid)
    }

    fn cgroup(&self, id: u64) -> Option<&[u8]> {
        self.place.cgroup(id)
    }

    fn owners(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>> {
        self.or_before(self.place.owners(inode, part), inode, part)
    }

    fn deciding_owners(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>> {
        self.or_before(self.place.deciding_owners(inode, part), inode, part)
    }

    fn deciding_owners_unknown(&self) -> Option<&str> {
        self.place.deciding_owners_unknown()
    }

    fn owners_unknown(&self) -> Option<&str> {
        self.place.owners_unknown()
    }

    fn peer(&self, row: &SocketRow<'_>) -> Option<Peer> {
        self.place.peer(row)
    }

    fn kernel(&self) -> Version {
        self.place.kernel()
    }

    fn namespace(&self) -> Option<&[u8]> {
        self.place.namespace()
    }

    fn shows_keys(&self) -> bool {
        self.place.shows_keys()
    }

    fn keeps_back(&self, privilege: Privilege) -> bool {
        self.place.keeps_back(privilege)
    }

    fn index(&self) -> usize {
        self.place.index()
    }
}
