//! What the running system knows beside the rows: owners, users, control groups, interfaces, other ends.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sockeye_conn::{Namespace, Socket};
use sockeye_owners::cgroup_ids::{CgroupTree, cgroup};
use sockeye_owners::users::Users;
use sockeye_owners::{Facts, Process, ProcessView, Scan, ScanError, ScanOptions};
use sockeye_query::sockets::{OwnerPart, Peer, SocketRow, Surroundings, Table};
use sockeye_query::{FieldKind, InterfaceName, Value};
use sockeye_wire::{Privilege, Version};

use super::ends::Ends;
use super::lacking::Sought;
use super::narrow::Narrowing;
use super::own::OWN;

/// What is loaded once for a whole listing, in whatever namespace its rows are.
#[derive(Default)]
pub(crate) struct System {
    /// Set by the thread that scans; rows wait for it.
    found: OnceLock<Found>,
    /// Whether anybody will set it.
    pub(crate) scans: bool,
    /// Why an owner can be unknown that is shown, or that a filter depends on; made when it is first needed.
    unknown: OnceLock<Option<String>>,
    deciding_unknown: OnceLock<Option<String>>,
    /// This process, looked at when one of its sockets was opened too late for the search.
    own: OnceLock<Option<Scan>>,
    users: OnceLock<Option<Users>>,
    /// The tree of control groups, or why it could not be read; loaded when a row first needs it.
    cgroups: OnceLock<Result<CgroupTree, String>>,
    /// Release of the running kernel.
    pub(crate) kernel: Option<Version>,
    /// The keys of MD5 signatures were asked for.
    shows_keys: bool,
    /// The kernel tells this process less than it tells the network's administrator.
    is_restricted: bool,
    /// What rows of a capture needed to know of the machine it was made on.
    pub(crate) sought: Sought,
}

impl System {
    /// A system whose owners are looked for, or not.
    pub(crate) fn new(scans: bool) -> Self {
        Self { scans, kernel: kernel_release(), ..Self::default() }
    }

    /// The kernel that is asked; one whose release says nothing is taken for a new one.
    pub(crate) fn kernel(&self) -> Version {
        self.kernel.unwrap_or(Version(6, 18))
    }

    /// The system that a capture was made on, of which no more than its kernel's release is known.
    pub(crate) fn of_capture(kernel: &[u8]) -> Self {
        let kernel = std::str::from_utf8(kernel).ok().and_then(version);
        Self { kernel, users: None.into(), cgroups: Err(String::new()).into(), ..Self::default() }
    }

    /// The same system, as somebody sees it who has `CAP_NET_ADMIN` or not.
    pub(crate) fn seen_by(self, net_admin: bool) -> Self {
        Self { is_restricted: !net_admin, ..self }
    }

    /// The same system, with the keys of MD5 signatures shown or not.
    pub(crate) fn with_keys(self, shows_keys: bool) -> Self {
        Self { shows_keys, ..self }
    }

    /// Looks for owners and lets the rows go on that wait for them. A narrowed search finds all that the filter depends on.
    /// Where owners are shown too, who else holds the sockets is looked for, unless nothing was found without which no
    /// row fits.
    pub(crate) fn scan(&self, options: &ScanOptions<'_>, narrowing: &Narrowing<'_>, shown: bool) {
        let all = || sockeye_owners::scan(options);
        let narrowed = || {
            let filter = |process: &ProcessView<'_>| narrowing.takes(process.pid(), |part| self.fact(process, part));
            sockeye_owners::scan(&ScanOptions { pids: narrowing.pids(), filter: Some(&filter), ..*options })
        };
        let narrow = narrowing.is_narrow() && (!shown || narrowing.is_needed());
        let deciding = if narrow { narrowed() } else { all() };
        let others = narrow && shown && deciding.as_ref().is_ok_and(|scan| !scan.owners.is_empty());
        let found = Found { all: others.then(all), deciding, facts: options.facts };
        // Nobody else sets it: one thread scans.
        let _ = self.found.set(found);
    }

