//! What each option of `ss` means here.

/// A family of `ss`, and the words for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// Its names behind `-A`, the first of them also behind two dashes.
    pub(super) names: &'static [&'static str],
    /// The word of the filter.
    pub(super) word: &'static str,
    /// What else has to hold, for a part of a family.
    pub(super) only: Option<&'static str>,
    /// The sockets that `ss` lists of it without `-a` and `-l` (`default_dbs` and `default_afs` in its source).
    pub(super) usual: Usual,
    /// It is one of IP.
    pub(super) is_inet: bool,
}

/// The states that a family adds to those that `ss` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usual {
    /// All of a connection but TIME-WAIT and SYN-RECV.
    Connected,
    /// Only the state of a connection, since the family has no others.
    Established,
    /// The one state of a family that knows no connections.
    Closed,
}

const fn family(names: &'static [&'static str], word: &'static str, usual: Usual) -> Family {
    Family { names, word, only: None, usual, is_inet: false }
}

const fn inet(names: &'static [&'static str], word: &'static str, usual: Usual) -> Family {
    Family { names, word, only: None, usual, is_inet: true }
}

const fn part(names: &'static [&'static str], word: &'static str, only: &'static str, usual: Usual) -> Family {
    Family { names, word, only: Some(only), usual, is_inet: false }
}

/// The families, and the kinds of socket that `ss` tells apart in them.
pub(super) static FAMILIES: [Family; 20] = [
    family(&["all"], "any", Usual::Connected),
    inet(&["inet"], "inet", Usual::Connected),
    inet(&["tcp"], "tcp", Usual::Connected),
    inet(&["mptcp"], "mptcp", Usual::Connected),
    inet(&["udp"], "udp", Usual::Established),
    inet(&["raw"], "raw", Usual::Established),
    inet(&["sctp"], "sctp", Usual::Connected),
    family(&["unix"], "unix", Usual::Connected),
    part(&["unix_stream", "u_str", "u_stream"], "unix", "socket_type = stream", Usual::Connected),
    part(&["unix_dgram", "u_dgr", "u_dgram"], "unix", "socket_type = dgram", Usual::Connected),
    part(&["unix_seqpacket", "u_seq", "u_seqpacket"], "unix", "socket_type = seqpacket", Usual::Connected),
    family(&["packet", "link"], "packet", Usual::Closed),
    part(&["packet_raw", "p_raw"], "packet", "not socket_type = dgram", Usual::Closed),
    part(&["packet_dgram", "p_dgr"], "packet", "socket_type = dgram", Usual::Closed),
    family(&["netlink"], "netlink", Usual::Closed),
    family(&["vsock"], "vsock", Usual::Connected),
    part(&["vsock_stream", "v_str"], "vsock", "socket_type = stream", Usual::Connected),
    part(&["vsock_dgram", "v_dgr"], "vsock", "socket_type = dgram", Usual::Connected),
    family(&["xdp"], "xdp", Usual::Closed),
    family(&["tipc"], "tipc", Usual::Connected),
];

/// The family of that name.
pub(super) fn named(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.names.contains(&name))
}

/// Which sockets are listed, whatever their families usually are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// `-a`.
    All,
    /// `-l`: also those that wait for datagrams, which connect to nobody.
    Listening,
    /// `-B`.
    Bound,
}

/// Something to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// `-i`.
    Info,
    /// `-m`.
    Memory,
    /// `-o`.
    Timers,
    /// `-e`.
    Extended,
    /// `-p`.
    Owners,
    /// `-s`.
    Summary,
    /// Columns for one thing.
    Columns(&'static str),
}

/// What the value of an option is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A family, `-f`.
    Family,
    /// Several, `-A`.
    Query,
    /// A namespace, `-N`.
    Namespace,
}

