//! What the running system knows beside the rows: owners, users, control groups, interfaces, other ends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

use sockeye_conn::{Namespace, Protocol, Socket};
use sockeye_owners::cgroup_ids::{CgroupTree, cgroup_id};
use sockeye_owners::users::Users;
use sockeye_owners::{Facts, Process, Scan, ScanError, ScanOptions};
use sockeye_query::sockets::{OwnerPart, Peer, SocketRow, Surroundings, Table};
use sockeye_query::{InterfaceName, Value};
use sockeye_wire::Version;

use super::ends::Ends;
use super::lacking::Sought;

/// What is loaded once for a whole listing, in whatever namespace its rows are.
#[derive(Default)]
pub(crate) struct System {
    /// Set by the thread that scans; rows wait for it.
    scan: OnceLock<Result<Scan, ScanError>>,
    /// Whether anybody will set it.
    pub(crate) scans: bool,
    /// Why an owner can be unknown, made when it is first needed.
    unknown: OnceLock<Option<String>>,
    users: OnceLock<Option<Users>>,
    /// The tree of control groups, or why it could not be read; loaded when a row first needs it.
    cgroups: OnceLock<Result<CgroupTree, String>>,
    /// Release of the running kernel.
    pub(crate) kernel: Option<Version>,
    /// The keys of MD5 signatures were asked for.
    shows_keys: bool,
    /// What rows of a capture needed to know of the machine it was made on.
    pub(crate) sought: Sought,
}

impl System {
    /// A system whose owners are looked for, or not.
    pub(crate) fn new(scans: bool) -> Self {
        Self { scans, kernel: kernel_release(), ..Self::default() }
    }

    /// The system that a capture was made on, of which no more than its kernel's release is known.
    pub(crate) fn of_capture(kernel: &[u8]) -> Self {
        let kernel = std::str::from_utf8(kernel).ok().and_then(version);
        Self { kernel, users: None.into(), cgroups: Err(String::new()).into(), ..Self::default() }
    }

    /// The same system, with the keys of MD5 signatures shown or not.
    pub(crate) fn with_keys(self, shows_keys: bool) -> Self {
        Self { shows_keys, ..self }
    }

    /// Looks for owners and lets the rows go on that wait for them. A search that was narrowed finds those that a filter
    /// asks for; with `others`, who else holds their sockets is looked for too, if they hold any.
    pub(crate) fn scan(&self, options: &ScanOptions<'_>, others: bool) {
        let mut found = sockeye_owners::scan(options);
        let narrowed = options.pids.is_some() || options.filter.is_some();
        if others && narrowed && found.as_ref().is_ok_and(|scan| !scan.owners.is_empty()) {
            found = sockeye_owners::scan(&ScanOptions { pids: None, filter: None, ..*options });
        }
        // Nobody else sets it: one thread scans.
        let _ = self.scan.set(found);
    }

    /// What the scan found, once it is over; `None` where there is none.
    pub(crate) fn scanned(&self) -> Option<&Result<Scan, ScanError>> {
        self.scans.then(|| self.scan.wait())
    }

    fn user(&self, uid: u32) -> Option<&[u8]> {
        self.users.get_or_init(|| Users::load().ok()).as_ref()?.name(uid)
    }

    /// Name of a user, or the number of one without a name.
    pub(crate) fn user_name(&self, uid: u32) -> Vec<u8> {
        self.user(uid).map_or_else(|| uid.to_string().into_bytes(), <[u8]>::to_vec)
    }

    fn cgroup(&self, id: u64) -> Option<&[u8]> {
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
        let reason = self.unknown.get_or_init(|| match self.scanned()? {
            Err(error) => Some(error.to_string()),
            Ok(scan) if scan.visibility.is_whole() => None,
            Ok(scan) if scan.visibility.processes_not_permitted > 0 => {
                Some(format!("not permitted: {}", scan.visibility))
            }
            Ok(scan) => Some(scan.visibility.to_string()),
        });
        reason.as_deref()
    }