    /// What a process says of itself before its descriptors are looked at; `None` if it cannot be read.
    fn fact<'p>(&self, process: &'p ProcessView<'_>, part: OwnerPart) -> Option<Cow<'p, [u8]>> {
        match part {
            OwnerPart::Process => process.comm().map(Cow::Borrowed),
            OwnerPart::User => process.uid().map(|uid| Cow::Owned(self.user_name(uid))),
            OwnerPart::Unit => process.cgroup().and_then(|cgroup| unit(cgroup.identity())).map(Cow::Borrowed),
            _ => None,
        }
    }

    /// Who was found of the owners that are shown, once the search is over; `None` where there is none.
    pub(crate) fn scanned(&self) -> Option<&Result<Scan, ScanError>> {
        let found = self.scans.then(|| self.found.wait())?;
        Some(found.all.as_ref().unwrap_or(&found.deciding))
    }

    /// Who was found of the owners that the filter depends on.
    fn deciding(&self) -> Option<&Result<Scan, ScanError>> {
        Some(&self.scans.then(|| self.found.wait())?.deciding)
    }

    /// Whether the filter may depend on an owner that was not found.
    pub(crate) fn decides_in_part(&self) -> bool {
        self.deciding().is_some_and(|scan| !scan.as_ref().is_ok_and(|scan| scan.visibility.is_whole()))
    }

    fn user(&self, uid: u32) -> Option<&[u8]> {
        self.users.get_or_init(|| Users::load().ok()).as_ref()?.name(uid)
    }

    /// Name of a user, or the number of one without a name.
    pub(crate) fn user_name(&self, uid: u32) -> Vec<u8> {
        self.user(uid).map_or_else(|| uid.to_string().into_bytes(), <[u8]>::to_vec)
    }

    pub(crate) fn cgroup(&self, id: u64) -> Option<&[u8]> {
        let load = || CgroupTree::load().map_err(|error| error.to_string());
        self.cgroups.get_or_init(load).as_ref().ok()?.path(id)
    }

    /// Why paths of control groups that rows needed are not there.
    pub(crate) fn cgroups_unknown(&self) -> Option<&str> {
        self.cgroups.get()?.as_ref().err().map(String::as_str).filter(|why| !why.is_empty())
    }

    /// Whether a row had to say why its owners are unknown.
    pub(crate) fn said_unknown(&self) -> bool {
        self.unknown.get().is_some_and(Option::is_some)
    }

    /// Why the owners of a socket can be unknown.
    fn owners_unknown(&self) -> Option<&str> {
        self.unknown.get_or_init(|| why_unknown(self.scanned()?)).as_deref()
    }

    /// The same of owners that the filter depends on.
    fn deciding_owners_unknown(&self) -> Option<&str> {
        self.deciding_unknown.get_or_init(|| why_unknown(self.deciding()?)).as_deref()
    }

