//! The catalog of socket fields, made from the kernel's tables.
//!
//! Flat fields that every family has in its own way come first, by hand. Everything else is a row of a table in
//! `sockeye_wire`: its name, JSON key, unit, documentation and place follow from that row alone.

use std::sync::LazyLock;

use sockeye_wire::sock_diag::tcp_info::{AccEcnBits, AccEcnNumbers, TcpInfo};
use sockeye_wire::sock_diag::unix::UnixQueues;
use sockeye_wire::{
    Ask, AttributeRow, Field, Holds, Layout, Meaning, Number, Payload, Privilege, Scalar, Space, Version, names,
};

use super::flat::Flat;
use super::place::{Place, Read, Says};
use super::possible;
use super::surroundings::OwnerPart;
use super::table::{Table, Tables};
use super::words;
use crate::value::says_unit;
use crate::{Catalog, FieldId, FieldInfo, FieldKind};

/// Where a field's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// One of the fields made by hand.
    Flat(Flat),
    /// A place in a message, another one for each group of tables.
    Places(Vec<Place>),
}

/// The fields of `sockeye sockets`.
pub(crate) struct Registry {
    pub(crate) catalog: Catalog,
    pub(crate) sources: Vec<Source>,
}

/// The fields of `sockeye sockets`, made once.
pub(crate) fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);
    &REGISTRY
}

/// The catalog of socket fields.
pub fn catalog() -> &'static Catalog {
    &registry().catalog
}

/// The field made by hand that stands behind a name, if it is one.
pub fn source_flat(field: FieldId) -> Option<Flat> {
    match registry().sources.get(usize::from(field.0))? {
        Source::Flat(flat) => Some(*flat),
        Source::Places(_) => None,
    }
}

/// Fields of the fixed structures that a flat field stands for.
const COVERED: [&str; 22] = [
    "family",
    "state",
    "state_number",
    "sport",
    "dport",
    "if",
    "ifindex",
    "cookie",
    "rqueue",
    "wqueue",
    "uid",
    "inode",
    "ino",
    "num",
    "portid",
    "src_cid",
    "src_port",
    "dst_cid",
    "dst_port",
    "pad",
    "dst_portid",
    "diag_state",
];

