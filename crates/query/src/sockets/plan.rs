//! The plan of a listing: what is asked of the kernel, what it decides, what we decide, and why.

use std::sync::Arc;

use sockeye_wire::Request;
use sockeye_wire::sock_diag::bytecode::{self, Condition as Program};
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6, InetQuestion};
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::{netlink, packet, smc, tipc, unix, vsock, xdp};
use sockeye_wire::{Ask, Privilege};

use super::flat::Flat;
use super::kernel::{Abilities, approximate};
use super::possible;
use super::registry::{Source, registry};
use super::surroundings::OwnerPart;
use super::table::{Table, Tables};
use crate::filter::Expression;
use crate::{FieldId, Kinds};

/// Tables that are listed without a filter.
const TABLES_DEFAULT: Tables = Table::Tcp.set().or(Table::Udp.set());
/// Tables whose ports are ports to everybody.
const TABLES_WITH_PORTS: Tables = Tables::INET.or(Table::Smc.set()).or(Table::Vsock.set());
/// What is not listed unless the filter speaks of states: a socket that is only bound is of interest to few.
const STATES_HIDDEN: u32 = State::BoundInactive.mask();
/// What is then only counted: TIME-WAIT belongs to no program any more.
const STATES_COUNTED: u32 = State::TimeWait.mask();

/// What a listing is to show.
#[derive(Clone, Debug)]
pub struct Question<'q> {
    /// The filter.
    pub filter: Option<&'q Expression>,
    /// Fields that are shown, sorted or grouped by.
    pub fields: &'q [FieldId],
    /// Listening sockets also say how many connections they dropped, whatever the fields are.
    pub listener_drops: bool,
    /// What the kernel and our privilege allow in a program.
    pub abilities: Abilities,
}

/// A table that was chosen by hand, not by what a filter can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The table.
    pub table: Table,
    /// Address family: 0 for both in one walk (TCP only), or not an internet table.
    pub family: u8,
    /// States, bit `n` for state `n`.
    pub states: u32,
    /// Attributes, as in [`DumpPlan::ask`].
    pub ask: u32,
    /// Also ask for BPF socket storage.
    pub bpf_storages: bool,
}

/// One dump that is asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DumpPlan {
    /// The table.
    pub table: Table,
    /// Address family: 0 for both in one walk (TCP only), or not an internet table.
    pub family: u8,
    /// States, bit `n` for state `n`.
    pub states: u32,
    /// States among them whose sockets are counted and not listed.
    pub counted: u32,
    /// Extensions of inet_diag, bit `n - 1` for extension `n`; `*_show` bits elsewhere.
    pub ask: u32,
    /// Also ask for BPF socket storage.
    pub bpf_storages: bool,
    /// What the kernel decides.
    pub program: Option<Program>,
    /// What a kernel can decide that refuses the program for an operation it does not know or does not allow us.
    pub(super) older: Option<Program>,
    /// What stands in every program of this dump, because the filters below are only right for such rows.
    pub(super) premise: Option<Program>,
    /// What we decide on each row; `None`: nothing is left.
    pub residual: Option<Arc<Expression>>,
    /// What we decide where the kernel refuses the program.
    pub(super) whole: Option<Arc<Expression>>,
}

impl DumpPlan {
    /// The dumps of tables that were chosen by hand, each in its turn. What the filter cannot match in one of them is
    /// not asked for, and one that speaks of ports chosen by the kernel may take two dumps of a table.
    pub fn chosen(chosen: &[Chosen], filter: &Expression, abilities: Abilities) -> Vec<Self> {
        let tables = chosen.iter().fold(Tables::NONE, |tables, one| tables.or(one.table.set()));
        let tables = tables.and(possible::tables(&possible::kinds(filter)));
        let shares = Share::of(filter, tables, abilities);
        let of_one = |one: &Chosen| {
            let one = *one;
            // What the filter says of states is asked for, and no part of what is left to decide.
            let states = move |share: &Share| one.states & possible::states(&share.kinds, one.table);
            let wanted = move |share: &&Share| share.tables.has(one.table) && states(share) != 0;
            shares.iter().filter(wanted).map(move |share| {
                let states = states(share);
                let Share { program, older, premise, residual, whole, .. } = share.clone();
                Self {
                    table: one.table,
                    family: one.family,
                    states,
                    counted: 0,
                    ask: one.ask,
                    bpf_storages: one.bpf_storages,
                    program,
                    older,
                    premise,
                    residual,
                    whole,
                }
            })
        };
        chosen.iter().flat_map(of_one).collect()
    }