    /// A part of every owner of a socket, one entry each, in the same order for every part.
    pub(crate) fn owners<'s>(
        &'s self,
        scan: &'s Result<Scan, ScanError>,
        inode: u32,
        part: OwnerPart,
    ) -> Option<Value<'s>> {
        let scan = scan.as_ref().ok()?;
        let mut list: Vec<_> = scan.owners.of(inode).map(|owner| self.part(owner.process, owner.fd, part)).collect();
        if list.is_empty()
            && let Some(fd) = OWN.fd(inode)
        {
            list.extend(self.own().map(|process| self.part(process, fd, part)));
        }
        // Nobody found where not everybody could be looked at is not "nobody".
        (!list.is_empty() || scan.visibility.is_whole()).then_some(Value::List(list))
    }

    /// This process, with the facts that were read of the others.
    fn own(&self) -> Option<&Process> {
        let facts = self.found.get()?.facts;
        let look = || {
            // Only processes with a socket are found, and ours may be closed again by now.
            let _held = std::os::unix::net::UnixDatagram::unbound();
            let pids = [std::process::id()];
            sockeye_owners::scan(&ScanOptions { facts, pids: Some(&pids), ..ScanOptions::default() }).ok()
        };
        self.own.get_or_init(look).as_ref()?.owners.processes().first()
    }

    /// A part of one owner.
    pub(crate) fn part<'s>(&'s self, process: &'s Process, fd: u32, part: OwnerPart) -> Value<'s> {
        let identity = || process.cgroup().map(sockeye_owners::Cgroup::identity);
        let text = |text: Option<&'s [u8]>| text.map_or(Value::List(Vec::new()), Value::Text);
        match part {
            OwnerPart::Pid => Value::Unsigned(process.pid().into()),
            OwnerPart::Fd => Value::Unsigned(fd.into()),
            OwnerPart::Process => text(process.comm()),
            OwnerPart::Cmdline => match process.cmdline() {
                Some(line) => Value::Owned(command_line(line)),
                None => Value::List(Vec::new()),
            },
            OwnerPart::User => match process.uid() {
                Some(uid) => Value::Owned(self.user_name(uid)),
                None => Value::List(Vec::new()),
            },
            OwnerPart::Unit => text(process.cgroup().and_then(|cgroup| unit(cgroup.identity()))),
            OwnerPart::Container => {
                text(identity().and_then(|found| found.container.as_ref().map(|container| &*container.id)))
            }
            OwnerPart::Pod => text(identity().and_then(|found| found.pod_uid.as_deref().map(str::as_bytes))),
            _ => Value::List(Vec::new()),
        }
    }
}

/// The owners that were found.
struct Found {
    /// Those that the filter depends on.
    deciding: Result<Scan, ScanError>,
    /// All of them, where more are shown than the filter depends on.
    all: Option<Result<Scan, ScanError>>,
    /// What was read of each process.
    facts: Facts,
}

/// Why owners can be unknown after a search.
fn why_unknown(scan: &Result<Scan, ScanError>) -> Option<String> {
    match scan {
        Err(error) => Some(error.to_string()),
        Ok(scan) if scan.visibility.is_whole() => None,
        // A privilege would show them all: nothing else stood in the way of any.
        Ok(scan) if scan.visibility.processes_not_permitted > 0 && scan.visibility.processes_failed == 0 => {
            Some(format!("not permitted: {}", scan.visibility))
        }
        Ok(scan) => Some(scan.visibility.to_string()),
    }
}

/// The systemd unit of a control group: that of the user's manager, where there is one.
pub(crate) fn unit(identity: &sockeye_owners::cgroup::CgroupIdentity) -> Option<&[u8]> {
    identity.user_unit.as_deref().or(identity.unit.as_deref())
}

/// Arguments as one line, apart by blanks.
fn command_line(arguments: &[u8]) -> Vec<u8> {
    let arguments = arguments.strip_suffix(&[0]).unwrap_or(arguments);
    arguments.iter().map(|&byte| if byte == 0 { b' ' } else { byte }).collect()
}

/// The facts that a scan must read for these parts.
pub(crate) fn facts(parts: &[OwnerPart]) -> Facts {
    parts.iter().fold(Facts::NONE, |facts, part| {
        facts
            | match part {
                OwnerPart::Process => Facts::COMM,
                OwnerPart::User => Facts::UID,
                OwnerPart::Cmdline => Facts::CMDLINE,
                OwnerPart::Unit | OwnerPart::Container | OwnerPart::Pod => Facts::CGROUP,
                _ => Facts::NONE,
            }
    })
}

/// Major and minor number of the running kernel.
fn kernel_release() -> Option<Version> {
    let name = rustix::system::uname();
    version(name.release().to_str().ok()?)
}

