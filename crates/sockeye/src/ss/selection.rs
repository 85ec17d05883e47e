//! Which sockets: tables, address families and states, as the options of `ss` choose them.
//!
//! The rules are those of its manual, ss(8): a table brings the families it has and a family the tables it has; without any
//! choice every table but TIPC is listed, each in the states of a connection.

use sockeye_wire::sock_diag::state::State;

/// A table of `ss`. Unix, packet and vsock sockets are several tables by their type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Table {
    Tcp,
    Mptcp,
    /// Removed from the kernel in 6.16; the option is still taken.
    Dccp,
    Udp,
    Raw,
    UnixDatagram,
    UnixStream,
    UnixSeqpacket,
    PacketDatagram,
    PacketRaw,
    Netlink,
    Sctp,
    VsockStream,
    VsockDatagram,
    Tipc,
    Xdp,
}

/// An address family of `ss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Family {
    Inet,
    Inet6,
    Unix,
    Link,
    Netlink,
    Vsock,
    Tipc,
    Xdp,
}

/// A set of tables, a bit each.
type Tables = u16;
/// A set of families, a bit each.
type Families = u8;

impl Table {
    const ALL: [Self; 16] = [
        Self::Tcp,
        Self::Mptcp,
        Self::Dccp,
        Self::Udp,
        Self::Raw,
        Self::UnixDatagram,
        Self::UnixStream,
        Self::UnixSeqpacket,
        Self::PacketDatagram,
        Self::PacketRaw,
        Self::Netlink,
        Self::Sctp,
        Self::VsockStream,
        Self::VsockDatagram,
        Self::Tipc,
        Self::Xdp,
    ];

    const fn bit(self) -> Tables {
        1 << self as u8
    }

    /// The states that choosing the table adds.
    const fn states(self) -> u32 {
        match self {
            Self::Udp | Self::Raw => State::Established.mask(),
            Self::UnixDatagram | Self::PacketDatagram | Self::PacketRaw | Self::Netlink | Self::Xdp => CLOSED,
            Self::Tipc => TIPC_STATES,
            _ => CONNECTED,
        }
    }

    /// The table in the filter language of sockeye; `None` where that has none.
    const fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Tcp => "tcp",
            Self::Mptcp => "mptcp",
            Self::Dccp => return None,
            Self::Udp => "udp",
            Self::Raw => "raw",
            Self::UnixDatagram => "( unix and socket_type = dgram )",
            Self::UnixStream => "( unix and socket_type = stream )",
            Self::UnixSeqpacket => "( unix and socket_type = seqpacket )",
            Self::PacketDatagram => "( packet and socket_type = dgram )",
            Self::PacketRaw => "( packet and not socket_type = dgram )",
            Self::Netlink => "netlink",
            Self::Sctp => "sctp",
            Self::VsockStream => "( vsock and socket_type = stream )",
            Self::VsockDatagram => "( vsock and socket_type = dgram )",
            Self::Tipc => "tipc",
            Self::Xdp => "xdp",
        })
    }

    const fn families(self) -> Families {
        match self {
            Self::UnixDatagram | Self::UnixStream | Self::UnixSeqpacket => Family::Unix.bit(),
            Self::PacketDatagram | Self::PacketRaw => Family::Link.bit(),
            Self::Netlink => Family::Netlink.bit(),
            Self::VsockStream | Self::VsockDatagram => Family::Vsock.bit(),
            Self::Tipc => Family::Tipc.bit(),
            Self::Xdp => Family::Xdp.bit(),
            _ => Family::Inet.bit() | Family::Inet6.bit(),
        }
    }
}

impl Family {
    const ALL: [Self; 8] =
        [Self::Inet, Self::Inet6, Self::Unix, Self::Link, Self::Netlink, Self::Vsock, Self::Tipc, Self::Xdp];

    const fn bit(self) -> Families {
        1 << self as u8
    }

    const fn states(self) -> u32 {
        match self {
            Self::Link | Self::Netlink | Self::Xdp => CLOSED,
            Self::Tipc => TIPC_STATES,
            _ => CONNECTED,
        }
    }

    fn tables(self) -> Tables {
        let has = |table: &Table| table.families() & self.bit() != 0;
        Table::ALL.into_iter().filter(has).fold(0, |set, table| set | table.bit())
    }