impl Registry {
    fn new() -> Self {
        let mut registry = Self { catalog: Catalog::default(), sources: Vec::with_capacity(400) };
        for row in FLAT_FIELDS {
            registry.add_flat(row);
        }
        let spaces: [(Tables, &'static Space); 8] = [
            (Tables::INET, Table::Tcp.space()),
            (Table::Unix.set(), Table::Unix.space()),
            (Table::Packet.set(), Table::Packet.space()),
            (Table::Netlink.set(), Table::Netlink.space()),
            (Table::Vsock.set(), Table::Vsock.space()),
            (Table::Xdp.set(), Table::Xdp.space()),
            (Table::Tipc.set(), Table::Tipc.space()),
            (Table::Smc.set(), Table::Smc.space()),
        ];
        for (tables, space) in spaces {
            if let Some(layout) = space.header {
                registry.add_header(tables, layout);
            }
            for row in space.attributes {
                registry.add_attribute(
                    &Within { tables, outer: None, nest: &[], prefix: "", ask: None, privilege: Privilege::None },
                    row,
                );
            }
        }
        let [proto, state] = [Flat::Proto, Flat::State].map(|flat| registry.flat_field(flat));
        words::add(&mut registry.catalog, proto, state);
        registry.catalog.divide(
            possible::of_test,
            "udp, raw and netlink sockets are `established` or `unconnected`, unix sockets can be `listening` too, \
             packet and xdp sockets are `unconnected`, and tcp sockets without connection `bound-inactive`",
        );
        registry
    }

    /// The field of a flat source. The first two fields are always there; a caller that asks for another gets the first.
    fn flat_field(&self, wanted: Flat) -> FieldId {
        let found = self.sources.iter().position(|source| matches!(source, Source::Flat(flat) if *flat == wanted));
        FieldId(found.and_then(|index| u16::try_from(index).ok()).unwrap_or(0))
    }

    fn add_flat(&mut self, row: &FlatField) {
        self.catalog.add(FieldInfo {
            path: row.path.to_owned(),
            aliases: row.aliases.to_vec(),
            json: row.json.to_owned(),
            kernel: row.kernel.to_owned(),
            doc: row.doc,
            kind: row.kind,
            scalar: scalar(row.flat),
            several: matches!(row.flat, Flat::Port | Flat::Owner(_) | Flat::PeerOwner(_)),
            none_is_said: matches!(row.flat, Flat::Interface | Flat::Ifindex | Flat::Owner(_) | Flat::PeerOwner(_)),
            since: since(row.flat),
            privilege: match row.flat {
                Flat::Owner(_) | Flat::PeerOwner(_) => Privilege::Ptrace,
                _ => Privilege::None,
            },
        });
        self.sources.push(Source::Flat(row.flat));
    }

    fn add_header(&mut self, tables: Tables, layout: &'static Layout) {
        for field in layout.fields.iter().filter(|field| !COVERED.contains(&field.name)) {
            let Some(read) = Read::of_field(field) else { continue };
            let place = Place {
                tables,
                attribute: None,
                outer: Privilege::None,
                nest: Vec::new(),
                ask: Ask::Always,
                read,
                says: Says::Always,
            };
            self.add(field.name.to_owned(), field.kernel.to_owned(), field.doc, &Traits::of_field(field), place);
        }
    }

    fn add_attribute(&mut self, within: &Within<'_>, row: &'static AttributeRow) {
        let tables = match row.only {
            Some(protocol) => Table::ALL.into_iter().filter(|table| table.ip_protocol() == Some(protocol)).collect(),
            None => within.tables,
        };
        let path =
            if within.prefix.is_empty() { row.name.to_owned() } else { format!("{}.{}", within.prefix, row.name) };
        let mut nest = within.nest.to_vec();
        let attribute = match within.outer {
            Some(outer) => {
                nest.push(row.number);
                outer
            }
            None => row.number,
        };
        let ask = within.ask.unwrap_or(row.ask);
        let outer = if within.outer.is_some() { within.privilege } else { row.privilege };
        // What stands in an attribute wants at least what that wants.
        let privilege = if row.privilege == Privilege::None { within.privilege } else { row.privilege };
        let place = |read| Place {
            tables,
            attribute: Some(attribute),
            outer,
            nest: nest.clone(),
            ask,
            read,
            says: Says::Always,
        };
        match row.payload {
            Payload::Padding => {}
            Payload::Structure(layout) => {
                for field in layout.fields {
                    let Some(read) = Read::of_field(field) else { continue };
                    let kernel = format!("{} {}", row.kernel, field.kernel);
                    let traits = Traits { privilege, since: field.since.max(row.since), ..Traits::of_field(field) };
                    let place = Place { says: says(layout, field), ..place(read) };
                    self.add(format!("{path}.{}", field.name), kernel, field.doc, &traits, place);
                }
                if layout.kernel == TcpInfo::LAYOUT.kernel {
                    self.add_accecn(tables, row);
                }
            }
            Payload::Nest(space) => {
                let within = Within {
                    tables,
                    outer: Some(attribute),
                    nest: &nest,
                    prefix: &path,
                    ask: Some(ask),
                    privilege: outer,
                };
                for inner in space.attributes {
                    self.add_attribute(&within, inner);
                }
            }
            payload => {
                let Some(read) = Read::of(&payload) else { return };
                let kind = match payload {
                    Payload::Number(_, meaning) | Payload::Numbers(_, meaning) => FieldKind::Number(meaning),
                    Payload::Text | Payload::UnixName => FieldKind::Text,
                    Payload::Flag => FieldKind::Number(Meaning::Truth),
                    Payload::Opaque => FieldKind::Number(Meaning::Bytes),
                    Payload::BitNumbers => FieldKind::Number(Meaning::Identifier),
                    Payload::SocketAddresses => FieldKind::SocketAddress,
                    _ => FieldKind::Structure,
                };
                let traits = Traits { kind, since: row.since, privilege };
                self.add(path.clone(), row.kernel.to_owned(), row.doc, &traits, place(read));
            }
        }
    }

    /// Adds the end of `tcp_info`, which changed its layout and not its length between two releases.
    fn add_accecn(&mut self, tables: Tables, row: &'static AttributeRow) {
        let layouts = [
            (AccEcnNumbers::LAYOUT.fields, Says::Kernels(Version(0, 0), Version(7, 0))),
            (AccEcnBits::LAYOUT.fields, Says::Kernels(Version(7, 0), Version(u8::MAX, 0))),
        ];
        for (fields, says) in layouts {
            for field in fields {
                let Some(read) = Read::of_field(field) else { continue };
                let place = Place {
                    tables,
                    attribute: Some(row.number),
                    outer: row.privilege,
                    nest: Vec::new(),
                    ask: row.ask,
                    read,
                    says,
                };
                let kernel = format!("{} {}", row.kernel, field.kernel);
                self.add(format!("{}.{}", row.name, field.name), kernel, field.doc, &Traits::of_field(field), place);
            }
        }
    }

    /// Adds a field, or another place of one that other tables have too.
    fn add(&mut self, path: String, kernel: String, doc: &'static str, traits: &Traits, place: Place) {
        let known = self.catalog.fields().find(|(_, info)| info.path == path).map(|(id, _)| id);
        if let Some(id) = known {
            self.catalog.also_since(id, traits.since);
            if let Source::Places(places) = &mut self.sources[usize::from(id.0)] {
                places.push(place);
            }
            return;
        }
        let name = path.rsplit('.').next().unwrap_or(&path).to_owned();
        let suffix = match traits.kind {
            FieldKind::Number(meaning) if !says_unit(&name, meaning) => meaning.suffix(),
            _ => "",
        };
        self.catalog.add(FieldInfo {
            aliases: aliases(&path).to_vec(),
            json: format!("{name}{suffix}"),
            path,
            kernel,
            doc,
            kind: traits.kind,
            scalar: match place.read {
                Read::Number { number, .. } => Some(number.scalar),
                _ => None,
            },
            several: matches!(place.read, Read::Numbers(..) | Read::BitNumbers | Read::SocketAddresses),
            none_is_said: false,
            since: traits.since,
            privilege: traits.privilege,
        });
        self.sources.push(Source::Places(vec![place]));
    }
}

/// What surrounds an attribute: the tables, the attribute it is nested in, the object its name goes into.
struct Within<'r> {
    tables: Tables,
    outer: Option<u16>,
    nest: &'r [u16],
    prefix: &'r str,
    ask: Option<Ask>,
    /// What the outermost attribute wants.
    privilege: Privilege,
}