/// Major and minor number of a release.
fn version(release: &str) -> Option<Version> {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit()).map(str::parse::<u8>);
    Some(Version(numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The surroundings of the rows of one network namespace.
pub(crate) struct Place<'s> {
    pub(crate) system: &'s System,
    /// Name of the namespace, where several are listed.
    pub(crate) label: Option<Vec<u8>>,
    /// A socket of the namespace, to ask for names of interfaces.
    pub(crate) interfaces: Arc<Interfaces<'s>>,
    /// The other ends, where they are wanted.
    pub(crate) ends: Option<Ends>,
    /// Which place this is, among those of the listing.
    pub(crate) index: usize,
}

/// Names of interfaces in one namespace, asked once each.
pub(crate) struct Interfaces<'n> {
    /// Where they are asked for.
    whence: Whence<'n>,
    /// Opened for the first question.
    socket: OnceLock<Option<Socket>>,
    /// The first names, without a lock: each in the place of its index, unless another took that before.
    first: Box<[OnceLock<Named>; FIRST]>,
    names: Mutex<HashMap<u32, Option<InterfaceName>>>,
}

/// An index and its name, if it has one.
type Named = (u32, Option<InterfaceName>);

/// Names without a lock.
const FIRST: usize = 64;

impl<'n> Interfaces<'n> {
    /// Names in a namespace, or here.
    pub(crate) fn of(namespace: Option<&'n Namespace>) -> Self {
        Self { whence: Whence::of(namespace), ..Self::unknown() }
    }

    /// Names in a namespace, or here, that are asked for through a socket of now: whoever has it needs the namespace no
    /// longer.
    pub(crate) fn opened(namespace: Option<&Namespace>) -> Interfaces<'static> {
        Interfaces { socket: OnceLock::from(super::listing::open(namespace).ok()), ..Interfaces::unknown() }
    }

    /// No names at all.
    pub(crate) fn unknown() -> Self {
        Self {
            whence: Whence::Elsewhere,
            socket: OnceLock::new(),
            first: Box::new([const { OnceLock::new() }; FIRST]),
            names: Mutex::default(),
        }
    }

    /// Forgets the names: an interface may have another one by now, or be another.
    pub(crate) fn forget(&mut self) {
        self.first.fill_with(OnceLock::new);
        self.names.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The socket that names are asked with.
    fn socket(&self) -> Option<&Socket> {
        let open = || match self.whence {
            Whence::Elsewhere => None,
            Whence::Here => super::listing::open(None).ok(),
            Whence::Namespace(namespace) => super::listing::open(Some(namespace)).ok(),
        };
        self.socket.get_or_init(open).as_ref()
    }

    pub(crate) fn name(&self, ifindex: u32) -> Option<InterfaceName> {
        let ask = || Some(InterfaceName::new(self.socket()?.interface_name(ifindex)?.as_bytes()));
        let (first, name) = self.first[ifindex as usize % FIRST].get_or_init(|| (ifindex, ask()));
        if *first == ifindex {
            return *name;
        }
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        *names.entry(ifindex).or_insert_with(ask)
    }
}