    /// The family of that name behind `-f`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "inet" => Self::Inet,
            "inet6" => Self::Inet6,
            "link" => Self::Link,
            "unix" => Self::Unix,
            "netlink" => Self::Netlink,
            "tipc" => Self::Tipc,
            "vsock" => Self::Vsock,
            "xdp" => Self::Xdp,
            _ => return None,
        })
    }
}

/// Every state that a request can name, bit `n` for state `n`.
const ALL_STATES: u32 = (1 << 14) - 1;
const SYN_RECEIVED: u32 = 1 << 3;
const CLOSED: u32 = State::Unconnected.mask();
/// The states of a connection. Sockets that are only bound are listed with `-a` and `-B` (ss(8)).
const CONNECTED: u32 = ALL_STATES
    & !(State::Listening.mask()
        | CLOSED
        | State::TimeWait.mask()
        | State::SynReceived.mask()
        | State::BoundInactive.mask());
const TIPC_STATES: u32 = State::Established.mask() | State::Listening.mask() | CLOSED;

/// Which states were asked for by `-a`, `-l` or `-B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    All,
    Listening,
    Bound,
}

impl Which {
    const fn states(self) -> u32 {
        match self {
            Self::All => ALL_STATES,
            Self::Listening => State::Listening.mask() | CLOSED,
            Self::Bound => State::BoundInactive.mask(),
        }
    }
}

/// What was chosen so far.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    tables: Tables,
    families: Families,
    states: u32,
    /// States that were named, whatever tables and families bring.
    named: u32,
    /// `state` or `exclude` was given.
    states_said: bool,
    queried: bool,
    /// Tables that were named one by one, and not as a part of many.
    by_name: Tables,
    /// Nothing was chosen.
    default: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            tables: 0,
            families: 0,
            states: 0,
            named: 0,
            states_said: false,
            queried: false,
            by_name: 0,
            default: true,
        }
    }
}

impl Selection {
    pub(super) fn table(&mut self, table: Table) {
        self.states |= table.states();
        self.tables |= table.bit();
        self.by_name |= table.bit();
        self.default = false;
    }

    pub(super) fn family(&mut self, family: Family) {
        self.states |= family.states();
        self.families |= family.bit();
        if !matches!(family, Family::Inet | Family::Inet6) {
            self.by_name |= family.tables();
        }
        self.default = false;
    }

    /// The last of several counts.
    pub(super) fn which(&mut self, which: Which) {
        self.named = which.states();
    }

    /// `-A tcp,!udp`. An error is the name that is none.
    pub(super) fn query<'q>(&mut self, list: &'q str) -> Result<(), &'q str> {
        if !self.queried {
            self.queried = true;
            self.default = false;
            self.tables = 0;
            self.named = if self.named == 0 { CONNECTED } else { self.named };
        }
        for name in list.split(',') {
            let (name, wanted) = name.strip_prefix('!').map_or((name, true), |name| (name, false));
            let by_name = self.by_name;
            for table in tables_named(name).ok_or(name)? {
                if wanted {
                    self.table(*table);
                    if MANY.contains(&name) {
                        self.by_name = by_name;
                    }
                } else {
                    self.tables &= !table.bit();
                }
            }
        }
        Ok(())
    }

    /// `state NAME`. An error is the name that is none.
    pub(super) fn state<'n>(&mut self, name: &'n str) -> Result<(), &'n str> {
        let states = states_named(name).ok_or(name)?;
        self.named = if self.states_said { self.named } else { 0 } | states;
        self.states_said = true;
        Ok(())
    }

    /// `exclude NAME`.
    pub(super) fn exclude<'n>(&mut self, name: &'n str) -> Result<(), &'n str> {
        let mut states = states_named(name).ok_or(name)?;
        if states & SYN_RECEIVED != 0 {
            states |= State::SynReceived.mask();
        }
        self.named = if self.states_said { self.named } else { ALL_STATES } & !states;
        self.states_said = true;
        Ok(())
    }

    /// The family that addresses without a prefix are of, where only one was chosen by name that is not of the internet.
    pub(super) fn preferred(&self) -> Option<&'static str> {
        let one = |family: Family| self.families == family.bit() && self.tables & !family.tables() == 0;
        [(Family::Unix, "unix"), (Family::Link, "link"), (Family::Netlink, "netlink"), (Family::Vsock, "vsock")]
            .into_iter()
            .find(|(family, _)| one(*family))
            .map(|(_, prefix)| prefix)
    }

    /// Whether states were named in words, which are a part of the filter.
    pub(super) fn names_states(&self) -> bool {
        self.states_said
    }

    /// Whether states were named that leave some connections out.
    pub(super) fn says_which_states(&self) -> bool {
        self.states_said && CONNECTED & !self.named != 0
    }

    /// Whether tables, families or states were chosen: a summary stands alone where none were.
    pub(super) fn is_default(&self) -> bool {
        self.default
    }

    /// The choice as a whole. An error says what there is none of.
    pub(super) fn chosen(&self) -> Result<Chosen, &'static str> {
        let (mut tables, mut families) = (self.tables, self.families);
        let mut named = self.named;
        if self.default {
            named = if named == 0 && !self.states_said { CONNECTED } else { named };
            tables =
                Table::ALL.into_iter().filter(|&table| table != Table::Tipc).fold(0, |set, table| set | table.bit());
        }
        // `exclude` of everything leaves none, which is not the same as having named none.
        let states = if named != 0 || self.states_said { named } else { self.states };
        for table in Table::ALL.into_iter().filter(|table| tables & table.bit() != 0) {
            if table.families() & families == 0 {
                families |= table.families();
            }
        }
        for family in Family::ALL.into_iter().filter(|family| families & family.bit() != 0) {
            if family.tables() & tables == 0 {
                tables |= family.tables();
            }
        }
        if tables == 0 {
            return Err("socket tables");
        }
        if states == 0 {
            return Err("socket states");
        }
        Ok(Chosen { tables, families, states, by_name: self.by_name })
    }
}