    /// A plan that asks for every row of a table, without attributes.
    pub(super) const fn bare(table: Table, family: u8) -> Self {
        Self {
            table,
            family,
            states: u32::MAX,
            counted: 0,
            ask: 0,
            bpf_storages: false,
            program: None,
            older: None,
            premise: None,
            residual: None,
            whole: None,
        }
    }

    /// Whether the other plan asks the same of another address family.
    pub fn is_same_but_family(&self, other: &Self) -> bool {
        *self == Self { family: self.family, ..other.clone() }
    }

    /// The request; `extra` is a further condition on top of the plan's own.
    pub fn request(&self, extra: Option<&Program>) -> Request {
        match self.table {
            Table::Unix => unix::UnixQuestion { states: self.states, show: self.ask, inode: 0, cookie: 0 }.dump(),
            Table::Packet => packet::PacketQuestion { show: self.ask }.dump(),
            Table::Netlink => netlink::NetlinkQuestion { protocol: netlink::PROTOCOL_ALL, show: self.ask }.dump(),
            Table::Vsock => vsock::VsockQuestion { states: self.states }.dump(),
            Table::Xdp => xdp::XdpQuestion { show: self.ask }.dump(),
            Table::Tipc => tipc::TipcQuestion { states: self.states }.dump(),
            Table::Smc => smc::SmcQuestion { extensions: u8::try_from(self.ask & 0xff).unwrap_or(u8::MAX) }.dump(),
            _ => self.inet_question(&self.bytecode(extra)).dump(),
        }
    }

    /// The question for an internet table, with this program.
    pub fn inet_question<'b>(&self, bytecode: &'b [u8]) -> InetQuestion<'b> {
        InetQuestion {
            family: self.family,
            protocol: self.table.ip_protocol().unwrap_or(0),
            extensions: u8::try_from(self.ask & 0xff).unwrap_or(u8::MAX),
            states: self.states,
            bytecode,
            bpf_storages: self.bpf_storages,
        }
    }

    /// What to ask in turn where the kernel refuses: without the storage of BPF, which it tells only to `CAP_BPF` and
    /// else nothing at all; then without the newer operations of the program, then without any. With another program
    /// than this plan's the whole filter has to be decided on the rows, since they are at least as many.
    pub fn fallbacks(&self) -> impl Iterator<Item = Self> {
        let same = self.bpf_storages.then(|| (self.program.clone(), self.residual.clone()));
        let plain = (self.program != self.premise).then(|| self.premise.clone());
        let others = self.older.clone().map(Some).into_iter().chain(plain);
        let programs = same.into_iter().chain(others.map(|program| (program, self.whole.clone())));
        programs.map(|(program, residual)| Self { program, residual, older: None, bpf_storages: false, ..self.clone() })
    }

    /// The same dump with everything decided here, for rows of which nobody knows what the kernel was to decide. What a
    /// plan only counts is counted.
    #[must_use]
    pub fn deciding(self, filter: &Expression, plan: Option<&Plan>) -> Self {
        let counted = plan.map_or(0, |plan| plan.counted(self.table));
        Self { residual: Some(Arc::new(filter.clone())), counted, ..self }
    }

    /// The program as bytes, empty where the kernel is to take everything.
    pub fn bytecode(&self, extra: Option<&Program>) -> Vec<u8> {
        let parts: Vec<_> = self.program.iter().chain(extra).cloned().collect();
        if parts.is_empty() {
            return Vec::new();
        }
        Program::All(parts).assemble().unwrap_or_default()
    }
}

