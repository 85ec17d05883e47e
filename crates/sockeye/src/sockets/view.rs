//! Columns: which fields are shown, in which order, and which of them fall away first where there is no room.

use sockeye_query::FieldId;
use sockeye_query::filter::nearest;
use sockeye_query::sockets::{Flat, catalog, source_flat};

pub(crate) use crate::rows::columns::Column;
use crate::rows::columns::Fields;

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A field that every table has in its own way.
    Flat(Flat),
    /// A number or text of the kernel.
    Kernel,
}

impl Kind {
    /// The kind of a field.
    pub(crate) fn of(field: FieldId) -> Self {
        source_flat(field).map_or(Self::Kernel, Self::Flat)
    }

    /// Whether it is a part of who holds a socket, or its other end.
    pub(crate) fn is_owner(self) -> bool {
        matches!(self, Self::Flat(Flat::Owner(_) | Flat::PeerOwner(_)))
    }
}

/// Sockets' own columns.
impl Column {
    /// The fields that this column stands for in formats without layout: an address comes with its port.
    pub(crate) fn json_fields(&self) -> Vec<FieldId> {
        let with = |names: &[&str]| names.iter().filter_map(|name| catalog().find(name)).collect();
        match self.kind {
            Kind::Flat(Flat::Local) => with(&["local", "local_port"]),
            Kind::Flat(Flat::Peer) => with(&["peer", "peer_port"]),
            Kind::Flat(Flat::Port) => with(&["local_port", "peer_port"]),
            Kind::Flat(Flat::RecvQueue) => with(&["recv_queue", "accept_queue"]),
            Kind::Flat(Flat::SendQueue) => with(&["send_queue", "accept_queue_limit"]),
            Kind::Flat(Flat::Interface) => with(&["interface", "ifindex"]),
            _ => vec![self.field],
        }
    }
}

/// The fields of sockets.
pub(crate) const FIELDS: fn() -> Fields = || Fields { catalog: catalog(), kind: Kind::of, help: "sockeye fields" };

/// The default columns, with what each is worth: the highest number falls away first.
const DEFAULT: [(&str, u8); 11] = [
    ("proto", 0),
    ("state", 0),
    ("recv-q", 3),
    ("send-q", 3),
    ("local", 0),
    ("peer", 0),
    ("rtt", 5),
    ("retrans", 6),
    ("drops", 4),
    ("process", 1),
    ("pid", 2),
];

/// Named views: columns for one question each.
const VIEWS: [(&str, &[&str]); 5] = [
    ("default", &[]),
    (
        "tcp",
        &[
            "proto",
            "state",
            "recv-q",
            "send-q",
            "local",
            "peer",
            "rtt",
            "rttvar",
            "min_rtt",
            "cwnd",
            "ssthresh",
            "mss",
            "retrans",
            "total-retrans",
            "unacked",
            "lost",
            "delivery_rate",
            "bytes_sent",
            "bytes_received",
        ],
    ),
    (
        "memory",
        &[
            "proto",
            "state",
            "local",
            "peer",
            "skmem.rmem_alloc",
            "skmem.rcvbuf",
            "skmem.wmem_alloc",
            "skmem.sndbuf",
            "skmem.fwd_alloc",
            "skmem.wmem_queued",
            "skmem.optmem",
            "skmem.backlog",
            "skmem.drops",
            "process",
            "pid",
        ],
    ),
    (
        "timers",
        &[
            "proto",
            "state",
            "local",
            "peer",
            "timer",
            "expires",
            "timer_retrans",
            "rto",
            "tcp_info.backoff",
            "tcp_info.probes",
            "lastsnd",
            "lastrcv",
            "tcp_info.last_ack_recv",
        ],
    ),
    (
        "congestion",
        &[
            "proto",
            "local",
            "peer",
            "cc",
            "tcp_info.ca_state",
            "cwnd",
            "ssthresh",
            "rtt",
            "min_rtt",
            "pacing_rate",
            "delivery_rate",
            "total-retrans",
            "lost",
            "tcp_info.reordering",
            "congestion.bbr.bw",
            "congestion.dctcp.alpha",
        ],
    ),
];

/// The names of the views.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    VIEWS.iter().map(|(name, _)| *name).chain(["everything"])
}

/// Fields that `everything` leaves out: the same said twice, and what needs another look at the machine.
fn is_in_everything(field: FieldId, owners: bool) -> bool {
    match Kind::of(field) {
        Kind::Flat(
            Flat::Port
            | Flat::AutomaticPort
            | Flat::AcceptQueue
            | Flat::AcceptQueueLimit
            | Flat::LocalPort
            | Flat::PeerPort
            | Flat::Ifindex
            | Flat::PeerInode
            | Flat::PeerName
            | Flat::PeerOwner(_)
            | Flat::Namespace,
        ) => false,
        Kind::Flat(Flat::Owner(_)) => owners,
        _ => catalog().info(field).privilege != sockeye_wire::Privilege::Bpf,
    }
}

/// What was asked for on the command line.
pub(crate) struct Choice<'c> {
    /// `--view`.
    pub(crate) view: Option<&'c str>,
    /// `--columns`.
    pub(crate) columns: Option<&'c str>,
    /// `--no-owners` was not given.
    pub(crate) owners: bool,
    /// Several namespaces are listed.
    pub(crate) namespaces: bool,
}

/// The fields that columns stand for in formats without layout, each once.
pub(crate) fn json_fields(columns: &[Column]) -> Vec<FieldId> {
    let mut fields = Vec::with_capacity(columns.len() * 2);
    for field in columns.iter().flat_map(Column::json_fields) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    fields
}

/// The columns of a listing. An error is one sentence.
pub(crate) fn columns(choice: &Choice<'_>) -> Result<Vec<Column>, String> {
    let mut columns = match choice.view {
        None | Some("default") => default_columns(choice.owners),
        Some("everything") => catalog()
            .fields()
            .filter(|&(field, _)| is_in_everything(field, choice.owners))
            .map(|(field, _)| FIELDS().column(field, 1, true))
            .collect(),
        Some(name) => {
            let Some((_, fields)) = VIEWS.iter().find(|(known, _)| *known == name) else {
                let known: Vec<_> = names().collect();
                let meant = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("; did you mean {near:?}?"),
                    None => ";".to_owned(),
                };
                return Err(format!("there is no view {name:?}{meant} there are {}", known.join(", ")));
            };
            let mut columns = fields.iter().map(|name| find(name, 1, true)).collect::<Result<Vec<_>, _>>()?;
            columns.retain(|column| choice.owners || !matches!(column.kind, Kind::Flat(Flat::Owner(_))));
            columns
        }
    };
    if let Some(list) = choice.columns {
        FIELDS().apply(&mut columns, list)?;
    }
    if choice.namespaces && !columns.iter().any(|column| column.kind == Kind::Flat(Flat::Namespace)) {
        columns.insert(0, find("netns", 0, true)?);
    }
    Ok(columns)
}

fn default_columns(owners: bool) -> Vec<Column> {
    DEFAULT
        .iter()
        .filter_map(|&(name, sacrifice)| find(name, sacrifice, true).ok())
        .filter(|column| owners || !matches!(column.kind, Kind::Flat(Flat::Owner(_))))
        .collect()
}

fn find(name: &str, sacrifice: u8, default: bool) -> Result<Column, String> {
    FIELDS().find(name, sacrifice, default)
}
