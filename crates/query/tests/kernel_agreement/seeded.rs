//! Compilers with a bug in each.

use sockeye_query::filter::Expression;
use sockeye_query::sockets::{Abilities, Approximation, approximate};
use sockeye_wire::sock_diag::bytecode::{Condition, Test};

use crate::agreement::{Compiler, SHIPPED};

/// The bugs, each with the compiler that has it.
pub(crate) fn bugs() -> Vec<(&'static str, Compiler)> {
    let assemble = |assemble| Compiler { assemble, ..SHIPPED };
    let approximate = |approximate| Compiler { approximate, ..SHIPPED };
    vec![
        ("at least and at most are swapped", assemble(|program| with_tests(program, &bounds_swapped).assemble())),
        ("an `or` jumps one operation too short", assemble(jump_too_short)),
        ("a negation is forgotten", assemble(|program| without_negation(program).assemble())),
        ("ports are in network order", assemble(|program| with_tests(program, &ports_swapped).assemble())),
        ("a prefix is one bit too short", assemble(|program| with_tests(program, &prefix_short).assemble())),
        ("source and destination are swapped", assemble(|program| with_tests(program, &sides_swapped).assemble())),
        ("mapped addresses are not in IPv4 networks", assemble(|program| with_tests(program, &unmapped).assemble())),
        ("a mask is forgotten", assemble(|program| with_tests(program, &unmasked).assemble())),
        ("what cannot be said is left out of an `or`", approximate(incomplete_disjunction)),
        ("the opposite of a part is the opposite of the whole", approximate(negated_part)),
        ("absent counts as zero", approximate(absent_is_zero)),
    ]
}

/// The same condition with every test replaced.
fn with_tests(program: &Condition, replace: &dyn Fn(Test) -> Condition) -> Condition {
    match program {
        Condition::Test(test) => replace(*test),
        Condition::Not(part) => Condition::Not(Box::new(with_tests(part, replace))),
        Condition::All(parts) => Condition::All(parts.iter().map(|part| with_tests(part, replace)).collect()),
        Condition::Any(parts) => Condition::Any(parts.iter().map(|part| with_tests(part, replace)).collect()),
    }
}

fn bounds_swapped(test: Test) -> Condition {
    Condition::Test(match test {
        Test::SourcePortAtLeast(port) => Test::SourcePortAtMost(port),
        Test::SourcePortAtMost(port) => Test::SourcePortAtLeast(port),
        Test::DestinationPortAtLeast(port) => Test::DestinationPortAtMost(port),
        Test::DestinationPortAtMost(port) => Test::DestinationPortAtLeast(port),
        other => other,
    })
}

fn ports_swapped(test: Test) -> Condition {
    Condition::Test(match test {
        Test::SourcePortAtLeast(port) => Test::SourcePortAtLeast(port.swap_bytes()),
        Test::SourcePortAtMost(port) => Test::SourcePortAtMost(port.swap_bytes()),
        Test::DestinationPortAtLeast(port) => Test::DestinationPortAtLeast(port.swap_bytes()),
        Test::DestinationPortAtMost(port) => Test::DestinationPortAtMost(port.swap_bytes()),
        Test::SourcePort(port) => Test::SourcePort(port.swap_bytes()),
        Test::DestinationPort(port) => Test::DestinationPort(port.swap_bytes()),
        other => other,
    })
}

fn prefix_short(test: Test) -> Condition {
    Condition::Test(match test {
        Test::Source(address, bits) => Test::Source(address, bits.saturating_sub(1)),
        Test::Destination(address, bits) => Test::Destination(address, bits.saturating_sub(1)),
        other => other,
    })
}

fn sides_swapped(test: Test) -> Condition {
    Condition::Test(match test {
        Test::Source(address, bits) => Test::Destination(address, bits),
        Test::Destination(address, bits) => Test::Source(address, bits),
        other => other,
    })
}

fn unmapped(test: Test) -> Condition {
    let mapped = "::ffff:0:0".parse().expect("an address");
    let outside = match test {
        Test::Source(address, _) if address.is_ipv4() => Test::Source(mapped, 96),
        Test::Destination(address, _) if address.is_ipv4() => Test::Destination(mapped, 96),
        other => return Condition::Test(other),
    };
    Condition::All(vec![Condition::Test(test), Condition::Not(Box::new(Condition::Test(outside)))])
}

fn unmasked(test: Test) -> Condition {
    Condition::Test(match test {
        Test::Mark { mark, .. } => Test::Mark { mark, mask: u32::MAX },
        other => other,
    })
}

fn without_negation(program: &Condition) -> Condition {
    match program {
        Condition::Not(part) => without_negation(part),
        Condition::Test(test) => Condition::Test(*test),
        Condition::All(parts) => Condition::All(parts.iter().map(without_negation).collect()),
        Condition::Any(parts) => Condition::Any(parts.iter().map(without_negation).collect()),
    }
}

/// Every jump leads to what stands behind it, which for the end of an alternative is the next one.
fn jump_too_short(program: &Condition) -> Option<Vec<u8>> {
    let mut program = program.assemble()?;
    let mut at = 0;
    while at < program.len() {
        let is_inner = at + usize::from(u16::from_ne_bytes([program[at + 2], program[at + 3]])) <= program.len();
        if program[at] == 1 && is_inner {
            program[at + 2..at + 4].copy_from_slice(&4u16.to_ne_bytes());
        }
        at += usize::from(program[at + 1]);
    }
    Some(program)
}

fn incomplete_disjunction(expression: &Expression, abilities: Abilities) -> Option<Approximation> {
    fn sayable(expression: &Expression, abilities: Abilities) -> Expression {
        match expression {
            Expression::Any(parts) => Expression::Any(
                parts
                    .iter()
                    .filter(|part| approximate(part, true, abilities).is_some())
                    .map(|part| sayable(part, abilities))
                    .collect(),
            ),
            Expression::All(parts) => Expression::All(parts.iter().map(|part| sayable(part, abilities)).collect()),
            other => other.clone(),
        }
    }
    approximate(&sayable(expression, abilities), true, abilities)
}

fn negated_part(expression: &Expression, abilities: Abilities) -> Option<Approximation> {
    let said = |parts: &[Expression]| -> Vec<Condition> {
        parts.iter().filter_map(|part| negated_part(part, abilities)).map(|found| found.program).collect()
    };
    let program = match expression {
        Expression::Not(inner) => Condition::Not(Box::new(negated_part(inner, abilities)?.program)),
        Expression::All(parts) => Condition::All(said(parts)),
        Expression::Any(parts) => {
            let said = said(parts);
            (said.len() == parts.len()).then_some(Condition::Any(said))?
        }
        test @ Expression::Test(_) => return approximate(test, true, abilities),
    };
    Some(Approximation { program, exact: false })
}

fn absent_is_zero(expression: &Expression, abilities: Abilities) -> Option<Approximation> {
    let found = approximate(expression, true, abilities)?;
    let speakable = expression.fields().iter().all(|&field| {
        let name = sockeye_query::sockets::catalog().info(field).name();
        ["local", "peer", "lport", "pport", "port", "dev", "ifindex", "mark", "cgroup"].contains(&name)
    });
    Some(Approximation { exact: found.exact || speakable, ..found })
}