/// The plan of a listing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The dumps.
    pub dumps: Vec<DumpPlan>,
    /// Parts of owners that are needed, empty when no owners are.
    pub owner_parts: Vec<OwnerPart>,
    /// Tables whose other ends are needed: all of their sockets have to be known beforehand.
    pub peers: Tables,
    /// The paths of control groups are needed.
    pub cgroups: bool,
    /// Tables that the filter names one by one; a word for many (`any`, `inet`) names none.
    pub tables_named: Tables,
    /// The filter names its states.
    pub states_named: bool,
    /// Every field that has to be read: why an attribute is asked for.
    pub fields: Vec<FieldId>,
    /// Capabilities without which a field of the question stays absent, with the field.
    pub privileges: Vec<(FieldId, Privilege)>,
}

impl Plan {
    /// States of a table whose sockets are counted and not listed.
    pub fn counted(&self, table: Table) -> u32 {
        self.dumps.iter().filter(|dump| dump.table == table).fold(0, |mask, dump| mask | dump.counted)
    }

    /// Plans the answer to a question.
    pub fn new(question: &Question<'_>) -> Self {
        let always = Expression::always();
        let filter = question.filter.unwrap_or(&always);
        let mut fields: Vec<_> = question.fields.iter().copied().chain(filter.fields()).collect();
        fields.sort_unstable();
        fields.dedup();

        let tables = tables_to_ask(filter);
        let states_named = possible::names_states(filter);
        let (hidden, counted) = if states_named { (0, 0) } else { (STATES_HIDDEN, STATES_COUNTED) };
        let mut plan = Self {
            dumps: Vec::new(),
            owner_parts: possible::owner_parts(fields.iter().copied()),
            peers: peers(&fields, tables),
            cgroups: fields.iter().any(|&field| is_flat(field, Flat::Cgroup)),
            tables_named: possible::tables_named(filter),
            states_named,
            privileges: privileges(&fields),
            fields: fields.clone(),
        };
        let shares = Share::of(filter, tables, question.abilities);
        for table in tables.iter() {
            for share in shares.iter().filter(|share| share.tables.has(table)) {
                let states = possible::states(&share.kinds, table) & !hidden;
                plan.add_table(table, (states, states & counted), &fields, share, question.listener_drops);
            }
        }
        plan
    }

    fn add_table(
        &mut self,
        table: Table,
        (states, counted): (u32, u32),
        fields: &[FieldId],
        share: &Share,
        listener_drops: bool,
    ) {
        if states & !counted & table.states() == 0 {
            return;
        }
        let asks: Vec<_> = fields.iter().flat_map(|&field| asks(field, table)).collect();
        let bpf_storages = asks.iter().any(|ask| matches!(ask, Ask::Attribute(_)));
        let mut ask = asks.iter().fold(0, |mask, ask| match ask {
            Ask::Extension(number) => mask | 1 << (number - 1),
            Ask::Show(bit) => mask | bit,
            _ => mask,
        });
        if table == Table::Unix {
            ask |= UNIX_SHOW_ALWAYS;
        }
        let mut add = |family, states, ask| {
            if states != 0 {
                let Share { program, older, premise, residual, whole, .. } = share.clone();
                self.dumps.push(DumpPlan {
                    table,
                    family,
                    states,
                    counted: states & counted,
                    ask,
                    bpf_storages,
                    program,
                    older,
                    premise,
                    residual,
                    whole,
                });
            }
        };
        match table {
            // The old request walks the table once for both families, but knows no attribute beside the program.
            Table::Tcp if !bpf_storages => {
                let listening = State::Listening.mask();
                if listener_drops && ask & SKMEMINFO == 0 {
                    // The listening table is another hash, so asking for it alone costs no second walk of the big one.
                    add(0, states & listening, ask | SKMEMINFO);
                    add(0, states & !listening, ask);
                } else {
                    add(0, states, ask);
                }
            }
            table if table.ip_protocol().is_some() => {
                // These tables are small, and a datagram socket drops as a listener does.
                let ask = if listener_drops { ask | SKMEMINFO } else { ask };
                add(AF_INET, states, ask);
                add(AF_INET6, states, ask);
            }
            _ => add(0, states, ask),
        }
    }
}

