//! Columns: which fields are shown, in which order, and which of them fall away first where there is no room.

use sockeye_query::FieldId;
use sockeye_query::sockets::{Flat, catalog, source_flat};

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

/// One column of a listing.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The field.
    pub(crate) field: FieldId,
    /// Its heading.
    pub(crate) title: String,
    /// What it shows.
    pub(crate) kind: Kind,
    /// Columns with a higher number fall away first.
    pub(crate) sacrifice: u8,
    /// The value stands at the right edge.
    pub(crate) right: bool,
    /// Nobody asked for it by name: it may be unknown without more ado.
    pub(crate) default: bool,
}

impl Column {
    fn new(field: FieldId, sacrifice: u8, default: bool) -> Self {
        let info = catalog().info(field);
        let kind = Kind::of(field);
        let right = matches!(info.kind, sockeye_query::FieldKind::Number(meaning) if is_amount(meaning))
            && !matches!(kind, Kind::Flat(Flat::Owner(_) | Flat::PeerOwner(_)));
        Self { field, title: info.name().to_uppercase(), kind, sacrifice, right, default }
    }

    /// The fields that this column stands for in formats without layout: an address comes with its port.
    pub(crate) fn json_fields(&self) -> Vec<FieldId> {
        let with = |names: &[&str]| names.iter().filter_map(|name| catalog().find(name)).collect();
        match self.kind {
            Kind::Flat(Flat::Local) => with(&["local", "local_port"]),
            Kind::Flat(Flat::Peer) => with(&["peer", "peer_port"]),
            Kind::Flat(Flat::RecvQueue) => with(&["recv_queue", "accept_queue"]),
            Kind::Flat(Flat::SendQueue) => with(&["send_queue", "accept_queue_limit"]),
            Kind::Flat(Flat::Interface) => with(&["interface", "ifindex"]),
            _ => vec![self.field],
        }
    }
}

fn is_amount(meaning: sockeye_wire::Meaning) -> bool {
    use sockeye_wire::Meaning::{Bytes, BytesPerSecond, Count, Microseconds, Milliseconds, Seconds};
    matches!(meaning, Bytes | BytesPerSecond | Count | Microseconds | Milliseconds | Seconds)
}

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
            .map(|(field, _)| Column::new(field, 1, true))
            .collect(),
        Some(name) => {
            let Some((_, fields)) = VIEWS.iter().find(|(known, _)| *known == name) else {
                let known: Vec<_> = VIEWS.iter().map(|(name, _)| *name).chain(["everything"]).collect();
                return Err(format!("there is no view {name:?}; there are {}", known.join(", ")));
            };
            let mut columns = fields.iter().map(|name| find(name, 1, true)).collect::<Result<Vec<_>, _>>()?;
            columns.retain(|column| choice.owners || !matches!(column.kind, Kind::Flat(Flat::Owner(_))));
            columns
        }
    };
    if let Some(list) = choice.columns {
        apply(&mut columns, list)?;
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

/// `a,b` replaces the columns; `+c` adds one, `-d` takes one away.
fn apply(columns: &mut Vec<Column>, list: &str) -> Result<(), String> {
    let names: Vec<_> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.iter().any(|name| !name.starts_with(['+', '-'])) || names.is_empty() {
        columns.clear();
    }
    for name in names {
        if let Some(name) = name.strip_prefix('-') {
            let unwanted = find(name, 0, false)?.field;
            columns.retain(|column| column.field != unwanted);
            continue;
        }
        let name = name.strip_prefix('+').unwrap_or(name);
        if catalog().find(name).is_none() {
            // A whole structure by the name of its object.
            columns.extend(object(name)?);
            continue;
        }
        let column = find(name, 0, false)?;
        columns.retain(|known| known.field != column.field);
        columns.push(column);
    }
    if columns.is_empty() {
        return Err("no columns are left; name at least one".to_owned());
    }
    Ok(())
}

fn object(name: &str) -> Result<Vec<Column>, String> {
    let prefix = format!("{name}.");
    let fields: Vec<_> =
        catalog().fields().filter(|(_, info)| info.path.starts_with(&prefix)).map(|(field, _)| field).collect();
    if fields.is_empty() {
        return Err(no_field(name));
    }
    Ok(fields.into_iter().map(|field| Column::new(field, 0, false)).collect())
}

fn find(name: &str, sacrifice: u8, default: bool) -> Result<Column, String> {
    let field = catalog().find(name).ok_or_else(|| no_field(name))?;
    Ok(Column::new(field, sacrifice, default))
}

/// What is wrong with a name that no field has, and which one it may have been.
pub(crate) fn no_field(name: &str) -> String {
    match catalog().nearest(name) {
        Some(near) => format!("there is no field {name:?}; did you mean {near:?}? `sockeye fields` lists them"),
        None => format!("there is no field {name:?}; `sockeye fields` lists them"),
    }
}

/// The columns of a grouping: its fields, and how many rows agree in them.
pub(crate) fn group_columns(fields: &[FieldId]) -> Vec<Column> {
    let mut columns: Vec<_> = fields.iter().map(|&field| Column::new(field, 0, false)).collect();
    columns.extend(fields.first().map(|&field| Column {
        field,
        title: "COUNT".to_owned(),
        kind: Kind::Kernel,
        sacrifice: 0,
        right: true,
        default: false,
    }));
    columns
}