struct Traits {
    kind: FieldKind,
    since: Version,
    privilege: Privilege,
}

impl Traits {
    fn of_field(field: &Field) -> Self {
        let kind = match field.holds {
            Holds::Number(number) => FieldKind::Number(number.meaning),
            Holds::Text(_) => FieldKind::Text,
            Holds::SocketAddress => FieldKind::SocketAddress,
            _ => FieldKind::Structure,
        };
        Self { kind, since: field.since, privilege: Privilege::None }
    }
}

/// The kernel's type of a field made by hand, where it has the same in every family.
fn scalar(flat: Flat) -> Option<Scalar> {
    let is_word = matches!(
        flat,
        Flat::RecvQueue
            | Flat::SendQueue
            | Flat::AcceptQueue
            | Flat::AcceptQueueLimit
            | Flat::Ifindex
            | Flat::Uid
            | Flat::Inode
            | Flat::PeerInode
    );
    is_word.then_some(Scalar::U32)
}

/// The kernel that first had what a field made by hand is made of.
fn since(flat: Flat) -> Version {
    match flat {
        Flat::Owner(OwnerPart::Process) => Version(2, 33),
        Flat::Owner(OwnerPart::Unit | OwnerPart::Container | OwnerPart::Pod) => Version(2, 24),
        Flat::Namespace => Version(3, 0),
        Flat::PeerInode | Flat::PeerName | Flat::PeerOwner(_) => Version(3, 3),
        Flat::Cgroup => Version(5, 8),
        _ => Version(2, 12),
    }
}

/// When a field of a structure says something. The queues of a listening unix socket are counts of connections (net/unix/diag.c,
/// `sk_diag_show_rqlen`), which `accept_queue` and its limit say.
fn says(layout: &Layout, field: &Field) -> Says {
    let not_listening = (layout.kernel == TcpInfo::LAYOUT.kernel && !TcpInfo::FILLED_IN_LISTEN.contains(&field.name))
        || layout.kernel == UnixQueues::LAYOUT.kernel;
    if not_listening { Says::NotListening } else { Says::Always }
}