/// `INET_DIAG_SKMEMINFO` in the extensions of a request.
const SKMEMINFO: u32 = 1 << 6;
/// Name, peer and queue lengths of a unix socket: what its flat fields are made of (`UDIAG_SHOW_NAME | _PEER | _RQLEN | _UID`).
const UNIX_SHOW_ALWAYS: u32 = 0x1 | 0x4 | 0x10 | 0x40;

fn tables_to_ask(filter: &Expression) -> Tables {
    let possible = possible::tables(&possible::kinds(filter));
    if *filter == Expression::always() {
        return TABLES_DEFAULT;
    }
    // A port id of Netlink and a queue of XDP are no ports to whoever does not speak of these families, by their names or
    // by fields that no other family has.
    let with_ports = possible.and(TABLES_WITH_PORTS);
    let limited = !possible::names_tables(filter) && possible::needs_ports(filter) && !with_ports.is_empty();
    if limited { with_ports } else { possible }
}

/// Tables whose dumps run filter programs: all of inet_diag but SCTP, which ignores them (kernel sctp_diag_dump).
const TABLES_WITH_PROGRAMS: Tables = Tables::INET.and(Table::Sctp.set().complement());

/// Longest program of a plan: a listing that cuts a table in parts adds a test or two of its own.
const PROGRAM_LEN_MAX: usize = bytecode::PROGRAM_LEN_MAX - 64;

/// What is asked of some tables, and what is left of the filter for their rows.
#[derive(Clone)]
struct Share {
    tables: Tables,
    kinds: Kinds,
    program: Option<Program>,
    older: Option<Program>,
    premise: Option<Program>,
    residual: Option<Arc<Expression>>,
    whole: Option<Arc<Expression>>,
}

impl Share {
    /// The shares of a filter, for tables without programs and for those with.
    ///
    /// Only the kernel's programs can tell whether it chose a port, and rows do not say it. Where the filter speaks of that,
    /// the rows where it did and those where it did not are asked for apart, each with what the filter says of such rows.
    fn of(filter: &Expression, tables: Tables, abilities: Abilities) -> Vec<Self> {
        let without = tables.and(TABLES_WITH_PROGRAMS.complement());
        let without = Self::new(filter, None, without, Abilities::new(false, false));
        let with = tables.and(TABLES_WITH_PROGRAMS);
        let Some(field) = filter.fields().into_iter().find(|&field| is_flat(field, Flat::AutomaticPort)) else {
            return vec![without, Self::new(filter, None, with, abilities)];
        };
        let chosen = Program::Test(bytecode::Test::AutomaticPort);
        let halves = [(true, chosen.clone()), (false, Program::Not(Box::new(chosen)))];
        let halves = halves.into_iter().map(|(truth, premise)| {
            let filter = filter.assuming(field, truth);
            Self::new(&filter, Some(premise), with.and(possible::tables(&possible::kinds(&filter))), abilities)
        });
        std::iter::once(without).chain(halves).collect()
    }