/// A choice: what is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    tables: Tables,
    families: Families,
    /// Bit `n` for state `n`.
    pub(super) states: u32,
    /// Tables that were named: of these it is said that the kernel lacks them.
    by_name: Tables,
}

impl Chosen {
    /// Whether this table was asked for by its name, and not as one of many.
    pub(super) fn is_by_name(self, table: Table) -> bool {
        self.by_name & table.bit() != 0
    }

    pub(super) fn has(self, table: Table) -> bool {
        self.tables & table.bit() != 0 && self.families & table.families() != 0
    }

    pub(super) fn has_family(self, family: Family) -> bool {
        self.families & family.bit() != 0
    }

    /// Whether rows can be of several tables, so that they have to say which.
    pub(super) fn has_several_tables(self) -> bool {
        self.tables.count_ones() > 1
    }

    pub(super) fn has_several_states(self) -> bool {
        self.states.count_ones() > 1
    }

    /// The same choice in the filter language of sockeye.
    pub(super) fn words(self) -> String {
        let tables: Vec<&str> =
            Table::ALL.into_iter().filter(|&table| self.has(table)).filter_map(Table::words).collect();
        let states = State::ALL.into_iter().filter(|state| self.states & state.mask() != 0).map(State::name);
        let states: Vec<&str> = states.collect();
        let inet = match (self.has_family(Family::Inet), self.has_family(Family::Inet6)) {
            (true, false) => " and not ( proto in (tcp, udp, mptcp, raw, sctp) and not src inet:* )",
            (false, true) => " and not ( proto in (tcp, udp, mptcp, raw, sctp) and src inet:* )",
            _ => "",
        };
        format!("( {} ) and state in ({}){inet}", tables.join(" or "), states.join(", "))
    }

    /// Whether sockets are listed that wait for others or belong to nobody yet.
    pub(super) fn has_closed(self) -> bool {
        self.states & CLOSED != 0
    }
}

/// The tables of a name behind `-A`.
/// Names that stand for many tables.
const MANY: [&str; 2] = ["all", "inet"];

fn tables_named(name: &str) -> Option<&'static [Table]> {
    Some(match name {
        "all" => &[
            Table::Udp,
            Table::Dccp,
            Table::Tcp,
            Table::Mptcp,
            Table::Raw,
            Table::UnixStream,
            Table::UnixDatagram,
            Table::UnixSeqpacket,
            Table::PacketRaw,
            Table::PacketDatagram,
            Table::Netlink,
            Table::Sctp,
            Table::VsockStream,
            Table::VsockDatagram,
            Table::Xdp,
        ],
        "inet" => &[Table::Udp, Table::Dccp, Table::Tcp, Table::Mptcp, Table::Sctp, Table::Raw],
        "udp" => &[Table::Udp],
        "dccp" => &[Table::Dccp],
        "tcp" => &[Table::Tcp],
        "mptcp" => &[Table::Mptcp],
        "sctp" => &[Table::Sctp],
        "raw" => &[Table::Raw],
        "unix" => &[Table::UnixStream, Table::UnixDatagram, Table::UnixSeqpacket],
        "unix_stream" | "u_str" => &[Table::UnixStream],
        "unix_dgram" | "u_dgr" => &[Table::UnixDatagram],
        "unix_seqpacket" | "u_seq" => &[Table::UnixSeqpacket],
        "packet" => &[Table::PacketRaw, Table::PacketDatagram],
        "packet_raw" | "p_raw" => &[Table::PacketRaw],
        "packet_dgram" | "p_dgr" => &[Table::PacketDatagram],
        "netlink" => &[Table::Netlink],
        "tipc" => &[Table::Tipc],
        "vsock" => &[Table::VsockStream, Table::VsockDatagram],
        "vsock_stream" | "v_str" => &[Table::VsockStream],
        "vsock_dgram" | "v_dgr" => &[Table::VsockDatagram],
        "xdp" => &[Table::Xdp],
        _ => return None,
    })
}