impl Read {
    /// How a field of a structure is read; `None` where it holds something that has no values here yet.
    pub(crate) fn of_field(field: &'static Field) -> Option<Self> {
        Some(match field.holds {
            Holds::Number(number) => Self::Number { offset: field.offset, number },
            Holds::Text(_) => Self::TextIn(field),
            Holds::SocketAddress => Self::SocketAddressIn(field),
            _ => return None,
        })
    }

    /// How a payload that is one field is read; `None` where it is several, or nothing.
    pub(crate) fn of(payload: &Payload) -> Option<Self> {
        Some(match *payload {
            Payload::Number(scalar, meaning) => {
                Self::Number { offset: 0, number: Number { scalar, meaning, unset: None, within: 0 } }
            }
            Payload::Text => Self::Text,
            Payload::Memberships => Self::Memberships,
            Payload::Numbers(scalar, meaning) => Self::Numbers(scalar, meaning),
            Payload::BitNumbers => Self::BitNumbers,
            Payload::Nests(number, space) => Self::Nests(number, space),
            Payload::SocketAddresses => Self::SocketAddresses,
            Payload::Md5Signatures => Self::Md5Signatures { keys: false },
            Payload::ClassicBpf => Self::ClassicBpf,
            Payload::UnixName => Self::UnixName,
            Payload::Flag => Self::Flag,
            Payload::Opaque => Self::Size,
            _ => return None,
        })
    }
}

/// Short names of fields that people ask for often. Everything else is found by its last part, if no other field has it.
fn aliases(path: &str) -> &'static [&'static str] {
    match path {
        "tcp_info.rtt" => &["rtt"],
        "tcp_info.rttvar" => &["rttvar"],
        "tcp_info.min_rtt" => &["minrtt", "min_rtt"],
        "tcp_info.rto" => &["rto"],
        "tcp_info.retrans" => &["retrans"],
        "tcp_info.total_retrans" => &["total-retrans"],
        "tcp_info.snd_cwnd" => &["cwnd", "snd_cwnd"],
        "tcp_info.snd_ssthresh" => &["ssthresh"],
        "tcp_info.snd_mss" => &["mss"],
        "tcp_info.pmtu" => &["pmtu"],
        "tcp_info.unacked" => &["unacked"],
        "tcp_info.lost" => &["lost"],
        "tcp_info.bytes_sent" => &["bytes_sent"],
        "tcp_info.bytes_acked" => &["bytes_acked"],
        "tcp_info.bytes_received" => &["bytes_received"],
        "tcp_info.bytes_retrans" => &["bytes_retrans"],
        "tcp_info.segs_in" => &["segs_in"],
        "tcp_info.segs_out" => &["segs_out"],
        "tcp_info.pacing_rate" => &["pacing_rate"],
        "tcp_info.delivery_rate" => &["delivery_rate"],
        "tcp_info.notsent_bytes" => &["notsent"],
        "tcp_info.last_data_sent" => &["lastsnd"],
        "tcp_info.last_data_recv" => &["lastrcv"],
        "tcp_info.options" => &["options"],
        "congestion.algorithm" => &["cc"],
        "skmem.drops" => &["drops"],
        "ulp.name" => &["ulp"],
        "mark" => &["mark", "fwmark"],
        "cgroup_id" => &["cgroup_id"],
        _ => &[],
    }
}

/// A field made by hand.
struct FlatField {
    path: &'static str,
    aliases: &'static [&'static str],
    json: &'static str,
    kernel: &'static str,
    doc: &'static str,
    kind: FieldKind,
    flat: Flat,
}

const fn flat(
    path: &'static str,
    aliases: &'static [&'static str],
    json: &'static str,
    kernel: &'static str,
    doc: &'static str,
    kind: FieldKind,
    flat: Flat,
) -> FlatField {
    FlatField { path, aliases, json, kernel, doc, kind, flat }
}