    fn new(filter: &Expression, premise: Option<Program>, tables: Tables, abilities: Abilities) -> Self {
        let Division { program, residual } = divide(filter, tables, abilities);
        let older = divide(filter, tables, Abilities::new(false, false)).program;
        let older = older.filter(|older| Some(older) != program.as_ref());
        let together = |program: Option<Program>| match (premise.clone(), program) {
            (Some(premise), Some(program)) => Some(Program::All(vec![premise, program])),
            (premise, program) => premise.or(program),
        };
        let runs_programs = !tables.and(TABLES_WITH_PROGRAMS).is_empty();
        Self {
            tables,
            kinds: possible::kinds(filter),
            older: older.and_then(|older| together(Some(older))).filter(|_| runs_programs),
            program: together(program).filter(|_| runs_programs),
            residual: residual.map(Arc::new),
            whole: Some(Arc::new(filter.clone())),
            premise,
        }
    }
}

/// A filter, divided.
struct Division {
    /// What the kernel decides, for tables that run programs.
    program: Option<Program>,
    /// What is left for us.
    residual: Option<Expression>,
}

/// Divides the parts of a conjunction. One that the request decides needs nobody else; one that the program decides
/// exactly does not need us; one that does not fit into the program is ours alone.
fn divide(filter: &Expression, tables: Tables, abilities: Abilities) -> Division {
    let all_run_programs = tables.and(TABLES_WITH_PROGRAMS.complement()).is_empty();
    let parts = match filter {
        Expression::All(parts) => parts.as_slice(),
        other => core::slice::from_ref(other),
    };
    let (mut said, mut left) = (Vec::new(), Vec::new());
    let mut room = PROGRAM_LEN_MAX;
    for part in parts.iter().filter(|part| !possible::is_decided_by_request(part, tables)) {
        let fits = |program: &Program| program.assemble().and_then(|bytes| room.checked_sub(bytes.len()));
        let found = approximate(part, true, abilities).and_then(|found| fits(&found.program).map(|rest| (found, rest)));
        let mut exact = false;
        if let Some((found, rest)) = found {
            exact = found.exact && all_run_programs;
            // What always holds takes no room.
            if rest < room {
                said.push(found.program);
            }
            room = rest;
        }
        if !exact {
            left.push(part.clone());
        }
    }
    let program = match said.len() {
        0 => None,
        1 => said.pop(),
        _ => Some(Program::All(said)),
    };
    Division { program, residual: (!left.is_empty()).then(|| Expression::all(left)) }
}

/// How a request for `table` asks for what a field is made of.
pub fn asks(field: FieldId, table: Table) -> Vec<Ask> {
    match &registry().sources[usize::from(field.0)] {
        Source::Places(places) => {
            places.iter().filter(|place| place.tables.has(table)).map(|place| place.ask).collect()
        }
        Source::Flat(flat) => flat.asks(table),
    }
}

fn privileges(fields: &[FieldId]) -> Vec<(FieldId, Privilege)> {
    fields
        .iter()
        .map(|&field| (field, registry().catalog.info(field).privilege))
        // What /proc keeps back is found out by looking.
        .filter(|&(_, privilege)| !matches!(privilege, Privilege::None | Privilege::Ptrace))
        .collect()
}

fn is_flat(field: FieldId, wanted: Flat) -> bool {
    matches!(&registry().sources[usize::from(field.0)], Source::Flat(flat) if *flat == wanted)
}

/// A unix socket's peer is another row by name, any peer's inode and owner another row by address.
fn peers(fields: &[FieldId], tables: Tables) -> Tables {
    let asked = |wanted: fn(Flat) -> bool| {
        fields
            .iter()
            .any(|&field| matches!(&registry().sources[usize::from(field.0)], Source::Flat(flat) if wanted(*flat)))
    };
    let other_ends = asked(|flat| matches!(flat, Flat::PeerInode | Flat::PeerName | Flat::PeerOwner(_)));
    let names = asked(|flat| flat == Flat::Peer);
    let tcp = if other_ends { Table::Tcp.set() } else { Tables::NONE };
    let unix = if other_ends || names { Table::Unix.set() } else { Tables::NONE };
    tcp.or(unix).and(tables)
}
