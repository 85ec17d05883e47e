//! Whether the kernel, the evaluator of the filter language, a plain evaluator and an interpreter of programs agree on
//! which sockets a filter takes.

use std::collections::BTreeSet;

use sockeye_query::filter::{Decision, Expression};
use sockeye_query::sockets::{Abilities, Approximation, SocketRow, Table, approximate, catalog};
use sockeye_wire::sock_diag::bytecode::{Condition, Test};

use crate::facts::Facts;
use crate::interpreter;
use crate::kernel::INET;
use crate::tree::{Tree, is_in};
use crate::world::World;

/// Makes a program of a filter, in two steps.
#[derive(Clone, Copy)]
pub(crate) struct Compiler {
    pub(crate) approximate: fn(&Expression, Abilities) -> Option<Approximation>,
    pub(crate) assemble: fn(&Condition) -> Option<Vec<u8>>,
}

/// The one that is shipped.
pub(crate) const SHIPPED: Compiler = Compiler {
    approximate: |expression, abilities| approximate(expression, true, abilities),
    assemble: Condition::assemble,
};

/// Which sockets the kernel takes.
pub(crate) fn kernel_takes(world: &mut World, program: &[u8]) -> Result<BTreeSet<(Table, u64)>, String> {
    let mut taken = BTreeSet::new();
    for table in INET {
        let rows = match world.kernel.inet(table, program) {
            Ok(rows) => rows,
            // ENOENT: this kernel has no such table.
            Err(2) => continue,
            Err(errno) => return Err(format!("the kernel refuses the program with errno {errno}: {program:?}")),
        };
        taken.extend(rows.iter().map(|row| (table, Facts::read(table, row).cookie)));
    }
    Ok(taken)
}

/// What a filter on which all agree came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// The kernel ran a program.
    pub(crate) ran: bool,
    /// The program decides exactly.
    pub(crate) exact: bool,
    /// It took some sockets and left others.
    pub(crate) divided: bool,
}

/// Whether a filter means the same to everybody. `Err` says who says something else of which socket.
pub(crate) fn check_filter(
    world: &mut World,
    tree: &Tree,
    abilities: Abilities,
    with: Compiler,
) -> Result<Outcome, String> {
    let expression = tree.expression();
    let say = |what: &str| format!("{what}\nfilter: {}", expression.display(catalog()));
    let mut wanted = BTreeSet::new();
    for known in &world.inet {
        let facts = &known.facts;
        let row = SocketRow::read(facts.table, &known.row, &world.surroundings).expect("a row of the kernel");
        let plain = match tree.decide(facts) {
            Some(true) => Decision::Yes,
            Some(false) => Decision::No,
            None => Decision::Unknown,
        };
        let ours = expression.decide(&row);
        if ours != plain {
            return Err(say(&format!("our evaluator says {ours:?}, the plain one {plain:?} of {facts:?}")));
        }
        if ours == Decision::Yes {
            wanted.insert((facts.table, facts.cookie));
        }
    }
    let Some(found) = (with.approximate)(&expression, abilities) else { return Ok(Outcome::default()) };
    let program = (with.assemble)(&found.program).ok_or_else(|| say("no program was assembled"))?;
    if program.is_empty() {
        let everything = wanted.len() == world.inet.len();
        return if found.exact && !everything {
            Err(say("an empty program is not exact"))
        } else {
            Ok(Outcome::default())
        };
    }
    let taken = kernel_takes(world, &program).map_err(|why| say(&why))?;
    if let Some(lost) = wanted.difference(&taken).next() {
        return Err(say(&format!("the kernel loses {lost:?}\nprogram: {:?}", found.program)));
    }
    if let Some(excess) = taken.difference(&wanted).next().filter(|_| found.exact) {
        return Err(say(&format!(
            "the program is called exact and takes {excess:?} too\nprogram: {:?}",
            found.program
        )));
    }
    check_program(world, &found.program, &program, &taken).map_err(|why| say(&why))?;
    Ok(Outcome { ran: true, exact: found.exact, divided: (1..world.inet.len()).contains(&taken.len()) })
}

/// Whether the kernel ran a program as the interpreter and the plain evaluator of its condition do.
pub(crate) fn check_program(
    world: &World,
    condition: &Condition,
    program: &[u8],
    taken: &BTreeSet<(Table, u64)>,
) -> Result<(), String> {
    for known in &world.inet {
        let facts = &known.facts;
        let kernel = taken.contains(&(facts.table, facts.cookie));
        for (who, says) in
            [("the interpreter", interpreter::takes(program, facts)), ("the condition", holds(condition, facts))]
        {
            if says.is_some_and(|says| says != kernel) {
                return Err(format!("the kernel says {kernel}, {who} {says:?} of {facts:?}\nprogram: {condition:?}"));
            }
        }
    }
    Ok(())
}

/// Whether a condition of tests holds of a socket; `None` where that hangs on a fact which is not known.
fn holds(condition: &Condition, facts: &Facts) -> Option<bool> {
    match condition {
        Condition::Test(test) => test_holds(*test, facts),
        Condition::Not(part) => holds(part, facts).map(|holds| !holds),
        Condition::All(parts) => {
            parts.iter().map(|part| holds(part, facts)).try_fold(true, |all, part| Some(all & part?))
        }
        Condition::Any(parts) => {
            parts.iter().map(|part| holds(part, facts)).try_fold(false, |any, part| Some(any | part?))
        }
    }
}

fn test_holds(test: Test, facts: &Facts) -> Option<bool> {
    Some(match test {
        Test::SourcePortAtLeast(port) => facts.local_port >= port,
        Test::SourcePortAtMost(port) => facts.local_port <= port,
        Test::DestinationPortAtLeast(port) => facts.peer_port >= port,
        Test::DestinationPortAtMost(port) => facts.peer_port <= port,
        Test::SourcePort(port) => facts.local_port == port,
        Test::DestinationPort(port) => facts.peer_port == port,
        Test::AutomaticPort => facts.automatic_port?,
        Test::Source(network, bits) => is_in(facts.local, network, bits),
        Test::Destination(network, bits) => is_in(facts.peer, network, bits),
        Test::Device(ifindex) => facts.ifindex == ifindex,
        Test::Mark { mark, mask } => facts.mark.unwrap_or(0) & mask == mark,
        Test::Cgroup(id) => facts.cgroup.unwrap_or(0) == id,
        other => panic!("{other:?} has no meaning here"),
    })
}