impl Surroundings for Place<'_> {
    fn interface(&self, ifindex: u32) -> Option<Vec<u8>> {
        let name = self.interfaces.name(ifindex);
        if name.is_none() {
            self.system.sought.interfaces.store(true, Ordering::Relaxed);
        }
        name.map(|name| name.to_vec())
    }

    fn knows_interfaces(&self) -> bool {
        self.interfaces.socket().is_some()
    }

    fn user(&self, uid: u32) -> Option<&[u8]> {
        self.system.user(uid)
    }

    fn cgroup(&self, id: u64) -> Option<&[u8]> {
        let path = self.system.cgroup(id);
        if path.is_none() {
            self.system.sought.cgroups.store(true, Ordering::Relaxed);
        }
        path
    }

    fn owners(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>> {
        self.system.owners(self.system.scanned()?, inode, part)
    }

    fn deciding_owners(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>> {
        self.system.owners(self.system.deciding()?, inode, part)
    }

    fn deciding_owners_unknown(&self) -> Option<&str> {
        self.system.deciding_owners_unknown()
    }

    fn owners_unknown(&self) -> Option<&str> {
        self.system.owners_unknown()
    }

    fn peer(&self, row: &SocketRow<'_>) -> Option<Peer> {
        if self.ends.is_none() && (row.table != Table::Unix || row.unix_peer().is_some_and(|inode| inode != 0)) {
            self.system.sought.ends.store(true, Ordering::Relaxed);
        }
        self.ends.as_ref()?.peer(row)
    }

    fn kernel(&self) -> Version {
        self.system.kernel()
    }

    fn namespace(&self) -> Option<&[u8]> {
        self.label.as_deref()
    }

    fn shows_keys(&self) -> bool {
        self.system.shows_keys
    }

    fn keeps_back(&self, privilege: Privilege) -> bool {
        privilege.of(self.kernel()) == Privilege::NetAdmin && self.system.is_restricted
    }

    fn index(&self) -> usize {
        self.index
    }
}

/// Names in a filter, as the running system resolves them.
pub(crate) struct SystemNames<'n> {
    /// Where the rows come from: an interface of one name has another index in each network namespace, or none.
    pub(crate) rows: Whence<'n>,
}

/// Where rows come from.
#[derive(Clone, Copy)]
pub(crate) enum Whence<'n> {
    /// The network namespace that we are in.
    Here,
    /// Another one.
    Namespace(&'n Namespace),
    /// Several namespaces, or another machine.
    Elsewhere,
}

impl<'n> Whence<'n> {
    /// One namespace, or ours.
    pub(crate) fn of(namespace: Option<&'n Namespace>) -> Self {
        namespace.map_or(Self::Here, Self::Namespace)
    }
}

impl sockeye_query::Names for SystemNames<'_> {
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        use std::net::ToSocketAddrs;
        let found =
            (host, 0).to_socket_addrs().map_err(|error| format!("the name {host:?} cannot be resolved: {error}"))?;
        let mut addresses: Vec<_> = found.map(|address| address.ip()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        Ok(addresses)
    }

    fn port(&self, service: &str) -> Result<u16, String> {
        if service.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!(
                "a port is a number from 0 to {}, or the name of a service, and {service:?} is neither",
                u16::MAX
            ));
        }
        let services = std::fs::read_to_string("/etc/services")
            .map_err(|error| format!("the service {service:?} cannot be looked up: /etc/services: {error}"))?;
        super::services::port(&services, service).ok_or_else(|| format!("/etc/services has no service {service:?}"))
    }

    fn user(&self, name: &str) -> Result<u32, String> {
        let users =
            Users::load().map_err(|error| format!("the user {name:?} cannot be looked up: /etc/passwd: {error}"))?;
        users.uid(name.as_bytes()).ok_or_else(|| format!("/etc/passwd has no user {name:?}"))
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        Some(String::from_utf8_lossy(Users::load().ok()?.name(uid)?).into_owned())
    }

    fn interface(&self, name: &str) -> Result<Option<u32>, String> {
        let namespace = match self.rows {
            Whence::Elsewhere => return Ok(None),
            Whence::Here => None,
            Whence::Namespace(namespace) => Some(namespace),
        };
        let index = crate::tables::index_of(namespace, name.as_bytes()).map_err(|error| error.to_string())?;
        // Digits can be an index, which need not have a name yet.
        if index.is_none() && !name.bytes().all(|letter| letter.is_ascii_digit()) {
            let here = if matches!(self.rows, Whence::Here) { "this" } else { "that" };
            return Err(format!("there is no interface {name:?} in {here} network namespace"));
        }
        Ok(index)
    }

    fn known(&self, kind: FieldKind) -> Vec<String> {
        super::known_names::of(kind, self.rows)
    }

    fn cgroup(&self, path: &str) -> Result<(u64, Vec<u8>), String> {
        let group = cgroup(path.as_bytes()).map_err(|error| error.to_string())?;
        Ok((group.id, group.path.into_vec()))
    }
}