/// What an option means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// A family.
    Family(&'static str),
    /// A version of IP: 4 or 6.
    Version(u8),
    /// Which sockets.
    Which(Which),
    /// What is shown of them.
    Shown(Shown),
    /// An option of sockeye that `ss` has too, perhaps under another name.
    Option(&'static str),
    /// An option of sockeye alone.
    Own(&'static str),
    /// It has a value.
    Takes(Takes),
    /// Nothing that sockeye would not do anyway, or that would change which sockets are listed.
    Needless,
    /// Something that sockeye does not show; the sockets are listed without.
    Without(&'static str),
    /// Something that sockeye does not do, and what to use; with a value or not.
    Not(&'static str, bool),
}

impl Means {
    /// Whether sockeye has no such option, or another one of that name.
    pub(super) fn is_theirs(self) -> bool {
        !matches!(self, Self::Own(_) | Self::Takes(Takes::Namespace))
    }
}

/// Letter, long name and meaning of every option. A long name without letter has a NUL.
pub(super) static OPTIONS: [(char, &str, Means); 46] = [
    ('n', "numeric", Means::Needless),
    ('r', "resolve", Means::Option("--resolve")),
    ('a', "all", Means::Which(Which::All)),
    ('l', "listening", Means::Which(Which::Listening)),
    ('B', "bound-inactive", Means::Which(Which::Bound)),
    ('o', "options", Means::Shown(Shown::Timers)),
    ('e', "extended", Means::Shown(Shown::Extended)),
    ('m', "memory", Means::Shown(Shown::Memory)),
    ('p', "processes", Means::Shown(Shown::Owners)),
    ('i', "info", Means::Shown(Shown::Info)),
    ('s', "summary", Means::Shown(Shown::Summary)),
    ('b', "bpf", Means::Shown(Shown::Columns("+filter"))),
    ('\0', "tos", Means::Shown(Shown::Columns("+tos,+tclass,+class_id"))),
    ('\0', "cgroup", Means::Shown(Shown::Columns("+cgroup"))),
    ('\0', "inet-sockopt", Means::Shown(Shown::Columns("+sockopt"))),
    ('\0', "tipcinfo", Means::Shown(Shown::Columns("+tipc"))),
    ('\0', "bpf-maps", Means::Shown(Shown::Columns("+bpf_storages"))),
    ('N', "net", Means::Takes(Takes::Namespace)),
    ('4', "ipv4", Means::Version(4)),
    ('6', "ipv6", Means::Version(6)),
    ('0', "packet", Means::Family("packet")),
    ('t', "tcp", Means::Family("tcp")),
    ('M', "mptcp", Means::Family("mptcp")),
    ('S', "sctp", Means::Family("sctp")),
    ('u', "udp", Means::Family("udp")),
    ('w', "raw", Means::Family("raw")),
    ('x', "unix", Means::Family("unix")),
    ('\0', "tipc", Means::Family("tipc")),
    ('\0', "vsock", Means::Family("vsock")),
    ('\0', "xdp", Means::Family("xdp")),
    ('f', "family", Means::Takes(Takes::Family)),
    ('A', "query", Means::Takes(Takes::Query)),
    ('\0', "socket", Means::Takes(Takes::Query)),
    ('H', "no-header", Means::Option("--no-header")),
    ('Q', "no-queues", Means::Needless),
    ('O', "oneline", Means::Needless),
    ('T', "threads", Means::Without("a listing names processes, not their threads")),
    ('Z', "context", Means::Without("a listing shows no SELinux contexts")),
    ('z', "contexts", Means::Without("a listing shows no SELinux contexts")),
    ('K', "kill", Means::Not("a listing closes no sockets", false)),
    ('E', "events", Means::Not("a listing does not wait for sockets to close, it shows those there are", false)),
    ('d', "dccp", Means::Not("no kernel that sockeye knows lists DCCP sockets any more", false)),
    (
        'D',
        "diag",
        Means::Not("a record of all that the kernel sent is made by: sockeye sockets tcp all --capture FILE", true),
    ),
    ('F', "filter", Means::Not("the shell can read a filter from a file too: sockeye sockets \"$(cat FILE)\"", true)),
    // Ours, which may stand beside them.
    ('j', "json", Means::Own("--json")),
    ('\0', "no-owners", Means::Own("--no-owners")),
];

/// The option of that letter.
pub(super) fn by_letter(letter: char) -> Option<Means> {
    let known = OPTIONS.iter().find(|(own, ..)| *own == letter && letter != '\0');
    known.map(|(.., means)| *means)
}

/// The option of that long name.
pub(super) fn by_name(name: &str) -> Option<Means> {
    OPTIONS.iter().find(|(_, own, _)| *own == name).map(|(.., means)| *means)
}