const IDENTIFIER: FieldKind = FieldKind::Number(Meaning::Identifier);
const BYTES: FieldKind = FieldKind::Number(Meaning::Bytes);
const COUNT: FieldKind = FieldKind::Number(Meaning::Count);
const PROTOCOLS: FieldKind = FieldKind::Number(Meaning::OneOf(names![
    (0, "tcp"),
    (1, "mptcp"),
    (2, "udp"),
    (3, "udplite"),
    (4, "raw"),
    (5, "sctp"),
    (6, "unix"),
    (7, "packet"),
    (8, "netlink"),
    (9, "vsock"),
    (10, "xdp"),
    (11, "tipc"),
    (12, "smc")
]));
const STATES: FieldKind = FieldKind::Number(Meaning::OneOf(names![
    (1, "established"),
    (2, "syn-sent"),
    (3, "syn-recv"),
    (4, "fin-wait-1"),
    (5, "fin-wait-2"),
    (6, "time-wait"),
    (7, "unconnected"),
    (8, "close-wait"),
    (9, "last-ack"),
    (10, "listening"),
    (11, "closing"),
    (13, "bound-inactive")
]));

#[rustfmt::skip]
static FLAT_FIELDS: &[FlatField] = &[
    flat("proto", &["proto", "netid", "protocol"], "protocol", "", "Protocol or family of the socket.", PROTOCOLS, Flat::Proto),
    flat("state", &["state"], "state", "idiag_state", "State of the connection; of a socket without one, `unconnected`.", STATES, Flat::State),
    flat("recv_queue", &["recv-q", "rcvq"], "recv_queue_bytes", "idiag_rqueue", "Bytes received that the program has not read; a listening socket has `accept_queue` instead.", BYTES, Flat::RecvQueue),
    flat("send_queue", &["send-q", "sndq"], "send_queue_bytes", "idiag_wqueue", "Bytes sent that the peer has not acknowledged; a listening socket has `accept_queue_limit` instead.", BYTES, Flat::SendQueue),
    flat("accept_queue", &["accept-queue"], "accept_queue", "idiag_rqueue", "Connections that wait to be accepted.", COUNT, Flat::AcceptQueue),
    flat("accept_queue_limit", &["accept-queue-limit", "backlog"], "accept_queue_limit", "idiag_wqueue", "Connections that may wait to be accepted.", COUNT, Flat::AcceptQueueLimit),
    flat("local", &["local", "src"], "local_address", "idiag_src", "Local address: an IP address, a unix path or `@` name, a packet or netlink protocol.", FieldKind::Address, Flat::Local),
    flat("local_port", &["lport", "sport"], "local_port", "idiag_sport", "Local port; of a netlink socket its port id.", FieldKind::Port, Flat::LocalPort),
    flat("peer", &["peer", "dst"], "peer_address", "idiag_dst", "Address of the other end.", FieldKind::Address, Flat::Peer),
    flat("peer_port", &["pport", "dport"], "peer_port", "idiag_dport", "Port of the other end.", FieldKind::Port, Flat::PeerPort),
    flat("port", &["port"], "", "", "Either port.", FieldKind::Port, Flat::Port),
    flat("interface", &["dev"], "interface", "idiag_if", "Interface the socket is bound to.", FieldKind::Interface, Flat::Interface),
    flat("ifindex", &["ifindex"], "ifindex", "idiag_if", "Index of the interface the socket is bound to.", IDENTIFIER, Flat::Ifindex),
    flat("uid", &["uid"], "uid", "idiag_uid", "User the socket belongs to.", FieldKind::User, Flat::Uid),
    flat("inode", &["inode", "ino"], "inode", "idiag_inode", "Inode of the socket, as /proc/PID/fd shows it.", IDENTIFIER, Flat::Inode),
    flat("cookie", &["cookie", "sk"], "cookie", "idiag_cookie", "Identity of the socket, never used twice until the next boot.", FieldKind::Number(Meaning::Hexadecimal), Flat::Cookie),
    flat("cgroup", &["cgroup"], "cgroup", "INET_DIAG_CGROUP_ID", "Control group the socket was made in.", FieldKind::Cgroup, Flat::Cgroup),
    flat("autobound", &["autobound"], "", "INET_DIAG_BC_AUTO", "No program bound this socket to a port by its number (`SOCK_BINDPORT_LOCK`): the kernel chose one at connect, send, listen or bind to port 0, or the socket came by its port in another way, as connections that a server accepts, raw sockets, SYN-RECV and TIME-WAIT. Of internet sockets only the kernel can decide it, in a filter. A unix socket counts where it has no name or one of the five digits that the kernel gives, a Netlink socket where its port id is no process id, a packet socket that listens to nothing, a vsock socket above the reserved ports.", FieldKind::Number(Meaning::Truth), Flat::AutomaticPort),
    flat("process", &["process", "comm"], "process", "/proc/PID/comm", "Name of a process that holds the socket; a thread that left its table of descriptors (`unshare(CLONE_FILES)`) is not looked at.", FieldKind::Text, Flat::Owner(OwnerPart::Process)),
    flat("pid", &["pid"], "pid", "/proc/PID", "Id of a process that holds the socket; a thread that left its table of descriptors (`unshare(CLONE_FILES)`) is not looked at.", IDENTIFIER, Flat::Owner(OwnerPart::Pid)),
    flat("fd", &["fd"], "fd", "/proc/PID/fd", "File descriptor by which a process holds the socket.", IDENTIFIER, Flat::Owner(OwnerPart::Fd)),
    flat("user", &["user"], "user", "/proc/PID/status", "User of a process that holds the socket.", FieldKind::UserName, Flat::Owner(OwnerPart::User)),
    flat("cmdline", &["cmdline"], "cmdline", "/proc/PID/cmdline", "Command line of a process that holds the socket.", FieldKind::Text, Flat::Owner(OwnerPart::Cmdline)),
    flat("unit", &["unit"], "unit", "/proc/PID/cgroup", "systemd unit of a process that holds the socket.", FieldKind::Text, Flat::Owner(OwnerPart::Unit)),
    flat("container", &["container"], "container", "/proc/PID/cgroup", "Container of a process that holds the socket.", FieldKind::Text, Flat::Owner(OwnerPart::Container)),
    flat("pod", &["pod"], "pod", "/proc/PID/cgroup", "Kubernetes pod (its uid) of a process that holds the socket.", FieldKind::Text, Flat::Owner(OwnerPart::Pod)),
    flat("peer_inode", &["peer-inode"], "peer_inode", "UNIX_DIAG_PEER", "Inode of the other end, where that is on this machine.", IDENTIFIER, Flat::PeerInode),
    flat("peer_name", &["peer-name"], "peer_name", "UNIX_DIAG_PEER", "Name of the other end of a unix socket.", FieldKind::Text, Flat::PeerName),
    flat("peer_process", &["peer-process"], "peer_process", "/proc/PID/comm", "Name of a process that holds the other end.", FieldKind::Text, Flat::PeerOwner(OwnerPart::Process)),
    flat("peer_pid", &["peer-pid"], "peer_pid", "/proc/PID", "Id of a process that holds the other end.", IDENTIFIER, Flat::PeerOwner(OwnerPart::Pid)),
    flat("netns", &["netns", "namespace"], "netns", "/proc/PID/ns/net", "Network namespace of the socket.", FieldKind::Text, Flat::Namespace),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinned_names_lead_to_their_json_keys() {
        let pinned = [
            ("netid", "protocol"),
            ("rcvq", "recv_queue_bytes"),
            ("sndq", "send_queue_bytes"),
            ("src", "local_address"),
            ("sport", "local_port"),
            ("dst", "peer_address"),
            ("dport", "peer_port"),
            ("dev", "interface"),
            ("rtt", "rtt_us"),
            ("minrtt", "min_rtt_us"),
            ("retrans", "retrans"),
            ("total-retrans", "total_retrans"),
            ("cwnd", "snd_cwnd"),
            ("cc", "algorithm"),
            ("drops", "drops"),
            ("comm", "process"),
        ];
        for (name, json) in pinned {
            let id = catalog().find(name).unwrap_or_else(|| panic!("{name} is not a field"));
            assert_eq!(catalog().info(id).json, json, "{name}");
        }
    }

    #[test]
    fn every_path_is_said_once_and_every_field_is_documented() {
        let mut paths: Vec<_> = catalog().fields().map(|(_, info)| info.path.as_str()).collect();
        paths.sort_unstable();
        assert!(paths.windows(2).all(|pair| pair[0] != pair[1]));
        for (_, info) in catalog().fields() {
            assert!(info.doc.ends_with('.'), "{} has no sentence", info.path);
        }
    }

    #[test]
    fn scalars_of_a_structure_lie_inside_it() {
        for (_, info) in catalog().fields() {
            if let FieldKind::Number(Meaning::OneOf(names)) = info.kind {
                assert!(!names.is_empty(), "{} has no names", info.path);
            }
        }
    }
}
