//! Which part of a filter the kernel can decide: an [`Expression`] as a program for inet_diag.
//!
//! The program may take more sockets than the filter, never fewer: what it cannot say is left out of a conjunction,
//! and a disjunction is only sent whole. Whatever it does not decide exactly stays with us.

use sockeye_wire::sock_diag::bytecode::{Condition as Program, Test};

use super::flat::Flat;
use super::registry::{Source, registry};
use crate::filter::{Condition, Expression, Network, Test as FilterTest};
use crate::{FieldId, FieldInfo};

/// What the running kernel and our privilege allow in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Abilities {
    /// The caller has `CAP_NET_ADMIN`, without which the kernel refuses tests of the mark.
    pub net_admin: bool,
    /// Equality of ports (4.16), marks (4.16) and control groups (5.8) may be tested.
    pub newer_operations: bool,
}

impl Abilities {
    /// Everything, as a current kernel has it for root.
    pub const ALL: Self = Self { net_admin: true, newer_operations: true };

    /// These abilities.
    pub const fn new(net_admin: bool, newer_operations: bool) -> Self {
        Self { net_admin, newer_operations }
    }
}

/// A condition for the kernel that takes at least what the filter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approximation {
    /// The condition.
    pub program: Program,
    /// It takes exactly what the filter takes.
    pub exact: bool,
}

/// Approximates where `expression` is true (`wanted`) or where it is false (not `wanted`). `None`: nothing can be said.
pub fn approximate(expression: &Expression, wanted: bool, abilities: Abilities) -> Option<Approximation> {
    match (expression, wanted) {
        (Expression::Test(test), _) => {
            let Tested { program, zero } = tested(test, abilities)?;
            let program = if wanted { program } else { Program::Not(Box::new(program)) };
            Some(Approximation { program, exact: zero.is_none_or(|takes_zero| takes_zero != wanted) })
        }
        (Expression::Not(inner), _) => approximate(inner, !wanted, abilities),
        (Expression::All(parts), true) | (Expression::Any(parts), false) => Some(conjunction(parts, wanted, abilities)),
        (Expression::Any(parts), true) | (Expression::All(parts), false) => disjunction(parts, wanted, abilities),
    }
}

fn conjunction(parts: &[Expression], wanted: bool, abilities: Abilities) -> Approximation {
    let said: Vec<_> = parts.iter().filter_map(|part| approximate(part, wanted, abilities)).collect();
    let exact = said.len() == parts.len() && said.iter().all(|part| part.exact);
    Approximation { program: Program::All(said.into_iter().map(|part| part.program).collect()), exact }
}

fn disjunction(parts: &[Expression], wanted: bool, abilities: Abilities) -> Option<Approximation> {
    let said: Vec<_> = parts.iter().map(|part| approximate(part, wanted, abilities)).collect::<Option<_>>()?;
    let exact = said.iter().all(|part| part.exact);
    Some(Approximation { program: Program::Any(said.into_iter().map(|part| part.program).collect()), exact })
}

/// A test as a program.
struct Tested {
    program: Program,
    /// Where the field can be absent and the kernel compares a zero instead: whether the program takes that zero. A row
    /// that is taken for it, or for its opposite, is one that we call undecided.
    zero: Option<bool>,
}