    /// A part of every owner of a socket, one entry each, in the same order for every part.
    fn owners(&self, inode: u32, part: OwnerPart) -> Option<Value<'_>> {
        let scan = self.scanned()?.as_ref().ok()?;
        let list: Vec<_> = scan.owners.of(inode).map(|owner| self.part(owner.process, owner.fd, part)).collect();
        // Nobody found where not everybody could be looked at is not "nobody".
        (!list.is_empty() || scan.visibility.is_whole()).then_some(Value::List(list))
    }

    fn part<'s>(&'s self, process: &'s Process, fd: u32, part: OwnerPart) -> Value<'s> {
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
            OwnerPart::Unit => text(process.cgroup().and_then(unit)),
            OwnerPart::Container => {
                text(identity().and_then(|found| found.container.as_ref().map(|container| &*container.id)))
            }
            OwnerPart::Pod => text(identity().and_then(|found| found.pod_uid.as_deref().map(str::as_bytes))),
            _ => Value::List(Vec::new()),
        }
    }
}

/// The systemd unit of a control group: that of the user's manager, where there is one.
pub(crate) fn unit(cgroup: &sockeye_owners::Cgroup) -> Option<&[u8]> {
    let identity = cgroup.identity();
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
    pub(crate) interfaces: Interfaces,
    /// The other ends, where they are wanted.
    pub(crate) ends: Option<Ends>,
    /// Which place this is, among those of the listing.
    pub(crate) index: usize,
}

/// Names of interfaces in one namespace, asked once each.
pub(crate) struct Interfaces {
    socket: Option<Socket>,
    /// The first names, without a lock: each in the place of its index, unless another took that before.
    first: Box<[OnceLock<(u32, Option<InterfaceName>)>; FIRST]>,
    names: Mutex<HashMap<u32, Option<InterfaceName>>>,
}

/// Names without a lock.
const FIRST: usize = 64;

impl Interfaces {
    /// Names in a namespace, or here.
    pub(crate) fn of(namespace: Option<&Namespace>) -> Self {
        Self { socket: super::listing::open(namespace).ok(), ..Self::unknown() }
    }

    /// No names at all.
    pub(crate) fn unknown() -> Self {
        Self { socket: None, first: Box::new([const { OnceLock::new() }; FIRST]), names: Mutex::default() }
    }

    pub(crate) fn name(&self, ifindex: u32) -> Option<InterfaceName> {
        let ask = || Some(InterfaceName::new(self.socket.as_ref()?.interface_name(ifindex)?.as_bytes()));
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
        self.system.owners(inode, part)
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
        self.system.kernel.unwrap_or(Version(6, 18))
    }

    fn namespace(&self) -> Option<&[u8]> {
        self.label.as_deref()
    }

    fn shows_keys(&self) -> bool {
        self.system.shows_keys
    }

    fn index(&self) -> usize {
        self.index
    }
}

/// Names in a filter, as the running system resolves them.
pub(crate) struct SystemNames {
    /// The rows come from other network namespaces, where an interface of that name has another index, or none.
    pub(crate) elsewhere: bool,
}

impl sockeye_query::Names for SystemNames {
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
        if self.elsewhere {
            return Ok(None);
        }
        let socket = Socket::open(Protocol::SockDiag).map_err(|error| error.to_string())?;
        let index = socket.interface_index(name.as_bytes());
        // Digits can be an index, which need not have a name yet.
        if index.is_none() && !name.bytes().all(|letter| letter.is_ascii_digit()) {
            return Err(format!("there is no interface {name:?} in this network namespace"));
        }
        Ok(index)
    }

    fn cgroup(&self, path: &str) -> Result<u64, String> {
        cgroup_id(path.as_bytes()).map_err(|error| error.to_string())
    }
}