/// The states of a name behind `state`.
fn states_named(name: &str) -> Option<u32> {
    let bound = State::BoundInactive.mask();
    let bucket = State::SynReceived.mask() | State::TimeWait.mask();
    let connected = ALL_STATES & !(CLOSED | State::Listening.mask() | bound);
    Some(match name.to_ascii_lowercase().as_str() {
        "close" | "closed" => CLOSED,
        // The kernel has two, and takes the one for both.
        "syn-rcv" | "syn-recv" => SYN_RECEIVED,
        "all" => ALL_STATES,
        "connected" => connected,
        "synchronized" => connected & !State::SynSent.mask(),
        "bucket" => bucket,
        "big" => ALL_STATES & !bucket,
        name => State::ALL.into_iter().find(|state| state.name() == name)?.mask(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(choose: impl FnOnce(&mut Selection)) -> Chosen {
        let mut selection = Selection::default();
        choose(&mut selection);
        selection.chosen().unwrap()
    }

    #[test]
    fn nothing_chosen_is_everything_but_tipc_in_the_states_of_a_connection() {
        let chosen = chosen(|_| {});
        assert!(chosen.has(Table::Tcp) && chosen.has(Table::Netlink) && !chosen.has(Table::Tipc));
        assert!(!Table::ALL.into_iter().any(|table| chosen.is_by_name(table)));
        assert_eq!(chosen.states, CONNECTED);
    }

    #[test]
    fn a_family_brings_its_tables_and_a_table_its_families() {
        let inet6 = chosen(|selection| selection.family(Family::Inet6));
        assert!(inet6.has(Table::Udp) && !inet6.has_family(Family::Inet));
        let tcp = chosen(|selection| selection.table(Table::Tcp));
        assert!(tcp.has_family(Family::Inet) && !tcp.has(Table::Udp) && !tcp.has_several_tables());
        let both = chosen(|selection| {
            selection.table(Table::Tcp);
            selection.family(Family::Unix);
        });
        assert!(both.has(Table::UnixStream) && both.has(Table::Tcp) && both.has_family(Family::Inet));
    }

    #[test]
    fn states_of_several_tables_join_unless_some_are_named() {
        let udp = chosen(|selection| selection.table(Table::Udp));
        assert_eq!(udp.states, State::Established.mask());
        let listening = chosen(|selection| {
            selection.table(Table::Udp);
            selection.which(Which::Listening);
        });
        assert_eq!(listening.states, State::Listening.mask() | CLOSED);
        let named = chosen(|selection| {
            selection.which(Which::All);
            selection.state("time-wait").unwrap();
            selection.state("SYN-RECV").unwrap();
            selection.exclude("time-wait").unwrap();
        });
        assert_eq!(named.states, SYN_RECEIVED);
    }

    #[test]
    fn a_query_begins_anew_and_takes_away() {
        let query = chosen(|selection| {
            selection.table(Table::Raw);
            selection.query("inet,!udp,!raw").unwrap();
            selection.query("u_str").unwrap();
        });
        assert!(query.has(Table::Tcp) && query.has(Table::UnixStream));
        assert!(!query.has(Table::Udp) && !query.has(Table::Raw));
        assert_eq!(Selection::default().query("tcp,uxp"), Err("uxp"));
    }

    #[test]
    fn what_leaves_nothing_is_said() {
        let mut selection = Selection::default();
        selection.query("tcp,!tcp").unwrap();
        assert_eq!(selection.chosen(), Err("socket tables"));
        let mut selection = Selection::default();
        selection.exclude("all").unwrap();
        assert_eq!(selection.chosen(), Err("socket states"));
    }
}