/// The program of one test; `None` where the kernel has no operation for it.
fn tested(test: &FilterTest, abilities: Abilities) -> Option<Tested> {
    use Test::{
        Cgroup, Destination, DestinationPort, DestinationPortAtLeast, DestinationPortAtMost, Device,
        Source as SourceHost, SourcePort, SourcePortAtLeast, SourcePortAtMost,
    };
    let always = |program| Some(Tested { program, zero: None });
    let sometimes = |program, takes_zero| Some(Tested { program, zero: Some(takes_zero) });
    match (kernel_field(test.field)?, &test.condition) {
        // Whatever an internet socket is, it has these, be they zero.
        (
            KernelField::Local
            | KernelField::Peer
            | KernelField::LocalPort
            | KernelField::PeerPort
            | KernelField::EitherPort,
            Condition::Present,
        ) => always(Program::All(Vec::new())),
        (KernelField::Local, Condition::Networks(networks)) => {
            always(any(networks, |network: &Network| Program::Test(SourceHost(network.address, network.prefix_len))))
        }
        (KernelField::Peer, Condition::Networks(networks)) => {
            always(any(networks, |network: &Network| Program::Test(Destination(network.address, network.prefix_len))))
        }
        (KernelField::LocalPort, Condition::Numbers(ranges)) => {
            always(ports(ranges, abilities, SourcePort, SourcePortAtLeast, SourcePortAtMost)?)
        }
        (KernelField::PeerPort, Condition::Numbers(ranges)) => {
            always(ports(ranges, abilities, DestinationPort, DestinationPortAtLeast, DestinationPortAtMost)?)
        }
        (KernelField::EitherPort, Condition::Numbers(ranges)) => always(Program::Any(vec![
            ports(ranges, abilities, SourcePort, SourcePortAtLeast, SourcePortAtMost)?,
            ports(ranges, abilities, DestinationPort, DestinationPortAtLeast, DestinationPortAtMost)?,
        ])),
        (KernelField::AutomaticPort, Condition::Truth(wanted)) => always(match wanted {
            true => Program::Test(Test::AutomaticPort),
            false => Program::Not(Box::new(Program::Test(Test::AutomaticPort))),
        }),
        // No interface has the index 0, with which the kernel marks a socket that is bound to none.
        (KernelField::Interface, Condition::Interface { index: Some(index), .. }) if *index != 0 => {
            always(Program::Test(Device(*index)))
        }
        (KernelField::Interface, Condition::Numbers(ranges)) => {
            let indexes = singles(ranges)?;
            sometimes(any(&indexes, |&index| Program::Test(Device(index))), indexes.contains(&0))
        }
        (KernelField::Mark, Condition::Numbers(ranges)) if abilities.net_admin && abilities.newer_operations => {
            let marks = singles(ranges)?;
            sometimes(any(&marks, |&mark| masked(mark, u32::MAX)), marks.contains(&0))
        }
        (KernelField::Mark, Condition::Masked { value, mask }) if abilities.net_admin && abilities.newer_operations => {
            sometimes(masked(u32::try_from(*value).ok()?, u32::try_from(*mask).ok()?), *value == 0)
        }
        (KernelField::Cgroup, Condition::Cgroup { id, .. }) if abilities.newer_operations => {
            sometimes(Program::Test(Cgroup(*id)), *id == 0)
        }
        _ => None,
    }
}

fn any<T>(values: &[T], program: impl Fn(&T) -> Program) -> Program {
    match values {
        [value] => program(value),
        values => Program::Any(values.iter().map(program).collect()),
    }
}

/// Ranges of one number each, as these numbers.
fn singles(ranges: &[(u64, u64)]) -> Option<Vec<u32>> {
    ranges.iter().map(|&(from, to)| (from == to).then_some(u32::try_from(from).ok()).flatten()).collect()
}

fn masked(value: u32, mask: u32) -> Program {
    Program::Test(Test::Mark { mark: value, mask })
}

/// Ranges of ports. Ranges end at 65 535, so a bound at the edge needs no test.
fn ports(
    ranges: &[(u64, u64)],
    abilities: Abilities,
    equal: fn(u16) -> Test,
    at_least: fn(u16) -> Test,
    at_most: fn(u16) -> Test,
) -> Option<Program> {
    let mut programs = Vec::with_capacity(ranges.len());
    for &(from, to) in ranges {
        let from = u16::try_from(from).ok()?;
        let to = u16::try_from(to).unwrap_or(u16::MAX);
        programs.push(match (from, to) {
            (from, to) if from == to && abilities.newer_operations => Program::Test(equal(from)),
            (0, u16::MAX) => Program::All(Vec::new()),
            (0, to) => Program::Test(at_most(to)),
            (from, u16::MAX) => Program::Test(at_least(from)),
            (from, to) => Program::All(vec![Program::Test(at_least(from)), Program::Test(at_most(to))]),
        });
    }
    Some(if programs.len() == 1 { programs.remove(0) } else { Program::Any(programs) })
}

/// A field that the kernel's programs can test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KernelField {
    Local,
    Peer,
    LocalPort,
    PeerPort,
    EitherPort,
    Interface,
    Mark,
    Cgroup,
    AutomaticPort,
}

fn kernel_field(field: FieldId) -> Option<KernelField> {
    match &registry().sources[usize::from(field.0)] {
        Source::Flat(Flat::Local) => Some(KernelField::Local),
        Source::Flat(Flat::Peer) => Some(KernelField::Peer),
        Source::Flat(Flat::LocalPort) => Some(KernelField::LocalPort),
        Source::Flat(Flat::PeerPort) => Some(KernelField::PeerPort),
        Source::Flat(Flat::Port) => Some(KernelField::EitherPort),
        Source::Flat(Flat::Interface | Flat::Ifindex) => Some(KernelField::Interface),
        Source::Flat(Flat::Cgroup) => Some(KernelField::Cgroup),
        Source::Flat(Flat::AutomaticPort) => Some(KernelField::AutomaticPort),
        Source::Places(_) if info(field).path == "mark" => Some(KernelField::Mark),
        _ => None,
    }
}

fn info(field: FieldId) -> &'static FieldInfo {
    registry().catalog.info(field)
}
